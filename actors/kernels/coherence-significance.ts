/**
 * Is a coherence real? Significance of magnitude-squared coherence, and errors of phase and lag.
 *
 * For power-normalised estimates from N independent looks; with exponential weights N = N_eff = 1/κ (slightly
 * conservative). Source: Carter, Knapp & Nuttall 1973, IEEE Trans. Audio Electroacoust. 21:337; Bendat & Piersol 1971.
 */
import exp from "@stdlib/math-base-special-exp";
import expm1 from "@stdlib/math-base-special-expm1";
import ln from "@stdlib/math-base-special-ln";
import log1p from "@stdlib/math-base-special-log1p";

/** P(ĝ² > x) = (1−x)^{N−1} without coherence: the p-value of a visibility g, in [0, 1]. N > 1, 0 ≤ g ≤ 1. O(1). */
export function coherencePValue(g: number, looks: number): number {
  if (!(g < 1)) return 0;
  return exp((looks - 1) * log1p(-g * g));
}

/** The g² that chance exceeds with probability p: 1 − p^{1/(N−1)}. N > 1, 0 < p ≤ 1. O(1). */
export function coherenceThreshold(p: number, looks: number): number {
  return -expm1(ln(p) / (looks - 1));
}

/** Concurrence floor C* = 2√(ρ_ii ρ_jj) √x for the g² threshold x. O(1). */
export function concurrenceFloor(populationI: number, populationJ: number, threshold: number): number {
  return 2 * Math.sqrt(populationI * populationJ * threshold);
}

/** Standard deviation of a phase, √((1−g²)/(2N g²)) rad; Infinity without coherence. Divide by ω₀ for a lag in s. O(1). */
export function phaseDeviation(g: number, looks: number): number {
  return Math.sqrt(Math.max(0, 1 - g * g) / (2 * looks * g * g));
}
