/** Runs the command that the first word names, and ends the process with that command's exit code. */
import { realpathSync } from "node:fs";
import module from "node:module";
import { resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { CommanderError } from "@commander-js/extra-typings";
import { EigenwatchError, errorText, exitCodeOf } from "../../protocol/errors.ts";
import { actorFiles } from "./actor-files.ts";
import { type CommandTable, createProgram } from "./program.ts";
import { report } from "./terminal.ts";
import { endWhenUnread } from "./unread-output.ts";

/** Whether the module with this `import.meta.url` is the file that the runtime was started with; links are followed. */
export function isEntry(url: string): boolean {
  const started = process.argv[1];
  return started !== undefined && realpathSync(started) === realpathSync(fileURLToPath(url));
}

/**
 * Node from 22.8 keeps what it compiles of the built program in `.compiled` beside it, and starts sooner the next time; where it may not write, it
 * does without. Deno does so by itself. Sources change too often: nobody would delete what was kept of them.
 */
export function keepCompiled(url: string): void {
  if (url.endsWith(".mjs")) module.enableCompileCache?.(fileURLToPath(new URL(".compiled", url)));
}

/**
 * Lets the heap grow to three times what lived after the last major collection before the next one. V8 chooses a factor by itself, down to 1.1 as long as
 * collections take less than 3 % of the time: for a session at full load two a second, which hold up one frame in fifty. It still collects sooner when
 * the heap nears its limit.
 */
const HEAP_GROWTH_PERCENT = 200;

/** Asks V8 for HEAP_GROWTH_PERCENT, for all threads of this process, unless the command line of the runtime has the flag. */
export function letHeapGrow(): void {
  const flag = "--heap-growing-percent";
  if (process.execArgv.some((argument) => argument.startsWith(flag))) return;
  setFlagsFromString(`${flag}=${HEAP_GROWTH_PERCENT}`);
}

/** `addActors` adds the actors in the files given by --actor, before a command runs. */
export async function runProgram(
  table: CommandTable,
  version: string,
  addActors: (files: readonly string[]) => Promise<void>,
): Promise<void> {
  const args = process.argv.slice(2);
  try {
    const program = await createProgram(table, args, version);
    program.hook("preAction", async (_program, command) => {
      endWhenUnread(command.opts()["verify"] === true ? 1 : 0);
      const files = [program, command].flatMap(
        (each) => (each.opts()["actor"] as string[] | undefined) ?? [],
      );
      actorFiles.push(...files.map((file) => resolve(file)));
      if (files.length > 0) await addActors(actorFiles);
    });
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = failed(error);
  }
  // A pending read of stdin would keep some runtimes alive: flush both outputs, then exit.
  process.stdout.write("", () => process.stderr.write("", () => process.exit()));
}

/** Prints the error. Returns 0 after help and version, 2 for wrong usage or input, 1 for a failure while running. */
function failed(error: unknown): number {
  // Commander printed it.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  report(`eigenwatch: ${errorText(error)}`);
  if (error instanceof EigenwatchError) return exitCodeOf(error.kind);
  if (error instanceof Error && process.env["EIGENWATCH_DEBUG"]) report(...String(error.stack).split("\n"));
  return 1;
}
