/**
 * Standard deviation of the last n values, with the divisor n − `lost`: lost = 0 is that of the values themselves, as Bollinger's bands take it
 * (Bollinger 2001), lost = 1 estimates that of what they are drawn from. Two passes over each window, so that a level far above the
 * deviation costs no digits. NaN until there are n values. O(rows · n).
 */
export function movingDeviation(x: Float64Array, n: number, lost: 0 | 1, out: Float64Array): Float64Array {
  out.fill(Number.NaN, 0, Math.min(n - 1, x.length));
  for (let i = n - 1; i < x.length; i++) {
    let sum = 0;
    for (let k = i - n + 1; k <= i; k++) sum += x[k]!;
    const mean = sum / n;
    let squares = 0;
    for (let k = i - n + 1; k <= i; k++) squares += (x[k]! - mean) * (x[k]! - mean);
    out[i] = Math.sqrt(squares / (n - lost));
  }
  return out;
}
