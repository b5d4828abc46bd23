/** The command line that starts this program again, from its sources or as it was built, on the same runtime. */
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Without command and arguments. */
export function ownProgram(): [command: string, ...args: string[]] {
  const entry = ownEntry();
  if ("Deno" in globalThis) return [process.execPath, "run", "-A", entry];
  // The other process reads TypeScript as this one does (--import tsx), but nobody profiles or inspects it.
  const flags = process.execArgv.filter((flag) => !/^--(cpu-prof|heap-prof|inspect|test)/.test(flag));
  return [process.execPath, ...flags, entry];
}

/** The file that the program starts with. */
export function ownEntry(): string {
  const here = fileURLToPath(import.meta.url);
  const folder = dirname(here);
  // This file is in one of the parts of the built program, which lie in a folder beside it.
  return here.endsWith(".ts") ? join(folder, "..", "..", "main.ts") : join(folder, "..", "eigenwatch.mjs");
}
