/** Runs the command that the first word names, and ends the process with that command's exit code. */
import { realpathSync } from "node:fs";
import module from "node:module";
import { availableParallelism } from "node:os";
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
export const HEAP_GROWTH_PERCENT = 200;

/** Asks V8 for HEAP_GROWTH_PERCENT, for all threads of this process, unless the command line of the runtime has the flag. */
export function letHeapGrow(): void {
  const flag = "--heap-growing-percent";
  if (process.execArgv.some((argument) => argument.startsWith(flag))) return;
  setFlagsFromString(`${flag}=${HEAP_GROWTH_PERCENT}`);
}

/**
 * Threads of Node that wait for the disk. What waits at the same time, a file system makes last together: with sixteen in place of four, a hundred logs
 * were synced three times as often beside a busy machine, at half the processor time for each.
 */
const DISK_THREADS = 16;

/** Asks Node for DISK_THREADS, unless the environment says how many. Node 20 has begun its threads before a program can ask. */
export function widenDiskPool(): void {
  process.env["UV_THREADPOOL_SIZE"] ??= String(DISK_THREADS);
}

/** Commands whose process stays: that it begins twice, which takes 40 ms, is nothing to them. */
const STAYING: ReadonlySet<string | undefined> = new Set(["up", "node"]);

const COLLECTORS_FLAG = "--v8-pool-size";

/** What `collectAside` asks of the runtime: for tests. */
export type StartedProcess = Pick<typeof process, "argv" | "execArgv" | "execPath" | "env"> & {
  readonly [Way in "execve" | "send"]?: (typeof process)[Way] | undefined;
};

/**
 * Begins the program anew, in the same process, with one thread that collects garbage, where there is one processor. V8 has four wherever it runs, and
 * while they mark the heap four fifths of the one processor are theirs, for a tenth of a second each time: p99 of what five hundred people changed was
 * 96 to 157 ms so, and is 57 to 64. V8 reads their number when it starts. Node can do it from 22.15 on, and not for a process that its parent talks to.
 */
export function collectAside(started: StartedProcess = process, processors = availableParallelism()): void {
  const { argv, execArgv, execPath, env, execve, send } = started;
  if (processors > 1 || !STAYING.has(argv[2]) || execve === undefined || send !== undefined) return;
  if ("Deno" in globalThis || process.platform === "win32") return;
  const flags = [...execArgv, ...(env["NODE_OPTIONS"] ?? "").split(" ")];
  if (flags.some((flag) => flag.startsWith(COLLECTORS_FLAG))) return;
  execve.call(started, execPath, [execPath, `${COLLECTORS_FLAG}=1`, ...execArgv, ...argv.slice(1)], env);
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
