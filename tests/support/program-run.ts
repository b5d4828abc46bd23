/**
 * The program as a user runs it: a real process with its output by lines, which is killed at the latest when the test process ends.
 *
 *     const { code, stdout } = await run(["replay", directory, "--verify"]);
 *
 *     const program = start(["up", "--feed", "host", "--port", "0", "--json"]);
 *     const { url } = await program.line("listening");
 *     program.kill("SIGINT");
 *     assert.is((await program.ended).code, 0);
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Runtime } from "../../.ci/runtime.mjs";
import { ownRuntime, ROOT } from "../../.ci/runtime.mjs";

export interface RunOptions {
  /** Default: the runtime of the tests. */
  runtime?: Runtime;
  /** Written at once, then closed. Default: empty. */
  stdin?: string | Uint8Array;
  /** Variables beside those of the test. */
  env?: Readonly<Record<string, string>>;
  /** Begins a process group, as a shell does for each command: `killGroup` reaches it and all that it started, as Ctrl-C does. */
  ownGroup?: boolean;
  /** Never the built program: it has no benches. */
  fromSources?: boolean;
}

export interface Ended {
  /** Exit code, or the signal that ended it. */
  code: number | string;
  stdout: string;
  stderr: string;
}

/** A line of `--json` output. */
export type OutputLine = { what: string; [key: string]: unknown };

/**
 * How `runtime` starts the program. The runner of the tests has it built and names it: the one file starts in a sixth of the CPU time that Node
 * takes for the sources. By itself a test file runs the sources, for nobody built them.
 */
export function programCommand(runtime: Runtime, fromSources = false): string[] {
  const built = fromSources ? "" : (process.env["EIGENWATCH_TEST_PROGRAM"] ?? "");
  if (built === "") return [...runtime.command, join(ROOT, "main.ts")];
  return runtime.kind === "node" ? [runtime.path, built] : [...runtime.command, built];
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Runs a command to its end. */
export function run(args: string[], options: RunOptions = {}): Promise<Ended> {
  const program = start(args, options);
  program.endInput(options.stdin);
  return program.ended;
}

/** Runs several commands, two at a time, and returns their ends in the order of `commands`. */
export async function runAll(commands: string[][], options: RunOptions = {}): Promise<Ended[]> {
  const ends: Ended[] = [];
  let next = 0;
  const worker = async () => {
    for (let k = next++; k < commands.length; k = next++) ends[k] = await run(commands[k]!, options);
  };
  await Promise.all([worker(), worker()]);
  return ends;
}

/** Starts a command; its standard input stays open. */
export function start(args: string[], options: RunOptions = {}): RunningProgram {
  return new RunningProgram(args, options);
}

export class RunningProgram {
  /** Rejects if the program cannot be started. How long it may take is the test file's time. */
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";
  private readonly child: ChildProcess;
  private readonly command: string;
  private over = false;
  private wake: (() => void)[] = [];

  constructor(args: string[], { runtime = ownRuntime(), env, ownGroup = false, fromSources }: RunOptions) {
    const [path, ...before] = programCommand(runtime, fromSources) as [string, ...string[]];
    this.command = `${runtime.name} main.ts ${args.join(" ")}`;
    const child = spawn(path, [...before, ...args], {
      cwd: ROOT,
      detached: ownGroup,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.child = child;
    running.add(child);
    // A program may end before it has read everything: that is no failure of the test.
    child.stdin!.on("error", () => {});
    for (const name of ["stdout", "stderr"] as const) {
      child[name]!.setEncoding("utf8");
      child[name]!.on("data", (text: string) => {
        this[name] += text;
        this.notify();
      });
    }
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        running.delete(child);
        this.over = true;
        this.notify();
        resolve({ code: code ?? signal ?? "no exit code", stdout: this.stdout, stderr: this.stderr });
      });
    });
    // A test that failed earlier never awaits it: the rejection must not end the process.
    this.ended.catch(() => {});
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The first line of `--json` output of this kind that passes. Rejects if the program ends without one. */
  async line(what: string, passes: (line: OutputLine) => boolean = () => true): Promise<OutputLine> {
    let read = 0;
    for (;;) {
      const lines = this.stdout.split("\n").slice(0, -1);
      for (; read < lines.length; read++) {
        const line = JSON.parse(lines[read]!) as OutputLine;
        if (line.what === what && passes(line)) return line;
      }
      await this.moreOrEnd(what);
    }
  }

  /** The first match in the output, now or later. Rejects if the program ends without one. */
  async matched(pattern: RegExp, output: "stdout" | "stderr" = "stdout"): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this[output]);
      if (match !== null) return match;
      await this.moreOrEnd(String(pattern));
    }
  }

  write(text: string): void {
    this.child.stdin!.write(text);
  }

  endInput(text: string | Uint8Array = ""): void {
    this.child.stdin!.end(text);
  }

  /** Stops reading its output, as `| head` does. */
  closeOutput(): void {
    this.child.stdout!.destroy();
  }

  /** By process id: killed through the child object, a process on Deno counts as ended by the signal even if it handled it. */
  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  private async moreOrEnd(expected: string): Promise<void> {
    if (this.over) throw new Error(`Cannot find ${expected} in the output of ${this.description()}`);
    await Promise.race([
      new Promise<void>((resolve) => {
        this.wake.push(resolve);
      }),
      // Rejects if it does not start.
      this.ended.then(() => {}),
    ]);
  }

  private notify(): void {
    const waiting = this.wake;
    this.wake = [];
    for (const resolve of waiting) resolve();
  }

  private description(): string {
    return `\`${this.command}\`\n${this.stdout.slice(-2000)}\n${this.stderr.slice(-2000)}`;
  }
}
