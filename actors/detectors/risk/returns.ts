/**
 * The returns of levels over a horizon, and how far each level is below its peak.
 *
 *   rows ─► last level of each channel in a period ─ the period is over ─► ln (level / level at the end of a period before)
 *
 * Horizon 0: each row is a period. Others lie on multiples of the horizon since the epoch, and end with the first row of a later one.
 *
 * H1  A channel that did not report in a period has no return of it; its next return spans the time since.
 * H2  No return spans a gap: one of rows, or of more than GAP_PERIODS periods without a row.
 * H3  A level is positive: any other value counts as not reported.
 * H4  Peaks and drawdowns are those of all rows, whatever the horizon.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Batch, Fields } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";
import { logRatio } from "../rows/innovation.ts";
import { GAP_ROWS } from "../rows/row-assembler.ts";

/** Periods without a row that a return may span, as for rows: a weekend between days is no gap. */
const GAP_PERIODS = GAP_ROWS;

const MICROSECONDS = 1_000_000;

/** `period`: number of the period of the last row, NaN before the first. */
const Scalars = namedNumbers("period");

const Levels = namedNumbers(
  /** The last one seen; whether the channel reported in this period, 0 or 1. */
  "level",
  "isNew",
  /** At the end of the last period that it reported in; NaN: none, or before a gap. */
  "closed",
  /** The highest level so far, 0 before the first, and the deepest fall below a peak as a share of it. */
  "peak",
  "deepest",
);

export class HorizonReturns {
  readonly fields: Fields;
  /** Of the period that ended last, as log returns; NaN: the channel has none. */
  readonly values: Float64Array;
  private readonly horizonUs: number;
  private readonly columns: readonly number[];
  private readonly n: number;
  private readonly scalars = new Scalars();
  private readonly levels: InstanceType<typeof Levels>;

  /** `columns`: places of the channels in a row of n. */
  constructor(horizonSeconds: number, columns: readonly number[], n: number) {
    this.horizonUs = Math.round(horizonSeconds * MICROSECONDS);
    this.columns = columns;
    this.n = n;
    this.values = new Float64Array(columns.length);
    this.levels = new Levels(columns.length);
    this.scalars.period = Number.NaN;
    for (let i = 0; i < columns.length; i++) this.levels.at(i).closed = Number.NaN;
    this.fields = { period: this.scalars.array, levels: this.levels.array };
  }

  /** Takes row r. True: a period has ended, and some channel has a return of it. */
  take(batch: Batch, r: number): boolean {
    const { scalars, horizonUs } = this;
    if (horizonUs === 0) {
      if (batch.gap[r] === 1) this.breakOff();
      this.read(batch, r);
      return this.close();
    }
    const period = Math.floor(batch.rowTime[r]! / horizonUs);
    let ended = false;
    if (period !== scalars.period) {
      ended = this.close();
      // Not "> GAP_PERIODS": before the first row there is no period.
      if (!(period - scalars.period <= GAP_PERIODS)) this.breakOff();
      scalars.period = period;
    }
    this.read(batch, r);
    return ended;
  }

  /** The level of channel i at the end of the last period that it reported in; NaN: none, or before a gap. */
  closed(i: number): number {
    return this.levels.at(i).closed;
  }

  /** Share of the peak that the level of channel i is below it, in [0, 1); NaN before the first level. */
  drawdown(i: number): number {
    const { level, peak } = this.levels.at(i);
    return peak > 0 ? 1 - level / peak : Number.NaN;
  }

  /** The largest drawdown so far; NaN before the first level. */
  deepestDrawdown(i: number): number {
    const { deepest, peak } = this.levels.at(i);
    return peak > 0 ? deepest : Number.NaN;
  }

  private read(batch: Batch, r: number): void {
    const { columns, levels, n } = this;
    const { rowValue, rowFresh } = batch;
    for (let i = 0; i < columns.length; i++) {
      const at = r * n + columns[i]!;
      const value = rowValue[at]!;
      if (rowFresh[at] === 0 || !(value > 0)) continue;
      const of = levels.at(i);
      of.level = value;
      of.isNew = 1;
      if (value > of.peak) of.peak = value;
      else of.deepest = Math.max(of.deepest, 1 - value / of.peak);
    }
  }

  private close(): boolean {
    const { levels, values } = this;
    let some = false;
    for (let i = 0; i < values.length; i++) {
      const of = levels.at(i);
      values[i] = Number.NaN;
      if (of.isNew === 0) continue;
      if (!Number.isNaN(of.closed)) {
        values[i] = logRatio(of.level, of.closed, ln);
        some = true;
      }
      of.closed = of.level;
      of.isNew = 0;
    }
    return some;
  }

  /** No channel has a level to compare the next one with. */
  private breakOff(): void {
    for (let i = 0; i < this.values.length; i++) {
      const of = this.levels.at(i);
      of.closed = Number.NaN;
      of.isNew = 0;
    }
  }
}
