/** What the anomaly detector reports to its machine. */
import type { Signal } from "../../ports/detector.ts";

/** What all signals about one episode have in common. */
export interface OfEpisode {
  readonly timeUs: number;
  /** View and channel: equal when the same anomaly occurs again. */
  readonly fingerprint: string;
  readonly joint: boolean;
  /** Ranked by contribution. */
  readonly channels: readonly string[];
  /** Display names of `channels`, in the same order. */
  readonly titles: readonly string[];
  /** Unit of the channel; of a joint episode: of the channel that contributes most. */
  readonly unit: string;
  /** The view that found it: "level", "step", "mean", "shift", "roughness", "pattern", "lasting", "trend" or, of several channels, "joint" or "common". */
  readonly view: string;
  readonly startedUs: number;
  /** The largest distance from the middle of the usual range, in half ranges: 1 at its edge, 3 at a range beyond it. */
  readonly effect: number;
  /** Nats: −ln of the chance of so large a record. */
  readonly evidence: number;
  /** What of it an incident may count: of one channel's rows, what is promised for it. */
  readonly worth: number;
  /**
   * What the view sees, and the range that it had before; of a joint episode: value and usual range of the channel that contributes most; of
   * a common move: the mean step of all. In the channel's unit, changes of prices in %. Null: unknown, or no edge on that side.
   */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Time that the view looks back, µs; 0: a single row. */
  readonly spanUs: number;
}

export interface Opened extends Signal, OfEpisode {
  readonly type: "opened";
  readonly score: number;
  /** The usual value, which may depend on the time of day or week; null for a joint episode. */
  readonly expected: number | null;
}

export interface Closed extends Signal, OfEpisode {
  readonly type: "closed";
  readonly peakScore: number;
  readonly samples: number;
  /** Since when it is back. */
  readonly backUs: number;
}

export type AnomalySignal =
  | (Signal & { readonly type: "warmed"; readonly samples: number })
  | Opened
  /** The value has not come back. */
  | (Signal & OfEpisode & { readonly type: "stayed" })
  /** The value has stayed for so long that it is usual now. */
  | (Signal & OfEpisode & { readonly type: "accepted" })
  | Closed
  | (Signal & { readonly type: "quiet" })
  | (Signal & { readonly type: "cooled" });
