/**
 * One process's connection to the servers of the bus: the Bus port over the simulated network.
 *
 * A request without an answer in time is rejected; the servers may have carried it out. Pushes arrive in order and without gaps, after a
 * cut of the network late.
 */
import { matches } from "../../actors/bus/subject-match.ts";
import { sameBytes } from "../../actors/mod.ts";
import {
  AppendUncertain,
  type Bus,
  HINT_TTL_MS,
  type Hints,
  type LogStream,
  NoAnswer,
  type RequestHandler,
  type SnapshotStore,
  type StreamEntry,
} from "../../actors/ports/bus.ts";
import { type Answerer, BUS_HOST, type BusServers, type Follower, type ServedStream } from "./bus-servers.ts";
import type { Pipe } from "./network.ts";
import type { Process } from "./process.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** The default of the client library; a round trip takes some ms. */
const ANSWER_MS = 2_000;
/** A connection that cannot reach the servers for this long reports itself as disconnected. */
const DISCONNECTED_MS = 2_000;

interface Subscriber {
  readonly process: Process;
  readonly pattern: string;
  take(subject: string, bytes: Uint8Array): void;
}

/** Ends of the promise of a request. */
interface Settled<Answer> {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/** Subscriptions of all connections. */
export type Subscribers = Set<Subscriber>;

export class BusConnection implements Bus {
  readonly #servers: BusServers;
  readonly #world: SimulatedCluster;
  readonly #process: Process;
  readonly #host: string;
  readonly #subscribers: Subscribers;
  /** Called before a request is sent: the process may end there. */
  readonly #crashPoint: () => void;
  readonly #up: Pipe;
  readonly #down: Pipe;
  readonly #codes: Record<"publish" | "push" | "request" | "answer" | "subscribe", number>;
  readonly #listeners = new Set<(connected: boolean) => void>();
  #unreachableMs = 0;

  constructor(
    servers: BusServers,
    subscribers: Subscribers,
    process: Process,
    crashPoint: () => void = () => {},
  ) {
    const { world, network } = servers;
    this.#servers = servers;
    this.#world = world;
    this.#process = process;
    this.#host = process.name;
    this.#subscribers = subscribers;
    this.#crashPoint = crashPoint;
    this.#up = network.pipe(this.#host, BUS_HOST);
    this.#down = network.pipe(BUS_HOST, this.#host);
    const code = (what: string): number => world.trace.intern(`${this.#host} ${what}`);
    this.#codes = {
      publish: code("publishes"),
      push: code("is told"),
      request: code("asks the bus"),
      answer: code("is answered"),
      subscribe: code("subscribes"),
    };
    world.every(500, process, `${this.#host} looks at its line`, () => this.#checkConnection());
  }

  get connected(): boolean {
    return this.#unreachableMs < DISCONNECTED_MS;
  }

  onConnection(change: (connected: boolean) => void): () => void {
    const listener: typeof change = (connected) => change(connected);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(subject: string, bytes: Uint8Array): void {
    const { network, process } = this.#servers;
    const copy = bytes.slice();
    network.datagram(this.#host, BUS_HOST, process, this.#codes.publish, () => {
      if (!this.#servers.up) return;
      for (const subscriber of this.#subscribers) {
        if (!matches(subscriber.pattern, subject)) continue;
        if (subscriber.process.state === "ended") {
          this.#subscribers.delete(subscriber);
          continue;
        }
        network.datagram(BUS_HOST, subscriber.process.name, subscriber.process, this.#codes.push, () => {
          if (this.#subscribers.has(subscriber)) subscriber.take(subject, copy.slice());
        });
      }
    });
  }

  subscribe(pattern: string, take: (subject: string, bytes: Uint8Array) => void): () => void {
    const subscriber: Subscriber = { process: this.#process, pattern, take };
    let ended = false;
    this.#up.send(this.#servers.process, this.#codes.subscribe, () => {
      if (!ended) this.#subscribers.add(subscriber);
    });
    return () => {
      ended = true;
      this.#subscribers.delete(subscriber);
    };
  }

  request(subject: string, bytes: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const servers = this.#servers;
    const { network } = servers;
    const copy = bytes.slice();
    return this.#await<Uint8Array>(timeoutMs, (settle) => {
      if (!servers.up) return;
      const answer = (how: (settled: Settled<Uint8Array>) => void): void =>
        network.datagram(BUS_HOST, this.#host, this.#process, this.#codes.answer, () => settle(how));
      const asked = servers.answerersOf(subject);
      // Not NobodyAsked: the network may deliver the request a second time, when somebody takes it.
      if (asked.length === 0)
        answer(({ reject }) => reject(new NoAnswer(`nobody takes requests of ${subject}`)));
      for (const answerer of asked)
        network.datagram(BUS_HOST, answerer.process.name, answerer.process, this.#codes.push, () =>
          this.#carryOut(answerer, subject, copy, (bytes) => answer(({ resolve }) => resolve(bytes.slice()))),
        );
    });
  }

  answer(pattern: string, handle: RequestHandler): () => void {
    const { answerers, process } = this.#servers;
    const answerer: Answerer = { process: this.#process, pattern, handle };
    let ended = false;
    this.#up.send(process, this.#codes.subscribe, () => {
      if (!ended) answerers.add(answerer);
    });
    return () => {
      ended = true;
      answerers.delete(answerer);
    };
  }

  #carryOut(
    answerer: Answerer,
    subject: string,
    bytes: Uint8Array,
    answered: (answer: Uint8Array) => void,
  ): void {
    const servers = this.#servers;
    const { process } = answerer;
    if (!servers.answerers.has(answerer)) return;
    process.requestedIn = this.#world.queue.acted;
    answerer.handle(subject, bytes.slice()).then(
      (answer) => {
        if (answer === null || process.state === "ended") return;
        servers.network.datagram(process.name, BUS_HOST, servers.process, this.#codes.answer, () =>
          answered(answer),
        );
      },
      () => {
        // A handler that fails leaves the request unanswered.
      },
    );
  }

  // ---- streams --------------------------------------------------------------------------------------------------

  stream(name: string): LogStream {
    const servers = this.#servers;
    const stream = servers.stream(name);
    return {
      append: (bytes, options) => this.#append(stream, bytes.slice(), options),
      follow: (fromSequence, take) => this.#follow(stream, fromSequence, take),
      read: (fromSequence) => this.#read(stream, fromSequence),
      lastSequence: () =>
        this.#ask(
          () => stream.entries.length,
          () => servers.answers(stream),
        ),
    };
  }

  async #append(
    stream: ServedStream,
    bytes: Uint8Array,
    { id, expectedLast }: { id: string; expectedLast?: number },
  ): Promise<number> {
    const servers = this.#servers;
    const world = this.#world;
    const ackLost = world.decisions.of(this.#host, "acknowledgement lost");
    try {
      return await this.#ask(
        () => servers.append(stream, bytes, id, expectedLast),
        () => servers.answers(stream),
        () => ackLost.happens(world.options.bus.ackLost),
      );
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      world.sometimes("append uncertain");
      throw new AppendUncertain(`Cannot know whether ${id} was stored in ${stream.name}: no answer`);
    }
  }

  async *#read(stream: ServedStream, fromSequence: number): AsyncGenerator<StreamEntry> {
    const from = Math.max(1, fromSequence);
    const found = await this.#ask(
      () => stream.entries.slice(from - 1),
      () => this.#servers.answers(stream),
    );
    for (const { entry } of found) yield entry;
  }

  #follow(stream: ServedStream, fromSequence: number, take: (entry: StreamEntry) => void): () => void {
    const servers = this.#servers;
    let ended = false;
    const follower: Follower = {
      process: this.#process,
      // A pipe of its own: entries are ordered among themselves, not with answers to requests. An acknowledgement may come first.
      pipe: servers.network.pipe(BUS_HOST, this.#host),
      next: Math.max(1, fromSequence),
      take: (entry) => {
        if (!ended) take(entry);
      },
    };
    this.#up.send(servers.process, this.#codes.subscribe, () => {
      if (ended) return;
      stream.followers.add(follower);
      servers.pump(stream, follower);
    });
    return () => {
      ended = true;
      stream.followers.delete(follower);
    };
  }

  // ---- hints and snapshots --------------------------------------------------------------------------------------

  hints(name: string): Hints {
    const servers = this.#servers;
    const bucket = servers.bucket(name);
    const remove = (key: string): void => {
      bucket.values.get(key)?.cancel();
      if (bucket.values.delete(key)) servers.announce(bucket, key);
    };
    const put = (key: string, value: Uint8Array): void => {
      bucket.values.get(key)?.cancel();
      const cancel = this.#world.after(HINT_TTL_MS, null, "hint ends", () => remove(key));
      bucket.values.set(key, { value, cancel });
      servers.announce(bucket, key);
    };
    return {
      put: (key, value) => {
        const copy = value.slice();
        return this.#ask(() => put(key, copy));
      },
      agree: (key, value) => {
        const copy = value.slice();
        return this.#ask(() => {
          const living = bucket.values.get(key)?.value;
          if (living !== undefined && !sameBytes(living, copy)) return living.slice();
          put(key, copy);
          return copy;
        });
      },
      remove: (key) => this.#ask(() => remove(key)),
      watch: (change) => {
        const watcher = {
          process: this.#process,
          pipe: this.#down,
          change: (key: string, value: Uint8Array | null) => {
            if (!ended) change(key, value?.slice() ?? null);
          },
        };
        let ended = false;
        this.#up.send(servers.process, this.#codes.subscribe, () => {
          if (ended) return;
          bucket.watchers.add(watcher);
          for (const [key, { value }] of bucket.values)
            this.#down.send(this.#process, this.#codes.push, () => watcher.change(key, value));
        });
        return () => {
          ended = true;
          bucket.watchers.delete(watcher);
        };
      },
    };
  }

  snapshots(name: string): SnapshotStore {
    const store = this.#servers.store(name);
    const { decisions, options } = this.#world;
    const flipped = decisions.of(this.#host, "bit flipped");
    const lost = decisions.of(this.#host, "snapshot lost");
    return {
      save: (key, bytes) => {
        const copy = bytes.slice();
        // Acknowledged and lost: a snapshot can be made again, so no code may rely on one.
        const isLost = lost.happens(options.disk.snapshotLost / 4);
        return this.#ask(() => void (isLost || store.set(key, copy)));
      },
      load: async (key) => {
        const found = (await this.#ask(() => store.get(key)))?.slice() ?? null;
        if (found !== null && found.length > 0 && flipped.happens(options.disk.bitFlipped))
          found[Math.floor(flipped.size(0, found.length))]! ^= 1 << Math.floor(flipped.size(0, 8));
        return found;
      },
      list: () => this.#ask(() => [...store.keys()]),
      remove: (key) => this.#ask(() => void store.delete(key)),
    };
  }

  // ---- requests -------------------------------------------------------------------------------------------------

  /** Lets the servers do `act`. Rejects with what it throws, or with NoAnswer. */
  #ask<Answer>(
    act: () => Answer,
    answers: () => boolean = () => this.#servers.up,
    ackLost: () => boolean = () => false,
  ): Promise<Answer> {
    const { network } = this.#servers;
    return this.#await<Answer>(ANSWER_MS, (settle) => {
      if (!answers()) return;
      let how: (settled: Settled<Answer>) => void;
      try {
        const answer = act();
        how = ({ resolve }) => resolve(answer);
      } catch (error) {
        how = ({ reject }) => reject(error);
      }
      if (ackLost()) return;
      network.datagram(BUS_HOST, this.#host, this.#process, this.#codes.answer, () => settle(how));
    });
  }

  /** Sends a request to the servers, which do `serve`. Rejects with NoAnswer when that did not settle it in time. */
  #await<Answer>(
    timeoutMs: number,
    serve: (settle: (how: (settled: Settled<Answer>) => void) => void) => void,
  ): Promise<Answer> {
    const { network, process } = this.#servers;
    this.#crashPoint();
    return new Promise<Answer>((resolve, reject) => {
      let open = true;
      const settle = (how: (settled: Settled<Answer>) => void): void => {
        if (!open) return;
        open = false;
        cancel();
        how({ resolve, reject });
      };
      const cancel = this.#world.after(timeoutMs, this.#process, `${this.#host} waits no longer`, () =>
        settle(() => reject(new NoAnswer(`no answer within ${timeoutMs} ms`))),
      );
      network.datagram(this.#host, BUS_HOST, process, this.#codes.request, () => serve(settle));
    });
  }

  #checkConnection(): undefined {
    const { network, up } = this.#servers;
    const before = this.connected;
    this.#unreachableMs = up && network.reaches(this.#host, BUS_HOST) ? 0 : this.#unreachableMs + 500;
    if (this.connected !== before) for (const listener of this.#listeners) listener(this.connected);
  }
}
