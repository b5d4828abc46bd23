/**
 * Rows that lie closer together than a time span, as one row of means.
 *
 *   rows ─► sums of what each channel reported ─ the span is over ─► means
 *
 * The span is over when the next row, one usual spacing later, would be outside of it. Rows further apart than the span each are one.
 */
import type { Batch, Fields } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";

/** `beganUs`: time of the first row of the span, NaN without rows. `afterGap`: 1 if that row followed a gap. */
const Span = namedNumbers("beganUs", "afterGap");

export class MeanRows {
  readonly fields: Fields;
  /** Values of each channel in the span: its mean is that of so many. */
  readonly counts: Float64Array;
  private readonly sums: Float64Array;
  private readonly span = new Span();
  private readonly isTaken: Uint8Array;

  /** `isTaken`: 1 for each channel that is averaged. */
  constructor(isTaken: Uint8Array) {
    this.isTaken = isTaken;
    this.sums = new Float64Array(isTaken.length);
    this.counts = new Float64Array(isTaken.length);
    this.span.beganUs = Number.NaN;
    this.fields = { sums: this.sums, counts: this.counts, span: this.span.array };
  }

  /** Adds row r; `spacingUs`: the usual one of rows. Returns whether a span of `spanUs` is over. */
  add(batch: Batch, r: number, spacingUs: number, spanUs: number): boolean {
    const { sums, counts, span, isTaken } = this;
    const { rowFresh, rowValue } = batch;
    const time = batch.rowTime[r]!;
    if (Number.isNaN(span.beganUs)) {
      span.beganUs = time;
      span.afterGap = batch.gap[r]!;
    }
    for (let c = 0, at = r * sums.length; c < sums.length; c++, at++) {
      if (isTaken[c] === 0 || rowFresh[at] === 0) continue;
      sums[c] = sums[c]! + rowValue[at]!;
      counts[c] = counts[c]! + 1;
    }
    return time + spacingUs - span.beganUs >= spanUs;
  }

  /** Mean of channel c in the span; NaN if it did not report. */
  mean(c: number): number {
    return this.sums[c]! / this.counts[c]!;
  }

  /** Writes it to out[at], unboxed. */
  writeMean(c: number, out: Float64Array, at: number): void {
    out[at] = this.sums[c]! / this.counts[c]!;
  }

  /** Whether the first row of the span followed a gap. */
  get isAfterGap(): boolean {
    return this.span.afterGap === 1;
  }

  /** The next row begins a span. */
  begin(): void {
    this.sums.fill(0);
    this.counts.fill(0);
    this.span.beganUs = Number.NaN;
  }
}
