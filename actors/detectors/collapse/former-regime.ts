/**
 * Tells whether the regime before a collapse is back, while the one after it is being learnt.
 *
 *   ln ‖y‖², √share of the modes ─► z, standardised by the rows before the change
 *   W ← max(0, W + ln N(z; 0, 1)/N(z; m, s))     m, s: mean and deviation of z since the change        W ≥ ln A ─► it is back
 *
 * Regimes that alternate last as long as they like. A baseline that is learnt across two of them describes neither, and nothing is seen
 * meanwhile. The baseline before the change is still there, so rows that follow it again need no learning.
 *
 * W is a CUSUM of likelihood ratios (Page 1954): while the new regime lasts it reaches ln A at most once in A rows, if z is normal. How soon it
 * does when the old one is back follows from how different the two are. A score counts when it alone has told them apart by ln A nats: between
 * equal regimes the one known from more rows would win. So a change of means, which hardly shows in z, is learnt as before.
 */
import { lnAt } from "../../kernels/elementary.ts";
import type { Fields } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";
import type { Baseline } from "./baseline.ts";
import { MODES } from "./bets.ts";

const SCORES = 1 + MODES;
/** Rows before the change, and after it, from which a mean and a deviation are known: to an eighth of a deviation. */
const FEWEST_ROWS = 64;
/** Largest gain of one score in one row, nats: single wild rows decide nothing. */
const MOST_GAIN = 2;
/** Least variance of z in the new regime, so that a score that stands still does not outweigh the others. */
const LEAST_VARIANCE = 0.01;

/** Sums of a score's values before the change; of its z since. */
const Score = namedNumbers("count", "sum", "squares", "countSince", "sumSince", "squaresSince");
const Scalars = namedNumbers("evidence", "rowsBack");

export class FormerRegime {
  readonly fields: Fields;
  private readonly score = new Score(SCORES);
  private readonly scalars = new Scalars();
  private readonly values = new Float64Array(SCORES);
  private readonly logarithm = new Float64Array(1);

  constructor() {
    this.fields = { formerScores: this.score.array, former: this.scalars.array };
  }

  /** Forgets everything: another change, or another baseline. */
  reset(): void {
    this.score.array.fill(0);
    this.scalars.array.fill(0);
  }

  /** y, the row that the baseline whitened last, was before the change. */
  before(y: Float64Array, baseline: Baseline): void {
    this.measure(y, baseline);
    for (let s = 0; s < SCORES; s++) {
      const of = this.score.at(s);
      const value = this.values[s]!;
      of.count++;
      of.sum += value;
      of.squares += value * value;
    }
  }

  /** y, the row that the baseline whitened last, came after the change. `lnPromised`: ln A. */
  since(y: Float64Array, baseline: Baseline, lnPromised: number): void {
    this.measure(y, baseline);
    const { scalars } = this;
    let gain = 0;
    for (let s = 0; s < SCORES; s++) gain += this.gainOf(s, lnPromised);
    scalars.evidence = Math.max(0, scalars.evidence + gain);
    scalars.rowsBack = scalars.evidence > 0 ? scalars.rowsBack + 1 : 0;
  }

  /** ln of the evidence that the regime before the change is back. */
  get evidence(): number {
    return this.scalars.evidence;
  }

  /** Rows since it may have come back. */
  get rowsBack(): number {
    return this.scalars.rowsBack;
  }

  private measure(y: Float64Array, baseline: Baseline): void {
    const { values } = this;
    values[0] = Math.max(Number.MIN_VALUE, baseline.energy[0]!);
    lnAt(values, 0);
    for (let k = 0; k < MODES; k++) {
      baseline.shareAt(values, 1 + k, k, y);
      values[1 + k] = Math.sqrt(values[1 + k]!);
    }
  }

  /** ln N(z; 0, 1)/N(z; m, s) of score s; then z counts for m and s. */
  private gainOf(s: number, lnPromised: number): number {
    const of = this.score.at(s);
    if (of.count < FEWEST_ROWS) return 0;
    const usual = of.sum / of.count;
    const variance = of.squares / of.count - usual * usual;
    if (!(variance > 0)) return 0;
    const z = (this.values[s]! - usual) / Math.sqrt(variance);
    let gain = 0;
    if (of.countSince >= FEWEST_ROWS) {
      const mean = of.sumSince / of.countSince;
      const spread = Math.max(LEAST_VARIANCE, of.squaresSince / of.countSince - mean * mean);
      this.logarithm[0] = spread;
      lnAt(this.logarithm, 0);
      const lnSpread = this.logarithm[0]!;
      const apart = 0.5 * of.countSince * (mean * mean + spread - 1 - lnSpread);
      if (apart >= lnPromised) {
        gain = 0.5 * (lnSpread + ((z - mean) * (z - mean)) / spread - z * z);
        gain = Math.max(-MOST_GAIN, Math.min(MOST_GAIN, gain));
      }
    }
    of.countSince++;
    of.sumSince += z;
    of.squaresSince += z * z;
    return gain;
  }
}
