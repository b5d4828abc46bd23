/**
 * Significance of magnitude-squared coherence.
 *
 * Valid for power-normalised estimates from N independent looks; with exponential weights N = N_eff = 1/κ (slightly
 * conservative). Source: Carter, Knapp & Nuttall 1973, IEEE Trans. Audio Electroacoust. 21:337.
 */
import exp from "@stdlib/math-base-special-exp";
import expm1 from "@stdlib/math-base-special-expm1";
import ln from "@stdlib/math-base-special-ln";
import log1p from "@stdlib/math-base-special-log1p";

/** The p-value of a visibility g, in [0, 1]: without coherence P(ĝ² > x) = (1−x)^{N−1}. N > 1, 0 ≤ g ≤ 1. O(1). */
export function coherencePValue(g: number, looks: number): number {
  if (!(g < 1)) return 0;
  return exp((looks - 1) * log1p(-g * g));
}

/** The g² that is exceeded with probability p without coherence: 1 − p^{1/(N−1)}. N > 1, 0 < p ≤ 1. O(1). */
export function coherenceThreshold(p: number, looks: number): number {
  return -expm1(ln(p) / (looks - 1));
}
