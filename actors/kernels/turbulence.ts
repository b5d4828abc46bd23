/**
 * How unusual the parts of a vector are together, and how much few patterns explain: two measures of a market as a whole.
 *
 *   turbulence   x' Σ⁻¹ x / n          Mahalanobis' squared distance from 0, for each of n elements: 1 on average
 *   absorption   Σ_{k≤K} λ_k / Σ λ_k   share of the variance in the K largest eigenvalues: K/n for unrelated elements of equal size, 1 for one pattern
 *
 * Sources: Kritzman & Li 2010, "Skulls, financial turbulence, and risk management"; Kritzman, Li, Page & Rigobon 2011, "Principal components as a
 * measure of systemic risk".
 */

/**
 * x' Σ⁻¹ x / n. `factor`: lower triangular L, n×n row-major, of Σ = L L' (cholesky.ts); `x`: n elements, not changed; `scratch`: n elements.
 * n²/2 operations; allocates nothing.
 */
export function turbulence(n: number, factor: Float64Array, x: Float64Array, scratch: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const row = i * n;
    let left = x[i]!;
    for (let k = 0; k < i; k++) left -= factor[row + k]! * scratch[k]!;
    const y = left / factor[row + i]!;
    scratch[i] = y;
    sum += y * y;
  }
  return sum / n;
}

/** `values`: eigenvalues ≥ 0, descending, not all 0; 1 ≤ `largest` ≤ n. O(n). */
export function absorptionRatio(values: Float64Array, largest: number): number {
  let absorbed = 0;
  let all = 0;
  for (let k = 0; k < values.length; k++) {
    all += values[k]!;
    if (k < largest) absorbed += values[k]!;
  }
  return absorbed / all;
}
