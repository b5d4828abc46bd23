/**
 * The program as a user runs it: a real process, its output by lines, and an end that comes in any case.
 *
 *     const { code, stdout } = await run(["replay", directory, "--verify"]);
 *
 *     const program = start(["up", "--feed", "host", "--port", "0", "--json"]);
 *     const { url } = await program.said("listening");
 *     program.kill("SIGINT");
 *     assert.is((await program.ended).code, 0);
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Runtime } from "../../.ci/runtime.mjs";
import { ownRuntime, ROOT } from "../../.ci/runtime.mjs";

/** Nothing here works longer than some seconds; a machine under load is given several times that. */
const TIMEOUT_S = 60;

export interface RunOptions {
  /** Default: the one that the tests run in. */
  runtime?: Runtime;
  /** Given at once and closed. Without it standard input is empty. */
  stdin?: string | Uint8Array;
  timeoutS?: number;
}

export interface Ended {
  /** Exit code, or the signal that ended it. */
  code: number | string;
  stdout: string;
  stderr: string;
}

/** A line of `--json` output. */
export type Said = { what: string; [key: string]: unknown };

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

/** Runs several commands, two at a time, and gives their ends in the same order. */
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
  /** Rejects when it did not end in time; it is killed then. */
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";
  private readonly child: ChildProcess;
  private readonly command: string;
  private over = false;
  private wake: (() => void)[] = [];

  constructor(args: string[], { runtime = ownRuntime(), timeoutS = TIMEOUT_S }: RunOptions) {
    const [path, ...before] = runtime.command as [string, ...string[]];
    this.command = `${runtime.name} main.ts ${args.join(" ")}`;
    const child = spawn(path, [...before, join(ROOT, "main.ts"), ...args], {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.child = child;
    running.add(child);
    // A program that ends before it has read everything: that is no failure of the one who writes.
    child.stdin!.on("error", () => {});
    for (const name of ["stdout", "stderr"] as const) {
      child[name]!.setEncoding("utf8");
      child[name]!.on("data", (text: string) => {
        this[name] += text;
        this.notify();
      });
    }
    this.ended = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`Cannot wait for ${this.told()}: it did not end within ${timeoutS} s`));
      }, timeoutS * 1000);
      child.on("error", reject);
      child.on("close", (code, signal) => {
        clearTimeout(timer);
        running.delete(child);
        this.over = true;
        this.notify();
        resolve({ code: code ?? signal ?? "no exit code", stdout: this.stdout, stderr: this.stderr });
      });
    });
    // Who waits hears of it; who never waits (a test that failed before) must not be killed by it.
    this.ended.catch(() => {});
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The first line of `--json` output that is of this kind and passes. Rejects when the program ends without it. */
  async said(what: string, passes: (line: Said) => boolean = () => true): Promise<Said> {
    let read = 0;
    for (;;) {
      const lines = this.stdout.split("\n").slice(0, -1);
      for (; read < lines.length; read++) {
        const line = JSON.parse(lines[read]!) as Said;
        if (line.what === what && passes(line)) return line;
      }
      await this.moreOrEnd(what);
    }
  }

  /** The first match in what came on stdout so far, or later. Rejects when the program ends without it. */
  async matched(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout);
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

  /** Reads no more of its output: what `| head` does. */
  closeOutput(): void {
    this.child.stdout!.destroy();
  }

  /** Not through the child: under Deno that would count as ended by the signal, whatever it made of it. */
  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  private async moreOrEnd(expected: string): Promise<void> {
    if (this.over) throw new Error(`Cannot find ${expected} in the output of ${this.told()}`);
    await Promise.race([
      new Promise<void>((resolve) => {
        this.wake.push(resolve);
      }),
      // Rejects when the time is over.
      this.ended.then(() => {}),
    ]);
  }

  private notify(): void {
    const waiting = this.wake;
    this.wake = [];
    for (const resolve of waiting) resolve();
  }

  private told(): string {
    return `\`${this.command}\`\n${this.stdout.slice(-2000)}\n${this.stderr.slice(-2000)}`;
  }
}
