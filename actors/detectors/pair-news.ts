/**
 * Which changes of pairs are worth an announcement.
 *
 *   a pair is switched ─► within LOOK_STEPS of the last announcement it waits ─► the strongest MOST_TOLD are told, the others counted
 *
 * What shows within the first `learnSteps` in which a pair is known, or began in them, is usual and not told. A change away from what is usual opens a finding, the
 * way back ends it. Pairs that were only counted are only counted when they change back.
 */
import type { Fields } from "../ports/detector.ts";
import { namedNumbers } from "./registered-numbers.ts";

/** Who switches pairs: bets on them (pair-evidence.ts), or their exact size (entanglement/pair-levels.ts). */
export interface PairSwitches {
  readonly steps: number;
  /** Pairs that the last step switched, `changes` of them, each with ln M, or what ranks it, and the step after which that rose. */
  readonly changes: number;
  readonly changed: Uint32Array;
  readonly evidence: Float64Array;
  readonly rose: Float64Array;
  isOn(pair: number): boolean;
  /** Steps in which something was known of it. */
  knownOf(pair: number): number;
}

/** Steps between announcements: what changes at once shows within some tens of steps. */
const LOOK_STEPS = 64;
const MOST_TOLD = 3;

const Told = namedNumbers(
  /** Whether it was on when last told or counted, whether it is so usually, and whether it was only counted. */
  "on",
  "usual",
  "counted",
  /** Of its last change: ln M, the time of it, and the step after which its evidence rose. */
  "evidence",
  "timeUs",
  "calm",
);
const Scalars = namedNumbers("waiting", "nextLook");

export interface PairChange {
  readonly pair: number;
  readonly isOn: boolean;
  /** Whether it is now as it was while learning. */
  readonly isUsual: boolean;
  /** ln M. */
  readonly evidence: number;
  readonly sinceUs: number;
  /** Pairs that changed as well and are not told. */
  readonly more: number;
}

export class PairNews {
  readonly fields: Fields;
  private readonly told: InstanceType<typeof Told>;
  private readonly scalars = new Scalars();
  private readonly pairs: number;
  private readonly learnSteps: number;

  constructor(pairs: number, learnSteps: number) {
    this.pairs = pairs;
    this.learnSteps = learnSteps;
    this.told = new Told(pairs);
    this.fields = { told: this.told.array, scalars: this.scalars.array };
  }

  /** After each step, at `timeUs`, with steps of `stepUs`: the changes to announce, or null. */
  after(evidence: PairSwitches, timeUs: number, stepUs: number): readonly PairChange[] | null {
    const { scalars } = this;
    for (let c = 0; c < evidence.changes; c++) this.take(evidence, c, timeUs);
    if (scalars.waiting === 0 || evidence.steps < scalars.nextLook) return null;
    scalars.waiting = 0;
    const changes = this.look(evidence, stepUs);
    if (changes.length > 0) scalars.nextLook = evidence.steps + LOOK_STEPS;
    return changes.length > 0 ? changes : null;
  }

  private take(evidence: PairSwitches, c: number, timeUs: number): void {
    const k = evidence.changed[c]!;
    const told = this.told.at(k);
    const isOn = evidence.isOn(k);
    const calm = evidence.steps - evidence.rose[c]!;
    const known = evidence.knownOf(k);
    const isLearnt = known <= this.learnSteps || (isOn && known - calm < this.learnSteps);
    told.evidence = evidence.evidence[c]!;
    told.timeUs = timeUs;
    told.calm = calm;
    if (isLearnt) {
      told.on = isOn ? 1 : 0;
      told.usual = told.on;
    } else this.scalars.waiting = 1;
  }

  private look(evidence: PairSwitches, stepUs: number): PairChange[] {
    const changed: number[] = [];
    let more = 0;
    for (let k = 0; k < this.pairs; k++) {
      const told = this.told.at(k);
      const on = evidence.isOn(k) ? 1 : 0;
      if (told.on === on) continue;
      told.on = on;
      if (told.counted === 0) changed.push(k);
      else more++;
      told.counted = 0;
    }
    changed.sort((a, b) => this.told.at(b).evidence - this.told.at(a).evidence || a - b);
    for (const k of changed.slice(MOST_TOLD)) this.told.at(k).counted = 1;
    more += Math.max(0, changed.length - MOST_TOLD);
    return changed.slice(0, MOST_TOLD).map((pair) => {
      const { on, usual, evidence: nats, timeUs, calm } = this.told.at(pair);
      const sinceUs = timeUs - calm * stepUs;
      return { pair, isOn: on === 1, isUsual: on === usual, evidence: nats, sinceUs, more };
    });
  }
}
