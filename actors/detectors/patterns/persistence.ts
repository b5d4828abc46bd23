/** How much of its distance from the mean a channel keeps from one value to the next: φ of an AR(1). */

/** In units of 1/count; as for lines (line-moments.ts). What a random walk could be is one. */
const WALK_UNTIL = 16;

/** Mean of the first `count` values. */
export function meanOf(values: Float64Array, count: number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += values[k]!;
  return sum / count;
}

/** φ of the first `count` values, corrected for its bias −(1 + 3φ)/N (Kendall 1954), in [0, 1]. */
export function persistenceOf(values: Float64Array, count: number, mean: number): number {
  let squares = 0;
  let products = 0;
  for (let k = 0; k < count; k++) {
    const off = values[k]! - mean;
    squares += off * off;
    if (k > 0) products += off * (values[k - 1]! - mean);
  }
  if (!(squares > 0)) return 1;
  const phi = (products / squares + 1 / count) / (1 - 3 / count);
  return (1 - phi) * count < WALK_UNTIL ? 1 : Math.max(0, phi);
}
