/** What the detector of patterns reports to its machine. */
import type { Signal } from "../../ports/detector.ts";

/** A channel has drawn a shape. */
export interface Found extends Signal {
  readonly type: "found";
  readonly channel: string;
  /** Display name. */
  readonly title: string;
  readonly shape: string;
  /** With the template, of the whole path. */
  readonly correlation: number;
  /** Share of redrawn paths that are less alike, %: all that were drawn. */
  readonly confidence: number;
  /** Where the path begins, and the judged rows from there. */
  readonly fromUs: number;
  readonly rows: number;
}

/** A channel has drawn a spike or a dip. */
export interface Spiked extends Signal {
  readonly type: "spiked";
  readonly channel: string;
  /** Display name. */
  readonly title: string;
  readonly shape: "spike" | "dip";
  /** How many times as large as the largest of so many before. */
  readonly ratio: number;
  readonly among: number;
  /** Share of such points that chance makes smaller, %. */
  readonly confidence: number;
  /** Where the point before it lies, and the judged rows from there. */
  readonly fromUs: number;
  readonly rows: number;
}

export type PatternsSignal = Found | Spiked;
