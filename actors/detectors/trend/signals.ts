/** What the trend detector reports to its machine. */
import type { Signal } from "../../ports/detector.ts";

interface OfChannel extends Signal {
  readonly channel: string;
  /** Display name, and unit. */
  readonly title: string;
  readonly unit: string;
  /** When it began, µs. */
  readonly sinceUs: number;
}

/** The direction of a channel now, and before. */
interface Trend extends OfChannel {
  /** −1 falls, 0 neither, 1 rises. */
  readonly before: number;
  readonly after: number;
  /** Of the line, a second, and the standard error of that of now. */
  readonly slopeBefore: number;
  readonly slopeAfter: number;
  readonly error: number;
  readonly rows: number;
  /** Spreads about the line before by which the line now has left it. */
  readonly effect: number;
  /** Nats that two lines explain more than one, and what they must. */
  readonly gain: number;
  readonly price: number;
}

/** The channel rises or falls, as it did not before. */
export interface Turned extends Trend {
  readonly type: "turned";
}

/** It rose or fell, and does neither now. */
export interface Flattened extends Trend {
  readonly type: "flattened";
}

/** One level that people set, and when the channel reaches it. */
interface Crossing extends OfChannel {
  readonly level: number;
  readonly direction: "above" | "below";
  readonly value: number;
  /** By the median, and an interval that holds four times of five, µs. */
  readonly expectedUs: number;
  readonly lowUs: number;
  readonly highUs: number;
}

/** The level is expected to be reached within the horizon. */
export interface Nearing extends Crossing {
  readonly type: "nearing";
  /** A second. */
  readonly slope: number;
  readonly error: number;
  /** How long it has gone on like this, µs. */
  readonly courseUs: number;
  /** Deviations by which it has moved meanwhile. */
  readonly effect: number;
  /** For a slope against none, and what it must be, nats. */
  readonly evidence: number;
  readonly price: number;
}

/** It is not: the course is another, or the level was taken away. */
export interface Eased extends Crossing {
  readonly type: "eased";
}

export interface Reached extends Crossing {
  readonly type: "reached";
  /** Whether it came in the interval that was said. */
  readonly isInside: boolean;
}

export type TrendSignal = Turned | Flattened | Nearing | Eased | Reached;
