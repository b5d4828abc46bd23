/**
 * Describes a declared change as two states: ρ before (normalised correlation of the baseline) and ρ after (normalised second moments of the
 * rows since the onset, in units of the baseline).
 *
 * These numbers are a description; the evidence is M. After few rows ρ after is rank-deficient, which alone makes the fidelity low.
 * Purities are therefore corrected for the number of rows, and the event contains `rowsAfter`.
 */

import { vonNeumannEntropy } from "../../kernels/entropy.ts";
import { pointerOverlap } from "../../kernels/pointer.ts";
import { purity } from "../../kernels/purity.ts";
import { correctedPurity } from "../../kernels/sample-size.ts";
import { StateComparison } from "../../kernels/state-comparison.ts";
import type { Baseline } from "./baseline.ts";

/** Channels named in a report. */
const NAMED = 5;
/** Standard deviations on either side of a mean between which nearly all values are. */
const SPREADS = 2;

export interface RegimeReport {
  /** Corrected purity after − before. */
  readonly purityChange: number;
  readonly fidelity: number;
  readonly bures: number;
  /** |⟨v|v'⟩|² of the leading eigenvectors. */
  readonly pointerOverlap: number;
  /** Von Neumann entropy after − before, nats. */
  readonly entropyChange: number;
  /** Size of the change in units of what is usual. */
  readonly effect: number;
  /** Channels whose second moments changed most, largest change first. */
  readonly moved: readonly number[];
  /** Mean ± SPREADS standard deviations of the innovations of the first of them, since the onset and usually. */
  readonly now: Range;
  readonly usual: Range;
  /** Share of a mode in the movement of all channels, and between which it usually is in so many rows; null without a mode. */
  readonly share: (Range & { readonly value: number }) | null;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/** `innovations` holds `rows` rows; `mode`: 0 or 1, whose share is told, −1: none. O(n³ + rows n²), once per alarm. */
export function compareRegimes(
  baseline: Baseline,
  innovations: Float64Array,
  rows: number,
  mode: number,
): RegimeReport {
  const recent = baseline.standardise(innovations);
  const n = baseline.kept.length;
  const m = baseline.channels;
  const moments = new Float64Array(n * n);
  for (let k = 0; k < rows; k++) {
    for (let i = 0; i < n; i++) {
      const x = recent[k * n + i]! / rows;
      for (let j = 0; j < n; j++) moments[i * n + j] = moments[i * n + j]! + x * recent[k * n + j]!;
    }
  }
  const before = Float64Array.from(baseline.correlation, (r) => r / m);
  let trace = 0;
  for (let i = 0; i < n; i++) trace += moments[i * n + i]!;
  const moved = mostMoved(n, baseline.correlation, moments);
  const told = {
    effect: effectOf(baseline, recent, moments),
    moved,
    now: rangeOf(innovations, n, moved[0]!),
    usual: {
      low: baseline.innovation(moved[0]!, -SPREADS),
      high: baseline.innovation(moved[0]!, SPREADS),
    },
  };
  // No kept channel moved since the onset: there is no state after it.
  if (!(trace > 0)) return { ...UNCHANGED, ...told };
  const after = Float64Array.from(moments, (v) => v / trace);
  const zeros = new Float64Array(n * n);
  const states = new StateComparison(n);
  states.load(before, zeros, after, zeros);
  const { root, bures } = states.fidelities();
  const purityBefore = purity(n, before, zeros);
  const purityAfter = rows > 1 ? correctedPurity(purity(n, after, zeros), 1 / rows) : purityBefore;
  return {
    purityChange: purityAfter - purityBefore,
    fidelity: root * root,
    bures,
    pointerOverlap: pointerOverlap(n, states.vecARe, states.vecAIm, states.vecBRe, states.vecBIm),
    entropyChange: vonNeumannEntropy(n, states.valuesB) - vonNeumannEntropy(n, states.valuesA),
    ...told,
    share:
      mode < 0 ? null : shareOf(baseline, baseline.modes.subarray(mode * n, (mode + 1) * n), moments, rows),
  };
}

/** Mean ± SPREADS standard deviations of column c. */
function rangeOf(rows: Float64Array, n: number, c: number): Range {
  let [count, mean, squares] = [0, 0, 0];
  for (let at = c; at < rows.length; at += n) {
    count++;
    const off = rows[at]! - mean;
    mean += off / count;
    squares += off * (rows[at]! - mean);
  }
  const half = SPREADS * Math.sqrt(squares / count);
  return { low: mean - half, high: mean + half };
}

/**
 * The share of a mode u, uᵀMu / tr M. In k normal rows of the correlation R with the share s it has, by its differential, the standard deviation
 * √(2/k ((1 − s)² s² + s² (tr R² / m² − s²))).
 */
function shareOf(
  baseline: Baseline,
  mode: Float64Array,
  moments: Float64Array,
  rows: number,
): Range & { value: number } {
  const n = mode.length;
  const m = baseline.channels;
  let trace = 0;
  for (let c = 0; c < n; c++) trace += moments[c * n + c]!;
  let squares = 0;
  for (const r of baseline.correlation) squares += r * r;
  const usual = along(mode, baseline.correlation) / m;
  const others = Math.max(0, squares / (m * m) - usual * usual);
  const half = SPREADS * usual * Math.sqrt((2 / rows) * ((1 - usual) * (1 - usual) + others));
  return {
    value: along(mode, moments) / trace,
    low: Math.max(0, usual - half),
    high: Math.min(1, usual + half),
  };
}

/**
 * The largest of: how far the mean of a channel is from usual, and how far the size of a channel or of one of the first two modes is; in
 * standard deviations of the baseline. `standardised` rows have the second moments `moments`.
 */
function effectOf(baseline: Baseline, standardised: Float64Array, moments: Float64Array): number {
  const n = baseline.kept.length;
  const rows = standardised.length / n;
  let effect = 0;
  for (let c = 0; c < n; c++) {
    if (baseline.kept[c] === 0) continue;
    let mean = 0;
    for (let r = 0; r < rows; r++) mean += standardised[r * n + c]! / rows;
    effect = Math.max(effect, Math.abs(mean), Math.abs(Math.sqrt(moments[c * n + c]!) - 1));
  }
  for (let at = 0; at < baseline.modes.length; at += n) {
    const mode = baseline.modes.subarray(at, at + n);
    const before = along(mode, baseline.correlation);
    if (before > 0) effect = Math.max(effect, Math.abs(Math.sqrt(along(mode, moments) / before) - 1));
  }
  return effect;
}

/** uᵀ A u. */
function along(u: Float64Array, a: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < u.length; i++)
    for (let j = 0; j < u.length; j++) sum += u[i]! * a[i * u.length + j]! * u[j]!;
  return sum;
}

const UNCHANGED = {
  purityChange: 0,
  fidelity: 1,
  bures: 0,
  pointerOverlap: 1,
  entropyChange: 0,
  share: null,
};

/** Channels by Σ_j |moment after − before|, largest first; ties by number. */
function mostMoved(n: number, before: Float64Array, after: Float64Array): number[] {
  const change = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) change[i] = change[i]! + Math.abs(after[i * n + j]! - before[i * n + j]!);
  }
  return Array.from(change.keys())
    .sort((a, b) => change[b]! - change[a]! || a - b)
    .slice(0, NAMED);
}
