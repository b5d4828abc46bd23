/**
 * Which pairs of a group's channels are concurrent beyond chance, and when that begins and ceases; concurrence, negativity, block coherence
 * and monogamy of its published states.
 *
 *   rows    innovations ─► y (standard-rows.ts) ─► u of each pair ─► bets (pair-evidence.ts) ─► began, ceased
 *   states  ρ of the estimator, or of a feed that sends states ─► measures at the publish rate (measures.ts)
 *   whole states  |ρ_ij|, averaged ─► above a level: began ─► below half of it: ceased (pair-levels.ts)
 *
 * u = y_i(t) y_j(t) + (2i/π)(y_i(t−1) y_j(t) − y_i(t) y_j(t−1)): the first two terms of the cross-moment of the analytic signals of i and j,
 * of which ρ_ij is the mean. So u has a mean where ρ_ij has one, and is of rows that do not overlap, as ψ is not.
 *
 * Promise, of estimated states: at most `falseAlarmsPerDay` false announcements a day in a group, while the innovations of channels that
 * have nothing to do with each other have, given the past, means that are known and signs of their own, and while the others keep at least half of
 * what they have in common. Where rows of a pair remember the ones before, an announcement says that the promise is void. Each of the n(n−1)/2 pairs is announced at ln(A n(n−1)) nats, for each false begin has an end.
 *
 * The reading is `single-excitation`: concurrence is twice the normalised cross-moment of classical channels. No claim about quantum particles is
 * made, except where a feed sends states whose levels are sites that share one excitation.
 */
import atan2 from "@stdlib/math-base-special-atan2";
import ln from "@stdlib/math-base-special-ln";
import type { Input } from "../../../protocol/messages.ts";
import type { Settings } from "../../../protocol/settings.ts";
import type { Batch, Detector, DetectorContext, Fields, Group, GroupState } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { falseAlarmSamples, UNKNOWN_SPACING_US } from "../false-alarm-rate.ts";
import { PairEvidence } from "../pair-evidence.ts";
import { type PairChange, PairNews } from "../pair-news.ts";
import { pairOf, pairsOf } from "../pairs.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import { channelTitle } from "../watched-channels.ts";
import { entanglementMachine } from "./machine.ts";
import { EntanglementMeasures } from "./measures.ts";
import { PairLevels } from "./pair-levels.ts";
import { StandardRows, USUAL_SQUARE } from "./standard-rows.ts";

export const entanglement = defineDetector({
  name: "entanglement",
  version: 5,
  machine: entanglementMachine,
  enabled: (settings, group) => settings.entanglement.enabled && group.n >= 2,
  createDetector: (settings, group) => new EntanglementDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name, isDirect: group.states === true }),
});

/** Strong pairs are found by the fast mean, weak ones by the slow one. */
const MEMBERS = [
  { window: 32, rotates: false },
  { window: 256, rotates: false },
];
const SLOW = 1;
const QUADRATURE = 2 / Math.PI;
const BOUND = Math.sqrt(1 + 4 * QUADRATURE * QUADRATURE);
const VARIANCE = USUAL_SQUARE * USUAL_SQUARE;
/** Rows of a pair that remember more than this void the promise. */
const MOST_INFLATION = 1.2;
/** Rows between updates of the price, because the spacing of rows may drift. */
const PRICE_EVERY = 256;

const Scalars = namedNumbers("alarmAt", "known", "rows");

type Context = DetectorContext<typeof entanglementMachine>;

export class EntanglementDetector implements Detector<typeof entanglementMachine> {
  readonly fields: Fields;
  private readonly settings: Settings["entanglement"];
  private readonly group: Group;
  private readonly pairs: number;
  private readonly scalars = new Scalars();
  private readonly spacing: RowSpacing;
  private readonly evidence: PairEvidence;
  private readonly news: PairNews;
  private readonly rows: StandardRows;
  private readonly whole: PairLevels;
  private readonly u: Float64Array;
  private readonly mean = new Float64Array(2);
  private readonly measures: EntanglementMeasures;

  constructor(settings: Settings, group: Group) {
    const { n } = group;
    this.settings = settings.entanglement;
    this.group = group;
    this.pairs = pairsOf(n);
    const watched = group.states ? 0 : this.pairs;
    this.spacing = new RowSpacing(group.everyUs);
    this.evidence = new PairEvidence(watched, { members: MEMBERS, bound: BOUND, variance: VARIANCE });
    this.whole = new PairLevels(group.states ? n : 0);
    // Of whole states nothing has to be learnt.
    this.news = new PairNews(this.pairs, group.states ? 0 : this.settings.learnRows);
    this.rows = new StandardRows(n);
    this.u = new Float64Array(2 * watched);
    this.measures = new EntanglementMeasures(group, this.settings.split);
    this.fields = {
      scalars: this.scalars.array,
      ...this.spacing.fields,
      ...prefixed("evidence", this.evidence.fields),
      ...prefixed("news", this.news.fields),
      ...prefixed("rows", this.rows.fields),
      ...prefixed("whole", this.whole.fields),
    };
  }

  update(batch: Batch, context: Context): void {
    for (let r = 0; r < batch.rows; r++) {
      const time = batch.rowTime[r]!;
      const gap = batch.gap[r] === 1;
      this.spacing.see(time, gap);
      if (gap) this.rows.interrupt();
      else this.takeRow(batch, r, context);
    }
  }

  /** A whole state: the concurrences are exact, so that levels decide. */
  onInput(input: Input, context: Context): void {
    if (input.type !== "densityMatrix" && input.type !== "stateVector") return;
    const { whole } = this;
    whole.update(input);
    const changes = this.news.after(whole, input.timeUs, 0);
    if (changes === null) return;
    for (const { pair, isOn, more } of changes)
      context.signal({
        type: isOn ? "began" : "ceased",
        timeUs: input.timeUs,
        ...this.named(pair),
        ...EXACT,
        strength: Math.min(1, whole.concurrenceOf(pair)),
        more,
      });
  }

  /** `entanglement.*` of a state of the group, estimated or direct. */
  addMeasures(measures: Record<string, number>, state: GroupState): void {
    this.measures.add(measures, state);
  }

  private takeRow(batch: Batch, r: number, context: Context): void {
    const { scalars, evidence, settings } = this;
    this.rows.take(batch.rowInnovation, batch.rowFresh, r * this.group.n);
    this.crossMoments();
    if (scalars.rows % PRICE_EVERY === 0) {
      const spacing = this.spacing.us || UNKNOWN_SPACING_US;
      scalars.alarmAt = 2 * falseAlarmSamples(settings, spacing) * this.pairs;
    }
    scalars.rows = scalars.rows + 1;
    evidence.update(this.u, scalars.alarmAt);
    if (scalars.known === 0 && evidence.steps >= settings.learnRows)
      this.tellUsual(batch.rowTime[r]!, context);
    const changes = this.news.after(evidence, batch.rowTime[r]!, this.spacing.us);
    if (changes !== null) for (const change of changes) this.tell(change, batch.rowTime[r]!, context);
  }

  private crossMoments(): void {
    const { y, before } = this.rows;
    const { u } = this;
    for (let i = 1, k = 0; i < y.length; i++) {
      const own = y[i]!;
      const ownBefore = before[i]!;
      for (let j = 0; j < i; j++, k++) {
        const other = y[j]!;
        u[2 * k] = own * other;
        // Of a row in which one of the two is not known nothing is.
        u[2 * k + 1] = own === 0 || other === 0 ? 0 : QUADRATURE * (ownBefore * other - own * before[j]!);
      }
    }
  }

  private tellUsual(timeUs: number, context: Context): void {
    this.scalars.known = 1;
    let found = 0;
    for (let k = 0; k < this.pairs; k++) if (this.evidence.isOn(k)) found++;
    context.signal({ type: "known", timeUs, found, pairs: this.pairs });
  }

  private tell(change: PairChange, timeUs: number, context: Context): void {
    const { pair, isOn, isUsual, evidence, sinceUs, more } = change;
    const { mean, rows, pairs } = this;
    const [i, j] = pairOf(pair);
    this.evidence.meanOf(pair, this.evidence.leaderOf(pair), mean);
    const degrees = (180 / Math.PI) * atan2(mean[1]!, mean[0]!);
    this.evidence.meanOf(pair, SLOW, mean);
    const size =
      Math.sqrt(mean[0]! * mean[0]! + mean[1]! * mean[1]!) / Math.sqrt(rows.squareOf(i) * rows.squareOf(j));
    context.signal({
      type: isOn ? "began" : "ceased",
      timeUs,
      ...this.named(pair),
      strength: Math.min(1, size),
      degrees,
      more,
      isUsual,
      evidence: Math.max(0, evidence - ln(2 * pairs)),
      price: ln(this.scalars.alarmAt),
      guarantee: rows.inflation(i, j) > MOST_INFLATION ? "void" : "holds",
      sinceUs,
    });
  }

  /** The channel that a phase above 0 says leads stands first. */
  private named(pair: number) {
    const [first, second] = pairOf(pair).map((column) => channelTitle(this.group, column));
    return {
      first: first!.channel,
      second: second!.channel,
      firstTitle: first!.title,
      secondTitle: second!.title,
    };
  }
}

/** Of whole states nothing is estimated. */
const EXACT = {
  degrees: 0,
  isUsual: false,
  evidence: 0,
  price: 0,
  guarantee: "holds",
  sinceUs: 0,
} as const;
