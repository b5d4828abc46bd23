/**
 * The mixture of Shiryaev–Roberts (or CUSUM) e-detectors, on plain numbers.
 *
 *   SR  M_t = e_t (M_{t−1} + 1)      CUSUM  M_t = e_t max(M_{t−1}, 1)      M = Σ_m w_m M^{(m)}
 *
 * The kernel `EDetector` is the slow version: it works in logarithms and needs three transcendental functions a member. This version needs
 * none, because tables give e and thresholds are far below 1e300. A test compares the two.
 */
import ln from "@stdlib/math-base-special-ln";
import { namedNumbers } from "../registered-numbers.ts";

/** Upper limit of M, far above every threshold: it prevents Infinity. */
const LARGEST = 1e280;

const Scalars = namedNumbers("steps", "mixed");

export class EMixture {
  /** M per member; the last step at which it was ≤ 1; [steps, M of the mixture]. */
  readonly fields: { m: Float64Array; onset: Float64Array; scalars: Float64Array };
  private readonly weights: Float64Array;
  private readonly sr: boolean;
  private readonly m: Float64Array;
  private readonly onset: Float64Array;
  private readonly scalars = new Scalars();

  /** `weights` are positive and sum to 1. */
  constructor(weights: Float64Array, statistic: "sr" | "cusum") {
    this.weights = weights;
    this.sr = statistic === "sr";
    this.m = new Float64Array(weights.length);
    this.onset = new Float64Array(weights.length);
    this.fields = { m: this.m, onset: this.onset, scalars: this.scalars.array };
  }

  /** Takes e of every member (≥ 0). O(members). */
  update(e: Float64Array): void {
    const { m, weights, onset, sr } = this;
    const step = this.scalars.steps + 1;
    let mixed = 0;
    for (let k = 0; k < m.length; k++) {
      const before = m[k]!;
      const after = Math.min(LARGEST, e[k]! * (sr ? before + 1 : Math.max(before, 1)));
      m[k] = after;
      if (!(after > 1)) onset[k] = step;
      mixed += weights[k]! * after;
    }
    this.scalars.steps = step;
    this.scalars.mixed = mixed;
  }

  /** M. */
  get evidence(): number {
    return this.scalars.mixed;
  }

  /** ln M, −∞ at the start. */
  get logEvidence(): number {
    const { mixed } = this.scalars;
    return mixed > 0 ? ln(mixed) : Number.NEGATIVE_INFINITY;
  }

  get steps(): number {
    return this.scalars.steps;
  }

  /** The member with the largest w M (ties: lowest index). */
  leader(): number {
    let best = 0;
    for (let k = 1; k < this.m.length; k++) {
      if (this.weights[k]! * this.m[k]! > this.weights[best]! * this.m[best]!) best = k;
    }
    return best;
  }

  /** Last step with M^{(k)} ≤ 1; the change came after it. */
  onsetOf(member: number): number {
    return this.onset[member]!;
  }

  reset(): void {
    this.m.fill(0);
    this.onset.fill(0);
    this.scalars.array.fill(0);
  }
}
