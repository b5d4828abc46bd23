/**
 * Appends one entry to a stream, again and again under one id, until the caller stops it.
 *
 *   append ─┬─ stored at n ─► wait ─► still not stopped: where does the stream end? ─► append …
 *           ├─ no answer ─► wait ─► append …
 *           └─ refused ─► wait, twice as long each time in a row ─► append …
 *
 * A stored entry is not yet an admitted one: only a reader of the log knows when to stop. An entry that is stored twice is admitted once, so
 * another attempt is always safe.
 */
import { AppendRefused, LogFull, type LogStream } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import { restMs } from "./takeover.ts";

export interface AppendOptions {
  readonly stream: LogStream;
  readonly clock: Clock;
  readonly retryMs: number;
  /** As in the stream's `append`. */
  readonly traceparent?: string | undefined;
  /** The last entry expected in the stream: the server refuses the append after another one. Default: any. */
  expectedLast?(): number;
  /** The server says that the entry has this sequence. */
  stored(sequence: number): void;
  /** The stream ends here, asked when an entry that was stored did not come back in time. */
  endsWith(sequence: number): void;
  /** Hears of the first failure, unless it is that the stream has no room. */
  report(message: string): void;
  /** Hears why the stream has no room, each time it says so, and null when it stored the entry. Default: nobody does. */
  full?(reason: string | null): void;
}

/** The returned function stops it. */
export function appendUntilStopped(bytes: Uint8Array, id: string, options: AppendOptions): () => void {
  const { stream, clock, retryMs, traceparent } = options;
  const named = traceparent === undefined ? { id } : { id, traceparent };
  let stopped = false;
  let reported = false;
  /** In a row. A server that does not answer is asked at the same pace: it may be back at once. */
  let refusals = 0;
  let cancel: () => void = () => {};

  const later = (act: () => void) => {
    if (!stopped) cancel = clock.after(restMs(retryMs, refusals), act);
  };

  const failed = (error: unknown) => {
    if (stopped) return;
    refusals = error instanceof AppendRefused ? refusals + 1 : 0;
    if (error instanceof LogFull) options.full?.(error.message);
    else if (!reported)
      options.report(`entry ${id} is tried again: ${error instanceof Error ? error.message : error}`);
    reported = true;
    later(attempt);
  };

  const attempt = () => {
    const expectedLast = options.expectedLast?.();
    stream.append(bytes, expectedLast === undefined ? named : { ...named, expectedLast }).then((sequence) => {
      if (stopped) return;
      refusals = 0;
      options.full?.(null);
      options.stored(sequence);
      later(look);
    }, failed);
  };

  const look = () => {
    stream.lastSequence().then((sequence) => {
      if (stopped) return;
      options.endsWith(sequence);
      if (!stopped) attempt();
    }, failed);
  };

  attempt();
  return () => {
    stopped = true;
    cancel();
  };
}
