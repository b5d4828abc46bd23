/**
 * The p-value of a score among the last ones, without what its past foretells.
 *
 *   score ─► rank p ─► u = Φ⁻¹(1−p) ─► u − û ─► rank q        published: q while û pays (actors/kernels/foreseeable.ts), otherwise p
 *
 * With volatility in clusters the p of successive rows depend on each other; the q do not. û uses only rows before this one, and so does the
 * decision between p and q.
 */
import { ConformalRank } from "../kernels/conformal.ts";
import { ForeseeablePart } from "../kernels/foreseeable.ts";
import { normalScoreAt } from "../kernels/normal.ts";
import type { Fields } from "../ports/detector.ts";
import { prefixed } from "./registered-numbers.ts";

/** Rows among which a rank is taken: p is at least 1/2048, and an insertion moves at most 16 KB. */
const RANK_WINDOW = 2048;

export class RankedScore {
  readonly fields: Fields;
  private readonly scores = new ConformalRank(RANK_WINDOW);
  private readonly residuals = new ConformalRank(RANK_WINDOW);
  private readonly foreseeable = new ForeseeablePart();
  private readonly residual = new Float64Array(1);

  constructor() {
    this.fields = {
      ...prefixed("score", this.scores.fields),
      ...prefixed("residual", this.residuals.fields),
      ...prefixed("foreseeable", this.foreseeable.fields),
    };
  }

  /** Scores held. */
  get count(): number {
    return this.scores.count;
  }

  /** values[i] ← p-value of the score values[i], with θ = thetas[j]. `learn`: the law of the scores is the usual one. */
  rankAt(values: Float64Array, i: number, thetas: Float64Array, j: number, learn: boolean): void {
    const { residual, foreseeable } = this;
    const { pays, promises } = foreseeable;
    this.scores.pushAt(values, i, thetas, j);
    residual[0] = values[i]!;
    normalScoreAt(residual, 0);
    foreseeable.removeAt(residual, 0, learn);
    // With independent rows residuals are never needed, and a rank is the dearest step.
    if (promises) this.residuals.pushAt(residual, 0, thetas, j);
    if (pays) values[i] = residual[0]!;
  }

  /** Forgets the scores; what the past foretells stays known. */
  reset(): void {
    this.scores.reset();
    this.residuals.reset();
  }
}
