/**
 * One feed for several partitions: what it brings goes to the partition of its group.
 *
 *   feed ─► Division ─┬─ groups of p0 ─► sink of p0
 *                     └─ groups of p1 ─► sink of p1
 *
 * D1  Of each partition it is one feed of the same source. It runs once every partition has started it, and ends in all of them together.
 * D2  Numbers stay those of the feed. In each partition they rise, so what is sent again counts as a duplicate there.
 * D3  A report goes to one partition: a feed that ends has ended once. It is that of the first group it declares, so that the report has
 *     the time of its data; of a feed that reports before it declares anything, the one of its source. So does the error of a feed that fails.
 * D4  A full partition makes a feed wait that can wait, as if there were one. A live feed goes on, and the full partition alone sheds.
 */
import type { Frame } from "../../protocol/frame.ts";
import type { Channels, FeedStatus, QuantumInput } from "../../protocol/messages.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";

/** By partition the feeds that it starts. `partitionOf` names the partition of a group, or of a source (D3): always the same for one name. */
export function divideFeeds(
  feeds: readonly Feed[],
  partitions: readonly string[],
  partitionOf: (name: string) => string,
): Map<string, Feed[]> {
  const divisions = feeds.map((feed) => new Division(feed, partitions.length, partitionOf));
  return new Map(
    partitions.map((partition) => [partition, divisions.map((division) => division.part(partition))]),
  );
}

class Division implements FeedSink {
  readonly #feed: Feed;
  readonly #partitions: number;
  readonly #partitionOf: (name: string) => string;
  readonly #sinks = new Map<string, FeedSink>();
  /** Sinks that asked a feed to wait. */
  readonly #full = new Set<FeedSink>();
  /** The partition of reports, once it is known (D3). */
  #home: string | null = null;
  /** That it was opened is the first report of every feed: it waits until the home is known. */
  #opened: FeedStatus | null = null;
  #start: () => void = () => {};
  readonly #running: Promise<void>;
  #stopping: Promise<void> | null = null;

  constructor(feed: Feed, partitions: number, partitionOf: (name: string) => string) {
    this.#feed = feed;
    this.#partitions = partitions;
    this.#partitionOf = partitionOf;
    const started = new Promise<void>((resolve) => {
      this.#start = resolve;
    });
    this.#running = started
      .then(() => (this.#stopping === null ? feed.run(this) : undefined))
      .finally(() => this.#settle(feed.source));
    // Each part that runs reports it; a feed that no partition started has nobody to tell.
    this.#running.catch(() => {});
  }

  part(partition: string): Feed {
    const feed = this.#feed;
    return {
      ...optional("delivery", feed.delivery),
      ...optional("relays", feed.relays),
      ...optional("waits", feed.waits),
      source: feed.source,
      kind: feed.kind,
      run: (sink) => this.#run(partition, sink),
      stop: () => this.#stop(),
    };
  }

  async #run(partition: string, sink: FeedSink): Promise<void> {
    this.#sinks.set(partition, sink);
    if (this.#sinks.size === this.#partitions) this.#start();
    try {
      await this.#running;
    } catch (error) {
      if (this.#home === partition) throw error;
    }
  }

  /** A feed that has not begun never does. */
  #stop(): Promise<void> {
    this.#stopping ??= this.#feed.stop();
    this.#start();
    return this.#stopping;
  }

  // ---- the sink of the feed -------------------------------------------------------------------------------------

  channels(declaration: Channels): void {
    this.#settle(declaration.group);
    this.#sinkOf(declaration.group).channels(declaration);
  }

  frame(frame: Frame): boolean {
    const sink = this.#sinkOf(frame.group);
    return this.#noted(sink, sink.frame(frame));
  }

  quantum(input: QuantumInput): boolean {
    const sink = this.#sinkOf(input.group);
    return this.#noted(sink, sink.quantum(input));
  }

  status(status: FeedStatus): void {
    if (this.#home === null && this.#opened === null && status.status === "opened") {
      this.#opened = status;
      return;
    }
    this.#settle(status.source);
    this.#sinks.get(this.#home!)!.status(status);
  }

  /** Reports go to the partition of this name from now on, unless they have one already. */
  #settle(name: string): void {
    if (this.#home !== null) return;
    this.#home = this.#partitionOf(name);
    const opened = this.#opened;
    this.#opened = null;
    if (opened !== null) this.#sinkOf(name).status(opened);
  }

  async drained(): Promise<void> {
    // A feed that asks without need gets its turn of the event loop all the same.
    const full = this.#full.size > 0 ? [...this.#full] : [this.#sinkOf(this.#feed.source)];
    this.#full.clear();
    await Promise.all(full.map((sink) => sink.drained()));
  }

  #noted(sink: FeedSink, takesMore: boolean): boolean {
    if (!takesMore) this.#full.add(sink);
    return takesMore;
  }

  #sinkOf(name: string): FeedSink {
    const sink = this.#sinks.get(this.#partitionOf(name));
    if (sink === undefined) throw new Error(`Cannot divide ${this.#feed.source}: no partition for ${name}`);
    return sink;
  }
}

function optional<Name extends "delivery" | "relays" | "waits">(
  name: Name,
  value: Feed[Name],
): Pick<Feed, Name> | object {
  return value === undefined ? {} : { [name]: value };
}
