/** Processes that run opener.ts, and their answers. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { ownRuntime } from "../../.ci/runtime.mjs";
import { scriptCommand } from "../support/bundles.ts";

/** A process of its own PID namespace, where it has the id 1, as in a container. Everything else is this machine's, the host name too. */
export const CONTAINER = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"] as const;

export class OpenerProcess {
  private readonly child: ChildProcess;
  private readonly isContained: boolean;
  private readonly answers: AsyncIterator<string>;

  constructor(within: readonly string[] = []) {
    const [path, ...args] = [...within, ...scriptCommand(ownRuntime(), "tests/journal/opener.ts")];
    this.isContained = within.length > 0;
    this.child = spawn(path!, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.answers = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.child.pid!;
  }

  async ask(command: string): Promise<string> {
    this.child.stdin!.write(`${command}\n`);
    const { value, done } = await this.answers.next();
    if (done) throw new Error(`the opener ended without an answer to "${command}"`);
    return value;
  }

  /** With SIGKILL; resolves when it is gone. */
  kill(): Promise<void> {
    return new Promise((resolve) => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) return resolve();
      this.child.once("exit", () => resolve());
      // The command around it ends after the process itself is gone.
      if (this.isContained) process.kill(childOf(this.pid), "SIGKILL");
      else this.child.kill("SIGKILL");
    });
  }
}

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
}

export async function withOpeners(
  count: number,
  act: (openers: OpenerProcess[]) => Promise<void>,
  within: readonly string[] = [],
): Promise<void> {
  const openers = Array.from({ length: count }, () => new OpenerProcess(within));
  try {
    await act(openers);
  } finally {
    await Promise.all(openers.map((opener) => opener.kill()));
  }
}
