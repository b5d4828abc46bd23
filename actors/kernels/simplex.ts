/** The nearest probability vector. */

/**
 * Euclidean projection of `values[0..n−1]` (descending) onto the simplex {p ≥ 0, Σp = 1}, in place.
 *
 * Takes the largest m for which v_m > (Σ_{k≤m} v_k − 1)/m and subtracts that mean excess. O(n).
 * Source: Held, Wolfe & Crowder 1974; for density matrices Smolin, Gambetta & Smith 2012.
 */
export function projectOnSimplex(n: number, values: Float64Array): void {
  let sum = 0;
  let excess = 0;
  for (let m = 0; m < n; m++) {
    sum += values[m]!;
    const mean = (sum - 1) / (m + 1);
    if (m > 0 && values[m]! <= mean) break;
    excess = mean;
  }
  for (let k = 0; k < n; k++) values[k] = Math.max(0, values[k]! - excess);
}
