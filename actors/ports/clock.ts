/** The outside world's time. The core never sees this; the sequencer stamps inputs with it. */
export interface Clock {
  /** Integer µs since the epoch. */
  nowUs(): number;
  /** Monotonic ms with a fraction, for durations. */
  monotonicMs(): number;
  /** Calls `act` once after `ms`; the returned function cancels. */
  after(ms: number, act: () => void): () => void;
  /** Calls `act` once, when what is at hand is done and sockets had their turn. */
  soon(act: () => void): void;
}

/** A timer that fires later than this was due while the process did something else, or nothing: what came meanwhile is still unread. */
export const LATE_MS = 50;

/** Within this, sockets are read and a question is answered. */
export const HEARING_MS = 250;

/**
 * As `after`, for the end of a wait for news. A process that was busy or stopped wakes with its timers, and reads its sockets after them: if it is
 * late, `act` waits until what had come in time was heard, and is perhaps cancelled by it.
 */
export function afterHearing(clock: Clock, ms: number, act: () => void): () => void {
  const dueMs = clock.monotonicMs() + ms;
  let cancel = clock.after(ms, () => {
    if (isLate(clock, dueMs)) cancel = clock.after(HEARING_MS, act);
    else act();
  });
  return () => cancel();
}

/** Whether a timer that was due at `dueMs`, monotonic, fires late. */
export function isLate(clock: Clock, dueMs: number): boolean {
  return clock.monotonicMs() - dueMs > LATE_MS;
}
