/**
 * The mixture of Shiryaev–Roberts (or CUSUM) e-detectors, on plain numbers.
 *
 *   SR  M_t = e_t (M_{t−1} + 1)      CUSUM  M_t = e_t max(M_{t−1}, 1)      M = Σ_m w_m M^{(m)}
 *
 * The kernel `EDetector` is the slow version: it works in logarithms and needs three transcendental functions a member. This version needs
 * none, because tables give e and thresholds are far below 1e300. A test compares the two.
 */
import ln from "@stdlib/math-base-special-ln";

/** Upper limit of M, far above every threshold: it prevents Infinity. */
const LARGEST = 1e280;

/** Places in `scalars`. */
const STEPS = 0;
const MIXED = 1;

type Statistic = "sr" | "cusum";

/** M per member; the last step at which it was ≤ 1; [steps, M of the mixture]. */
type MixtureFields = {
  readonly m: Float64Array;
  readonly onset: Float64Array;
  readonly scalars: Float64Array;
};

export class EMixture {
  readonly fields: MixtureFields;
  private readonly weights: Float64Array;
  private readonly sr: boolean;
  private readonly m: Float64Array;
  private readonly onset: Float64Array;
  private readonly scalars: Float64Array;

  /** `weights` are positive and sum to 1. `fields`: where the state lies, zeros. */
  constructor(
    weights: Float64Array,
    statistic: Statistic,
    fields: MixtureFields = mixtureFields(weights.length, 1),
  ) {
    this.weights = weights;
    this.sr = statistic === "sr";
    this.fields = fields;
    this.m = fields.m;
    this.onset = fields.onset;
    this.scalars = fields.scalars;
  }

  /** Mixtures of `count` streams whose states lie one after the other in common arrays. */
  static several(
    count: number,
    weights: Float64Array,
    statistic: Statistic,
  ): { readonly mixtures: readonly EMixture[]; readonly fields: MixtureFields } {
    const fields = mixtureFields(weights.length, count);
    const part = (of: Float64Array, k: number, width: number) => of.subarray(k * width, (k + 1) * width);
    const mixtures = Array.from(
      { length: count },
      (_, k) =>
        new EMixture(weights, statistic, {
          m: part(fields.m, k, weights.length),
          onset: part(fields.onset, k, weights.length),
          scalars: part(fields.scalars, k, 2),
        }),
    );
    return { mixtures, fields };
  }

  /** Takes e of every member (≥ 0). O(members). */
  update(e: Float64Array): void {
    const { m, weights, onset, scalars, sr } = this;
    const step = scalars[STEPS]! + 1;
    let mixed = 0;
    for (let k = 0; k < m.length; k++) {
      const before = m[k]!;
      const after = Math.min(LARGEST, e[k]! * (sr ? before + 1 : Math.max(before, 1)));
      m[k] = after;
      if (!(after > 1)) onset[k] = step;
      mixed += weights[k]! * after;
    }
    scalars[STEPS] = step;
    scalars[MIXED] = mixed;
  }

  /** M. */
  get evidence(): number {
    return this.scalars[MIXED]!;
  }

  /** ln M, −∞ at the start. */
  get logEvidence(): number {
    const mixed = this.scalars[MIXED]!;
    return mixed > 0 ? ln(mixed) : Number.NEGATIVE_INFINITY;
  }

  get steps(): number {
    return this.scalars[STEPS]!;
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
    this.scalars.fill(0);
  }
}

function mixtureFields(members: number, count: number): MixtureFields {
  return {
    m: new Float64Array(members * count),
    onset: new Float64Array(members * count),
    scalars: new Float64Array(2 * count),
  };
}
