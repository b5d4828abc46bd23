/**
 * Change detection with a guaranteed false-alarm rate: Shiryaev–Roberts and CUSUM on e-values, mixed over several bets.
 *
 *   SR     M_t = e_t (M_{t−1} + 1)          CUSUM  M_t = e_t max(M_{t−1}, 1)          M = Σ_m w_m M^{(m)}
 *
 * If every e_t has conditional mean ≤ 1 under the null, an SR alarm at M ≥ A has a mean time between false alarms ≥ A, and
 * P(alarm by T) ≤ T/A. CUSUM is below SR on every path. All values are logarithms.
 * Source: Shin, Ramdas & Rinaldo 2022, "E-detectors", arXiv:2203.03532.
 */
import ln from "@stdlib/math-base-special-ln";
import { logOnePlusExpAt, logWeightedSumAt } from "./log-sum.ts";

type EDetectorKind = "sr" | "cusum";

export class EDetector {
  readonly members: number;
  readonly kind: EDetectorKind;
  /** All of the state. `logM` per member; `onset` = last step with M^{(m)} ≤ 1; `scalars` = [steps, ln M]. */
  readonly fields: {
    readonly logM: Float64Array;
    readonly onset: Float64Array;
    readonly scalars: Float64Array;
  };
  private readonly logWeights: Float64Array;
  private readonly logM: Float64Array;
  private readonly onset: Float64Array;
  private readonly scalars: Float64Array;

  /** `weights`: positive, summing to 1 within 1e-9; one per member. */
  constructor(weights: ArrayLike<number>, kind: EDetectorKind = "sr") {
    let sum = 0;
    for (let m = 0; m < weights.length; m++) {
      if (!(weights[m]! > 0)) {
        throw new RangeError(
          `Cannot mix e-detectors: weight ${m} is ${weights[m]}; expected a positive number`,
        );
      }
      sum += weights[m]!;
    }
    if (!(Math.abs(sum - 1) <= WEIGHT_TOLERANCE)) {
      throw new RangeError(`Cannot mix e-detectors: weights sum to ${sum}; expected 1`);
    }
    this.members = weights.length;
    this.kind = kind;
    this.logWeights = Float64Array.from({ length: weights.length }, (_, m) => ln(weights[m]!));
    this.logM = new Float64Array(weights.length).fill(Number.NEGATIVE_INFINITY);
    this.onset = new Float64Array(weights.length);
    this.scalars = Float64Array.of(0, Number.NEGATIVE_INFINITY);
    this.fields = { logM: this.logM, onset: this.onset, scalars: this.scalars };
  }

  /** Takes ln e of every member. O(members), allocates nothing. */
  update(logE: Float64Array): void {
    const { logM, onset, members } = this;
    const step = this.scalars[STEPS]! + 1;
    const sr = this.kind === "sr";
    for (let m = 0; m < members; m++) {
      // The start is ln M = −∞.
      if (sr) logOnePlusExpAt(logM, m);
      else logM[m] = Math.max(logM[m]!, 0);
      logM[m] = logE[m]! + logM[m]!;
      if (!(logM[m]! > 0)) onset[m] = step;
    }
    this.scalars[STEPS] = step;
    logWeightedSumAt(this.scalars, MIXED, this.logWeights, this.logM);
  }

  /** ln M of the mixture after the last step. An alarm is due when it is ≥ ln A. */
  get logEvidence(): number {
    return this.scalars[MIXED]!;
  }

  /** Steps taken since the last reset. */
  get steps(): number {
    return this.scalars[STEPS]!;
  }

  /** The member with the largest w_m M^{(m)} (ties: lowest index); it identifies the kind of change. O(members). */
  leader(): number {
    let best = 0;
    for (let m = 1; m < this.members; m++) {
      if (this.logWeights[m]! + this.logM[m]! > this.logWeights[best]! + this.logM[best]!) best = m;
    }
    return best;
  }

  /** Estimated onset by member m: the last step with M^{(m)} ≤ 1 (0 = never). The change came after it. */
  onsetOf(member: number): number {
    return this.onset[member]!;
  }

  /** Resets M to 0, as after an alarm. The false-alarm rate then stays ≤ 1/A per step in the long run. */
  reset(): void {
    this.logM.fill(Number.NEGATIVE_INFINITY);
    this.onset.fill(0);
    this.scalars[STEPS] = 0;
    this.scalars[MIXED] = Number.NEGATIVE_INFINITY;
  }
}

const STEPS = 0;
const MIXED = 1;
const WEIGHT_TOLERANCE = 1e-9;
