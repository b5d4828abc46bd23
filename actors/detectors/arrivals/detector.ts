/**
 * Watches when the samples of a group come: channels that bring nothing while others do, and a clock that is set back.
 *
 *   rows ─► rows between the values of each channel ─► usual spacing and the longest one ─► silent ─► values again
 *
 * A1  Silence counts in rows of the group: what stops with the whole feed, in a gap, or before the start is no silence of a channel.
 * A2  A channel is judged by its own past, once LEARNT spacings of it are known: it is silent when it has missed SILENT_SPACINGS of its usual
 *     spacings and SILENT_LONGEST times its longest one, for at least SILENT_LEAST_US.
 * A3  One silence is one finding. It ends when BACK_VALUES have come without another silence between them. Where LEARNT values have come and it has not
 *     ended, the channel is slower than it was: that is accepted, and learnt anew.
 * A4  A silence that comes for the HABIT-th time, each within HABIT_WITHIN_US of the one before, is usual for the channel, as nights are for a market: one that is
 *     not much longer is then none. Silences teach nothing of usual spacings.
 * A5  A clock that was set back is said once, until times are later than all before them again.
 *
 * How sure a silence is: the spacings of a channel that brings values at random have exponential tails, so one exceeds x means with probability
 * e^−x, and the longest of N is about ln N means. Where tails are longer the longest one says so: the smaller of the two counts.
 *
 * Cost: some ns a channel and row.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { namedNumbers } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import { arrivalsMachine } from "./machine.ts";

export const arrivals = defineDetector({
  name: "arrivals",
  // It joined the table later (actors/ports/detector.ts).
  version: 4,
  machine: arrivalsMachine,
  // Of one channel nobody can say that others go on.
  enabled: (settings, group) => settings.arrivals.enabled && group.n > 1 && group.states !== true,
  createDetector: (_settings, group) => new ArrivalsDetector(group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Spacings of a channel before it is judged: their longest is then beyond all but one in a hundred. */
export const LEARNT = 128;
/** Usual spacings that a channel misses when it is silent: by chance it does that once in nine million spacings. */
export const SILENT_SPACINGS = 16;
/** The same in times of its longest spacing: bursts and quiet hours are usual for some channels. */
export const SILENT_LONGEST = 3;
/** Nobody acts on a shorter silence, however fast the rows are. */
export const SILENT_LEAST_US = 10_000_000;
/** Values after which a silence is over: one alone may be the last. */
export const BACK_VALUES = 3;
/** Silences after which so long a one is usual: by chance nothing happens three times. */
export const HABIT = 3;
/** What happens each week is a habit. */
export const HABIT_WITHIN_US = 8 * 86_400_000_000;
/** By so much a usual silence may be longer than those before: nights are not of equal length. */
const HABIT_SLACK = 1.5;
/** Spacings that the mean remembers, and those after which the longest counts e times less. */
const MEAN_OF = 256;
const LONGEST_OF = 4096;
/** Usual row spacings by which times must lie back, and the least time: samples of a row may come in any order. */
export const STEPPED_ROWS = 1.5;
export const STEPPED_LEAST_US = 1_000_000;

const Scalars = namedNumbers(
  /** The latest time of a sample; NaN before the first. */
  "headUs",
  /** Samples in a row that lie back, and the time of the first of them. */
  "back",
  "backUs",
  /** 1: a step was said, and times have not passed `headUs` since. */
  "isBehind",
);

type Context = DetectorContext<typeof arrivalsMachine>;

export class ArrivalsDetector implements Detector<typeof arrivalsMachine> {
  readonly fields: Fields;
  private readonly group: Group;
  private readonly spacing: RowSpacing;
  private readonly scalars = new Scalars();
  /** By channel: spacings seen, their mean and the longest, in rows. */
  private readonly seen: Float64Array;
  private readonly mean: Float64Array;
  private readonly longest: Float64Array;
  /** Rows since its last value: −1 while it has no value that a spacing could begin at. */
  private readonly missed: Float64Array;
  /** Time of its last value, before a silence if it is silent. */
  private readonly lastUs: Float64Array;
  /** 1: it is silent. Then the rows of the silence, all values in it, and those without another silence between them. */
  private readonly isSilent: Uint8Array;
  private readonly silence: Float64Array;
  private readonly values: Float64Array;
  private readonly came: Float64Array;
  /** Silences that may be a habit: how many, the longest in rows, and when the last one ended. */
  private readonly silences: Float64Array;
  private readonly habit: Float64Array;
  private readonly habitUs: Float64Array;

  constructor(group: Group) {
    const { n } = group;
    const numbers = () => new Float64Array(n);
    this.group = group;
    this.spacing = new RowSpacing(group.everyUs);
    this.seen = numbers();
    this.mean = numbers();
    this.longest = numbers();
    this.missed = numbers().fill(-1);
    this.lastUs = numbers();
    this.isSilent = new Uint8Array(n);
    this.silence = numbers();
    this.values = numbers();
    this.came = numbers();
    this.silences = numbers();
    this.habit = numbers();
    this.habitUs = numbers();
    this.scalars.headUs = Number.NaN;
    this.fields = {
      scalars: this.scalars.array,
      seen: this.seen,
      mean: this.mean,
      longest: this.longest,
      missed: this.missed,
      lastUs: this.lastUs,
      isSilent: this.isSilent,
      silence: this.silence,
      values: this.values,
      came: this.came,
      silences: this.silences,
      habit: this.habit,
      habitUs: this.habitUs,
      ...this.spacing.fields,
    };
  }

  update(batch: Batch, context: Context): void {
    const { n, sampling } = this.group;
    if (sampling === "rows") this.seeTimes(batch, context);
    for (let r = 0; r < batch.rows; r++) {
      const time = batch.rowTime[r]!;
      const isGap = batch.gap[r] === 1;
      this.spacing.see(time, isGap);
      const at = r * n;
      for (let c = 0; c < n; c++) {
        if (batch.rowFresh[at + c] === 1) this.value(c, time, isGap, context);
        else this.nothing(c, time, isGap, context);
      }
    }
  }

  private value(c: number, time: number, isGap: boolean, context: Context): void {
    const rows = this.missed[c]! + 1;
    this.missed[c] = 0;
    if (this.isSilent[c] === 1) {
      this.silence[c] = this.silence[c]! + 1;
      this.values[c] = this.values[c]! + 1;
      this.came[c] = this.came[c]! + 1;
      if (this.came[c]! >= BACK_VALUES) this.endSilence(c, time, context);
      else if (this.values[c]! >= LEARNT) this.acceptSlower(c, time, context);
      return;
    }
    const spanUs = time - this.lastUs[c]!;
    this.lastUs[c] = time;
    // Across a gap, and before the first value, nothing is known of the spacing.
    if (isGap || rows === 0) return;
    const isLong = this.seen[c]! >= LEARNT && rows > this.ordinary(c) && spanUs >= SILENT_LEAST_US;
    if (isLong) this.remember(c, rows, time);
    else this.learn(c, rows);
  }

  private nothing(c: number, time: number, isGap: boolean, context: Context): void {
    if (isGap) {
      // What it missed before the gap and what it misses after it are two things.
      if (this.isSilent[c] === 0) this.missed[c] = -1;
      return;
    }
    if (this.missed[c]! < 0) return;
    const missed = this.missed[c]! + 1;
    this.missed[c] = missed;
    if (this.isSilent[c] === 1) {
      this.silence[c] = this.silence[c]! + 1;
      if (missed > this.ordinary(c)) this.came[c] = 0;
      return;
    }
    if (this.seen[c]! < LEARNT || missed <= this.ordinary(c) || missed <= this.usualSilence(c, time)) return;
    if (time - this.lastUs[c]! < SILENT_LEAST_US) return;
    this.isSilent[c] = 1;
    this.silence[c] = missed;
    this.values[c] = 0;
    this.came[c] = 0;
    context.signal({ type: "silent", ...this.about(c, time, missed) });
  }

  /** Rows that a channel misses at most between two values. */
  private ordinary(c: number): number {
    return Math.max(SILENT_SPACINGS * this.mean[c]!, SILENT_LONGEST * this.longest[c]!);
  }

  /** Rows of a silence that is a habit; 0: it has none. */
  private usualSilence(c: number, time: number): number {
    const isHabit = this.silences[c]! >= HABIT && time - this.habitUs[c]! <= HABIT_WITHIN_US;
    return isHabit ? HABIT_SLACK * this.habit[c]! : 0;
  }

  private learn(c: number, rows: number): void {
    const seen = this.seen[c]! + 1;
    this.seen[c] = seen;
    this.mean[c] = this.mean[c]! + (rows - this.mean[c]!) / Math.min(seen, MEAN_OF);
    this.longest[c] = Math.max(rows, this.longest[c]! * (1 - 1 / LONGEST_OF));
  }

  /** A silence of so many rows is over. */
  private remember(c: number, rows: number, time: number): void {
    const isFirst = this.silences[c] === 0 || time - this.habitUs[c]! > HABIT_WITHIN_US;
    this.silences[c] = isFirst ? 1 : this.silences[c]! + 1;
    this.habit[c] = isFirst ? rows : Math.max(this.habit[c]!, rows);
    this.habitUs[c] = time;
  }

  private endSilence(c: number, time: number, context: Context): void {
    const rows = this.silence[c]! - BACK_VALUES;
    context.signal({ type: "returned", ...this.about(c, time, rows) });
    this.isSilent[c] = 0;
    this.lastUs[c] = time;
    this.remember(c, rows, time);
  }

  private acceptSlower(c: number, time: number, context: Context): void {
    const rows = this.silence[c]!;
    const nowEveryUs = Math.round((rows / this.values[c]!) * this.spacing.us);
    context.signal({ type: "slower", nowEveryUs, ...this.about(c, time, rows) });
    this.isSilent[c] = 0;
    this.lastUs[c] = time;
    this.seen[c] = 0;
    this.mean[c] = 0;
    this.longest[c] = 0;
  }

  private about(c: number, timeUs: number, missed: number) {
    const { name, title } = this.group.channels[c]!;
    const rowUs = this.spacing.us;
    const longest = this.longest[c]!;
    const byLongest = (ln(Math.min(this.seen[c]!, LONGEST_OF)) * missed) / longest;
    return {
      timeUs,
      channel: name,
      title: title === "" ? name : title,
      sinceUs: this.lastUs[c]!,
      everyUs: Math.round(this.mean[c]! * rowUs),
      longestUs: Math.round(longest * rowUs),
      missed,
      effect: missed / longest,
      evidence: Math.min(missed / this.mean[c]!, byLongest),
    };
  }

  /** A whole row whose times lie back says that the clock was set: of single samples feeds say so themselves. */
  private seeTimes({ frame: { time, count } }: Batch, context: Context): void {
    const { scalars } = this;
    const limitUs = Math.max(STEPPED_LEAST_US, STEPPED_ROWS * this.spacing.us);
    for (let k = 0; k < count; k++) {
      const t = time[k]!;
      // Also true for NaN: there was no sample yet.
      if (!(t <= scalars.headUs)) {
        scalars.headUs = t;
        scalars.back = 0;
        scalars.isBehind = 0;
      } else if (scalars.headUs - t <= limitUs) scalars.back = 0;
      else if (scalars.isBehind === 0) {
        if (scalars.back === 0) scalars.backUs = t;
        scalars.back = scalars.back + 1;
        if (scalars.back < this.group.n) continue;
        scalars.isBehind = 1;
        // The row that was due had the next time.
        const byUs = Math.round(scalars.headUs + this.spacing.us - scalars.backUs);
        context.signal({ type: "stepped", timeUs: context.now, byUs });
      }
    }
  }
}
