/** Tells of what has become silent, once, and that it is back. */
import type { Clock } from "../ports/clock.ts";
import type { FeedWriter } from "./feed-writer.ts";

export class Silence {
  private readonly name: string;
  private readonly clock: Clock;
  private readonly staleMs: number;
  private readonly writer: FeedWriter;
  private heardMs: number;
  private isStale = false;

  constructor(name: string, { clock, staleUs }: { clock: Clock; staleUs: number }, writer: FeedWriter) {
    this.name = name;
    this.clock = clock;
    this.staleMs = staleUs / 1000;
    this.writer = writer;
    this.heardMs = clock.monotonicMs();
  }

  heard(): void {
    this.heardMs = this.clock.monotonicMs();
    if (!this.isStale) return;
    this.isStale = false;
    this.writer.status("running", `${this.name} is back`);
  }

  check(): void {
    const silentMs = this.clock.monotonicMs() - this.heardMs;
    if (this.isStale || silentMs < this.staleMs) return;
    this.isStale = true;
    this.writer.status("stalled", `${this.name}: nothing for ${Math.round(silentMs / 1000)} s`);
  }
}
