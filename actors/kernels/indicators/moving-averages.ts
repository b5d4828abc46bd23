/** Moving averages of a series. NaN until there are n successive values; a NaN starts the wait anew. */

/**
 * Simple: mean of the last n values. `out` may not be `x`. The running sum is made anew every n rows, so what a huge value left of its rounding is
 * gone soon after the value is. O(rows).
 */
export function simpleMovingAverage(x: Float64Array, n: number, out: Float64Array): Float64Array {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    count = Number.isFinite(x[i]) ? count + 1 : 0;
    sum = count === 0 ? 0 : sum + x[i]!;
    if (count > n) sum -= x[i - n]!;
    if (count >= n && i % n === 0) {
      sum = 0;
      for (let k = i - n + 1; k <= i; k++) sum += x[k]!;
    }
    out[i] = count >= n ? sum / n : Number.NaN;
  }
  return out;
}

/**
 * Exponential: e ← e + α (x − e), from the simple average of the first n values. α = 2/(n+1) by default; Wilder's smoothing
 * (1978) has α = 1/n. `out` may be `x`. O(rows).
 */
export function exponentialMovingAverage(
  x: Float64Array,
  n: number,
  out: Float64Array,
  alpha = 2 / (n + 1),
): Float64Array {
  let average = 0;
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!;
    count = Number.isFinite(value) ? count + 1 : 0;
    if (count === 0) average = 0;
    else if (count <= n) average += value / n;
    else average += alpha * (value - average);
    out[i] = count >= n ? average : Number.NaN;
  }
  return out;
}
