/** Value axes: round ticks, and a range that follows the data without jitter. */

export interface Range {
  low: number;
  high: number;
  /** Equal ratios are equally far apart. Then `low` is above 0. */
  isLog?: boolean;
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

/** As `followRange`, in ratios; for data above 0. */
export function followLogRange(now: Range | null, low: number, high: number): Range {
  if (!(low > 0 && low <= high)) return now ?? { low: 0.1, high: 10, isLog: true };
  const log = (range: Range) => ({ low: Math.log10(range.low), high: Math.log10(range.high) });
  // Above zero, so that no axis is cut off there.
  const away = 400;
  const shift = ({ low, high }: Range, by: number) => ({ low: low + by, high: high + by });
  const before = now === null ? null : shift(log(now), away);
  const seen = shift(log({ low, high }), away);
  const found = followRange(before, seen.low, seen.high);
  if (now !== null && found === before) return now;
  const air = seen.high > seen.low ? 0 : 0.3;
  const kept = air > 0 ? { low: seen.low - air, high: seen.high + air } : found;
  return { low: 10 ** (kept.low - away), high: 10 ** (kept.high - away), isLog: true };
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

/** Round values within the range, ascending, at most about `most`: multiples of `tickStep`, of several decades 1, 2 and 5 of each or fewer. */
export function ticks(range: Range, most: number): number[] {
  if (range.isLog === true && range.high / range.low >= 10) return logTicks(range, most);
  const step = tickStep(range.high - range.low, most);
  const first = Math.ceil(range.low / step - 1e-9);
  const last = Math.floor(range.high / step + 1e-9);
  const found: number[] = [];
  for (let k = first; k <= last; k++) found.push(k * step);
  return found;
}

function logTicks({ low, high }: Range, most: number): number[] {
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.ceil(Math.log10(high) - 1e-9);
  for (const leads of [[1, 2, 5], [1, 3], [1]]) {
    const found = decades(first, last, 1, leads).filter((tick) => tick >= low && tick <= high);
    if (found.length <= most) return found;
  }
  return decades(first, last, Math.ceil((last - first) / most), [1]).filter(
    (tick) => tick >= low && tick <= high,
  );
}

function decades(first: number, last: number, step: number, leads: readonly number[]): number[] {
  const found: number[] = [];
  for (let power = first; power <= last; power += step)
    for (const lead of leads) found.push(Number(`${lead}e${power}`));
  return found;
}

/** Pixel of a value on an axis `heightPx` high whose top is `topPx`; values grow upward. */
export function yOf(value: number, range: Range, topPx: number, heightPx: number): number {
  const [at, low, high] =
    range.isLog === true
      ? [Math.log10(value), Math.log10(range.low), Math.log10(range.high)]
      : [value, range.low, range.high];
  return topPx + heightPx * (1 - (at - low) / (high - low));
}

/** The value at a pixel of the same axis. */
export function valueAt(y: number, range: Range, topPx: number, heightPx: number): number {
  const share = 1 - (y - topPx) / heightPx;
  if (range.isLog === true) return range.low * (range.high / range.low) ** share;
  return range.low + share * (range.high - range.low);
}

/** The least step on an axis that a hand can mean: a two-hundredth of it. */
export function finestStep({ low, high, isLog = false }: Range): number {
  return isLog ? tickStep(low, 20) : tickStep(high - low, 200);
}

/** A value in such steps. */
export function rounded(value: number, range: Range): number {
  const step = finestStep(range);
  // Dividing by the inverse, which is whole, leaves no trace of a binary fraction.
  return step < 1 ? Math.round(value / step) / Math.round(1 / step) : Math.round(value / step) * step;
}
