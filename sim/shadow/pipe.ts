/**
 * The session's end of the pipe to its shadow: messages are gathered into batches, and batches written as the pipe takes them.
 *
 * Nothing here waits: what the pipe does not take is held, and how much that is decides the owner.
 */
import type { Writable } from "node:stream";
import { MessageBatch, type MessageKind } from "./messages.ts";

/** A write call takes about this much; small blocks wait at most so long for others. */
const BATCH_BYTES = 256 << 10;
const BATCH_EVERY_MS = 5;

interface Batch {
  bytes: Uint8Array;
  lastBlock: number;
  /** When its first message came, by the process's clock. */
  sinceMs: number;
}

export class ShadowPipe {
  /** Of batches that the pipe has not taken yet. */
  waitingBytes = 0;
  private readonly pipe: Writable;
  private readonly messages = new MessageBatch(BATCH_BYTES);
  private lastBlock = 0;
  private sinceMs = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private batches: Batch[] = [];
  /** Written, and not executed yet. */
  private marks: Omit<Batch, "bytes">[] = [];
  private full = false;

  constructor(pipe: Writable) {
    this.pipe = pipe;
    // That the other process is gone is told by its end; what was on its way to it is of no use then.
    pipe.on("error", () => {});
    pipe.on("drain", () => {
      this.full = false;
      this.write();
    });
  }

  /** The bytes are copied. */
  add(kind: MessageKind, block: number, payload: Uint8Array): void {
    if (this.messages.length === 0) this.sinceMs = performance.now();
    this.messages.add(kind, block, payload);
    this.lastBlock = block;
    if (this.messages.length >= BATCH_BYTES) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), BATCH_EVERY_MS);
  }

  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.messages.length === 0) return;
    const bytes = this.messages.take();
    this.batches.push({ bytes, lastBlock: this.lastBlock, sinceMs: this.sinceMs });
    this.waitingBytes += bytes.length;
    this.write();
  }

  private write(): void {
    while (!this.full && this.batches.length > 0) {
      const { bytes, lastBlock, sinceMs } = this.batches.shift()!;
      this.waitingBytes -= bytes.length;
      this.marks.push({ lastBlock, sinceMs });
      this.full = !this.pipe.write(bytes);
    }
  }

  /** Everything that was not written is given up. */
  drop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.messages.take();
    this.batches = [];
    this.marks = [];
    this.waitingBytes = 0;
  }

  /** The other end has executed everything up to this block. */
  executed(block: number): void {
    while (this.marks[0] && this.marks[0].lastBlock <= block) this.marks.shift();
  }

  /** Age of the oldest message that is not executed; 0 when all are. */
  get lagMs(): number {
    const oldest = this.marks[0] ?? this.batches[0];
    return oldest === undefined ? 0 : performance.now() - oldest.sinceMs;
  }

  end(): void {
    this.flush();
    // What waits is written first: the stream keeps the order.
    for (const { bytes } of this.batches.splice(0)) this.pipe.write(bytes);
    this.pipe.end();
  }
}
