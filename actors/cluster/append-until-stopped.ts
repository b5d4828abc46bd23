/**
 * Appends one entry to a stream, again and again under one id, until the caller stops it.
 *
 *   append ─┬─ stored at n ─► wait ─► still not stopped: where does the stream end? ─► append …
 *           └─ no answer, refused ─► wait ─► append …
 *
 * A stored entry is not yet an admitted one: only a reader of the log knows when to stop. An entry that is stored twice is admitted once, so
 * another attempt is always safe.
 */
import type { LogStream } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";

export interface AppendOptions {
  readonly stream: LogStream;
  readonly clock: Clock;
  readonly retryMs: number;
  /** The last entry expected in the stream: the server refuses the append after another one. Default: any. */
  expectedLast?(): number;
  /** The server says that the entry has this sequence. */
  stored(sequence: number): void;
  /** The stream ends here, asked when an entry that was stored did not come back in time. */
  endsWith(sequence: number): void;
  /** Hears of the first failure. */
  report(message: string): void;
}

/** The returned function stops it. */
export function appendUntilStopped(bytes: Uint8Array, id: string, options: AppendOptions): () => void {
  const { stream, clock, retryMs } = options;
  let stopped = false;
  let reported = false;
  let cancel: () => void = () => {};

  const later = (act: () => void) => {
    if (!stopped) cancel = clock.after(retryMs, act);
  };

  const failed = (error: unknown) => {
    if (stopped) return;
    if (!reported)
      options.report(`entry ${id} is tried again: ${error instanceof Error ? error.message : error}`);
    reported = true;
    later(attempt);
  };

  const attempt = () => {
    const expectedLast = options.expectedLast?.();
    stream.append(bytes, expectedLast === undefined ? { id } : { id, expectedLast }).then((sequence) => {
      if (stopped) return;
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
