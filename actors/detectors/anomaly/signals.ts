/** What the anomaly detector reports to its machine. */
import type { Signal } from "../../ports/detector.ts";

export interface Opened extends Signal {
  readonly type: "opened";
  /** View and channel: equal when the same anomaly occurs again. */
  readonly fingerprint: string;
  readonly joint: boolean;
  /** Ranked by contribution. */
  readonly channels: readonly string[];
  /** Display names of `channels`, in the same order. */
  readonly titles: readonly string[];
  /** Unit of the channel; empty for a joint episode. */
  readonly unit: string;
  /** The view that found it: "level", "step", "spread", "stuck", "season" or "joint". */
  readonly view: string;
  readonly score: number;
  /** −ln of how often a sample of this channel is at least as unusual. */
  readonly evidence: number;
  readonly value: number | null;
  readonly expected: number | null;
}

export interface Closed extends Signal {
  readonly type: "closed";
  readonly fingerprint: string;
  readonly joint: boolean;
  readonly channels: readonly string[];
  readonly titles: readonly string[];
  readonly view: string;
  readonly startedUs: number;
  readonly peakScore: number;
  readonly samples: number;
}

export type AnomalySignal =
  | (Signal & { readonly type: "warmed"; readonly samples: number })
  | Opened
  | Closed
  | (Signal & { readonly type: "quiet" })
  | (Signal & { readonly type: "cooled" });
