/**
 * Reads and writes lines as a Unix filter: streaming, with backpressure. It ends silently when the reader closes the pipe (`| head`), and with
 * one error when the output cannot be written (a full disk).
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
 * Collects lines and writes them in large pieces, at the latest at the end of the event loop's turn, because the input may be live data.
 * `closed` becomes true when the reader has closed the pipe or a write has failed. After a failed write `flush` throws the reason.
 */
export class LineWriter {
  closed = false;
  private readonly output: Writable;
  /** Name of the output in errors. */
  private readonly name: string;
  private pending = "";
  private flushScheduled = false;
  private failure: Error | null = null;
  /** Callbacks of pending writes. A stream that fails does not call all of them. */
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

  /** Adds a line. Returns a promise when the output is full and the caller should wait. */
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

  /** Writes all pending lines. Throws when a write has failed. */
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
