/**
 * Connections of a feed, one after another, until it is stopped.
 *
 *   connect ─► heard: opened, running ─► ended ─► stalled ─► after a delay that grows (actors/link/breaker.ts) ─► connect
 *                                          └─ for good ─► failed
 */
import type { Breaker } from "../link/breaker.ts";
import type { FeedWriter } from "./feed-writer.ts";
import type { Pause } from "./pause.ts";

/** Of servers of one's own: one that is back is seen within two seconds. */
export const RETRY_MS = 250;
export const RETRY_MS_MAX = 2_000;

/** How a connection ended. */
export interface Ending {
  readonly reason: string;
  /** Another attempt would end in the same way. */
  readonly isFinal: boolean;
}

export interface Connected {
  readonly writer: FeedWriter;
  readonly pause: Pause;
  readonly breaker: Breaker;
  /** Resolves when the connection has ended, also because the feed is stopped. `heard`: with its first sign of life. */
  connection(heard: () => void): Promise<Ending>;
  /** What it brings, for people. */
  summary(): string;
  /** After each connection: sends what waits. */
  ended(): void;
  /** Of bad samples since the last report. */
  counts(): Readonly<Record<string, number>>;
}

export async function stayConnected(feed: Connected): Promise<void> {
  const { writer, pause, breaker } = feed;
  let isFirst = true;
  while (!pause.stopped) {
    const { reason, isFinal } = await feed.connection(() => {
      breaker.worked();
      writer.status(isFirst ? "opened" : "running", feed.summary());
      isFirst = false;
    });
    feed.ended();
    if (pause.stopped) break;
    if (isFinal) {
      writer.status("failed", reason, feed.counts());
      return;
    }
    const delayMs = breaker.failed();
    writer.status("stalled", `${reason}; the next attempt is in ${(delayMs / 1000).toFixed(1)} s`);
    await pause.wait(delayMs);
    breaker.due();
  }
  writer.status("ended", "stopped", feed.counts());
}
