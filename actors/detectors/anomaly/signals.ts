/** What the anomaly detector reports to its machine. */
import type { Signal } from "../../ports/detector.ts";

export interface Opened extends Signal {
  readonly type: "opened";
  /** Equal for a repetition of the same anomaly: view and channels. */
  readonly fingerprint: string;
  readonly joint: boolean;
  /** Ranked by contribution. */
  readonly channels: readonly string[];
  /** What people call them, in the same order, and the unit of the first. */
  readonly titles: readonly string[];
  readonly unit: string;
  /** Which view of the data saw it: "level", "step", "spread", "stuck", "season", "joint". */
  readonly view: string;
  readonly score: number;
  /** −ln of how often a sample of this channel is so unusual. */
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
