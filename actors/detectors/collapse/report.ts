/**
 * Describes a declared change as two states: ρ before (normalised correlation of the baseline) and ρ after (normalised second moments of the
 * rows since the onset, in units of the baseline).
 *
 * These numbers are a description; the evidence is M. After few rows ρ after is rank-deficient, which alone makes the fidelity low.
 * Purities are therefore corrected for the number of rows, and the event contains `rowsAfter`.
 */

import { vonNeumannEntropy } from "../../kernels/entropy.ts";
import { buresDistance } from "../../kernels/fidelity.ts";
import { pointerOverlap } from "../../kernels/pointer.ts";
import { purity } from "../../kernels/purity.ts";
import { correctedPurity } from "../../kernels/sample-size.ts";
import { StateComparison } from "../../kernels/state-comparison.ts";
import type { Baseline } from "./baseline.ts";

/** Channels named in a report. */
const NAMED = 5;

interface RegimeReport {
  /** Corrected purity after − before. */
  readonly purityChange: number;
  readonly fidelity: number;
  readonly bures: number;
  /** |⟨v|v'⟩|² of the leading eigenvectors. */
  readonly pointerOverlap: number;
  /** Von Neumann entropy after − before, nats. */
  readonly entropyChange: number;
  /** Channels whose second moments changed most. */
  readonly moved: readonly number[];
}

/** `recent` holds `rows` standardised rows. O(n³ + rows n²), once per alarm. */
export function compareRegimes(baseline: Baseline, recent: Float64Array, rows: number): RegimeReport {
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
  // No kept channel moved since the onset: there is no state after it.
  if (!(trace > 0)) return { ...UNCHANGED, moved: mostMoved(n, baseline.correlation, moments) };
  const after = Float64Array.from(moments, (v) => v / trace);
  const zeros = new Float64Array(n * n);
  const states = new StateComparison(n);
  states.load(before, zeros, after, zeros);
  const rootF = Math.min(1, states.rootFidelity());
  const purityBefore = purity(n, before, zeros);
  const purityAfter = rows > 1 ? correctedPurity(purity(n, after, zeros), 1 / rows) : purityBefore;
  return {
    purityChange: purityAfter - purityBefore,
    fidelity: rootF * rootF,
    bures: buresDistance(rootF),
    pointerOverlap: pointerOverlap(n, states.vecARe, states.vecAIm, states.vecBRe, states.vecBIm),
    entropyChange: vonNeumannEntropy(n, states.valuesB) - vonNeumannEntropy(n, states.valuesA),
    moved: mostMoved(n, baseline.correlation, moments),
  };
}

const UNCHANGED: RegimeReport = {
  purityChange: 0,
  fidelity: 1,
  bures: 0,
  pointerOverlap: 1,
  entropyChange: 0,
  moved: [],
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
