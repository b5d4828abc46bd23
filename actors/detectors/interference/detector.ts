/**
 * Whether two channels interfere: the phase between their oscillations keeps still, or turns at a steady rate (a beat), and how visible that is.
 *
 *   innovations ─► resonator of each channel (kernels/resonator.ts) ─► z, sampled every 3/γ ─► w = z/|z| ─► u = w_i w_j* ─► bets
 *                                                                                       (pair-evidence.ts) ─► stable, washed out
 *   states  ρ ─► visibility, which-way knowledge and phase of each pair, share of interference ─► measures at the publish rate
 *
 * u lies on the unit circle; its mean of the past has length R̄. Its mean is 0 while the phase of one channel is uniform given the past. Samples 3/γ
 * apart have a correlation of 0.2, so that products of independent ones have 0.04. Bets on a û that turns find beats.
 *
 * Promise: at most `falseAlarmsPerDay` false announcements a day in a group, while phases of channels that have nothing to do with each other are
 * uniform given the past, and the others keep at least half of their R̄. Each of P pairs is announced at ln(2 A P) nats, for each false begin has an end.
 *
 * A coherence time is not given: the memory of an estimate imposes it.
 */
import atan2 from "@stdlib/math-base-special-atan2";
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";
import { float32Column } from "../../../protocol/columns.ts";
import type { Settings } from "../../../protocol/settings.ts";
import { EwmaMoments } from "../../kernels/ewma.ts";
import { fringeVisibility, phase, whichWay } from "../../kernels/pair.ts";
import { Resonators } from "../../kernels/resonator.ts";
import type { Batch, Detector, DetectorContext, Fields, Group, GroupState } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { falseAlarmSamples, UNKNOWN_SPACING_US } from "../false-alarm-rate.ts";
import { PairEvidence } from "../pair-evidence.ts";
import { type PairChange, PairNews } from "../pair-news.ts";
import { pairOf, pairsOf } from "../pairs.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import { channelTitle, measuredPair } from "../watched-channels.ts";
import { interferenceMachine } from "./machine.ts";

export const interference = defineDetector({
  name: "interference",
  version: 5,
  machine: interferenceMachine,
  enabled: (settings, group) =>
    settings.interference.enabled && watchedPairs(settings.interference.pairs, group).length > 0,
  createDetector: (settings, group) => new InterferenceDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Channels whose pairs are watched where none is named, and the pairs of as many. */
const USUAL_CHANNELS = 8;
const MOST_PAIRS = pairsOf(USUAL_CHANNELS);
/** Pairs that have measures of their own, the first ones. */
const MOST_MEASURED = 8;
/** Period where none is set, rows. */
const USUAL_PERIOD = 8;
/** ω₀/γ of the resonators, and the time between samples in 1/γ. */
const QUALITY = 4;
const CADENCE = 3;
/** Rows that the mean of innovations remembers. */
const MEAN_ROWS = 1024;
/** Samples in which is learnt what is usual. */
const LEARN_SAMPLES = 256;
/** Short and long for still phases, and one for phases that turn. */
const MEMBERS = [
  { window: 16, rotates: false },
  { window: 64, rotates: false },
  { window: 32, rotates: true },
];
const SHORT = 0;
const STILL = 1;
const TURNING = 2;
/** A unit vector has the variance ½ along a direction. */
const VARIANCE = 0.5;
const MICROSECONDS = 1e6;
const TWO_PI = 2 * Math.PI;

const Scalars = namedNumbers("nextUs", "sampledUs", "rows", "samples", "alarmAt");

type Context = DetectorContext<typeof interferenceMachine>;

export class InterferenceDetector implements Detector<typeof interferenceMachine> {
  readonly fields: Fields;
  private readonly settings: Settings["interference"];
  private readonly group: Group;
  private readonly watched: readonly (readonly [i: number, j: number])[];
  /** Channels of the watched pairs: places in a row. */
  private readonly columns: readonly number[];
  /** The pairs as places among `columns`. */
  private readonly places: readonly (readonly [i: number, j: number])[];
  private readonly scalars = new Scalars();
  private readonly spacing: RowSpacing;
  /** Innovations with a mean would give all channels the same phase, that of the mean. */
  private readonly means: EwmaMoments;
  private readonly resonators: Resonators;
  private readonly cadenceUs: number;
  private readonly evidence: PairEvidence;
  private readonly news: PairNews;
  private readonly zRe: Float64Array;
  private readonly zIm: Float64Array;
  private readonly u: Float64Array;
  private readonly mean = new Float64Array(2);

  constructor(settings: Settings, group: Group) {
    const { periodSeconds, pairs } = settings.interference;
    this.settings = settings.interference;
    this.group = group;
    this.watched = watchedPairs(pairs, group);
    this.columns = [...new Set(this.watched.flat())].sort((a, b) => a - b);
    this.places = this.watched.map(([i, j]) => [this.columns.indexOf(i), this.columns.indexOf(j)] as const);
    // Without a period, time is counted in rows: one is a second to the resonators.
    const omega = TWO_PI / (periodSeconds || USUAL_PERIOD);
    this.spacing = new RowSpacing(group.everyUs);
    this.means = new EwmaMoments(this.columns.length, 1 / MEAN_ROWS);
    this.resonators = new Resonators(this.columns.length, omega, omega / QUALITY);
    this.cadenceUs = Math.round((MICROSECONDS * CADENCE * QUALITY) / omega);
    this.evidence = new PairEvidence(this.watched.length, { members: MEMBERS, bound: 1, variance: VARIANCE });
    this.news = new PairNews(this.watched.length, LEARN_SAMPLES);
    this.zRe = new Float64Array(this.columns.length);
    this.zIm = new Float64Array(this.columns.length);
    this.u = new Float64Array(2 * this.watched.length);
    this.fields = {
      scalars: this.scalars.array,
      ...this.spacing.fields,
      ...prefixed("means", this.means.fields),
      ...prefixed("resonators", this.resonators.fields),
      ...prefixed("evidence", this.evidence.fields),
      ...prefixed("news", this.news.fields),
    };
  }

  update(batch: Batch, context: Context): void {
    const { scalars, resonators, means, columns, settings } = this;
    const { n } = this.group;
    for (let r = 0; r < batch.rows; r++) {
      const time = batch.rowTime[r]!;
      const gap = batch.gap[r] === 1;
      this.spacing.see(time, gap);
      scalars.rows = scalars.rows + 1;
      const inRows = settings.periodSeconds === 0;
      // Real time has its gaps in it, and resonators begin anew after them.
      if (gap && inRows) resonators.reset();
      const at = inRows ? scalars.rows * MICROSECONDS : time;
      for (let c = 0; c < columns.length; c++) {
        // 0: the channel is silent or stands still, and no oscillation of it may ring on for ever.
        const innovation = batch.rowInnovation[r * n + columns[c]!]!;
        if (innovation === 0 || Number.isNaN(innovation)) continue;
        resonators.tick(c, at, innovation - means.mean[c]!);
        means.update(c, innovation);
      }
      if (at < scalars.nextUs) continue;
      // Of the last sample: `nextUs` would be far behind after a gap.
      scalars.nextUs = at + this.cadenceUs;
      this.sample(at, time, context);
    }
  }

  /** `interference.*`: of all pairs of the state, then of the first watched ones. */
  addMeasures(measures: Record<string, number>, state: GroupState): void {
    const { n } = this.group;
    const re = Float64Array.from(float32Column(state.re));
    const im = Float64Array.from(float32Column(state.im));
    const put = (name: string, value: number) => {
      measures[`interference.${name}`] = value;
    };
    // Of equal weights: 2 Re Σ_{i<j} ρ_ij / Σ ρ_ii; above 0 the channels add up, below they cancel.
    let crossed = 0;
    for (let i = 1; i < n; i++) for (let j = 0; j < i; j++) crossed += 2 * re[i * n + j]!;
    put("share", crossed);
    let stable = 0;
    for (let k = 0; k < this.watched.length; k++) if (this.evidence.isOn(k)) stable++;
    put("stablePairs", stable);
    for (let k = 0; k < Math.min(MOST_MEASURED, this.watched.length); k++) {
      const [i, j] = this.watched[k]!;
      const of = measuredPair(this.group, i, j, "interference.visibility");
      put(`visibility.${of}`, fringeVisibility(n, re, im, i, j));
      put(`whichWay.${of}`, whichWay(n, re, i, j));
      put(`phase.${of}`, phase(n, re, im, i, j));
      const { stability, rayleigh, beatHz } = this.motion(k);
      put(`stability.${of}`, stability);
      put(`rayleigh.${of}`, rayleigh);
      put(`beatHz.${of}`, beatHz);
    }
  }

  private sample(at: number, time: number, context: Context): void {
    const { scalars, resonators, evidence, zRe, zIm, u, places } = this;
    resonators.read(at, zRe, zIm);
    scalars.sampledUs = time;
    for (let k = 0; k < places.length; k++) {
      const [i, j] = places[k]!;
      const size = Math.sqrt(
        (zRe[i]! * zRe[i]! + zIm[i]! * zIm[i]!) * (zRe[j]! * zRe[j]! + zIm[j]! * zIm[j]!),
      );
      u[2 * k] = size > 0 ? (zRe[i]! * zRe[j]! + zIm[i]! * zIm[j]!) / size : 0;
      u[2 * k + 1] = size > 0 ? (zIm[i]! * zRe[j]! - zRe[i]! * zIm[j]!) / size : 0;
    }
    const stepUs = this.stepUs();
    scalars.alarmAt = 2 * falseAlarmSamples(this.settings, stepUs) * places.length;
    evidence.update(u, scalars.alarmAt);
    const changes = this.news.after(evidence, time, stepUs);
    if (changes !== null) for (const change of changes) this.tell(change, time, context);
  }

  /** Usual time between samples, µs: whole rows. */
  private stepUs(): number {
    const rowUs = this.spacing.us || UNKNOWN_SPACING_US;
    const inResonators = this.settings.periodSeconds > 0 ? rowUs : MICROSECONDS;
    return Math.ceil(this.cadenceUs / inResonators) * rowUs;
  }

  private tell(change: PairChange, timeUs: number, context: Context): void {
    const { pair, isOn, isUsual, evidence, sinceUs, more } = change;
    const [i, j] = this.watched[pair]!;
    const [first, second] = [channelTitle(this.group, i), channelTitle(this.group, j)];
    const { stability, rayleigh, beatHz, degrees } = this.motion(pair);
    context.signal({
      type: isOn ? "stable" : "washedOut",
      timeUs,
      first: first.channel,
      second: second.channel,
      firstTitle: first.title,
      secondTitle: second.title,
      strength: stability,
      degrees,
      rayleigh,
      beatHz,
      more,
      isUsual,
      evidence: Math.max(0, evidence - ln(2 * this.watched.length)),
      price: ln(this.scalars.alarmAt),
      guarantee: "holds",
      sinceUs,
    });
  }

  /**
   * How the phase of a pair moves: R̄ of the last samples, Rayleigh's p ≈ exp(−N R̄²) of as many independent ones, the beat in Hz (above 0: the first
   * channel oscillates faster; 0 for a phase that keeps still), and the mean phase of one that does.
   */
  private motion(k: number): { stability: number; rayleigh: number; beatHz: number; degrees: number } {
    const { evidence, mean } = this;
    evidence.meanOf(k, STILL, mean);
    const still = Math.sqrt(mean[0]! * mean[0]! + mean[1]! * mean[1]!);
    // Shortly after a change the long mean is of what was before as well.
    evidence.meanOf(k, SHORT, mean);
    const degrees = (360 / TWO_PI) * atan2(mean[1]!, mean[0]!);
    evidence.meanOf(k, TURNING, mean);
    const turning = Math.sqrt(mean[0]! * mean[0]! + mean[1]! * mean[1]!);
    evidence.turnOf(k, TURNING, mean);
    const advance = atan2(mean[1]!, mean[0]!);
    // A slower turn is that of a phase that wanders.
    const isTurning = turning > still && Math.abs(advance) * MEMBERS[TURNING]!.window > 1;
    const stability = Math.min(1, isTurning ? turning : still);
    const samples = Math.min(evidence.steps, 2 * MEMBERS[isTurning ? TURNING : STILL]!.window - 1);
    return {
      stability,
      rayleigh: exp(-samples * stability * stability),
      beatHz: isTurning ? (advance / TWO_PI / this.stepUs()) * MICROSECONDS : 0,
      degrees,
    };
  }
}

/** The pairs that are named, each once, in that order and with the first name first; else all of the first channels. */
export function watchedPairs(
  named: string,
  { channels, n }: Pick<Group, "channels" | "n">,
): [i: number, j: number][] {
  if (named.trim() === "")
    return Array.from({ length: pairsOf(Math.min(n, USUAL_CHANNELS)) }, (_, k) => pairOf(k));
  const place = (name = "") => channels.findIndex((channel) => channel.name === name.trim());
  return named
    .split(",")
    .map((pair) => pair.split("~"))
    .map(([first, second]): [number, number] => [place(first), place(second)])
    .filter(([i, j]) => i >= 0 && j >= 0 && i !== j)
    .filter(([i, j], at, all) => at === all.findIndex((pair) => pair.includes(i) && pair.includes(j)))
    .slice(0, MOST_PAIRS);
}
