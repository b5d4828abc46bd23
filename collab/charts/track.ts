/** A line without axes, as wide as its row and scaled to its own extremes: for lists. */
import type { Range } from "./scale.ts";
import type { Series } from "./series.ts";

/** Air above and below the line. */
const MARGIN = 6;
/** The last pixels stay free, so that the newest value is seen whole. */
const END = 2;

export interface TrackRow {
  top: number;
  width: number;
  height: number;
  /** The time at the right edge, and how much of it the row covers. */
  endUs: number;
  lengthUs: number;
}

/** Pixel of a time in a row. */
export function trackX(timeUs: number, { width, endUs, lengthUs }: TrackRow): number {
  return (1 - (endUs - timeUs) / lengthUs) * (width - END);
}

/** Beyond the line, the usual range is shown for at most this many times the line's own extent. */
const USUAL_SHOWN = 2;

/**
 * Strokes the line in the context's style, over the range in which it usually is, filled in the context's style. Reads the series' finest level:
 * it covers a minute at any rate of samples.
 */
export function drawTrack(
  context: CanvasRenderingContext2D,
  series: Series,
  row: TrackRow,
  usual?: Range,
): void {
  const level = series.levels[0]!;
  const columns = Math.round(row.lengthUs / level.widthUs);
  const last = level.columnOf(row.endUs);
  const first = last - columns;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let a = first; a <= last; a++) {
    const value = level.low(a);
    if (Number.isNaN(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, level.high(a));
  }
  if (low > high) return;
  if (usual !== undefined) {
    const extent = high > low ? USUAL_SHOWN * (high - low) : Number.POSITIVE_INFINITY;
    low = Math.min(low, Math.max(usual.low, low - extent));
    high = Math.max(high, Math.min(usual.high, high + extent));
  }
  const room = row.height - 2 * MARGIN;
  // A constant line lies in the middle.
  const scale = high > low ? room / (high - low) : 0;
  const base = row.top + MARGIN + (high > low ? high * scale : room / 2);
  if (usual !== undefined && high > low) {
    const top = Math.max(row.top + 2, base - usual.high * scale);
    const bottom = Math.min(row.top + row.height - 2, base - usual.low * scale);
    if (bottom > top) context.fillRect(0, top, row.width, bottom - top);
  }
  const join = Math.max(2, (3 * series.spacingUs) / level.widthUs);
  const perPixel = Math.max(1, Math.floor(columns / row.width));
  let before = Number.NEGATIVE_INFINITY;
  context.beginPath();
  for (let a = first - (first % perPixel); a <= last; a += perPixel) {
    let bottom = Number.NaN;
    let peak = Number.NaN;
    for (let b = a; b < a + perPixel; b++) {
      const value = level.low(b);
      if (Number.isNaN(value)) continue;
      if (!(bottom <= value)) bottom = value;
      if (!(peak >= level.high(b))) peak = level.high(b);
    }
    if (Number.isNaN(bottom)) continue;
    const x = ((a - first) / columns) * (row.width - END);
    if (a - before > join + perPixel) context.moveTo(x, base - bottom * scale);
    else context.lineTo(x, base - bottom * scale);
    if (peak !== bottom) context.lineTo(x, base - peak * scale);
    before = a;
  }
  context.stroke();
}
