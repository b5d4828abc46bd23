/**
 * Turns the frames of a group into innovations and joint rows, for all detectors of the group.
 *
 *   frame ──► innovation of each sample ──► pending row ──complete──► rows of the batch
 *
 * G1  `rows`: a row is complete when all n channels have reported, when a later time begins, or when a channel reports a second time.
 * G2  `ticks`: rows have times that are multiples of `everyUs`. The row at time g contains the last tick of each channel with time ≤ g; it
 *     is complete when a tick later than g arrives.
 * G3  No rows are made for a gap. A gap is a spacing above GAP_ROWS × the usual one (rows) or a silence of all channels longer than
 *     GAP_TICKS × everyUs (ticks). The first row after it has `gap` 1 and NaN innovations; every channel starts anew.
 * G4  A sample that is not finite, exceeds LARGEST_VALUE or belongs to no channel of the group is only counted. A sample whose innovation is
 *     not finite (not positive, with log returns) keeps its value: its innovation is NaN and the next innovation spans it.
 * G5  A sample earlier than the pending row is counted as late and belongs to the pending row.
 * G6  The rows do not depend on the division of the samples into frames.
 *
 * The innovation of a row is the sum of its samples' innovations: for log returns and differences it is the change since the row before.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Frame } from "../../../protocol/frame.ts";
import type { Batch, Fields, Group } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";
import { emptyBatch, growBatch, type MutableBatch } from "./batch-buffer.ts";
import { ar1ResidualAt, logRatio, MODEL_WIDTH } from "./innovation.ts";

/** Rows: a longer spacing, in usual spacings, is a gap. A weekend between business days (3 days) and jitter are not. */
export const GAP_ROWS = 5;
/** Ticks: a longer silence, in grid steps, is a gap. */
export const GAP_TICKS = 10;
/** No measured value is larger. Squares of larger values overflow, and an infinite variance would never be forgotten. */
const LARGEST_VALUE = 1e100;
/** Grid of tick-driven groups that declare none, µs: one second. */
const DEFAULT_GRID_US = 1_000_000;
/** Row spacings to measure before an undeclared spacing counts as known. */
const SPACING_WARMUP = 16;

const Scalars = namedNumbers(
  "pendingTime",
  "pendingCount",
  "lastRowTime",
  "lastTickTime",
  "spacing",
  "spacingCount",
  "pendingGap",
  "rows",
  "samples",
  "bad",
  "late",
  "gaps",
);

/** As the version of an actor (actors/ports/detector.ts): a step for each change of rows, innovations or registered state. */
export const ROWS_VERSION = 1;

export class RowAssembler {
  readonly fields: Fields;
  private readonly n: number;
  private readonly ticks: boolean;
  private readonly every: number;
  private readonly kind: Group["innovation"];
  private readonly value: Float64Array;
  private readonly base: Float64Array;
  private readonly sum: Float64Array;
  private readonly reported: Uint8Array;
  private readonly fresh: Uint8Array;
  private readonly models: Float64Array;
  /** A value and the one before. */
  private readonly pair = new Float64Array(2);
  private readonly scalars = new Scalars();
  private readonly batch: MutableBatch;

  constructor(group: Group) {
    const n = group.n;
    this.n = n;
    this.ticks = group.sampling === "ticks";
    this.every = group.everyUs > 0 ? group.everyUs : this.ticks ? DEFAULT_GRID_US : 0;
    this.kind = group.innovation;
    this.value = new Float64Array(n).fill(Number.NaN);
    this.base = new Float64Array(n).fill(Number.NaN);
    this.sum = new Float64Array(n);
    this.reported = new Uint8Array(n);
    this.fresh = new Uint8Array(n);
    this.models = new Float64Array(group.innovation === "ar1" ? MODEL_WIDTH * n : 0);
    this.scalars.pendingTime = Number.NaN;
    this.scalars.lastRowTime = Number.NaN;
    this.scalars.lastTickTime = Number.NaN;
    this.fields = {
      scalars: this.scalars.array,
      value: this.value,
      base: this.base,
      sum: this.sum,
      reported: this.reported,
      fresh: this.fresh,
      ar: this.models,
    };
    this.batch = emptyBatch(n);
  }

  /** Processes a frame of this group. The batch is reused: it is valid until the next call. About 10 ns a sample. */
  consume(frame: Frame): Batch {
    const batch = this.batch;
    batch.frame = frame;
    batch.rows = 0;
    if (batch.sampleInnovation.length < frame.count) batch.sampleInnovation = new Float64Array(frame.count);
    if (this.ticks) this.consumeTicks(frame);
    else this.consumeRows(frame);
    return batch;
  }

  /**
   * Totals since the start. `bad` samples are not finite, too large, of an unknown channel, or not positive where log returns are
   * requested.
   */
  counts() {
    const { samples, rows, bad, late, gaps } = this.scalars;
    return { samples, rows, bad, late, gaps };
  }

  private consumeRows(frame: Frame): void {
    const { n, scalars, reported } = this;
    const { time, channel, value, count } = frame;
    const out = this.batch.sampleInnovation;
    let pendingTime = scalars.pendingTime;
    let pendingCount = scalars.pendingCount;
    for (let k = 0; k < count; k++) {
      const c = channel[k]!;
      let t = time[k]!;
      if (c >= n) {
        scalars.bad++;
        out[k] = Number.NaN;
        continue;
      }
      if (t < pendingTime) {
        scalars.late++;
        t = pendingTime;
      }
      // `!(t <= pendingTime)` is also true for NaN: there is no row yet.
      if (!(t <= pendingTime) || pendingCount === 0 || reported[c] === 1) {
        if (pendingCount > 0) this.emit();
        pendingTime = t;
        scalars.pendingTime = t;
        this.beginRow();
        pendingCount = 0;
      }
      reported[c] = 1;
      pendingCount++;
      out[k] = this.take(c, value[k]!);
      if (pendingCount === n) {
        this.emit();
        pendingCount = 0;
      }
    }
    scalars.samples = scalars.samples + count;
    scalars.pendingCount = pendingCount;
  }

  private consumeTicks(frame: Frame): void {
    const { n, scalars, every } = this;
    const { time, channel, value, count } = frame;
    const out = this.batch.sampleInnovation;
    let last = scalars.lastTickTime;
    let pending = scalars.pendingTime;
    for (let k = 0; k < count; k++) {
      const c = channel[k]!;
      let t = time[k]!;
      if (c >= n) {
        scalars.bad++;
        out[k] = Number.NaN;
        continue;
      }
      if (t < last) {
        scalars.late++;
        t = last;
      }
      const grid = Math.ceil(t / every) * every;
      if (Number.isNaN(pending)) pending = grid;
      else if (grid > pending) {
        if (t - last > GAP_TICKS * every) {
          this.emitAt(pending);
          this.startAnew();
        } else for (; pending < grid; pending += every) this.emitAt(pending);
        pending = grid;
      }
      last = t;
      out[k] = this.take(c, value[k]!);
    }
    scalars.samples += count;
    scalars.pendingTime = pending;
    scalars.lastTickTime = last;
    scalars.pendingCount = Number.isNaN(last) ? 0 : 1;
  }

  /** Returns the innovation of a value of channel c and adds it to the pending row. */
  private take(c: number, value: number): number {
    // The condition is also true for NaN.
    if (!(value <= LARGEST_VALUE && value >= -LARGEST_VALUE)) {
      this.scalars.bad++;
      return Number.NaN;
    }
    this.value[c] = value;
    const before = this.base[c]!;
    if (this.kind === "logReturn" && !(value > 0)) {
      this.scalars.bad++;
      return Number.NaN;
    }
    this.base[c] = value;
    this.fresh[c] = 1;
    let innovation = Number.NaN;
    if (!Number.isNaN(before)) {
      if (this.kind === "logReturn") innovation = logRatio(value, before, ln);
      else if (this.kind === "difference") innovation = value - before;
      else {
        const { pair } = this;
        pair[0] = value;
        pair[1] = before;
        ar1ResidualAt(this.models, c, pair);
        innovation = pair[0]!;
      }
      // The ratio of a normal to a denormal number overflows.
      if (innovation - innovation !== 0) innovation = Number.NaN;
    }
    this.sum[c] = this.sum[c]! + innovation;
    return innovation;
  }

  /** Rows: detects a gap before the pending row, and measures the spacing. */
  private beginRow(): void {
    const scalars = this.scalars;
    const spacing = scalars.pendingTime - scalars.lastRowTime;
    if (!(spacing > 0)) return;
    const known = this.every > 0;
    const nominal = known ? this.every : scalars.spacing;
    if ((known || scalars.spacingCount >= SPACING_WARMUP) && spacing > GAP_ROWS * nominal) {
      this.startAnew();
      return;
    }
    if (known) return;
    const seen = scalars.spacingCount;
    scalars.spacing = nominal + (spacing - nominal) / Math.min(seen + 1, 64);
    scalars.spacingCount = seen + 1;
  }

  /** G3: the next row follows a gap, and no channel has a previous value. */
  private startAnew(): void {
    this.scalars.pendingGap = 1;
    this.scalars.gaps++;
    this.base.fill(Number.NaN);
  }

  private emitAt(time: number): void {
    this.scalars.pendingTime = time;
    this.emit();
  }

  /** Writes the pending row into the batch and clears it. Its time is `pendingTime`, and no argument: that would be boxed. */
  private emit(): void {
    const { n, batch, scalars, value, sum, fresh, reported } = this;
    const time = scalars.pendingTime;
    const r = batch.rows;
    if (r === batch.rowTime.length) growBatch(batch, n);
    const at = r * n;
    const gap = scalars.pendingGap;
    const first = scalars.rows === 0 || gap === 1;
    batch.rowTime[r] = time;
    batch.gap[r] = gap;
    const { rowValue, rowFresh, rowInnovation } = batch;
    for (let c = 0; c < n; c++) {
      rowValue[at + c] = value[c]!;
      rowFresh[at + c] = fresh[c]!;
      rowInnovation[at + c] = sum[c]!;
      sum[c] = 0;
      fresh[c] = 0;
      reported[c] = 0;
    }
    if (first) rowInnovation.fill(Number.NaN, at, at + n);
    scalars.lastRowTime = time;
    scalars.pendingCount = 0;
    scalars.pendingGap = 0;
    scalars.rows = scalars.rows + 1;
    batch.rows = r + 1;
  }
}
