/**
 * The servers of the bus with their faults: a model of a NATS cluster for actors/ports/bus.ts.
 *
 *   connection of a process ──requests──► servers ──answers──► connection       over links that lose, delay and duplicate
 *                                            └──pushes (followers, watchers)──► connection     in order, delayed by cuts
 *
 * Each fault that real servers were seen to have is a decision:
 *
 *   both writers accepted   two writers expect the same last entry, and both succeed
 *   acknowledgement lost    an entry is stored, its acknowledgement is lost
 *   dedupe window over      an id is forgotten, so a repeated entry is stored again
 *   stream election         a stream has no leader and answers no request for four to nine seconds
 *   bus crashed             the servers restart; entries that were not synced may be gone
 *   hints not heard         a watcher receives no hints for a while, so nodes disagree about who is alive
 */
import { matches } from "../../actors/bus/subject-match.ts";
import { StoredEntry } from "../../actors/mod.ts";
import { AppendRefused, type RequestHandler, type StreamEntry } from "../../actors/ports/bus.ts";
import { parseSubject } from "../../protocol/subjects.ts";
import type { Fault } from "./decisions.ts";
import type { Network, Pipe } from "./network.ts";
import { Process } from "./process.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

export const BUS_HOST = "bus";

/** Servers that do not agree yet accept a second writer for this long: usually milliseconds, more while their links are slow. */
const RACE_US = 2_000_000;

/** How long a restart takes. */
const DOWN_MS = { from: 300, to: 3_000 };
/** Longer than a silent member counts as alive. */
const NO_HINTS_MS = { from: 1_000, to: 9_000 };
/** How long a stream has no leader, as measured on real servers. */
const ELECTION_MS = { from: 4_000, to: 9_000 };

interface Stored {
  readonly entry: StreamEntry;
  /** Its bytes themselves, for observers, which do not change them. */
  readonly bytes: Uint8Array;
  readonly atUs: number;
}

/** A process that entries or hints are pushed to. */
export interface Receiver {
  readonly process: Process;
  readonly pipe: Pipe;
}

export interface Follower extends Receiver {
  next: number;
  take(entry: StreamEntry): void;
}

/** A process that answers requests. */
export interface Answerer {
  readonly process: Process;
  readonly pattern: string;
  readonly handle: RequestHandler;
}

export class ServedStream {
  readonly entries: Stored[] = [];
  readonly ids = new Map<string, { sequence: number; atUs: number }>();
  readonly followers = new Set<Follower>();
  synced = 0;
  leaderlessUntilUs = 0;
  readonly name: string;
  /** Of a log; null for other streams. */
  readonly partition: string | null;

  constructor(name: string) {
    this.name = name;
    this.partition = partitionOf(name);
  }
}

export interface Bucket {
  readonly values: Map<string, { value: Uint8Array; cancel(): void }>;
  readonly watchers: Set<Receiver & { change(key: string, value: Uint8Array | null): void }>;
}

export class BusServers {
  readonly world: SimulatedCluster;
  readonly network: Network;
  readonly process = new Process(BUS_HOST);
  readonly streams = new Map<string, ServedStream>();
  readonly buckets = new Map<string, Bucket>();
  readonly stores = new Map<string, Map<string, Uint8Array>>();
  readonly answerers = new Set<Answerer>();
  up = true;
  /** By host: until when it receives no hints. */
  readonly #noHintsUntilUs = new Map<string, number>();
  readonly #faults: Record<
    "both" | "refused" | "crashed" | "tail" | "election" | "stranger" | "noHints",
    Fault
  >;
  readonly #push: number;

  constructor(world: SimulatedCluster, network: Network) {
    this.world = world;
    this.network = network;
    network.addHost(BUS_HOST);
    const of = (kind: string): Fault => world.decisions.of(BUS_HOST, kind);
    this.#faults = {
      both: of("both writers accepted"),
      refused: of("append refused"),
      crashed: of("bus crashed"),
      tail: of("unsynced tail lost"),
      election: of("stream election"),
      stranger: of("stranger writes"),
      noHints: of("hints not heard"),
    };
    this.#push = world.trace.intern("bus pushes");
    this.#misbehave();
  }

  /** Running processes that answer requests of this subject. */
  answerersOf(subject: string): Answerer[] {
    for (const each of this.answerers) if (each.process.state === "ended") this.answerers.delete(each);
    return [...this.answerers].filter(({ pattern }) => matches(pattern, subject));
  }

  stream(name: string): ServedStream {
    let stream = this.streams.get(name);
    if (stream === undefined) {
      stream = new ServedStream(name);
      this.streams.set(name, stream);
    }
    return stream;
  }

  bucket(name: string): Bucket {
    let bucket = this.buckets.get(name);
    if (bucket === undefined) {
      bucket = { values: new Map(), watchers: new Set() };
      this.buckets.set(name, bucket);
    }
    return bucket;
  }

  store(name: string): Map<string, Uint8Array> {
    let store = this.stores.get(name);
    if (store === undefined) {
      store = new Map();
      this.stores.set(name, store);
    }
    return store;
  }

  /** Whether a request to this stream is answered now. */
  answers(stream: ServedStream): boolean {
    return this.up && this.world.nowUs >= stream.leaderlessUntilUs;
  }

  /** The entry's sequence. Throws AppendRefused. */
  append(stream: ServedStream, bytes: Uint8Array, id: string, expectedLast: number | undefined): number {
    const { world } = this;
    const { bus } = world.options;
    const known = stream.ids.get(id);
    if (known !== undefined && world.nowUs - known.atUs <= bus.dedupeWindowMs * 1000) {
      world.sometimes("append found duplicate");
      return known.sequence;
    }
    const last = stream.entries.length;
    if (expectedLast !== undefined && expectedLast !== last && !this.#race(stream, expectedLast))
      throw this.#refuse(`the last entry of ${stream.name} is ${last}; expected ${expectedLast}`);
    if (this.#faults.refused.happens(bus.refused)) throw this.#refuse(`${stream.name} takes nothing now`);
    if (known !== undefined) world.sometimes("dedupe window over");
    const sequence = last + 1;
    stream.entries.push({ entry: new StoredEntry(sequence, bytes, world.nowUs), bytes, atUs: world.nowUs });
    stream.ids.set(id, { sequence, atUs: world.nowUs });
    if (stream.partition !== null)
      world.observe({ kind: "stored", atUs: world.nowUs, partition: stream.partition, sequence, bytes });
    for (const follower of stream.followers) this.pump(stream, follower);
    return sequence;
  }

  /** Pushes the entries that a follower has not received. */
  pump(stream: ServedStream, follower: Follower): void {
    if (!this.up) return;
    if (follower.process.state === "ended") stream.followers.delete(follower);
    else
      while (follower.next <= stream.entries.length) {
        const { entry } = stream.entries[follower.next++ - 1]!;
        follower.pipe.send(follower.process, this.#push, () => follower.take(entry));
      }
  }

  /** Pushes the value of a key to all watchers. */
  announce(bucket: Bucket, key: string): void {
    const value = bucket.values.get(key)?.value ?? null;
    for (const watcher of bucket.watchers) {
      if (watcher.process.state === "ended") bucket.watchers.delete(watcher);
      else if ((this.#noHintsUntilUs.get(watcher.process.name) ?? 0) < this.world.nowUs)
        watcher.pipe.send(watcher.process, this.#push, () => watcher.change(key, value));
    }
  }

  heal(): void {
    for (const stream of this.streams.values()) stream.leaderlessUntilUs = 0;
    this.#noHintsUntilUs.clear();
    this.#comeUp();
  }

  /** A server that does not know the newest entries yet accepts a second writer. */
  #race(stream: ServedStream, expectedLast: number): boolean {
    const oldest = stream.entries[expectedLast];
    if (oldest === undefined || this.world.nowUs - oldest.atUs >= RACE_US) return false;
    return this.#faults.both.happens(this.world.options.bus.bothAccepted);
  }

  #refuse(why: string): AppendRefused {
    this.world.sometimes("append refused by the stream");
    return new AppendRefused(`Cannot append: ${why}`);
  }

  #misbehave(): void {
    const { world } = this;
    const { crashed, election, stranger, tail, noHints } = this.#faults;
    world.every(world.options.bus.syncEveryMs, null, "bus syncs", () => {
      if (this.up) for (const stream of this.streams.values()) stream.synced = stream.entries.length;
    });
    world.every(1000, null, "bus second", () => {
      const { bus } = world.options;
      if (world.decisions.healed) return false;
      for (const stream of this.streams.values())
        if (election.happens(bus.election))
          stream.leaderlessUntilUs = world.nowUs + election.size(ELECTION_MS.from, ELECTION_MS.to) * 1000;
      for (const stream of this.streams.values())
        if (this.answers(stream) && stranger.happens(bus.stranger)) this.#strangerWrites(stream);
      for (const bucket of this.buckets.values())
        for (const { process } of bucket.watchers)
          if (noHints.happens(bus.hintsNotHeard))
            this.#noHintsUntilUs.set(
              process.name,
              world.nowUs + noHints.size(NO_HINTS_MS.from, NO_HINTS_MS.to) * 1000,
            );
      if (this.up && crashed.happens(bus.crashed)) this.#goDown(crashed.size(DOWN_MS.from, DOWN_MS.to));
      if (!this.up && tail.happens(bus.tailLost)) this.#loseTail();
      return true;
    });
  }

  /** Any program that reaches the servers can write into a stream: garbage, or an earlier entry again. */
  #strangerWrites(stream: ServedStream): void {
    const { stranger } = this.#faults;
    const old = stream.entries[Math.floor(stranger.size(0, 2 * stream.entries.length))];
    const garbage = (): Uint8Array =>
      Uint8Array.from({ length: 20 }, () => Math.floor(stranger.size(0, 256)));
    try {
      this.append(stream, old?.bytes ?? garbage(), `stranger ${stream.entries.length}`, undefined);
    } catch (error) {
      // A stranger can be refused like any other writer.
      if (!(error instanceof AppendRefused)) throw error;
    }
  }

  #goDown(ms: number): void {
    this.up = false;
    this.world.after(ms, null, "bus comes up", () => this.#comeUp());
  }

  #comeUp(): void {
    this.up = true;
    for (const stream of this.streams.values())
      for (const follower of stream.followers) this.pump(stream, follower);
  }

  #loseTail(): void {
    for (const stream of this.streams.values()) {
      if (stream.synced === stream.entries.length) continue;
      stream.entries.length = stream.synced;
      for (const [id, { sequence }] of stream.ids) if (sequence > stream.synced) stream.ids.delete(id);
      for (const follower of stream.followers) follower.next = Math.min(follower.next, stream.synced + 1);
      if (stream.partition !== null)
        this.world.observe({
          kind: "lost",
          atUs: this.world.nowUs,
          partition: stream.partition,
          after: stream.synced,
        });
    }
  }
}

function partitionOf(stream: string): string | null {
  try {
    const { kind, partition } = parseSubject(stream);
    return kind === "log" ? partition : null;
  } catch {
    return null;
  }
}
