/** A line without axes, as wide as its row and scaled to its own extremes: for lists. */
import type { Columns } from "./columns.ts";
import { extremes, traceLine } from "./line-path.ts";
import type { Range } from "./scale.ts";
import type { TimeView } from "./time-axis.ts";

/** Air above and below the line. */
const MARGIN = 6;

export interface TrackRow {
  top: number;
  height: number;
  /** The stretch of time, a column for each pixel. */
  time: TimeView;
  /** As in LineFrame. */
  joinColumns: number;
}

/** Beyond the line, the usual range is shown for at most this many times the line's own extent. */
const USUAL_SHOWN = 2;

/** Strokes the line in the context's style, over the range in which it usually is, filled in the context's style. */
export function drawTrack(
  context: CanvasRenderingContext2D,
  columns: Columns,
  { top, height, time, joinColumns }: TrackRow,
  usual?: Range,
): void {
  const range = { low: Number.NaN, high: Number.NaN };
  extremes(columns, time, range);
  if (Number.isNaN(range.low)) return;
  if (usual !== undefined) {
    const extent = range.high > range.low ? USUAL_SHOWN * (range.high - range.low) : Number.POSITIVE_INFINITY;
    range.low = Math.min(range.low, Math.max(usual.low, range.low - extent));
    range.high = Math.max(range.high, Math.min(usual.high, range.high + extent));
  }
  const { low, high } = range;
  const room = height - 2 * MARGIN;
  // A constant line lies in the middle.
  const scale = high > low ? -room / (high - low) : 0;
  const offset = top + MARGIN + (high > low ? -high * scale : room / 2);
  if (usual !== undefined && high > low) {
    const from = Math.max(top + 2, offset + usual.high * scale);
    const to = Math.min(top + height - 2, offset + usual.low * scale);
    if (to > from) context.fillRect(0, from, time.columns, to - from);
  }
  context.beginPath();
  traceLine(context, columns, { view: time, leftPx: 0, offset, scale, joinColumns });
  context.stroke();
}
