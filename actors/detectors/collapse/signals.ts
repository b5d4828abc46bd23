/** The signals of the collapse detector and the context of its machine. */
import type { Group, Signal } from "../../ports/detector.ts";

/**
 * "holds": false alarms are at most as frequent as the settings allow. "void": there is no guaranteed rate. "unknown": nothing speaks against it, but
 * the alarms of too few rows were counted.
 */
export type Guarantee = "unknown" | "holds" | "void";

export interface CollapseContext {
  readonly group: string;
  readonly guarantee: Guarantee;
}

export interface Declared extends Signal {
  readonly type: "declared";
  readonly onsetUs: number;
  /** Rows from the estimated onset to the declaration. */
  readonly delayRows: number;
  /** The bet that found the change, and the change in words. */
  readonly member: string;
  readonly change: string;
  readonly logM: number;
  readonly threshold: number;
  /** How far earlier alarms had raised the threshold above ln A, nats. */
  readonly extraNats: number;
  /** Size of the change in usual standard deviations (report.ts). */
  readonly effect: number;
  readonly purityChange: number;
  readonly fidelity: number;
  readonly bures: number;
  readonly pointerOverlap: number;
  readonly entropyChange: number;
  readonly rowsAfter: number;
  /** Of the channel that moved most: its display name, and the unit of its innovations. */
  readonly title: string;
  readonly unit: string;
  /** Between which its innovations lie now, and usually: mean ± 2 standard deviations. */
  readonly movesLow: number;
  readonly movesHigh: number;
  readonly usualLow: number;
  readonly usualHigh: number;
  /** Share of the movement of all channels that is along the mode of the bet, and between which it usually is in so many rows; null for other bets. */
  readonly share: number | null;
  readonly usualShareLow: number | null;
  readonly usualShareHigh: number | null;
  /** Channels that moved most, strongest first. */
  readonly channels: readonly string[];
  /** Channels that were left out because they did not vary in calibration. */
  readonly leftOut: readonly string[];
}

export interface Calibrated extends Signal {
  readonly type: "calibrated";
  readonly rows: number;
  readonly threshold: number;
  readonly leftOut: readonly string[];
  /** What of a value counts as new; differs from what the group declares when successive declared innovations have the correlation `lag1`. */
  readonly innovation: Group["innovation"];
  readonly declared: Group["innovation"];
  readonly lag1: number;
}

export interface Dependent extends Signal {
  readonly type: "dependent";
  /** What depends on the past: the values of rows, their sizes, or something that only the number of alarms shows. */
  readonly of: "values" | "sizes" | "alarms";
  readonly lag1: number;
  /** How many times as often as promised alarms come; 0 if their number is not the reason. */
  readonly times: number;
  readonly evidence: number;
}

/** Alarms are not much more frequent than promised: it is known now. */
export interface Confirmed extends Signal {
  readonly type: "confirmed";
  /** Rows and alarms that were counted. */
  readonly rows: number;
  readonly alarms: number;
}

export interface Independent extends Signal {
  readonly type: "independent";
  readonly lag1: number;
}

export interface Returned extends Signal {
  readonly type: "returned";
  readonly rows: number;
}

export type CollapseSignal =
  | Calibrated
  | (Signal & { readonly type: "suspected"; readonly logM: number })
  | (Signal & { readonly type: "cleared"; readonly logM: number })
  | Declared
  | Returned
  | (Signal & { readonly type: "persists"; readonly rows: number })
  | Dependent
  | Independent
  | Confirmed;
