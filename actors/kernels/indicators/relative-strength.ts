/** Relative strength index (Wilder 1978, "New Concepts in Technical Trading Systems"). */

/**
 * RSI = 100 · G/(G+L), in [0, 100]: G and L are Wilder's averages of gains and losses over n changes (moving-averages.ts, α = 1/n). 50 where nothing
 * changes, for neither side is stronger. NaN for the first n values, and for n after a NaN. `out` may not be `x`. O(rows).
 */
export function relativeStrengthIndex(x: Float64Array, n: number, out: Float64Array): Float64Array {
  const alpha = 1 / n;
  let gain = 0;
  let loss = 0;
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    const change = i === 0 ? Number.NaN : x[i]! - x[i - 1]!;
    if (!Number.isFinite(change)) {
      count = 0;
      gain = 0;
      loss = 0;
      out[i] = Number.NaN;
      continue;
    }
    const up = Math.max(change, 0);
    const down = Math.max(-change, 0);
    count++;
    gain += count <= n ? up / n : alpha * (up - gain);
    loss += count <= n ? down / n : alpha * (down - loss);
    const sum = gain + loss;
    if (count < n) out[i] = Number.NaN;
    else out[i] = sum === 0 ? 50 : (100 * gain) / sum;
  }
  return out;
}
