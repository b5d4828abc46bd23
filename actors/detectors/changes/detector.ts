/**
 * Finds where a channel gets another level or another slope, and when that was: segmentation on line, one channel at a time.
 *
 *   rows ─► means over `averageUs` ─► segments.ts ─► change found ─► left its normal level, changed further, or is back
 *
 * The price of a change keeps the promise of the settings: A rows between false changes of the group. A row has LOOKS_A_ROW looks at each of n
 * channels, and one look exceeds g with probability e^−g, so the price is ln(LOOKS_A_ROW · n · A). A change is also never declared before it is
 * SETTLED_ROWS old, which makes false ones rarer than promised. What is not independent of its past, such as a season, has more changes: each change
 * in excess of the promised ones raises the price, the first by `raiseNats`. So in the long run changes come once in A rows, whatever the rows are
 * (Gibbs & Candès 2021, "Adaptive conformal inference under distribution shift"), and those that explain most come first.
 *
 * A random walk has changes only where its steps change; one wild value is no change.
 *
 * Cost: about 0.5 µs a channel and judged row.
 */
import expm1 from "@stdlib/math-base-special-expm1";
import ln from "@stdlib/math-base-special-ln";
import type { Settings } from "../../../protocol/settings.ts";
import type { Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { falseAlarmSamples, UNKNOWN_SPACING_US } from "../false-alarm-rate.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import { MeanRows } from "../rows/mean-rows.ts";
import { changesMachine } from "./machine.ts";
import { SETTLED_ROWS, Segments } from "./segments.ts";
import { LOOKS_A_ROW } from "./splits.ts";

export const changes = defineDetector({
  name: "changes",
  version: 3,
  machine: changesMachine,
  enabled: (settings, group) => settings.changes.enabled && !group.states,
  createDetector: (settings, group) => new ChangesDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Rows between updates of the price, because the spacing of rows may drift. */
const PRICE_EVERY = 1024;
/**
 * Excess changes after which the next one raises the price e times as much: gains in a season are hundreds of nats, and steps of two would
 * take a hundred changes.
 */
const STEEPER_AFTER = 5;
/** Spreads from the normal level within which a channel is back at it. */
const BACK_WITHIN = 2;
/** A level that stood for so many rows is the normal one: an hour of rows a second. */
const NORMAL_AFTER = 3600;

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

/** What counts as normal for a channel that left it. */
const Normal = namedNumbers("left", "sinceUs", "level", "spread");

type Context = DetectorContext<typeof changesMachine>;

export class ChangesDetector implements Detector<typeof changesMachine> {
  readonly fields: Fields;
  private readonly settings: Settings["changes"];
  private readonly group: Group;
  private readonly spacing: RowSpacing;
  private readonly segments: Segments;
  private readonly scalars = new Scalars();
  private readonly normal: InstanceType<typeof Normal>;
  private readonly means: MeanRows;

  constructor(settings: Settings, group: Group) {
    const { n } = group;
    this.settings = settings.changes;
    this.group = group;
    this.spacing = new RowSpacing(group.everyUs);
    this.segments = new Segments(n);
    this.normal = new Normal(n);
    this.means = new MeanRows(new Uint8Array(n).fill(1));
    this.scalars.declaredUs = Number.NaN;
    this.scalars.changedUs = Number.NaN;
    this.fields = {
      scalars: this.scalars.array,
      normal: this.normal.array,
      ...prefixed("means", this.means.fields),
      ...this.spacing.fields,
      ...this.segments.fields,
    };
  }

  update(batch: Batch, context: Context): void {
    const { n } = this.group;
    const { means, spacing, segments } = this;
    for (let r = 0; r < batch.rows; r++) {
      const time = batch.rowTime[r]!;
      spacing.see(time, batch.gap[r] === 1);
      if (batch.gap[r] === 1) {
        this.judge(time, context);
        for (let c = 0; c < n; c++) segments.gap(c);
      }
      if (means.add(batch, r, spacing.us, this.settings.averageUs)) this.judge(time, context);
    }
  }

  /** Largest gain of a split in the last row over its price, in [0, 1]. */
  score(): number {
    const price = this.price();
    let most = 0;
    for (let c = 0; c < this.group.n; c++) most = Math.max(most, this.segments.gainOf(c));
    return price > 0 ? Math.min(1, most / price) : 0;
  }

  /** Time of the last declaration, µs; NaN before the first. */
  get declaredUs(): number {
    return this.scalars.declaredUs;
  }

  /** When that change was, µs; NaN before the first. */
  get changedUs(): number {
    return this.scalars.changedUs;
  }

  /** Takes the means since the last call as one row. */
  private judge(time: number, context: Context): void {
    const { means, scalars, segments } = this;
    if (scalars.rows % PRICE_EVERY === 0) this.choosePrice();
    scalars.rows = scalars.rows + 1;
    scalars.excess = Math.max(0, scalars.excess - 1 / scalars.promised);
    const price = this.price();
    for (let c = 0; c < this.group.n; c++) {
      if (means.counts[c] !== 0 && segments.see(c, means.mean(c), time, price))
        this.declareChange(c, time, context);
    }
    means.begin();
  }

  /** Several channels that change together have changed once: the first declaration stands. */
  private note(changedUs: number, time: number): void {
    const { scalars } = this;
    if (Math.abs(changedUs - scalars.changedUs) <= SETTLED_ROWS * this.rowUs()) return;
    scalars.declaredUs = time;
    scalars.changedUs = changedUs;
    scalars.excess = scalars.excess + 1;
  }

  /** Spacing of the rows that are judged, µs. */
  private rowUs(): number {
    return Math.max(this.spacing.us || UNKNOWN_SPACING_US, this.settings.averageUs);
  }

  /** What a change must gain now, nats. */
  private price(): number {
    const { price, excess } = this.scalars;
    return excess > 0
      ? price + this.settings.raiseNats * STEEPER_AFTER * expm1(excess / STEEPER_AFTER)
      : price;
  }

  private choosePrice(): void {
    const { scalars, settings, group } = this;
    scalars.promised = falseAlarmSamples(settings, this.rowUs());
    scalars.price = ln(LOOKS_A_ROW * group.n * scalars.promised);
  }

  private declareChange(c: number, time: number, context: Context): void {
    const { group } = this;
    const { found } = this.segments;
    const normal = this.normal.at(c);
    const again = normal.left === 1 && found.rowsBefore < NORMAL_AFTER;
    if (!again) {
      normal.sinceUs = found.changedUs;
      normal.level = found.before;
      normal.spread = found.spread;
    }
    const back = again && Math.abs(found.after - normal.level) <= BACK_WITHIN * normal.spread;
    normal.left = back ? 0 : 1;
    const price = this.price();
    this.note(found.changedUs, time);
    const { name, title, unit } = group.channels[c]!;
    const aSecond = 1_000_000 / this.rowUs();
    const jumped = found.after - found.slopeAfter * found.rowsAfter - found.before;
    const bent = (found.slopeAfter - found.slopeBefore) * found.rowsAfter;
    const change = {
      timeUs: time,
      channel: name,
      title: title === "" ? name : title,
      unit,
      form: Math.abs(jumped) >= Math.abs(bent) ? ("level" as const) : ("slope" as const),
      changedUs: found.changedUs,
      rowsAfter: found.rowsAfter,
      rowsBefore: found.rowsBefore,
      before: found.before,
      after: found.after,
      slopeBefore: found.slopeBefore * aSecond,
      slopeAfter: found.slopeAfter * aSecond,
      spread: found.spread,
      effect: Math.abs(found.after - found.before - found.slopeBefore * found.rowsAfter) / found.spread,
      gain: found.gain,
      price,
      sinceUs: normal.sinceUs,
    };
    context.signal(back ? { type: "returned", ...change } : { type: "declared", again, ...change });
  }
}
