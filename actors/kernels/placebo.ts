/**
 * p-value of a statistic at a marked time, by the same statistic at placebo times at which nothing was marked:
 *
 *   p = (1 + #{placebos at least as large}) / (1 + B)            over the B placebos that are most alike in hour of the day and volatility
 *
 * Uniform on 1/(1+B) … 1 when the marked time is exchangeable with its placebos (Phipson & Smyth 2010: the 1 counts the marked time itself).
 * Alike: the larger of the distance of the hours / 12 and that of the ranks of the volatility as shares. A decile and an hour apart at most is 0.1.
 */

/** `count` placebos: statistic, hour of the day in [0, 24), and a measure of volatility of each. */
export interface Placebos {
  readonly statistic: Float64Array;
  readonly hour: Float64Array;
  readonly volatility: Float64Array;
  readonly count: number;
}

export interface PlaceboP {
  readonly p: number;
  /** B: at least `most`, where there are so many, with all that are as alike as the last of them. */
  readonly placebos: number;
  /** Of the least alike one, in [0, 1]. */
  readonly apart: number;
}

/** O(count log count). */
export function placeboPValue(
  { statistic, hour, volatility, count }: Placebos,
  marked: { readonly statistic: number; readonly hour: number; readonly volatility: number },
  most: number,
): PlaceboP {
  const sorted = volatility.slice(0, count).sort();
  const rank = rankIn(sorted, marked.volatility);
  const apart = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    const hours = Math.abs(hour[k]! - marked.hour);
    apart[k] = Math.max(Math.min(hours, 24 - hours) / 12, Math.abs(rankIn(sorted, volatility[k]!) - rank));
  }
  const farthest = count <= most ? 1 : apart.slice().sort()[most - 1]!;
  let placebos = 0;
  let larger = 0;
  let widest = 0;
  for (let k = 0; k < count; k++) {
    if (apart[k]! > farthest) continue;
    placebos++;
    widest = Math.max(widest, apart[k]!);
    if (statistic[k]! >= marked.statistic) larger++;
  }
  return { p: (1 + larger) / (1 + placebos), placebos, apart: widest };
}

/** Share of the values below x. */
function rankIn(sorted: Float64Array, x: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return sorted.length === 0 ? 0 : low / sorted.length;
}
