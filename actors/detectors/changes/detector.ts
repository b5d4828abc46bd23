/**
 * Finds where a channel gets another level or another slope, and when that was: segmentation on line, one channel at a time.
 *
 *   rows ─► priced-segments.ts ─► change found ─► left its normal level, changed further, or is back
 *
 * The promise of the settings, and what a change must gain for it, is in priced-segments.ts. A random walk has changes only where its steps change;
 * one wild value is no change.
 */
import type { Settings } from "../../../protocol/settings.ts";
import type { Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { namedNumbers } from "../registered-numbers.ts";
import { changesMachine } from "./machine.ts";
import { PricedSegments } from "./priced-segments.ts";

export const changes = defineDetector({
  name: "changes",
  version: 5,
  machine: changesMachine,
  enabled: (settings, group) => settings.changes.enabled && !group.states,
  createDetector: (settings, group) => new ChangesDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Spreads from the normal level within which a channel is back at it. */
const BACK_WITHIN = 2;
/** A level that stood for so many rows is the normal one: an hour of rows a second. */
const NORMAL_AFTER = 3600;

/** What counts as normal for a channel that left it. */
const Normal = namedNumbers("left", "sinceUs", "level", "spread");

type Context = DetectorContext<typeof changesMachine>;

export class ChangesDetector implements Detector<typeof changesMachine> {
  readonly fields: Fields;
  private readonly group: Group;
  private readonly priced: PricedSegments<Context>;
  private readonly normal: InstanceType<typeof Normal>;

  /** `settledRows`: rows before a change is declared; for those who compare lengths. */
  constructor(settings: Settings, group: Group, settledRows?: number) {
    this.group = group;
    this.normal = new Normal(group.n);
    const changed = (c: number, context: Context) => this.declareChange(c, context);
    this.priced = new PricedSegments(settings.changes, group, { changed }, settledRows);
    const { scalars, ...rest } = this.priced.fields;
    this.fields = { scalars, normal: this.normal.array, ...rest };
  }

  update(batch: Batch, context: Context): void {
    this.priced.update(batch, context);
  }

  /** Largest gain of a split in the last row over its price, in [0, 1]. */
  score(): number {
    const { price, segments } = this.priced;
    let most = 0;
    for (let c = 0; c < this.group.n; c++) most = Math.max(most, segments.gainOf(c));
    return price > 0 ? Math.min(1, most / price) : 0;
  }

  /** Time of the last declaration, µs; NaN before the first. */
  get declaredUs(): number {
    return this.priced.declaredUs;
  }

  /** When that change was, µs; NaN before the first. */
  get changedUs(): number {
    return this.priced.changedUs;
  }

  private declareChange(c: number, context: Context): void {
    const { group, priced } = this;
    const { found } = priced.segments;
    const normal = this.normal.at(c);
    const again = normal.left === 1 && found.rowsBefore < NORMAL_AFTER;
    if (!again) {
      normal.sinceUs = found.changedUs;
      normal.level = found.before;
      normal.spread = found.spread;
    }
    const back = again && Math.abs(found.after - normal.level) <= BACK_WITHIN * normal.spread;
    normal.left = back ? 0 : 1;
    const { name, title, unit } = group.channels[c]!;
    const aSecond = 1_000_000 / priced.rowUs;
    const jumped = found.after - found.slopeAfter * found.rowsAfter - found.before;
    const bent = (found.slopeAfter - found.slopeBefore) * found.rowsAfter;
    const change = {
      timeUs: priced.timeUs,
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
      price: found.price,
      sinceUs: normal.sinceUs,
    };
    context.signal(back ? { type: "returned", ...change } : { type: "declared", again, ...change });
  }
}
