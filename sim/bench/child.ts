/**
 * A child process of a benchmark that answers requests: a line of JSON each way, in order, over its stdin and stdout.
 *
 * The child ends when its stdin does, so none outlives its benchmark.
 */
import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { exited, startScript } from "./program.ts";

export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #waiting: { resolve(reply: unknown): void; reject(error: Error): void }[] = [];

  constructor(path: string, args: readonly string[]) {
    this.#process = startScript(path, args, ["pipe", "pipe", "inherit"]);
    this.#ended = exited(this.#process);
    createInterface({ input: this.#process.stdout! }).on("line", (line) => {
      const { reply, error } = JSON.parse(line) as { reply?: unknown; error?: string };
      const asked = this.#waiting.shift();
      if (error === undefined) asked?.resolve(reply);
      else asked?.reject(new Error(`${path}: ${error}`));
    });
    this.#process.once("exit", (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${path} ended with ${code}`));
    });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  ask<Reply>(request: string, value: unknown = null): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve: resolve as (reply: unknown) => void, reject });
      this.#process.stdin!.write(`${JSON.stringify([request, value])}\n`);
    });
  }

  /** Resolves when it has ended, also when it had ended before. */
  async stop(): Promise<void> {
    this.#process.stdin!.end();
    await this.#ended;
  }
}

/** In the child: answers requests by name, one after the other, until stdin ends. */
export function answerRequests(
  answers: Readonly<Record<string, (value: never) => unknown>>,
  atEnd: () => unknown = () => {},
): void {
  let last: Promise<void> = Promise.resolve();
  const answer = async (line: string): Promise<void> => {
    const [request, value] = JSON.parse(line) as [string, never];
    try {
      const reply = (await answers[request]!(value)) ?? null;
      process.stdout.write(`${JSON.stringify({ reply })}\n`);
    } catch (error) {
      process.stdout.write(`${JSON.stringify({ error: String((error as Error).stack ?? error) })}\n`);
    }
  };
  createInterface({ input: process.stdin })
    .on("line", (line) => {
      last = last.then(() => answer(line));
    })
    .on("close", () => void last.then(atEnd).finally(() => process.exit(0)));
}
