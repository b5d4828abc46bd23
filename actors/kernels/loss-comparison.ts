/**
 * Losses of a forecast beside those of others, over the last targets: which has the smaller mean, and whether the difference is more than chance.
 *
 *   d_t = loss of the forecast − loss of the other,   DM = d̄ / √(Ω/N),   Ω = γ₀ + 2 Σ_{l ≤ L} (1 − l/(L+1)) γ_l
 *
 * γ_l: autocovariances of d. DM is about normal where neither forecasts better; below −1.96 the forecast is better at the level of 5 %. Targets
 * must not overlap. Sources: Diebold & Mariano 1995; Newey & West 1987. O(others · L) a target, allocates nothing.
 */

/** Bartlett lags: N^(1/3) of some hundred targets. */
const LAGS = 5;
/** A difference and its products with itself and with those before it. */
const WIDTH = LAGS + 2;

/** Targets before a statistic is known. */
export const LEAST_TARGETS = 20;

type ComparisonFields = {
  readonly scalars: Float64Array;
  readonly means: Float64Array;
  readonly moments: Float64Array;
  readonly last: Float64Array;
};

export class LossComparison {
  /** All of the state: [targets, mean loss, N_eff]; of each other its mean loss; means of d and d·d_{−l}; the last L values of d. */
  readonly fields: ComparisonFields;
  private readonly scalars: Float64Array;
  private readonly means: Float64Array;
  private readonly moments: Float64Array;
  private readonly last: Float64Array;
  private readonly memory: number;

  /** `memory`: targets that count; Infinity: all. */
  constructor(others: number, memory: number, fields: ComparisonFields = comparisonFields(others, 1)) {
    this.fields = fields;
    this.scalars = fields.scalars;
    this.means = fields.means;
    this.moments = fields.moments;
    this.last = fields.last;
    this.memory = memory;
  }

  /** Comparisons of `count` streams whose states lie one after the other in common arrays. */
  static several(count: number, others: number, memory: number) {
    const fields = comparisonFields(others, count);
    const part = (of: Float64Array, k: number) =>
      of.subarray((k * of.length) / count, ((k + 1) * of.length) / count);
    const comparisons = Array.from(
      { length: count },
      (_, k) =>
        new LossComparison(others, memory, {
          scalars: part(fields.scalars, k),
          means: part(fields.means, k),
          moments: part(fields.moments, k),
          last: part(fields.last, k),
        }),
    );
    return { comparisons, fields };
  }

  /** The forecast had losses[at] and the others `losses` before it: losses[0 … at−1]. */
  take(losses: Float64Array): void {
    const { scalars, means, moments, last, memory } = this;
    const others = means.length;
    const own = losses[others]!;
    const targets = scalars[0]! + 1;
    const weight = Math.max(1 / targets, 1 / memory);
    scalars[0] = targets;
    scalars[1] = scalars[1]! + weight * (own - scalars[1]!);
    // Σ of squared weights, of which the inverse is the number of targets that count.
    scalars[2] = (1 - weight) * (1 - weight) * scalars[2]! + weight * weight;
    for (let k = 0; k < others; k++) {
      const d = own - losses[k]!;
      means[k] = means[k]! + weight * (losses[k]! - means[k]!);
      const at = k * WIDTH;
      moments[at] = moments[at]! + weight * (d - moments[at]!);
      moments[at + 1] = moments[at + 1]! + weight * (d * d - moments[at + 1]!);
      for (let l = LAGS; l >= 1; l--) {
        const before = last[k * LAGS + l - 1]!;
        moments[at + 1 + l] = moments[at + 1 + l]! + weight * (d * before - moments[at + 1 + l]!);
        last[k * LAGS + l - 1] = l === 1 ? d : last[k * LAGS + l - 2]!;
      }
    }
  }

  get targets(): number {
    return this.scalars[0]!;
  }

  /** Mean loss of the forecast. */
  get loss(): number {
    return this.scalars[1]!;
  }

  /** Mean loss of one of the others. */
  lossOf(k: number): number {
    return this.means[k]!;
  }

  /** The one with the least mean loss among from … to − 1 (ties: the first). */
  best(from: number, to: number): number {
    let best = from;
    for (let k = from + 1; k < to; k++) if (this.means[k]! < this.means[best]!) best = k;
    return best;
  }

  /**
   * 1 − (loss − floor) / (loss of k − floor), ≤ 1: the share of k's avoidable loss that is avoided. NaN: not known, or k avoids all. A floor is an estimate:
   * a loss below it shows that it is none, and then 0 is.
   */
  skill(k: number, floor = 0): number {
    const least = this.loss < floor ? 0 : floor;
    const avoidable = this.means[k]! - least;
    return this.targets >= LEAST_TARGETS && avoidable > 0 ? 1 - (this.loss - least) / avoidable : Number.NaN;
  }

  /** DM against k; NaN: not known, or both are always the same. */
  dieboldMariano(k: number): number {
    const out = new Float64Array(1);
    this.writeDieboldMariano(k, out, 0);
    return out[0]!;
  }

  /** Writes it to out[place], unboxed. */
  writeDieboldMariano(k: number, out: Float64Array, place: number): void {
    const at = k * WIDTH;
    const { moments } = this;
    out[place] = Number.NaN;
    if (this.targets < LEAST_TARGETS) return;
    const mean = moments[at]!;
    const white = moments[at + 1]! - mean * mean;
    let variance = white;
    for (let l = 1; l <= LAGS; l++)
      variance += 2 * (1 - l / (LAGS + 1)) * (moments[at + 1 + l]! - mean * mean);
    // Of few targets Ω may come out negative.
    if (!(variance > 0)) variance = white;
    if (variance > 0) out[place] = mean / Math.sqrt(variance * this.scalars[2]!);
  }
}

function comparisonFields(others: number, count: number): ComparisonFields {
  return {
    scalars: new Float64Array(3 * count),
    means: new Float64Array(others * count),
    moments: new Float64Array(others * WIDTH * count),
    last: new Float64Array(others * LAGS * count),
  };
}
