/** How to start this same program again: from its sources or as one built file, on the runtime that it runs on. */
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Ends with the program; its sub-command and arguments are to follow. */
export function ownProgram(): [command: string, ...args: string[]] {
  // In the built file everything lies in that file.
  const here = fileURLToPath(import.meta.url);
  const entry = here.endsWith(".ts") ? join(dirname(here), "..", "..", "main.ts") : here;
  if ("Deno" in globalThis) return [process.execPath, "run", "-A", entry];
  // What makes this process read TypeScript (--import tsx) makes the other one; what watches this process is not for it.
  const flags = process.execArgv.filter((flag) => !/^--(cpu-prof|heap-prof|inspect|test)/.test(flag));
  return [process.execPath, ...flags, entry];
}
