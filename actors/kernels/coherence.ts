/** Coherence of a whole state in the channel basis. Source: Baumgratz, Cramer & Plenio 2014, Phys. Rev. Lett. 113:140401. */

/**
 * l1 coherence C_l1 = Σ_{i≠j} |ρ_ij|, in [0, n−1]; equals the sum of all pair concurrences.
 * `re`, `im`: n×n row-major Hermitian, lower triangle read. O(n²), one square root a pair.
 */
export function l1Coherence(n: number, re: Float64Array, im: Float64Array): number {
  let sum = 0;
  for (let i = 1; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) {
      const x = re[row + j]!;
      const y = im[row + j]!;
      sum += Math.sqrt(x * x + y * y);
    }
  }
  return 2 * sum;
}

/** l1 coherence divided by its largest value n−1, in [0, 1]; 0 for n = 1. O(1). */
export function normalisedL1Coherence(n: number, l1: number): number {
  return n === 1 ? 0 : l1 / (n - 1);
}

/** Relative entropy of coherence C_r = S(diag ρ) − S(ρ), in [0, ln n] nats, from the two entropies; rounding below 0 is 0. O(1). */
export function relativeEntropyOfCoherence(entropyOfDiagonal: number, entropyOfState: number): number {
  const value = entropyOfDiagonal - entropyOfState;
  return Math.max(value, 0);
}
