/**
 * Lines in, lines out, as a Unix filter: streaming, with backpressure, quiet when the reader goes away (`| head`), and one sentence when
 * nothing more can be written (a full disk).
 */
import { open } from "node:fs/promises";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { EigenwatchError } from "../../protocol/errors.ts";

/** Output is written in pieces of this many characters: one system call for hundreds of lines. */
const CHUNK_CHARACTERS = 65_536;

/** The file, or stdin for "-". Throws when it cannot be opened. */
export async function openInput(path: string): Promise<Readable> {
  if (path === "-") return process.stdin;
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    const value = error.code === "ENOENT" ? "there is no such file" : error.message;
    throw new EigenwatchError({ action: `read ${path}`, value });
  });
  if ((await file.stat()).isDirectory()) {
    await file.close();
    throw new EigenwatchError({ action: `read ${path}`, value: "it is a folder", expected: "a file" });
  }
  return file.createReadStream();
}

export function readLines(input: Readable): AsyncIterable<string> {
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}

/**
 * Collects lines and writes them in large pieces, but none later than the end of the event loop's turn: the filter stands in pipes of
 * live data. `closed` turns true when nobody reads any more, or nothing can be written any more; `flush` then says why.
 */
export class LineWriter {
  closed = false;
  private readonly output: Writable;
  /** As it is called in an error. */
  private readonly name: string;
  private pending = "";
  private flushScheduled = false;
  private failure: Error | null = null;
  /** Writes under way: a stream that breaks does not call all of them back. */
  private readonly waiting = new Set<() => void>();

  constructor(output: Writable, name = "standard output") {
    this.output = output;
    this.name = name;
    output.on("error", (error: NodeJS.ErrnoException) => {
      this.closed = true;
      if (error.code !== "EPIPE") this.failure ??= error;
      for (const release of this.waiting) release();
    });
  }

  /** Adds a line; a promise when the output is full and the caller should wait. */
  write(line: string): Promise<void> | undefined {
    this.pending += `${line}\n`;
    if (!this.flushScheduled) {
      this.flushScheduled = true;
      setImmediate(() => {
        this.flushScheduled = false;
        void this.pass();
      });
    }
    return this.pending.length < CHUNK_CHARACTERS ? undefined : this.pass();
  }

  /** Throws when something could not be written. */
  async flush(): Promise<void> {
    await this.pass();
    if (this.failure !== null)
      throw new EigenwatchError({
        action: `write to ${this.name}`,
        value: this.failure.message,
        kind: "failed",
      });
  }

  private pass(): Promise<void> {
    const text = this.pending;
    this.pending = "";
    if (text === "" || this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const release = () => {
        this.waiting.delete(release);
        resolve();
      };
      this.waiting.add(release);
      this.output.write(text, release);
    });
  }
}
