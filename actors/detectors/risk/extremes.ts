/**
 * Runs of extreme scores in several streams: each is ranked among the last ones, and bets that ranks stay uniform.
 *
 *   score ─► p = rank among the last `window` ─► κ p^(κ−1), four powers κ ─► CUSUM mixture M ── M ≥ price ─► a run begins, or goes on
 *                                                                                └─ QUIET_RETURNS ordinary ranks ─► the run is over
 *
 * While scores are exchangeable p is uniform, and the mean number of scores between two M ≥ A is at least A. One extreme score says little: its p
 * is at least about 1/window. What goes on for some scores, or is extreme again and again, adds up.
 */
import { ConformalRank } from "../../kernels/conformal.ts";
import { powerEValues } from "../../kernels/p-to-e.ts";
import type { Fields } from "../../ports/detector.ts";
import { EMixture } from "../e-mixture.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";

const POWERS = Float64Array.of(0.2, 0.4, 0.6, 0.8);
const WEIGHTS = Float64Array.of(0.25, 0.25, 0.25, 0.25);
/** A rank beyond this one is not ordinary. */
const ORDINARY_FROM = 0.05;
/** Ordinary ranks in a row after which a run is over. Where nothing is unusual, that takes 36 on average. */
const QUIET_RETURNS = 20;

const Runs = namedNumbers(
  /** 1 between the begin of a run and its end; when what it is about began. */
  "isOn",
  "sinceUs",
  "quiet",
  /** Since M was 1 or less: the time of the first score, how many there are, and the sum of what came with them. */
  "risingUs",
  "rising",
  "sum",
);

/** What `see` found. */
export interface FoundRun {
  phase: "opened" | "grew" | "ended";
  /** When the evidence began to rise, µs; for an ended run, when it began. */
  sinceUs: number;
  /** Scores since then, and the sum of what came with them. */
  returns: number;
  sum: number;
  /** ln M. */
  evidence: number;
}

export class Extremes {
  readonly fields: Fields;
  /** What the last `see` that returned true found. */
  readonly found: FoundRun = { phase: "opened", sinceUs: 0, returns: 0, sum: 0, evidence: 0 };
  private readonly ranks: readonly ConformalRank[];
  private readonly mixtures: readonly EMixture[];
  private readonly runs: InstanceType<typeof Runs>;
  private readonly e = new Float64Array(POWERS.length);

  constructor(streams: number, window: number) {
    const { ranks, fields: ofRanks } = ConformalRank.several(streams, window);
    const { mixtures, fields: ofMixtures } = EMixture.several(streams, WEIGHTS, "cusum");
    this.ranks = ranks;
    this.mixtures = mixtures;
    this.runs = new Runs(streams);
    this.fields = { ...prefixed("rank", ofRanks), ...prefixed("bets", ofMixtures), runs: this.runs.array };
  }

  /**
   * The upper p-value of a score of stream i, in (0, 1], among the last ones and itself; `theta` in (0, 1] decides between equal ones. The score
   * is one of the last ones from now on.
   */
  rank(i: number, score: number, theta: number): number {
    return this.ranks[i]!.push(score, theta);
  }

  /** The last scores of stream i, ascending: the first `count` of them count. */
  sorted(i: number): Float64Array {
    return this.ranks[i]!.fields.sorted;
  }

  count(i: number): number {
    return this.ranks[i]!.count;
  }

  /**
   * Bets on the p-value of a score, with which `amount` came. True: a run has begun, went on as strongly as it began, or is over, as `found` says.
   * `price`: ln A, nats.
   */
  see(i: number, p: number, amount: number, timeUs: number, price: number): boolean {
    const { found } = this;
    const run = this.runs.at(i);
    const mixture = this.mixtures[i]!;
    powerEValues(p, POWERS, this.e);
    mixture.update(this.e);
    if (mixture.evidence <= 1) {
      run.rising = 0;
      run.sum = 0;
    } else {
      if (run.rising === 0) run.risingUs = timeUs;
      run.rising = run.rising + 1;
      run.sum = run.sum + amount;
    }
    run.quiet = p < ORDINARY_FROM ? 0 : run.quiet + 1;
    const { logEvidence } = mixture;
    if (logEvidence >= price) {
      found.phase = run.isOn === 1 ? "grew" : "opened";
      found.sinceUs = run.risingUs;
      found.returns = run.rising;
      found.sum = run.sum;
      found.evidence = logEvidence;
      if (run.isOn === 0) run.sinceUs = run.risingUs;
      run.isOn = 1;
      run.quiet = 0;
      run.rising = 0;
      run.sum = 0;
      mixture.reset();
      return true;
    }
    if (run.isOn === 0 || run.quiet < QUIET_RETURNS) return false;
    run.isOn = 0;
    found.phase = "ended";
    found.sinceUs = run.sinceUs;
    found.returns = 0;
    found.sum = 0;
    found.evidence = 0;
    return true;
  }
}
