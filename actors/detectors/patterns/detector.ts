/**
 * Shapes that channels draw: step, rise, peak, double top, head and shoulders, channel, triangle, each also upside down, and spikes and dips.
 *
 *   rows ─► means over `averageUs` ─► every row, each 4th, 16th and 64th ─► the last 32 points ─► likest shape ─► redrawn paths (redrawn.ts) ─► found
 *                                                                     └─► local extremes ─► their sizes (spikes.ts) ─► spiked
 *
 * P1  A shape is found when none of the redrawn paths is as alike. With a look at each of its points, at most
 *     1 − confidence of the paths of a length hold one by chance, while steps are exchangeable. The test has room: half of that is for spikes, and
 *     both together keep to it.
 * P2  After a find a path's length passes before the next, after a test without one a few points.
 * P3  It says what was drawn, and nothing of what comes.
 *
 * Points are values, not means over their rows: sums of exchangeable steps have exchangeable steps.
 *
 * Cost: 3 to 8 µs a channel and judged row, with a test of up to a millisecond when a path looks like a shape.
 */
import expm1 from "@stdlib/math-base-special-expm1";
import type { Settings } from "../../../protocol/settings.ts";
import { MATCH, MATCH_WIDTH, matchShape, SHAPE_POINTS, SHAPES } from "../../kernels/shapes.ts";
import type { Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { UNKNOWN_SPACING_US } from "../false-alarm-rate.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import { MeanRows } from "../rows/mean-rows.ts";
import { channelTitle } from "../watched-channels.ts";
import { patternsMachine } from "./machine.ts";
import { PAST_POINTS, Redrawn } from "./redrawn.ts";
import { SPIKE, Spikes } from "./spikes.ts";

export const patterns = defineDetector({
  name: "patterns",
  // It joined the table later (actors/ports/detector.ts).
  version: 5,
  machine: patternsMachine,
  enabled: (settings, group) => settings.patterns.enabled && group.states !== true,
  createDetector: (settings, group) => new PatternsDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Lengths of paths: a point each 4^k rows. */
const LENGTHS = 4;
const KEPT = PAST_POINTS + SHAPE_POINTS;
/** A path that is less alike is not tested: one random walk in a thousand has so much of one shape. */
const LIKELY = 0.5;
/** Looks at each path: one a point. */
const LOOKS = SHAPE_POINTS;
/** Local extremes of each path: of exchangeable values two of three are one. */
const EXTREMES = (2 / 3) * SHAPE_POINTS;
/** Points after a test that found nothing. */
const REST = 2;
/** Judged rows, and shapes found; of each channel and length: points since the last gap, and those to be passed over after a find, and after a test. */
const Rows = namedNumbers("judged", "found");
const Counts = namedNumbers("points", "quiet", "rest");

type Context = DetectorContext<typeof patternsMachine>;

export class PatternsDetector implements Detector<typeof patternsMachine> {
  readonly fields: Fields;
  private readonly group: Group;
  private readonly averageUs: number;
  private readonly draws: number;
  private readonly spacing: RowSpacing;
  private readonly means: MeanRows;
  private readonly rows = new Rows();
  private readonly counts: InstanceType<typeof Counts>;
  /** The last KEPT points of each channel and length, a ring. */
  private readonly points: Float64Array;
  private readonly redrawn = new Redrawn();
  private readonly spikes: Spikes;
  private readonly match = new Float64Array(MATCH_WIDTH);
  /** Time of the row, µs. An element of an array is not boxed. */
  private readonly rowTime = new Float64Array(1);

  constructor({ patterns: { averageUs, confidence } }: Settings, group: Group) {
    const { n } = group;
    this.group = group;
    this.averageUs = averageUs;
    this.draws = Math.ceil(LOOKS / (1 - confidence)) - 1;
    this.spacing = new RowSpacing(group.everyUs);
    this.means = new MeanRows(new Uint8Array(n).fill(1));
    this.counts = new Counts(n * LENGTHS);
    this.points = new Float64Array(n * LENGTHS * KEPT);
    this.spikes = new Spikes(n * LENGTHS, this.points, KEPT, (1 - confidence) / (2 * EXTREMES));
    this.fields = {
      rows: this.rows.array,
      counts: this.counts.array,
      points: this.points,
      ...prefixed("spikes", this.spikes.fields),
      ...prefixed("means", this.means.fields),
      ...this.spacing.fields,
    };
  }

  update(batch: Batch, context: Context): void {
    const { means, spacing, averageUs } = this;
    for (let r = 0; r < batch.rows; r++) {
      const time = batch.rowTime[r]!;
      spacing.see(time, batch.gap[r] === 1);
      if (batch.gap[r] === 1) {
        means.begin();
        this.counts.array.fill(0);
      }
      this.rowTime[0] = time;
      if (means.add(batch, r, spacing.us, averageUs)) this.judge(context);
    }
  }

  /** Shapes found since the detector began. */
  addMeasures(measures: Record<string, number>): void {
    measures["patterns.found"] = this.rows.found;
  }

  private judge(context: Context): void {
    const { rows, means } = this;
    rows.judged = rows.judged + 1;
    for (let length = 0, every = 1; length < LENGTHS; length++, every *= 4) {
      if (rows.judged % every !== 0) break;
      for (let c = 0; c < this.group.n; c++) if (means.counts[c] !== 0) this.see(c, length, context);
    }
    means.begin();
  }

  /** The mean of channel c is the next point of its path of this length. */
  private see(c: number, length: number, context: Context): void {
    const { redrawn, match } = this;
    const place = c * LENGTHS + length;
    const count = this.counts.at(place);
    this.means.writeMean(c, this.points, place * KEPT + (count.points % KEPT));
    count.points = count.points + 1;
    if (count.quiet > 0) count.quiet = count.quiet - 1;
    if (count.rest > 0) count.rest = count.rest - 1;
    if (this.spikes.see(place, count.points) && count.quiet === 0) {
      this.spiked(c, length, context);
      return;
    }
    if (count.quiet > 0 || count.rest > 0 || count.points < KEPT) return;
    this.copy(place, PAST_POINTS, KEPT);
    matchShape(redrawn.values, PAST_POINTS, match);
    if (match[MATCH.likeness]! < LIKELY) return;
    count.rest = REST;
    this.test(c, length, context);
  }

  private spiked(c: number, length: number, context: Context): void {
    const { spike } = this.spikes;
    context.signal({
      type: "spiked",
      ...this.find(c, length, 2),
      shape: spike[SPIKE.sign]! > 0 ? "spike" : "dip",
      ratio: spike[SPIKE.ratio]!,
      among: spike[SPIKE.among]!,
      confidence: -100 * expm1(spike[SPIKE.lnChance]!),
    });
  }

  /** Whether the path that `match` is about is no chance. */
  private test(c: number, length: number, context: Context): void {
    const { redrawn, match, draws } = this;
    this.copy(c * LENGTHS + length, 0, PAST_POINTS);
    if (!redrawn.isLikest(match[MATCH.likeness]!, draws, () => context.random())) return;
    const correlation = match[MATCH.correlation]!;
    context.signal({
      type: "found",
      ...this.find(c, length, SHAPE_POINTS - 1),
      shape: SHAPES[match[MATCH.shape]!]!.names[correlation > 0 ? 0 : 1]!,
      correlation,
      confidence: 100 * (1 - 1 / (draws + 1)),
    });
  }

  /** Counts a find that reaches `steps` points back: when and where it is. */
  private find(c: number, length: number, steps: number) {
    const { rows, rowTime, counts, spacing, averageUs } = this;
    counts.at(c * LENGTHS + length).quiet = SHAPE_POINTS;
    rows.found = rows.found + 1;
    const judged = steps * (1 << (2 * length));
    const timeUs = rowTime[0]!;
    return {
      timeUs,
      ...channelTitle(this.group, c),
      fromUs: timeUs - judged * Math.max(spacing.us || UNKNOWN_SPACING_US, averageUs),
      rows: judged,
    };
  }

  /** Points `from` to `until`, counted from the oldest one, to the same places of `redrawn.values`. */
  private copy(place: number, from: number, until: number): void {
    const { points, redrawn } = this;
    const first = place * KEPT;
    // The oldest point lies where the next one will.
    let at = (this.counts.at(place).points + from) % KEPT;
    for (let k = from; k < until; k++) {
      redrawn.values[k] = points[first + at]!;
      at = at + 1 === KEPT ? 0 : at + 1;
    }
  }
}
