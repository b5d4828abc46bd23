/**
 * The evidence M that the law of the rows has changed: the wealth of 18 bets on each row since the last reset.
 *
 *   row y ─┬─ ‖y‖² ──────── p (ranked-score.ts) ─► B1 ─┐
 *          ├─ (u_k·y)²/‖y‖² p (ranked-score.ts) ─► B2 ─┼─► Shiryaev–Roberts mixture ─► M
 *          └─ y ─────────────── (mean-bet.ts) ───► B3 ─┘
 *
 * Each bet uses only rows before the one it bets on. θ of tied ranks comes from the actor's random stream.
 */
import { lnAt } from "../../kernels/elementary.ts";
import { MeanBet } from "../../kernels/mean-bet.ts";
import type { Fields } from "../../ports/detector.ts";
import { EMixture } from "../e-mixture.ts";
import { RankedScore } from "../ranked-score.ts";
import { prefixed } from "../registered-numbers.ts";
import type { Baseline } from "./baseline.ts";
import {
  betTables,
  ENERGY_AT,
  MEAN_AT,
  MEMBERS,
  MODES,
  placeBet,
  SHARE_AT,
  SHARE_FACTORS,
  WEIGHTS,
} from "./bets.ts";

interface Random {
  /** Uniform on [0, 1). */
  random(): number;
}

export class Betting {
  readonly fields: Fields;
  /** The wealth of the bets, and the member with the largest one. */
  readonly mixture: EMixture;
  /** Scores of the last row: [‖y‖², shares of the modes], then their p-values. */
  private readonly ranked = new Float64Array(1 + MODES);
  /** θ of the scores, and of the channels. */
  private readonly thetas = new Float64Array(2 + MODES);
  /** ln M, or 0 if M ≤ 1. */
  private readonly logEvidence = new Float64Array(1);
  private readonly scores: readonly RankedScore[];
  private readonly means: MeanBet;
  private readonly eValues = new Float64Array(MEMBERS);

  constructor(n: number, statistic: "sr" | "cusum") {
    this.mixture = new EMixture(WEIGHTS, statistic);
    this.scores = Array.from({ length: 1 + MODES }, () => new RankedScore());
    this.means = new MeanBet(n);
    this.fields = {
      ...prefixed("detector", this.mixture.fields),
      ...prefixed("energy", this.scores[0]!.fields),
      ...prefixed("mode1", this.scores[1]!.fields),
      ...prefixed("mode2", this.scores[2]!.fields),
      ...prefixed("mean", this.means.fields),
    };
  }

  /** p-values of the last row's energy and shares. */
  get ranks(): Float64Array {
    return this.ranked;
  }

  /** max(0, ln M) after the last row. */
  get logM(): number {
    return this.logEvidence[0]!;
  }

  /** Rows among which the next one is ranked. */
  get rowsKnown(): number {
    return this.scores[0]!.count;
  }

  /** Normal scores of the last row's channels. */
  get channelScores(): Float64Array {
    return this.means.scores;
  }

  /** Places all bets on y, the row that the baseline whitened last. `learn`: the row is believed to follow the usual law. */
  row(y: Float64Array, baseline: Baseline, learn: boolean, random: Random): void {
    const { eValues, scores, ranked, thetas, mixture, logEvidence } = this;
    const tables = betTables(baseline.channels);
    ranked[0] = baseline.energy[0]!;
    for (let k = 0; k < MODES; k++) baseline.shareAt(ranked, 1 + k, k, y);
    for (let k = 0; k < thetas.length; k++) thetas[k] = random.random();
    for (let s = 0; s <= MODES; s++) {
      thetas[s] = 1 - thetas[s]!;
      scores[s]!.rankAt(ranked, s, thetas, s, learn);
    }
    placeBet(tables.energy, ranked, 0, eValues, ENERGY_AT);
    for (let k = 0; k < MODES; k++) {
      const at = SHARE_AT + k * SHARE_FACTORS.length;
      if (tables.share === null) eValues.fill(0, at, at + SHARE_FACTORS.length);
      else placeBet(tables.share, ranked, 1 + k, eValues, at);
    }
    this.means.eValues(y, baseline.kept, thetas, 1 + MODES, eValues, MEAN_AT);
    mixture.update(eValues);
    // ln 1 is 0.
    logEvidence[0] = Math.max(1, mixture.evidence);
    lnAt(logEvidence, 0);
  }

  /** Forgets the ranks, because another baseline whitens the rows now. */
  reset(): void {
    for (const score of this.scores) score.reset();
    this.means.reset();
    this.mixture.reset();
  }

  /** After the rows that the baseline was learnt from: their evidence counts for nothing, and ranks stay that new rows would have as well. */
  endLearning(baseline: Baseline): void {
    this.mixture.reset();
    for (let k = 0; k < MODES; k++) if (!baseline.modeFitsNewRows(k)) this.scores[1 + k]!.reset();
  }
}
