/**
 * The six changes of the table of delays: n = 16 channels, Σ₀ = .7 I + .3 J, and rows from that law until the change.
 *
 * Expected delays: mean rows from the change to the alarm of the mixture of 18 bets with a known Σ₀ (R-SR).
 */
import type { Variates } from "../../worlds/model/variates.ts";

export const CHANNELS = 16;
/** A of the table. */
export const TABLE_ROWS = [500, 2000, 10_000] as const;

export interface Change {
  readonly name: string;
  /** Mean delay at each of TABLE_ROWS. */
  readonly expected: readonly [number, number, number];
  /** Fills a row after the change. */
  row(v: Variates, x: Float64Array): void;
}

/** A row with correlation `share`; the first `flipped` channels have the common factor with the other sign. */
function correlated(v: Variates, x: Float64Array, share: number, flipped = 0): void {
  const common = Math.sqrt(share) * v.normal();
  const own = Math.sqrt(1 - share);
  for (let c = 0; c < x.length; c++) x[c] = (c < flipped ? -common : common) + own * v.normal();
}

export function usualRow(v: Variates, x: Float64Array): void {
  correlated(v, x, 0.3);
}

export const CHANGES: readonly Change[] = [
  {
    name: "mean of 4 channels +0.5 σ",
    expected: [28.8, 37.7, 46.1],
    row(v, x) {
      usualRow(v, x);
      for (let c = 0; c < 4; c++) x[c] = x[c]! + 0.5;
    },
  },
  {
    name: "4 channels × 1.5",
    expected: [18.2, 22.6, 28.1],
    row(v, x) {
      usualRow(v, x);
      for (let c = 0; c < 4; c++) x[c] = 1.5 * x[c]!;
    },
  },
  {
    name: "all variances × 1.3",
    expected: [21.0, 25.0, 31.2],
    row(v, x) {
      usualRow(v, x);
      for (let c = 0; c < CHANNELS; c++) x[c] = Math.sqrt(1.3) * x[c]!;
    },
  },
  { name: "correlation .3 to .45", expected: [28.8, 40.1, 52.4], row: (v, x) => correlated(v, x, 0.45) },
  { name: "correlation .3 to .15", expected: [40.1, 52.4, 71.5], row: (v, x) => correlated(v, x, 0.15) },
  { name: "8 channels change sides", expected: [14.1, 18.6, 23.4], row: (v, x) => correlated(v, x, 0.3, 8) },
];
