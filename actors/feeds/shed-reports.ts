/**
 * Counts by source what was shed before it reached the partition, tells the partition at once, and reports it in the name of the source: with the first
 * frame, then every second while it goes on.
 */
import type { Clock } from "../ports/clock.ts";
import type { FeedSink } from "../ports/feed.ts";

/** A person reads it, and each report is an input of the log. */
const REPORT_EVERY_MS = 1_000;

/** A source that was shed for the first time, further ones count together under the feed's own name. */
const SOURCES_MAX = 256;

export class ShedReports {
  readonly #clock: Clock;
  readonly #sink: FeedSink;
  /** Source of what cannot be told apart. */
  readonly #rest: string;
  /** Frames by source since the last report. */
  readonly #frames = new Map<string, number>();
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, sink: FeedSink, rest: string) {
    this.#clock = clock;
    this.#sink = sink;
    this.#rest = rest;
  }

  add(source: string): void {
    this.#sink.shed?.(1);
    const name = this.#frames.has(source) || this.#frames.size < SOURCES_MAX ? source : this.#rest;
    this.#frames.set(name, (this.#frames.get(name) ?? 0) + 1);
    if (this.#cancel === null) this.#report();
  }

  /** Reports what was not yet. */
  end(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#frames.size > 0) this.#send();
  }

  #report(): void {
    this.#send();
    this.#cancel = this.#clock.after(REPORT_EVERY_MS, () => {
      this.#cancel = null;
      if (this.#frames.size > 0) this.#report();
    });
  }

  #send(): void {
    for (const [source, frames] of this.#frames)
      this.#sink.status({
        type: "feedStatus",
        source,
        status: "running",
        detail: `${frames} frames shed: they come faster than the owner takes them`,
        counts: { shed: frames },
      });
    this.#frames.clear();
  }
}
