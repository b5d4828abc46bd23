/**
 * Whether forecasts are better than what they have to beat, said at a promised rate.
 *
 *   d = loss of a rival − loss of the forecast ─► bets that d is above 0 on average, against each of two rivals ─► both ≥ price: gained
 *                                            DM of the last targets above WEAK_ABOVE for DWELL of them ─► lost
 *
 * While a forecast is expected to be no better than one of its rivals, each bet against that one is fair at best: M ≥ A comes no sooner than
 * after A targets on average, whenever one looks. A Diebold–Mariano statistic may not be looked at after each target, so it announces nothing
 * gained; that skill has gone is said without a rate.
 */
import type { Fields } from "../../ports/detector.ts";
import { EMixture } from "../e-mixture.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";

const RIVALS = 2;
/** Shares of what is held that bets risk. */
const STAKES = [1 / 64, 1 / 16, 1 / 4, 0.95] as const;
const WEIGHTS = new Float64Array(STAKES.length).fill(1 / STAKES.length);
const WEAK_ABOVE = -1;
const DWELL = 100;

const Subjects = namedNumbers("isGained", "sinceUs", "weak");

export class SkillWatch {
  readonly fields: Fields;
  /** When the skill began that was gained or lost last, µs; and the evidence for it, nats. */
  sinceUs = 0;
  evidence = 0;
  private readonly subjects: InstanceType<typeof Subjects>;
  private readonly mixtures: readonly EMixture[];
  private readonly e = new Float64Array(STAKES.length);

  constructor(subjects: number) {
    this.subjects = new Subjects(subjects);
    const { mixtures, fields } = EMixture.several(RIVALS * subjects, WEIGHTS, "cusum");
    this.mixtures = mixtures;
    this.fields = { subjects: this.subjects.array, ...prefixed("bets", fields) };
  }

  isGained(i: number): boolean {
    return this.subjects.at(i).isGained === 1;
  }

  /**
   * Takes d of subject i against each of its rivals, in units of the largest loss, and the larger DM against them. `price`: nats.
   * "gained", "lost", or "" for neither.
   */
  judge(
    i: number,
    first: number,
    second: number,
    dm: number,
    timeUs: number,
    price: number,
  ): "gained" | "lost" | "" {
    const of = this.subjects.at(i);
    const evidence = Math.min(this.bet(RIVALS * i, first), this.bet(RIVALS * i + 1, second));
    if (of.isGained === 0) {
      if (!(evidence >= price)) return "";
      of.isGained = 1;
      of.sinceUs = timeUs;
      of.weak = 0;
    } else {
      of.weak = dm > WEAK_ABOVE ? of.weak + 1 : 0;
      if (of.weak < DWELL) return "";
      of.isGained = 0;
      for (let k = 0; k < RIVALS; k++) this.mixtures[RIVALS * i + k]!.reset();
    }
    this.sinceUs = of.sinceUs;
    this.evidence = evidence;
    return of.isGained === 1 ? "gained" : "lost";
  }

  /** ln M of the bets on d against rival number `at`. d is in [−1, 1], so nothing is lost that is not held. */
  private bet(at: number, d: number): number {
    const { e } = this;
    for (let k = 0; k < STAKES.length; k++) e[k] = 1 + STAKES[k]! * d;
    this.mixtures[at]!.update(e);
    return this.mixtures[at]!.logEvidence;
  }
}
