/** Value axes: round ticks, and a range that follows the data without jitter. */

export interface Range {
  low: number;
  high: number;
}

/** The range shrinks only when the data fill less than this share of it. Otherwise every small change would rescale the picture. */
const SHRINK_BELOW = 0.6;

/** Air above and below the data, as a share of their span. */
const MARGIN = 0.08;

/**
 * The range to show for data in [low, high], given the range shown now (null at first).
 *
 * Grows at once, so that nothing is cut off; shrinks when the data fill less than SHRINK_BELOW of it. Constant data get a range around
 * them. For NaN the range stays, or is [0, 1].
 */
export function followRange(now: Range | null, low: number, high: number): Range {
  if (!(low <= high)) return now ?? { low: 0, high: 1 };
  const span = high - low;
  if (now !== null && low >= now.low && high <= now.high && span >= SHRINK_BELOW * (now.high - now.low))
    return now;
  const air = span > 0 ? span * MARGIN : Math.max(Math.abs(high) * 0.05, Number.MIN_VALUE, 1e-9);
  // Quantities that are never negative do not get an axis below zero.
  const floor = low >= 0 ? 0 : Number.NEGATIVE_INFINITY;
  const expected = { low: Math.max(low - air, floor), high: high + air };
  if (now !== null && low >= now.low && high <= now.high) {
    const expectedSpan = expected.high - expected.low;
    if (expectedSpan >= SHRINK_BELOW * (now.high - now.low)) return now;
  }
  return expected;
}

/** The step of 1, 2 or 5 · 10^k that divides `span` into at most `most` parts. */
export function tickStep(span: number, most: number): number {
  if (!(span > 0) || !(most >= 1)) return 1;
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  // The tolerance forgives the last bit of the division: 0.3/3 is a little above 0.1.
  const step = lead <= 1.000_001 ? 1 : lead <= 2.000_001 ? 2 : lead <= 5.000_001 ? 5 : 10;
  return step * power;
}

/** Multiples of `tickStep` within the range, ascending. */
export function ticks(range: Range, most: number): number[] {
  const step = tickStep(range.high - range.low, most);
  const first = Math.ceil(range.low / step - 1e-9);
  const last = Math.floor(range.high / step + 1e-9);
  const found: number[] = [];
  for (let k = first; k <= last; k++) found.push(k * step);
  return found;
}

/** Pixel of a value on an axis `heightPx` high whose top is `topPx`; values grow upward. */
export function yOf(value: number, range: Range, topPx: number, heightPx: number): number {
  return topPx + heightPx * (1 - (value - range.low) / (range.high - range.low));
}

/** The value at a pixel of the same axis. */
export function valueAt(y: number, range: Range, topPx: number, heightPx: number): number {
  return range.low + (1 - (y - topPx) / heightPx) * (range.high - range.low);
}

/** The least step on an axis that a hand can mean: a two-hundredth of it. */
export function finestStep({ low, high }: Range): number {
  return tickStep(high - low, 200);
}

/** A value in such steps. */
export function rounded(value: number, range: Range): number {
  const step = finestStep(range);
  // Dividing by the inverse, which is whole, leaves no trace of a binary fraction.
  return step < 1 ? Math.round(value / step) / Math.round(1 / step) : Math.round(value / step) * step;
}
