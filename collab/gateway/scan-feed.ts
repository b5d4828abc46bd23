/**
 * Hands the messages of a scan to one client, from a place on, at the speed at which the client reads.
 *
 *   pumping ──client is full──► waiting ──resume()──► pumping ──has all, `complete` too──► over
 *
 * F1  Messages come in the order of their numbers, each once, to who comes early and late alike.
 * F2  Nothing is stored for a client but its place: a slow one delays neither the scan nor others.
 */
import type { FollowedScan, ScanMessage } from "../../actors/mod.ts";

/** Messages handed over in one turn: a socket writes them together. */
const BATCH = 256;

export interface ScanSink {
  /** Takes messages; `next` is the number after which the client goes on. False: no more until `resume()`. */
  take(messages: readonly ScanMessage[], next: number): boolean;
  /** After the last message. */
  over(): void;
}

/** Whether a client that has the messages up to this number has them all. */
export function nothingFollows({ scan }: FollowedScan, after: number): boolean {
  return scan.isOver && scan.messagesAfter(after, 1).length === 0;
}

export class ScanFeed {
  private readonly served: FollowedScan;
  private readonly sink: ScanSink;
  private readonly leave: () => void;
  private readonly unfollow: () => void;
  private after: number;
  private scheduled = false;
  private full = false;
  private stopped = false;

  constructor(served: FollowedScan, after: number, sink: ScanSink) {
    this.served = served;
    this.after = after;
    this.sink = sink;
    this.leave = served.enter();
    this.unfollow = served.scan.onMessage(() => this.schedule());
    this.schedule();
  }

  resume(): void {
    this.full = false;
    this.schedule();
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.leave();
    this.unfollow();
  }

  /** What comes in one turn of the event loop is handed over together. */
  private schedule(): void {
    if (this.scheduled || this.full || this.stopped) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.pump();
    });
  }

  private pump(): void {
    if (this.stopped || this.full) return;
    if (nothingFollows(this.served, this.after)) {
      this.stop();
      this.sink.over();
      return;
    }
    const messages = this.served.scan.messagesAfter(this.after, BATCH);
    if (messages.length === 0) return;
    this.after += messages.length;
    this.full = !this.sink.take(messages, this.after);
    // The last message is delivered whether or not the client reads.
    if (messages.at(-1)!.type === "complete") this.full = false;
    this.schedule();
  }
}
