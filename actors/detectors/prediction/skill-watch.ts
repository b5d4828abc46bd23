/**
 * Whether forecasts are better than what they have to beat, said at a promised rate.
 *
 *   d = loss of a rival − loss of the forecast ─► bets that d is above 0 on average, against each of two rivals ─► both ≥ price: gained
 *                                                 mean d of now far below the usual one, or DM of the last targets above WEAK_ABOVE ─► lost
 *
 * While a forecast is expected to be no better than one of its rivals, each bet against that one is fair at best: M ≥ A comes no sooner than
 * after A targets on average, whenever one looks. A Diebold–Mariano statistic may not be looked at after each target, so it announces nothing
 * gained; that skill has gone is said without a rate.
 */
import { lnAt } from "../../kernels/elementary.ts";
import type { Fields } from "../../ports/detector.ts";
import { EMixture } from "../e-mixture.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";

export const RIVALS = 2;
/** Shares of what is held that bets risk. */
const STAKES = [1 / 64, 1 / 16, 1 / 4, 0.95] as const;
const WEIGHTS = new Float64Array(STAKES.length).fill(1 / STAKES.length);
/** Targets in the memories of the mean d of now and of the usual one, where d is nearly independent from target to target. */
const NOW = 200;
const USUAL = 2048;
/** Skill is lost where d of now is below this share of the usual one, by so many standard errors. */
const LEAST_SHARE = 1 / 3;
const ERRORS = 3;
/** M of a thing that is announced: there are three or more, each with a promise of at least one target. */
const LEAST_EVIDENCE = 3;
/** Or where the statistic of all that is remembered has been so high for DWELL targets. */
const WEAK_ABOVE = -1;
const DWELL = 100;

const Now = namedNumbers("dm", "timeUs", "price");
/** Place of `dm` in the array of `now`. */
export const DM = 0;
const Subjects = namedNumbers("isGained", "sinceUs", "weak", "seen", "now", "usual", "square");

export class SkillWatch {
  readonly fields: Fields;
  /** When the skill began that was gained or lost last, µs; and the evidence for it, nats. */
  sinceUs = 0;
  evidence = 0;
  /** Of the target to judge: DM against the better rival (NaN: not known), its time, µs, and what an announcement needs, nats. */
  readonly now = new Now();
  private readonly areIndependent: boolean;
  private readonly subjects: InstanceType<typeof Subjects>;
  private readonly mixtures: readonly EMixture[];
  private readonly e = new Float64Array(STAKES.length);

  /** `areIndependent`: whether the last NOW targets are as many; otherwise the statistic alone says that skill has gone. */
  constructor(subjects: number, areIndependent = true) {
    this.areIndependent = areIndependent;
    this.subjects = new Subjects(subjects);
    const { mixtures, fields } = EMixture.several(RIVALS * subjects, WEIGHTS, "cusum");
    this.mixtures = mixtures;
    this.fields = { subjects: this.subjects.array, ...prefixed("bets", fields) };
  }

  isGained(i: number): boolean {
    return this.subjects.at(i).isGained === 1;
  }

  /**
   * Takes d of subject i against each of its rivals, in units of the largest loss; `better`: the rival, 0 or 1, that is better on the whole.
   * "gained", "lost", or "" for neither. `now` is set before.
   */
  judge(i: number, d: Float64Array, better: number): "gained" | "lost" | "" {
    const { mixtures } = this;
    const { now, e } = this;
    const of = this.subjects.at(i);
    this.follow(i, d, better);
    for (let k = 0; k < RIVALS; k++) this.bet(RIVALS * i + k, d, k);
    // ln M of the worse one, a number that is not boxed.
    e[0] = Math.min(mixtures[RIVALS * i]!.evidence, mixtures[RIVALS * i + 1]!.evidence);
    const isLittle = e[0] < LEAST_EVIDENCE;
    if (isLittle && of.isGained === 0) return "";
    lnAt(e, 0);
    if (of.isGained === 0) {
      if (!(e[0] >= now.price)) return "";
      of.isGained = 1;
      of.sinceUs = now.timeUs;
      of.weak = 0;
    } else {
      of.weak = now.dm > WEAK_ABOVE ? of.weak + 1 : 0;
      if (of.weak < DWELL && !(this.areIndependent && this.hasFallen(i))) return "";
      of.isGained = 0;
      for (let k = 0; k < RIVALS; k++) mixtures[RIVALS * i + k]!.reset();
    }
    this.sinceUs = of.sinceUs;
    this.evidence = e[0];
    return of.isGained === 1 ? "gained" : "lost";
  }

  private follow(i: number, ds: Float64Array, better: number): void {
    const of = this.subjects.at(i);
    const d = ds[better]!;
    of.seen = of.seen + 1;
    of.now = of.now + Math.max(1 / of.seen, 1 / NOW) * (d - of.now);
    const weight = Math.max(1 / of.seen, 1 / USUAL);
    of.usual = of.usual + weight * (d - of.usual);
    of.square = of.square + weight * (d * d - of.square);
  }

  private hasFallen(i: number): boolean {
    const { now, usual, square } = this.subjects.at(i);
    const error = Math.sqrt(Math.max(0, square - usual * usual) / (2 * NOW));
    return now < LEAST_SHARE * usual && usual - now > ERRORS * error;
  }

  /** Bets on d = ds[k] in mixture `at`. d is in [−1, 1], so nothing is lost that is not held. */
  private bet(at: number, ds: Float64Array, k: number): void {
    const { e } = this;
    const d = ds[k]!;
    for (let s = 0; s < STAKES.length; s++) e[s] = 1 + STAKES[s]! * d;
    this.mixtures[at]!.update(e);
  }
}
