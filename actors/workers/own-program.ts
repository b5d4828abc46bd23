/** The command line that starts this program again, from its sources or as it was built, on the same runtime. */
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { actorFiles } from "../command-line/actor-files.ts";
import { ACTOR_FLAG } from "../command-line/program.ts";

/** Without command and arguments; with the actors of the user's own. */
export function ownProgram(): [command: string, ...args: string[]] {
  const entry = ownEntry();
  if ("Deno" in globalThis) return [process.execPath, "run", "-A", entry, ...actorArguments()];
  // The other process reads TypeScript as this one does (--import tsx), but nobody profiles or inspects it.
  const flags = process.execArgv.filter((flag) => !/^--(cpu-prof|heap-prof|inspect|test)/.test(flag));
  return [process.execPath, ...flags, entry, ...actorArguments()];
}

/** What stands before the command, so that another process or thread has the same actors. */
export function actorArguments(): string[] {
  return actorFiles.flatMap((file) => [ACTOR_FLAG, file]);
}

/** The file that the program starts with. */
export function ownEntry(): string {
  const here = fileURLToPath(import.meta.url);
  const folder = dirname(here);
  // This file is in one of the parts of the built program, which lie in a folder beside it.
  return here.endsWith(".ts") ? join(folder, "..", "..", "main.ts") : join(folder, "..", "eigenwatch.mjs");
}
