/**
 * What a projective measurement does to a state: is the system in one of these levels, yes or no? P is the projector on them.
 *
 *   p_yes = tr Pρ, ρ_yes = PρP / p_yes, and the same for no with 1 − P             Lüders 1951
 *
 * Without a look at the outcome the state becomes Σ p_r ρ_r: ρ without the coherences between the levels and the others. The average information
 * gain S(ρ) − Σ p_r S(ρ_r) is never negative for such an (efficient) instrument (Nielsen 2001; Fuchs & Jacobs 2001).
 */
import { vonNeumannEntropy } from "./entropy.ts";
import { HermitianEigen } from "./hermitian-eigen.ts";
import { StateComparison } from "./state-comparison.ts";

export interface BackAction {
  /** Probability that the system is found in the levels. */
  readonly probability: number;
  /** Trace distance T(ρ, Σ p_r ρ_r), and Σ p_r T(ρ, ρ_r), both in [0, 1]. */
  readonly unconditional: number;
  readonly conditional: number;
  /** S(ρ) − Σ p_r S(ρ_r), nats. */
  readonly gain: number;
}

/** Outcomes less likely than rounding are left out. */
const LEAST_PROBABILITY = 1e-12;

/** `measured[i]`: whether level i is among them. `re`, `im`: ρ, n×n row-major. O(n³). */
export function backAction(
  n: number,
  re: Float64Array,
  im: Float64Array,
  measured: ArrayLike<boolean>,
): BackAction {
  const solver = new HermitianEigen(n);
  const states = new StateComparison(n);
  const values = new Float64Array(n);
  const entropy = (ofRe: Float64Array, ofIm: Float64Array): number => {
    solver.eigenvalues(ofRe, ofIm, values);
    return vonNeumannEntropy(n, values);
  };
  const distance = (toRe: Float64Array, toIm: Float64Array): number => {
    states.load(re, im, toRe, toIm);
    return states.traceDistance();
  };
  const meanRe = new Float64Array(n * n);
  const meanIm = new Float64Array(n * n);
  const found = { probability: 0, conditional: 0, gain: entropy(re, im) };
  for (const isYes of [true, false]) {
    const afterRe = new Float64Array(n * n);
    const afterIm = new Float64Array(n * n);
    let p = 0;
    for (let i = 0; i < n; i++) if (measured[i] === isYes) p += re[i * n + i]!;
    if (isYes) found.probability = p;
    if (!(p > LEAST_PROBABILITY)) continue;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        if (measured[i] !== isYes || measured[j] !== isYes) continue;
        const at = i * n + j;
        afterRe[at] = re[at]! / p;
        afterIm[at] = im[at]! / p;
        meanRe[at] = re[at]!;
        meanIm[at] = im[at]!;
      }
    found.conditional += p * distance(afterRe, afterIm);
    found.gain -= p * entropy(afterRe, afterIm);
  }
  return { ...found, unconditional: distance(meanRe, meanIm) };
}
