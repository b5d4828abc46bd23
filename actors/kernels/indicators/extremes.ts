/**
 * Largest value of the last n. `sign` −1: the smallest. A queue holds the places that may still become it, largest first (Lemire 2006,
 * "Streaming maximum-minimum filter"). NaN until there are n successive values; a NaN starts the wait anew. `queue`: as long as `x`.
 * O(rows).
 */
export function movingExtreme(
  x: Float64Array,
  n: number,
  sign: 1 | -1,
  out: Float64Array,
  queue: Float64Array = new Float64Array(x.length),
): Float64Array {
  let head = 0;
  let tail = 0;
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i])) {
      head = tail;
      count = 0;
      out[i] = Number.NaN;
      continue;
    }
    count++;
    while (tail > head && sign * x[queue[tail - 1]!]! <= sign * x[i]!) tail--;
    queue[tail++] = i;
    if (queue[head]! <= i - n) head++;
    out[i] = count >= n ? x[queue[head]!]! : Number.NaN;
  }
  return out;
}

/** Drawdown: how far a value lies below the largest of the last n, as a share of that: 1 − xᵢ/max, in [0, 1] for positive x. O(rows). */
export function drawdown(
  x: Float64Array,
  n: number,
  out: Float64Array,
  queue: Float64Array = new Float64Array(x.length),
): Float64Array {
  movingExtreme(x, n, 1, out, queue);
  for (let i = 0; i < x.length; i++) out[i] = 1 - x[i]! / out[i]!;
  return out;
}
