/**
 * The upper tail of a sample of losses: the loss that a new one exceeds with a given probability, and the mean of those beyond it.
 *
 * Of N + 1 exchangeable losses the last is among the k largest with probability k/(N+1). So the k-th largest of N is exceeded with exactly that
 * probability, whatever the law; between two places the quantile is linear (Hyndman & Fan 1996, type 6).
 * Sources: Barone-Adesi, Giannopoulos & Vosper 1999 (filtered historical simulation); Rockafellar & Uryasev 2002 (expected shortfall).
 */

/**
 * The value that a new loss exceeds with probability `tail` in (0, 1). `sorted`: at least `count` losses, the first `count` of them ascending. NaN
 * while count + 1 < 1/tail: no loss of the sample is large enough. O(1).
 */
export function upperQuantile(sorted: Float64Array, count: number, tail: number): number {
  const place = (count + 1) * tail;
  const whole = Math.floor(place);
  if (whole < 1) return Number.NaN;
  const value = sorted[count - whole]!;
  // For tails of a half and more the sample ends before the next one.
  if (whole >= count) return sorted[0]!;
  return value + (place - whole) * (sorted[count - whole - 1]! - value);
}

/**
 * Expected shortfall: the mean of the losses beyond the quantile `value` = q, as q + Σ (x − q)₊ / ((N+1) tail − 1). At least q; in the unit of the
 * losses. NaN while (N+1) tail < 2: no loss lies beyond the quantile.
 *
 * Of (N+1) tail = k places the quantile has the k-th: k − 1 losses lie beyond it. Division by N · tail would make it too small, by a fifth at 99 % of
 * 500. O(N · tail).
 */
export function expectedShortfall(sorted: Float64Array, count: number, tail: number, value: number): number {
  const beyond = (count + 1) * tail - 1;
  if (!(beyond >= 1)) return Number.NaN;
  let excess = 0;
  for (let k = count - 1; k >= 0 && sorted[k]! > value; k--) excess += sorted[k]! - value;
  return value + excess / beyond;
}
