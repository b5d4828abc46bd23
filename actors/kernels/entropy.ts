/** Entropies of a spectrum, in nats. 0 ln 0 = 0; negative entries are rounding and count as 0. */
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";

/**
 * Von Neumann entropy S(ρ) = −Σ λ_i ln λ_i, in [0, ln n] nats, from the first n eigenvalues.
 *
 * Negatives are clipped to 0 and the rest renormalised to sum 1; small positive values are kept as they are. With
 * populations instead of eigenvalues this is the Shannon entropy of the diagonal. O(n), allocates nothing.
 * Source: von Neumann 1927; Shannon 1948.
 */
export function vonNeumannEntropy(n: number, eigenvalues: Float64Array): number {
  let total = 0;
  for (let i = 0; i < n; i++) if (eigenvalues[i]! > 0) total += eigenvalues[i]!;
  if (!(total > 0)) return 0;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const p = eigenvalues[i]! / total;
    if (p > 0) sum -= p * ln(p);
  }
  return Math.max(sum, 0);
}

/** −Σ λ ln λ of the positive values among the first n entries, without renormalising: for blocks with a trace below 1. O(n). */
export function entropySum(n: number, eigenvalues: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const p = eigenvalues[i]!;
    if (p > 0) sum -= p * ln(p);
  }
  return sum;
}

/** Shannon entropy of the diagonal of ρ (n×n row-major `re`): S(diag ρ) in [0, ln n] nats. O(n). */
export function diagonalEntropy(n: number, re: Float64Array): number {
  let total = 0;
  for (let i = 0; i < n; i++) if (re[i * n + i]! > 0) total += re[i * n + i]!;
  if (!(total > 0)) return 0;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const p = re[i * n + i]! / total;
    if (p > 0) sum -= p * ln(p);
  }
  return Math.max(sum, 0);
}

/** Effective rank e^S, in [1, n]. Source: Roy & Vetterli 2007, "The effective rank". O(1). */
export function effectiveRank(entropy: number): number {
  return exp(entropy);
}
