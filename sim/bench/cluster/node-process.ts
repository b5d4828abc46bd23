/** A process of the program: what it has written so far, and signals for it. It does not outlive this process. */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class NodeProcess {
  /** Both outputs. */
  output = "";
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;
  #over = false;
  #wake: () => void = () => {};

  constructor([path, ...args]: readonly string[]) {
    const env = { ...process.env, NO_COLOR: "1" };
    const child = spawn(path!, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    running.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        this.output += text;
        this.#wake();
      });
    }
    this.ended = new Promise((resolve) => {
      child.on("close", (code, signal) => {
        running.delete(child);
        this.#over = true;
        this.#wake();
        resolve(code ?? signal ?? "no exit code");
      });
    });
  }

  /** Resolves when it has written `text`. Rejects when it ends without. */
  async says(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (this.#over) throw new Error(`Cannot find ${text} in: ${this.output.slice(-2_000)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Nothing happens to a process that has ended. By process id: Deno takes a signal through the child object for its end. */
  kill(signal: NodeJS.Signals): void {
    if (!this.#over) process.kill(this.#child.pid!, signal);
  }
}
