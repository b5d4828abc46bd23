/**
 * What several simple experts foretell of the next value of a channel.
 *
 *   last        the value now: nothing is known
 *   mean        the running mean
 *   trend       level and slope (Holt 1957)
 *   reversion   m + φ(x − m): back towards the running mean as fast as it usually goes (AR(1)); m goes on as it does (Brown 1963)
 *   season      the same about the mean of this time of the season
 *   ridge       x + s β·f: a regression on what the last steps did (kernels/recursive-ridge.ts); forgets everything when it did harm
 *
 * An expert that knows nothing yet says "last". s: the usual size of a step, known before the step. All but "last" learn from values without spikes: what
 * is farther from the value before than SPIKE s is drawn in to there. Of successive values that are, each may go twice as far as the one before, so a lasting
 * change is learnt soon.
 */
import { RecursiveRidge } from "../../kernels/recursive-ridge.ts";
import type { Fields } from "../../ports/detector.ts";
import { clipSpike } from "../clip-spikes.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";

/** In order; the first two are what any forecast has to beat. */
export const EXPERTS = ["last", "mean", "trend", "reversion", "season", "ridge"] as const;
export const BASELINES = 2;
const LAST = 0;
export const MEAN = 1;
const [TREND, REVERSION, SEASON, RIDGE] = [2, 3, 4, 5] as const;
const N = EXPERTS.length;

/** Steps in the memory of "mean": what does not change is known best by its long mean. */
const MEAN_MEMORY = 8192;
/** Steps in the memory of the mean that values return to, and of φ. */
const MEMORY = 256;
/** Weights of a new value in Holt's level and slope. */
const LEVEL_WEIGHT = 0.3;
const SLOPE_WEIGHT = 0.05;
/** Parts of a season, and seasons that their means remember. */
const PARTS = 48;
const SEASONS = 8;
/** The regression: on averages of the last steps, each so long, and on the distance from the mean; in units of s, clipped. */
const AVERAGES = [1, 4, 16, 64] as const;
const FEATURES = AVERAGES.length + 1;
const FEATURE_MOST = 4;
const RIDGE_WEIGHT = 25;
const RIDGE_MEMORY = 1024;
/** Losses, in s², by which the regression may fall behind "last" before it begins anew (Page 1954), beside what it is allowed a step. */
const DRIFT_MOST = 25;
const DRIFT_ALLOWED = 0.05;
/** No expert says more than so many s from now: losses are clipped, and what lies beyond would cost nothing more. */
const FAR = 3;
const SPIKE = 8;

/** What is being taken: the value without its spike, the size of a step, the weight of a value, and what the season foretells. */
const Now = namedNumbers("x", "s", "weight", "season");

const Scalars = namedNumbers(
  /** The value before, without its spike; and SPIKE's factor for the next, 0 before any spike. */
  "last",
  "reach",
  "longMean",
  "average",
  "averageTwice",
  "mean",
  "level",
  "slope",
  /** Running products of successive distances: from the mean, from the season. */
  "xx",
  "xy",
  "seasonXx",
  "seasonXy",
  "seasonOff",
  /** By how much the regression has fallen behind, and how often it began anew. */
  "drift",
  "resets",
);

export class Experts {
  readonly fields: Fields;
  /** What each expert foretells of the next value of each channel. */
  readonly said: Float64Array;
  private readonly scalars: InstanceType<typeof Scalars>;
  private readonly features: Float64Array;
  /** Those of each channel. */
  private readonly featuresOf: readonly Float64Array[];
  private readonly ridges: readonly RecursiveRidge[];
  /** Mean and number of values of each part of the season. */
  private readonly season: Float64Array;
  private readonly seasonUs: number;
  private readonly scratch = new Float64Array(1);
  /** Set by `at` and `take` before they are used, and so not registered: as arguments and results each would be a number on the heap. */
  private part = 0;
  private nextPart = 0;
  private mostSeasons = 0;
  private readonly now = new Now();

  constructor(channels: number, seasonSeconds: number) {
    this.seasonUs = seasonSeconds * 1e6;
    this.said = new Float64Array(channels * N);
    this.scalars = new Scalars(channels);
    this.features = new Float64Array(channels * FEATURES);
    this.featuresOf = Array.from({ length: channels }, (_, i) =>
      this.features.subarray(i * FEATURES, (i + 1) * FEATURES),
    );
    this.season = new Float64Array(channels * PARTS * 2);
    const { ridges, fields } = RecursiveRidge.several(channels, FEATURES, RIDGE_WEIGHT, RIDGE_MEMORY);
    this.ridges = ridges;
    this.fields = {
      said: this.said,
      scalars: this.scalars.array,
      features: this.features,
      season: this.season,
      ...prefixed("ridge", fields),
    };
  }

  /** How often the regression of channel i began anew. */
  resets(i: number): number {
    return this.scalars.at(i).resets;
  }

  /** The values that follow are of times[0], µs, the next of times[1] later. */
  at(times: Float64Array): void {
    const timeUs = times[0]!;
    const stepUs = times[1]!;
    this.part = this.partAt(timeUs);
    this.nextPart = this.partAt(timeUs + stepUs);
    this.mostSeasons = SEASONS * Math.max(1, this.seasonUs / PARTS / Math.max(1, stepUs));
  }

  /**
   * Takes the value x of channel i, which is its value number `count` + 1, and foretells the next. `s`: size of a step, 0: not known. `isJudged`:
   * what was said before was about it.
   */
  take(
    i: number,
    { x: value, s }: { readonly x: number; readonly s: number },
    count: number,
    isJudged: boolean,
  ): void {
    const { now } = this;
    const of = this.scalars.at(i);
    now.x = value;
    now.s = s;
    if (count > 0 && s > 0) this.removeSpike(i);
    const { x } = now;
    if (isJudged && s > 0) this.learnRidge(i);
    const weight = Math.max(1 / (count + 1), 1 / MEMORY);
    const off = x - of.mean;
    const before = of.last - of.mean;
    of.average = of.average + weight * (x - of.average);
    of.averageTwice = of.averageTwice + weight * (of.average - of.averageTwice);
    // The second lags behind the first as the first lags behind a line.
    of.mean = 2 * of.average - of.averageTwice;
    of.longMean = of.longMean + Math.max(1 / (count + 1), 1 / MEAN_MEMORY) * (x - of.longMean);
    of.xx = of.xx + weight * (before * before - of.xx);
    of.xy = of.xy + weight * (before * off - of.xy);
    const isBegin = count === 0 || !isJudged;
    const level = isBegin ? x : of.level + of.slope + LEVEL_WEIGHT * (x - of.level - of.slope);
    of.slope = isBegin ? 0 : of.slope + SLOPE_WEIGHT * (level - of.level - of.slope);
    of.level = level;
    this.observe(i, isJudged);
    of.last = x;
    now.weight = weight;
    this.takeSeason(i);
    this.say(i);
    this.said[i * N + LAST] = value;
  }

  private removeSpike(i: number): void {
    const { now } = this;
    const of = this.scalars.at(i);
    const step = now.x - of.last;
    const reach = Math.max(1, of.reach);
    const limit = SPIKE * now.s * reach;
    of.reach = Math.abs(step) > limit ? 2 * reach : 1;
    now.x = of.last + clipSpike(step, limit);
  }

  private say(i: number): void {
    const { said, features } = this;
    const { x, s, season } = this.now;
    const { longMean, mean, level, slope, xx, xy } = this.scalars.at(i);
    const at = i * N;
    said[at + LAST] = x;
    said[at + MEAN] = longMean;
    said[at + TREND] = level + slope;
    said[at + REVERSION] = mean + slopeOf(xx, xy) * (x - mean);
    said[at + SEASON] = season;
    let step = 0;
    const { coefficients } = this.ridges[i]!;
    for (let k = 0; k < FEATURES; k++) step += coefficients[k]! * features[i * FEATURES + k]!;
    said[at + RIDGE] = x + s * step;
    if (!(s > 0)) return;
    for (let k = at; k < at + N; k++) said[k] = Math.max(x - FAR * s, Math.min(x + FAR * s, said[k]!));
  }

  /** Features of the step that ends with x. */
  private observe(i: number, isStep: boolean): void {
    const { features } = this;
    const { x, s } = this.now;
    const { last, mean } = this.scalars.at(i);
    const at = i * FEATURES;
    const step = isStep && s > 0 ? clip((x - last) / s) : 0;
    for (let k = 0; k < AVERAGES.length; k++)
      features[at + k] = features[at + k]! + (step - features[at + k]!) / AVERAGES[k]!;
    features[at + AVERAGES.length] = s > 0 ? clip((mean - x) / s) : 0;
  }

  private learnRidge(i: number): void {
    const { said, featuresOf, scratch } = this;
    const { x, s } = this.now;
    const of = this.scalars.at(i);
    const ridge = this.ridges[i]!;
    const residual = clip((x - said[i * N + RIDGE]!) / s);
    const step = clip((x - of.last) / s);
    scratch[0] = residual;
    ridge.learn(featuresOf[i]!, scratch, 0);
    of.drift = Math.max(0, of.drift + residual * residual - step * step - DRIFT_ALLOWED);
    if (of.drift <= DRIFT_MOST) return;
    ridge.reset();
    of.drift = 0;
    of.resets = of.resets + 1;
  }

  /** What the season foretells of the next value; then it learns this one. */
  private takeSeason(i: number): void {
    const { season, now } = this;
    const { x, weight } = now;
    const of = this.scalars.at(i);
    const at = 2 * (i * PARTS + this.part);
    const next = 2 * (i * PARTS + this.nextPart);
    const off = season[at + 1]! > 0 ? x - season[at]! : 0;
    of.seasonXx = of.seasonXx + weight * (of.seasonOff * of.seasonOff - of.seasonXx);
    of.seasonXy = of.seasonXy + weight * (of.seasonOff * off - of.seasonXy);
    of.seasonOff = off;
    const seen = Math.min(season[at + 1]! + 1, this.mostSeasons);
    season[at + 1] = seen;
    season[at] = season[at]! + (x - season[at]!) / seen;
    now.season = season[next + 1]! > 0 ? season[next]! + slopeOf(of.seasonXx, of.seasonXy) * off : x;
  }

  private partAt(timeUs: number): number {
    const { seasonUs } = this;
    const into = timeUs - Math.floor(timeUs / seasonUs) * seasonUs;
    return Math.min(PARTS - 1, Math.floor((into / seasonUs) * PARTS));
  }
}

/** φ by least squares, in [−1, 1]. */
function slopeOf(xx: number, xy: number): number {
  return xx > 0 ? Math.max(-1, Math.min(1, xy / xx)) : 0;
}

function clip(x: number): number {
  return Math.max(-FEATURE_MOST, Math.min(FEATURE_MOST, x));
}
