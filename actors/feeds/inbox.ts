/**
 * What came for the owner of a partition and waits to be taken. It is bounded: a feed that sends faster than the owner takes costs frames, and neither
 * memory nor the time of others.
 *
 *   put ─┬─ nothing waits, this turn has time left ─► taken at once
 *        ├─ there is room ─► waits ─► taken in a later turn, one message of each source after the other, while the log takes them soon
 *        └─ there is none ─► shed, counted by source (declarations and reports wait all the same)
 *
 * Q1  Messages of one source are taken in their order.
 * Q2  A turn ends after TURN_MS or TURN_BYTES: commands, acknowledgements, heartbeats and timers have theirs in between.
 *     While the log is late nothing is taken: what waits there, commands wait for too.
 * Q3  Beyond INBOX_BYTES a source may put only as long as it has less than its share of them: a flood does not shut the others out.
 * Q4  At most twice INBOX_BYTES wait.
 * Q5  What waits is a copy, in memory that is used again (spare-bytes.ts): bytes that are handed to `take` are its own only until it returns.
 */
import { MESSAGES } from "../../protocol/messages.ts";
import type { Clock } from "../ports/clock.ts";
import { SpareBytes, spareLength } from "./spare-bytes.ts";

/** About a second of what an owner takes of a fast feed: longer would be late, shorter would shed at each pause of the collector. */
const INBOX_BYTES = 8 << 20;

/**
 * A command meets four to six turns on its way, and shall be answered within 50 ms where four processes share two processors. With turns of 4 ms half of
 * them take 20 ms, with 1 ms 10.
 */
const TURN_MS = 1;

/** As long as that at the usual speed; a clock may stand still. */
const TURN_BYTES = 256 << 10;

/** Of so many sources it is remembered what was shed before their next message; of further ones that also counts as lost. */
const SOURCES_MAX = 4_096;

/** While the log is late: an entry of it takes less than a millisecond on a machine that is not busy. */
const AGAIN_MS = 1;

/** Memory for a message that waits, in addition to its buffer: three objects. */
const OVERHEAD_BYTES = 232;

export interface InboxOptions {
  readonly clock: Clock;
  /** Bytes that wait; default INBOX_BYTES. */
  readonly bytes?: number | undefined;
  /** `shedBefore`: messages of this source that were shed between the one before it and this one. */
  take(
    source: string,
    subject: string,
    bytes: Uint8Array,
    shedBefore: number,
    traceparent: string | undefined,
  ): void;
  /** A message of this source was shed. */
  shed(source: string): void;
  /** Whether what is taken now would be stored late. Default: never. */
  isLate?(): boolean;
}

interface Message {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly shedBefore: number;
  readonly traceparent: string | undefined;
}

interface Queue {
  readonly source: string;
  readonly messages: Message[];
  /** Of the first that waits. */
  head: number;
  bytes: number;
  /** Since the last message that was put. */
  shed: number;
}

export class Inbox {
  readonly #options: InboxOptions;
  readonly #limit: number;
  /** Sources of which something waits or was shed. */
  readonly #queues = new Map<string, Queue>();
  /** Those of which something waits, in the order of their turns. */
  #order: Queue[] = [];
  readonly #spare: SpareBytes;
  #bytes = 0;
  #turnBytes = 0;
  #turnEndMs = 0;
  #isTurn = false;
  /** Of this turn nothing was taken. */
  #isFirst = true;
  #isClosed = false;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#limit = options.bytes ?? INBOX_BYTES;
    this.#spare = new SpareBytes(this.#limit);
  }

  /** Bytes that wait, what they cost included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes the message or copies it. */
  put(source: string, subject: string, bytes: Uint8Array, traceparent?: string): void {
    if (this.#isClosed) return;
    const queue = this.#queues.get(source);
    if (this.#order.length === 0 && this.#hasTime()) {
      const shedBefore = queue?.shed ?? 0;
      if (queue !== undefined) this.#queues.delete(source);
      this.#take(source, { subject, bytes, shedBefore, traceparent });
    } else if (this.#hasRoom(queue, bytes))
      this.#wait(queue ?? this.#open(source), { subject, bytes, shedBefore: queue?.shed ?? 0, traceparent });
    else this.#shed(source, queue);
  }

  /** What waits is forgotten, and nothing more is taken. */
  close(): void {
    this.#isClosed = true;
    this.#queues.clear();
    this.#order = [];
    this.#bytes = 0;
    this.#spare.clear();
  }

  /** Begins a turn with the first message of one, which is taken however long the clock takes. */
  #hasTime(): boolean {
    if (!this.#isTurn) this.#begin();
    if (this.#isLate()) return false;
    return this.#isFirst || (this.#turnBytes < TURN_BYTES && this.#now() < this.#turnEndMs);
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #begin(): void {
    const { clock } = this.#options;
    this.#isTurn = true;
    this.#isFirst = true;
    this.#turnBytes = 0;
    this.#turnEndMs = this.#now() + TURN_MS;
    if (this.#isLate()) clock.after(AGAIN_MS, () => this.#next());
    else clock.soon(() => this.#next());
  }

  #isLate(): boolean {
    return this.#options.isLate?.() === true;
  }

  /** A new turn for what waits. */
  #next(): void {
    this.#isTurn = false;
    if (this.#order.length === 0) return;
    this.#begin();
    while (this.#order.length > 0 && this.#hasTime()) {
      const queue = this.#order.shift()!;
      const message = queue.messages[queue.head++]!;
      const size = sizeOf(message.bytes);
      queue.bytes -= size;
      this.#bytes -= size;
      if (queue.head < queue.messages.length) this.#order.push(queue);
      else if (queue.shed === 0) this.#queues.delete(queue.source);
      compact(queue);
      this.#take(queue.source, message);
      this.#spare.give(message.bytes);
    }
  }

  #take(source: string, { subject, bytes, shedBefore, traceparent }: Message): void {
    this.#isFirst = false;
    this.#turnBytes += bytes.length;
    this.#options.take(source, subject, bytes, shedBefore, traceparent);
  }

  #hasRoom(queue: Queue | undefined, bytes: Uint8Array): boolean {
    const size = sizeOf(bytes);
    if (this.#bytes + size <= this.#limit) return true;
    if (this.#bytes + size > 2 * this.#limit) return false;
    const own = (queue?.bytes ?? 0) + size;
    return own <= this.#limit / (this.#order.length + 1) || isReport(bytes);
  }

  #wait(queue: Queue, message: Message): void {
    const { bytes } = message;
    if (queue.bytes === 0) this.#order.push(queue);
    queue.messages.push({ ...message, bytes: this.#spare.copyOf(bytes) });
    queue.shed = 0;
    queue.bytes += sizeOf(bytes);
    this.#bytes += sizeOf(bytes);
  }

  #shed(source: string, queue: Queue | undefined): void {
    if (queue !== undefined) queue.shed++;
    else if (this.#queues.size < SOURCES_MAX) this.#open(source).shed++;
    this.#options.shed(source);
  }

  #open(source: string): Queue {
    const queue: Queue = { source, messages: [], head: 0, bytes: 0, shed: 0 };
    this.#queues.set(source, queue);
    return queue;
  }
}

function sizeOf(bytes: Uint8Array): number {
  return spareLength(bytes.length) + OVERHEAD_BYTES;
}

/** Gives back what was taken, now and then. */
function compact(queue: Queue): void {
  if (queue.head < queue.messages.length && queue.head < 256) return;
  queue.messages.splice(0, queue.head);
  queue.head = 0;
}

/** A declaration or a report: there are few, and what follows may depend on them. */
function isReport(bytes: Uint8Array): boolean {
  const code = bytes[0] === ENVELOPE ? bytes[2] : 0;
  return code === MESSAGES.channels.code || code === MESSAGES.feedStatus.code;
}

/** First byte of an encoded message. */
const ENVELOPE = 0x93;
