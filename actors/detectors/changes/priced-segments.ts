/**
 * The segments of the channels of a group, with the price that a change must gain: what the detectors of changes and of trends have in common.
 *
 *   rows ─► means over `averageUs` ─► segments.ts ─► change found ─► taken
 *
 * The price keeps the promise of the settings: A rows between false changes of the group. A row has LOOKS_A_ROW looks at each of n channels, and one
 * look exceeds g with probability e^−g, so the price is ln(LOOKS_A_ROW · n · A). A change is also never declared before it is SETTLED_ROWS old, which
 * makes false ones rarer than promised. What is not independent of its past, such as a season, has more changes: each change in excess of the promised
 * ones raises the price, the first by `raiseNats`. So in the long run changes come once in A rows, whatever the rows are (Gibbs & Candès 2021,
 * "Adaptive conformal inference under distribution shift"), and those that explain most come first.
 *
 * Cost: about 0.5 µs a channel and judged row.
 */
import expm1 from "@stdlib/math-base-special-expm1";
import ln from "@stdlib/math-base-special-ln";
import type { Settings } from "../../../protocol/settings.ts";
import type { Batch, Fields, Group } from "../../ports/detector.ts";
import { falseAlarmSamples, UNKNOWN_SPACING_US } from "../false-alarm-rate.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import { MeanRows } from "../rows/mean-rows.ts";
import { PRICE, RAISED, Segments, TIME, VALUE } from "./segments.ts";
import { LOOKS_A_ROW } from "./splits.ts";

/** Rows between updates of the price, because the spacing of rows may drift. */
const PRICE_EVERY = 1024;
/**
 * Excess changes after which the next one raises the price e times as much: gains in a season are hundreds of nats, and steps of two would
 * take a hundred changes.
 */
const STEEPER_AFTER = 5;

const Scalars = namedNumbers(
  /** Rows judged, each the mean of those within `averageUs`. */
  "rows",
  /** A, and the price that follows from it, nats. */
  "promised",
  "price",
  /** Changes above the promised ones: 1 more with each change, 1/A less with each row, at least 0. */
  "excess",
  /** The last declaration of a change of any channel, and when it was; NaN before the first. */
  "declaredUs",
  "changedUs",
);

/** Who takes what is found, at `PricedSegments.timeUs`. `Context` is handed through. */
interface Taker<Context> {
  /** A segment of channel c ended; `segments.found` describes that. */
  changed(c: number, context: Context): void;
  /** All channels of a judged row are known. */
  judged?(context: Context): void;
}

export type PriceSettings = Pick<
  Settings["changes"],
  "averageUs" | "raiseNats" | "falseAlarmsPerDay" | "falseAlarmSamples"
>;

export class PricedSegments<Context> {
  readonly fields: Fields & { scalars: Float64Array };
  readonly segments: Segments;
  private readonly settings: PriceSettings;
  private readonly n: number;
  private readonly taker: Taker<Context>;
  private readonly spacing: RowSpacing;
  private readonly scalars = new Scalars();
  private readonly means: MeanRows;
  private readonly scratch = new Float64Array(1);

  /** `settledRows`: as in segments.ts. */
  constructor(
    settings: PriceSettings,
    { n, everyUs }: Pick<Group, "n" | "everyUs">,
    taker: Taker<Context>,
    settledRows?: number,
  ) {
    this.settings = settings;
    this.n = n;
    this.taker = taker;
    this.spacing = new RowSpacing(everyUs);
    this.segments = new Segments(n, settledRows);
    this.means = new MeanRows(new Uint8Array(n).fill(1));
    this.scalars.declaredUs = Number.NaN;
    this.scalars.changedUs = Number.NaN;
    this.fields = {
      scalars: this.scalars.array,
      ...prefixed("means", this.means.fields),
      ...this.spacing.fields,
      ...this.segments.fields,
    };
  }

  update(batch: Batch, context: Context): void {
    const { means, spacing, segments, settings } = this;
    for (let r = 0; r < batch.rows; r++) {
      segments.given[TIME] = batch.rowTime[r]!;
      spacing.see(batch.rowTime[r]!, batch.gap[r] === 1);
      if (batch.gap[r] === 1) {
        this.judge(context);
        for (let c = 0; c < this.n; c++) segments.gap(c);
      }
      if (means.add(batch, r, spacing.us, settings.averageUs)) this.judge(context);
    }
  }

  /** Of the row that is judged. */
  get timeUs(): number {
    return this.segments.given[TIME]!;
  }

  /** Rows judged. */
  get rows(): number {
    return this.scalars.rows;
  }

  /** Time of the last declaration, µs; NaN before the first. */
  get declaredUs(): number {
    return this.scalars.declaredUs;
  }

  /** When that change was, µs; NaN before the first. */
  get changedUs(): number {
    return this.scalars.changedUs;
  }

  /** Spacing of the rows that are judged, µs. */
  get rowUs(): number {
    return Math.max(this.spacing.us || UNKNOWN_SPACING_US, this.settings.averageUs);
  }

  /** What a change must gain now at least, nats. */
  get price(): number {
    this.writePrice(this.scratch, 0);
    return this.scratch[0]!;
  }

  /** Writes it to out[at]: a result would be a number on the heap for each row. */
  writePrice(out: Float64Array, at: number): void {
    this.writeRaised(out, at);
    out[at] = out[at]! + this.scalars.price;
  }

  /** How far it is raised. */
  private writeRaised(out: Float64Array, at: number): void {
    const { excess } = this.scalars;
    out[at] = excess > 0 ? this.settings.raiseNats * STEEPER_AFTER * expm1(excess / STEEPER_AFTER) : 0;
  }

  /** Takes the means since the last call as one row. */
  private judge(context: Context): void {
    const { means, scalars, segments, taker } = this;
    if (scalars.rows % PRICE_EVERY === 0) this.choosePrice();
    scalars.rows = scalars.rows + 1;
    scalars.excess = Math.max(0, scalars.excess - 1 / scalars.promised);
    const { given } = segments;
    given[PRICE] = scalars.price;
    this.writeRaised(given, RAISED);
    for (let c = 0; c < this.n; c++) {
      if (means.counts[c] === 0) continue;
      means.writeMean(c, given, VALUE);
      if (!segments.see(c)) continue;
      taker.changed(c, context);
      this.note(segments.found.changedUs);
    }
    means.begin();
    taker.judged?.(context);
  }

  /** Several channels that change together have changed once: the first declaration stands. */
  private note(changedUs: number): void {
    const { scalars, segments } = this;
    if (Math.abs(changedUs - scalars.changedUs) <= segments.settledRows * this.rowUs) return;
    scalars.declaredUs = this.timeUs;
    scalars.changedUs = changedUs;
    scalars.excess = scalars.excess + 1;
  }

  private choosePrice(): void {
    const { scalars, settings } = this;
    scalars.promised = falseAlarmSamples(settings, this.rowUs);
    scalars.price = ln(LOOKS_A_ROW * this.n * scalars.promised);
  }
}
