/**
 * Forecasts of several things, each judged beside two rivals and announced at the rate that `prediction` promises.
 *
 *   losses of a target ─► gains on what was last and on the other rival ─► skill-watch.ts ─► gained, lost
 *
 * Each of k things is announced at ln (k A) nats, A counted in its own steps.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Settings } from "../../../protocol/settings.ts";
import { LEAST_TARGETS, type LossComparison } from "../../kernels/loss-comparison.ts";
import { falseAlarmSamples } from "../false-alarm-rate.ts";
import { MEAN } from "./experts.ts";
import { DM, RIVALS, SkillWatch } from "./skill-watch.ts";
import { PERSISTENCE } from "./state-forecast.ts";

/** A state is foretold one step and some steps ahead. */
export const HORIZONS = ["next", "ahead"] as const;
/** What forecasts of a state are compared with, in words. */
export const STATE_RIVALS = "the state before and any average of states";
/** ‖ρ − σ‖² of states is at most so large. */
export const STATE_LOSS_MOST = 2;
/** The rival that says what was last: "last" of the experts, PERSISTENCE of states. */
const FIRST = 0;

/** Forecasts of a state at one horizon. */
export interface Horizon {
  /** With persistence, then each average. */
  readonly comparison: LossComparison;
  /** The average that alone has the least mean loss, as a rival of `comparison`. */
  readonly bestAtom: number;
  /** The loss that no forecast avoids. */
  readonly noise: number;
}

/** What is foretold: a channel, or the state at one horizon. Of both the first rival is what was last. */
export interface Subject {
  readonly comparison: LossComparison;
  /** Of the last target: those of the rivals, and of the forecast at the end. */
  readonly losses: Float64Array;
  /** The largest loss. */
  readonly most: number;
  /** null: of a channel. */
  readonly horizon: Horizon | null;
  /** Place of what an announcement needs. */
  readonly price: number;
}

interface Found {
  readonly timeUs: number;
  readonly skill: number | null;
  readonly dieboldMariano: number | null;
  readonly sinceUs: number;
}

type Verdict =
  | (Found & { readonly type: "gained"; readonly evidence: number; readonly price: number })
  | (Found & { readonly type: "lost" });

export class ForecastJudge {
  readonly skills: SkillWatch;
  /** What an announcement needs, nats, by length of a step. */
  readonly prices: Float64Array;
  private readonly subjects: readonly Subject[];
  /** Things that are foretold: so many chances to look better. */
  private readonly count: number;
  private readonly gains = new Float64Array(RIVALS);

  /** `count`: things that there may be, `subjects` among them; `prices`: lengths of steps; `areIndependent`: targets, as skill-watch.ts has it. */
  constructor(subjects: readonly Subject[], count: number, prices: number, areIndependent = true) {
    this.subjects = subjects;
    this.count = count;
    this.skills = new SkillWatch(count, areIndependent);
    this.prices = new Float64Array(prices);
  }

  isGained(i: number): boolean {
    return this.skills.isGained(i);
  }

  /** Of things with price `place`, foretold each `stepUs`. */
  choosePrice(place: number, settings: Settings["prediction"], stepUs: number): void {
    this.prices[place] = ln(falseAlarmSamples(settings, stepUs)) + this.chances();
  }

  /** Looks whether forecasts of subject i have become better than both rivals, or have ceased to be. `skills.now.timeUs` is set before. */
  judge(i: number): Verdict | null {
    const { skills, gains } = this;
    const { now } = skills;
    const { comparison, losses, most, horizon, price } = this.subjects[i]!;
    const rival = horizon?.bestAtom ?? MEAN;
    const own = losses[losses.length - 1]!;
    gains[0] = (losses[FIRST]! - own) / most;
    gains[1] = (losses[rival]! - own) / most;
    const isFirst = comparison.lossOf(FIRST) < comparison.lossOf(rival);
    const better = isFirst ? FIRST : rival;
    now.price = this.prices[price]!;
    now.dm = Number.NaN;
    if (skills.isGained(i)) comparison.writeDieboldMariano(better, now.array, DM);
    const found = skills.judge(i, gains, isFirst ? 0 : 1);
    if (found === "") return null;
    const about = {
      timeUs: now.timeUs,
      skill: orNull(comparison.skill(better, horizon?.noise)),
      dieboldMariano: orNull(comparison.dieboldMariano(better)),
      sinceUs: skills.sinceUs,
    };
    if (found === "lost") return { type: "lost", ...about };
    const evidence = skills.evidence - this.chances();
    return { type: "gained", ...about, evidence, price: this.prices[price]! };
  }

  private chances(): number {
    return ln(this.count);
  }
}

/** `prediction.stateMEASURE.HORIZON` of one horizon. False: none, its skill is not known yet. */
export function addHorizon(
  put: (name: string, value: number) => void,
  name: (typeof HORIZONS)[number],
  { comparison, bestAtom, noise }: Horizon,
  isGained: boolean,
  purity: number,
): boolean {
  if (comparison.targets < LEAST_TARGETS) return false;
  put(`stateSkill.${name}`, comparison.skill(bestAtom, noise));
  put(`stateDieboldMariano.${name}`, comparison.dieboldMariano(bestAtom));
  put(`stateSkillOverLast.${name}`, comparison.skill(PERSISTENCE, noise));
  put(`stateDieboldMarianoOverLast.${name}`, comparison.dieboldMariano(PERSISTENCE));
  put(`stateGained.${name}`, isGained ? 1 : 0);
  put(`statePurity.${name}`, purity);
  return true;
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
