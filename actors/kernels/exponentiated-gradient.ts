/**
 * Weights of several experts that are learnt from their losses, one after the other: exponentiated gradient on the simplex.
 *
 *   w_k ← w_k exp(r_k − r_k²) / Z,   r_k = η (ḡ − g_k),   ḡ = Σ w_k g_k,   then w_k ← (1−s) w_k + s/K
 *
 * g is the gradient of the loss in w. With η = √(ln K / V), V the sum of Σ w_k (g_k − ḡ)² so far, the loss exceeds that of the best fixed
 * weights by some √(V ln K). Without r², the weight of an expert whose gradient is noisy would grow by the noise alone. No r is beyond ½: there r − r² is
 * largest, and an expert that gains more would lose weight, most of all where V is small because one bad expert has nearly all of it. Forgetting in V
 * and the share s let the weights follow when another expert becomes the best.
 * Sources: Kivinen & Warmuth 1997 (exponentiated gradient); Cesa-Bianchi, Mansour & Stoltz 2007 (η and r² by second moments); Herbster & Warmuth
 * 1998 (fixed share). O(K) a step, allocates nothing.
 */
import { expAt, lnAt } from "./elementary.ts";

/** Largest r of a step: r − r² rises up to there. */
const MOST_GAIN = 0.5;

type GradientFields = { readonly weights: Float64Array; readonly moments: Float64Array };

export class ExponentiatedGradient {
  /** All of the state: weights of the K experts, and V. */
  readonly fields: GradientFields;
  /** On the simplex. */
  readonly weights: Float64Array;
  private readonly moments: Float64Array;
  private readonly keep: number;
  private readonly share: number;
  private readonly logExperts: number;
  private readonly scratch: Float64Array;

  /** `memory`: steps that count in V; Infinity: all. `share` in [0, 1): least weight of all experts together. */
  constructor(
    experts: number,
    memory: number,
    share: number,
    fields: GradientFields = gradientFields(experts, 1),
  ) {
    this.fields = fields;
    this.weights = fields.weights;
    this.moments = fields.moments;
    this.keep = 1 - 1 / memory;
    this.share = share;
    this.logExperts = logOf(experts);
    this.scratch = new Float64Array(experts);
    this.weights.fill(1 / experts);
  }

  /** Mixtures of `count` streams whose states lie one after the other in common arrays. */
  static several(count: number, experts: number, memory: number, share: number) {
    const fields = gradientFields(experts, count);
    const mixtures = Array.from(
      { length: count },
      (_, k) =>
        new ExponentiatedGradient(experts, memory, share, {
          weights: fields.weights.subarray(k * experts, (k + 1) * experts),
          moments: fields.moments.subarray(k, k + 1),
        }),
    );
    return { mixtures, fields };
  }

  /** Takes the gradient of a loss in the weights. */
  learn(gradient: Float64Array): void {
    const { weights, moments, scratch, share } = this;
    const experts = weights.length;
    let mean = 0;
    for (let k = 0; k < experts; k++) mean += weights[k]! * gradient[k]!;
    let spread = 0;
    let most = 0;
    for (let k = 0; k < experts; k++) {
      const off = gradient[k]! - mean;
      spread += weights[k]! * off * off;
      most = Math.max(most, Math.abs(off));
    }
    const total = this.keep * moments[0]! + spread;
    moments[0] = total;
    if (!(total > 0)) return;
    const rate = Math.min(Math.sqrt(this.logExperts / total), MOST_GAIN / most);
    let sum = 0;
    for (let k = 0; k < experts; k++) {
      const gain = rate * (mean - gradient[k]!);
      scratch[k] = gain - gain * gain;
      expAt(scratch, k);
      const weight = weights[k]! * scratch[k]!;
      weights[k] = weight;
      sum += weight;
    }
    for (let k = 0; k < experts; k++) weights[k] = ((1 - share) * weights[k]!) / sum + share / experts;
  }
}

function gradientFields(experts: number, count: number): GradientFields {
  return { weights: new Float64Array(experts * count), moments: new Float64Array(count) };
}

function logOf(x: number): number {
  const a = Float64Array.of(x);
  lnAt(a, 0);
  return a[0]!;
}
