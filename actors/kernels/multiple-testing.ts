/** Selects discoveries among many hypotheses at a false discovery rate α. */

/**
 * Benjamini–Hochberg (1995) on p-values: marks `rejected[k]` = 1 for the k with p_k ≤ the largest p_(i) ≤ αi/m, and returns
 * their number. Valid for independent or positively dependent p-values. `order` is scratch of length m. O(m log m).
 */
export function benjaminiHochberg(
  m: number,
  p: Float64Array,
  alpha: number,
  rejected: Uint8Array,
  order: Float64Array,
): number {
  for (let k = 0; k < m; k++) order[k] = p[k]!;
  const sorted = order.subarray(0, m).sort();
  let threshold = -1;
  for (let i = m; i >= 1; i--) {
    if (sorted[i - 1]! <= (alpha * i) / m) {
      threshold = sorted[i - 1]!;
      break;
    }
  }
  return mark(m, p, rejected, threshold);
}

function mark(m: number, p: Float64Array, rejected: Uint8Array, threshold: number): number {
  let count = 0;
  for (let k = 0; k < m; k++) {
    rejected[k] = p[k]! <= threshold ? 1 : 0;
    count += rejected[k]!;
  }
  return count;
}
