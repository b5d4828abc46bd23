/**
 * A bus inside one process: all its users share it, nothing is kept beyond its life.
 *
 *   publish ─► the matching subscribers, in a later turn
 *   request ─► the matching handlers, in a later turn; the first answer
 *   stream  ─► entries in an array, one order for everybody
 *   hints   ─► values that end HINT_TTL_MS after they were put, by the clock
 *
 * It keeps the promises of the port (actors/ports/bus.ts) and no others on purpose: a message is handed over after `publish` has
 * returned, a follower after `append` has, and bytes are copies. It always connects, refuses only what `expectedLast` refuses, and
 * never leaves an append unanswered: what goes wrong with servers is the simulator's business.
 */
import { Buffer } from "node:buffer";
import { joinedBytes } from "../../protocol/joined-bytes.ts";
import {
  type AppendedAs,
  AppendRefused,
  type Bus,
  DEDUPE_MS,
  HINT_TTL_MS,
  type Hints,
  type LogStream,
  NoAnswer,
  NobodyAsked,
  type RequestHandler,
  type SnapshotStore,
  type StreamEntry,
} from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import { StoredEntry } from "./stored-entry.ts";
import { matches } from "./subject-match.ts";

export function createMemoryBus(clock: Clock): Bus {
  const subscribers = new Set<{ pattern: string; take: Parameters<Bus["subscribe"]>[1] }>();
  const answerers = new Set<Answerer>();
  const streams = new Map<string, MemoryStream>();
  const hints = new Map<string, MemoryHints>();
  const snapshots = new Map<string, MemorySnapshots>();
  return {
    connected: true,
    onConnection: () => () => {},
    publish(subject, bytes, traceparent) {
      const copy = new Uint8Array(bytes);
      for (const subscriber of subscribers) {
        if (!matches(subscriber.pattern, subject)) continue;
        clock.soon(
          () => subscribers.has(subscriber) && subscriber.take(subject, new Uint8Array(copy), traceparent),
        );
      }
    },
    subscribe(pattern, take) {
      const subscriber = { pattern, take };
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    request: (subject, bytes, timeoutMs, traceparent) =>
      ask(clock, answerers, { subject, bytes, timeoutMs, traceparent }),
    answer(pattern, handle) {
      const answerer = { pattern, handle };
      answerers.add(answerer);
      return () => answerers.delete(answerer);
    },
    stream: (name) => entryOf(streams, name, () => new MemoryStream(name, clock)),
    hints: (bucket) => entryOf(hints, bucket, () => new MemoryHints(clock)),
    snapshots: (bucket) => entryOf(snapshots, bucket, () => new MemorySnapshots()),
  };
}

interface Answerer {
  readonly pattern: string;
  readonly handle: RequestHandler;
}

function ask(
  clock: Clock,
  answerers: ReadonlySet<Answerer>,
  {
    subject,
    bytes,
    timeoutMs,
    traceparent,
  }: { subject: string; bytes: Uint8Array; timeoutMs: number; traceparent: string | undefined },
): Promise<Uint8Array> {
  const copy = new Uint8Array(bytes);
  return new Promise((resolve, reject) => {
    const action = `Cannot get an answer from ${subject}`;
    const cancel = clock.after(timeoutMs, () =>
      reject(new NoAnswer(`${action}: none within ${timeoutMs} ms`)),
    );
    const asked = [...answerers].filter(({ pattern }) => matches(pattern, subject));
    const take = async (answerer: Answerer) => {
      if (!answerers.has(answerer)) return;
      // A handler that fails leaves the request unanswered, as a process that ended would.
      const answer = await answerer.handle(subject, new Uint8Array(copy), traceparent).catch(() => null);
      if (answer === null) return;
      cancel();
      resolve(new Uint8Array(answer));
    };
    for (const answerer of asked) clock.soon(() => void take(answerer));
    if (asked.length > 0) return;
    cancel();
    clock.soon(() => reject(new NobodyAsked(`${action}: nobody takes requests there`)));
  });
}

class MemoryStream implements LogStream {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #entries: StreamEntry[] = [];
  /** Sequence and time by id, oldest first. */
  readonly #ids = new Map<string, { sequence: number; atMs: number }>();
  readonly #wake = new Set<() => void>();

  constructor(name: string, clock: Clock) {
    this.#name = name;
    this.#clock = clock;
  }

  async append(bytes: Uint8Array, options: AppendedAs): Promise<number> {
    const { id, expectedLast, traceparent } = options;
    this.#forgetIds();
    const known = this.#ids.get(id);
    if (known !== undefined) return known.sequence;
    const last = this.#entries.length;
    if (expectedLast !== undefined && expectedLast !== last)
      throw new AppendRefused(
        `Cannot append ${id} to ${this.#name}: its last entry is ${last}; expected ${expectedLast}`,
      );
    const sequence = last + 1;
    this.#entries.push(new StoredEntry(sequence, new Uint8Array(bytes), this.#clock.nowUs(), traceparent));
    this.#ids.set(id, { sequence, atMs: this.#clock.monotonicMs() });
    for (const wake of this.#wake) wake();
    return sequence;
  }

  follow(fromSequence: number, take: (entry: StreamEntry) => void): () => void {
    let next = fromSequence;
    let following = true;
    let woken = false;
    const run = () => {
      woken = false;
      while (following && next <= this.#entries.length) take(this.#entries[next++ - 1]!);
    };
    const wake = () => {
      if (woken) return;
      woken = true;
      queueMicrotask(run);
    };
    this.#wake.add(wake);
    wake();
    return () => {
      following = false;
      this.#wake.delete(wake);
    };
  }

  async *read(fromSequence: number): AsyncGenerator<StreamEntry> {
    const end = this.#entries.length;
    for (let sequence = Math.max(1, fromSequence); sequence <= end; sequence++)
      yield this.#entries[sequence - 1]!;
  }

  async lastSequence(): Promise<number> {
    return this.#entries.length;
  }

  #forgetIds(): void {
    const since = this.#clock.monotonicMs() - DEDUPE_MS;
    for (const [id, { atMs }] of this.#ids) {
      if (atMs >= since) return;
      this.#ids.delete(id);
    }
  }
}

class MemoryHints implements Hints {
  readonly #clock: Clock;
  readonly #values = new Map<string, { value: Uint8Array; cancel(): void }>();
  readonly #watchers = new Set<(key: string, value: Uint8Array | null) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    this.#values.get(key)?.cancel();
    const cancel = this.#clock.after(HINT_TTL_MS, () => this.#end(key));
    this.#values.set(key, { value: new Uint8Array(value), cancel });
    this.#notify(key);
  }

  async agree(key: string, value: Uint8Array): Promise<Uint8Array> {
    const living = this.#values.get(key)?.value;
    if (living !== undefined && Buffer.compare(living, value) !== 0) return new Uint8Array(living);
    await this.put(key, value);
    return new Uint8Array(value);
  }

  async remove(key: string): Promise<void> {
    this.#values.get(key)?.cancel();
    this.#end(key);
  }

  watch(change: (key: string, value: Uint8Array | null) => void): () => void {
    // A function of its own, so that the same one may watch twice.
    const watcher: typeof change = (key, value) => change(key, value);
    this.#watchers.add(watcher);
    for (const [key, { value }] of this.#values) this.#later(watcher, key, value);
    return () => this.#watchers.delete(watcher);
  }

  #end(key: string): void {
    if (this.#values.delete(key)) this.#notify(key);
  }

  #notify(key: string): void {
    const value = this.#values.get(key)?.value ?? null;
    for (const watcher of this.#watchers) this.#later(watcher, key, value);
  }

  #later(
    watcher: (key: string, value: Uint8Array | null) => void,
    key: string,
    value: Uint8Array | null,
  ): void {
    const copy = value === null ? null : new Uint8Array(value);
    queueMicrotask(() => this.#watchers.has(watcher) && watcher(key, copy));
  }
}

class MemorySnapshots implements SnapshotStore {
  readonly #values = new Map<string, Uint8Array>();

  async save(name: string, ...parts: readonly Uint8Array[]): Promise<void> {
    this.#values.set(name, joinedBytes(parts));
  }

  async load(name: string): Promise<Uint8Array | null> {
    const found = this.#values.get(name);
    return found === undefined ? null : new Uint8Array(found);
  }

  async list(): Promise<string[]> {
    return [...this.#values.keys()];
  }

  async remove(name: string): Promise<void> {
    this.#values.delete(name);
  }
}

function entryOf<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}
