/**
 * Bets that the mean of whitened innovations has changed (B3), valid for every law that is symmetric about the old mean.
 *
 *   d = λ μ̂_{t−1}·y_t,   ln e = d − d²/2          E[e] ≤ 1 because cosh d ≤ e^{d²/2}
 *
 * μ̂ is an EWMA of past y, so the bet does not depend on y. Its length is limited to [0.5, 1.2]: shorter bets win too slowly, longer ones
 * lose too much. Source: de la Peña 1999, Ann. Probab. 27:537.
 */

/** Memories of the EWMAs in samples, and the fractions bet on each of them. */
export const MEAN_BET_WINDOWS: readonly number[] = [8, 32, 128];
export const MEAN_BET_FRACTIONS: readonly number[] = [0.5, 1];

const SHORTEST = 0.5;
const LONGEST = 1.2;

export class MeanBet {
  readonly n: number;
  readonly members: number;
  /** All of the state: `means` row w = EWMA of window w. */
  readonly fields: { readonly means: Float64Array };
  private readonly means: Float64Array;
  private readonly windows: readonly number[];
  private readonly fractions: readonly number[];

  /** EWMA weight of window w is 1/w. Members are ordered window by window, fraction by fraction. */
  constructor(
    n: number,
    windows: readonly number[] = MEAN_BET_WINDOWS,
    fractions: readonly number[] = MEAN_BET_FRACTIONS,
  ) {
    for (const w of windows) {
      if (!(w >= 1)) throw new RangeError(`Cannot bet on a mean over ${w} samples: expected at least 1`);
    }
    this.n = n;
    this.windows = windows;
    this.fractions = fractions;
    this.members = windows.length * fractions.length;
    this.means = new Float64Array(windows.length * n);
    this.fields = { means: this.means };
  }

  /** Writes ln e of every member for the whitened sample y to `out[at..]`, then learns y. O(n · windows). */
  logE(y: Float64Array, out: Float64Array, at: number): void {
    const n = this.n;
    let member = at;
    for (let w = 0; w < this.windows.length; w++) {
      const row = w * n;
      const weight = 1 / this.windows[w]!;
      let norm2 = 0;
      let dot = 0;
      for (let i = 0; i < n; i++) {
        const mean = this.means[row + i]!;
        norm2 += mean * mean;
        dot += mean * y[i]!;
        this.means[row + i] = mean + weight * (y[i]! - mean);
      }
      const scale = lengthScale(norm2);
      for (let f = 0; f < this.fractions.length; f++) {
        const d = this.fractions[f]! * scale * dot;
        out[member++] = d - 0.5 * d * d;
      }
    }
  }
}

/** Factor that limits the length of a vector with squared length norm2 to [0.5, 1.2]; 0 for the zero vector (e is then 1). */
function lengthScale(norm2: number): number {
  const norm = Math.sqrt(norm2);
  if (norm === 0) return 0;
  return norm < SHORTEST ? SHORTEST / norm : norm > LONGEST ? LONGEST / norm : 1;
}
