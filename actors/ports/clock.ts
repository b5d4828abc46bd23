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
