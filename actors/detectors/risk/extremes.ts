/**
 * Runs of extreme scores in several streams: bets that the p-values of the scores stay uniform.
 *
 *   p ─► κ p^(κ−1), four powers κ ─► CUSUM mixture M ── M ≥ price ─► a run begins, or goes on ── QUIET_RETURNS ordinary p ─► it is over
 *
 * While p is uniform whatever was before, the mean number of scores between two M ≥ A is at least A. One extreme score says little: among N it has a
 * p of about 1/N. What goes on for some scores, or is extreme again and again, adds up.
 */
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
  private readonly mixtures: readonly EMixture[];
  private readonly runs: InstanceType<typeof Runs>;
  private readonly e = new Float64Array(POWERS.length);

  constructor(streams: number) {
    const { mixtures, fields } = EMixture.several(streams, WEIGHTS, "cusum");
    this.mixtures = mixtures;
    this.runs = new Runs(streams);
    this.fields = { ...prefixed("bets", fields), runs: this.runs.array };
  }

  /** Whether a run of stream i is under way. */
  isOn(i: number): boolean {
    return this.runs.at(i).isOn === 1;
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
