/** What the detector of arrivals reports to its machine. */
import type { Signal } from "../../ports/detector.ts";

/** One channel and what is usual for it. */
interface OfChannel extends Signal {
  readonly channel: string;
  /** Display name. */
  readonly title: string;
  /** When its last value came before the silence. */
  readonly sinceUs: number;
  /** Usual time between its values, and the longest that counts as usual, µs; 0: not known. */
  readonly everyUs: number;
  readonly longestUs: number;
  /** Rows of the group without a value of it. */
  readonly missed: number;
  /** The silence in units of the longest usual one. */
  readonly effect: number;
  /** Nats. */
  readonly evidence: number;
}

/** The channel brings nothing, while others of its group do. */
export interface Silent extends OfChannel {
  readonly type: "silent";
}

/** Values of it come again. */
export interface Returned extends OfChannel {
  readonly type: "returned";
}

/** Values of it come, but more seldom than before, and that goes on. */
export interface Slower extends OfChannel {
  readonly type: "slower";
  /** Time between its values now, µs. */
  readonly nowEveryUs: number;
}

/** Rows have times that lie before those of rows that came earlier. */
export interface Stepped extends Signal {
  readonly type: "stepped";
  /** How far the clock was set back, µs. */
  readonly byUs: number;
}

export type ArrivalsSignal = Silent | Returned | Slower | Stepped;
