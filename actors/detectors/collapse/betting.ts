/**
 * The evidence M that the law of the rows has changed: the wealth of 18 bets on each row since the last reset.
 *
 *   row y ─┬─ ‖y‖² ──────── conformal p ─► B1 ─┐
 *          ├─ (u_k·y)²/‖y‖² conformal p ─► B2 ─┼─► Shiryaev–Roberts mixture ─► M
 *          └─ y ─────────────────────────► B3 ─┘
 *
 * Each bet uses only rows before the one it bets on. θ of tied ranks comes from the actor's random stream.
 */
import ln from "@stdlib/math-base-special-ln";
import { ConformalRank } from "../../kernels/conformal.ts";
import { expAt } from "../../kernels/elementary.ts";
import { MEAN_BET_FRACTIONS, MEAN_BET_WINDOWS, MeanBet } from "../../kernels/mean-bet.ts";
import type { Fields } from "../../ports/detector.ts";
import { prefixed } from "../registered-numbers.ts";
import type { Baseline } from "./baseline.ts";
import {
  betTables,
  ENERGY_AT,
  MEAN_AT,
  MEAN_MEMBERS,
  MEMBERS,
  MODES,
  placeBet,
  SHARE_AT,
  SHARE_FACTORS,
  WEIGHTS,
} from "./bets.ts";
import { EMixture } from "./e-mixture.ts";

/** Rows among which a rank is taken: p is at least 1/2048, and an insertion moves at most 16 KB. */
const RANK_WINDOW = 2048;
/** Share of ‖b‖‖δ‖ that a bet on the mean is charged: the cosine between b and δ is about ½ when the bet finds only δ. */
const MEAN_DOUBT = 0.5;

export class Betting {
  readonly fields: Fields;
  /** The wealth of the bets, and the member with the largest one. */
  readonly mixture: EMixture;
  /** p-value of the last row's energy. */
  energyRank = Number.NaN;
  private readonly n: number;
  private readonly energies = new ConformalRank(RANK_WINDOW);
  private readonly shares: readonly ConformalRank[];
  private readonly means: MeanBet;
  private readonly betLength = new Float64Array(MEAN_BET_WINDOWS.length);
  private readonly eValues = new Float64Array(MEMBERS);
  private readonly logE = new Float64Array(MEAN_MEMBERS);

  constructor(n: number, statistic: "sr" | "cusum") {
    this.n = n;
    this.mixture = new EMixture(WEIGHTS, statistic);
    this.shares = Array.from({ length: MODES }, () => new ConformalRank(RANK_WINDOW));
    this.means = new MeanBet(n);
    this.fields = {
      ...prefixed("detector", this.mixture.fields),
      ...prefixed("energy", this.energies.fields),
      ...prefixed("mode1", this.shares[0]!.fields),
      ...prefixed("mode2", this.shares[1]!.fields),
      ...prefixed("mean", this.means.fields),
    };
  }

  /** Places all bets on a whitened row of this energy and returns max(0, ln M). `random` is uniform on [0, 1). */
  row(y: Float64Array, energy: number, baseline: Baseline, random: { random(): number }): number {
    const { eValues, shares } = this;
    const tables = betTables(baseline.channels);
    this.energyRank = this.energies.push(energy, 1 - random.random());
    placeBet(tables.energy, this.energyRank, eValues, ENERGY_AT);
    for (let k = 0; k < MODES; k++) {
      const at = SHARE_AT + k * SHARE_FACTORS.length;
      if (tables.share === null) eValues.fill(0, at, at + SHARE_FACTORS.length);
      else {
        const share = energy > 0 ? baseline.share(k, y, energy) : 0;
        placeBet(tables.share, shares[k]!.push(share, 1 - random.random()), eValues, at);
      }
    }
    this.betOnMean(y, baseline);
    const mixed = this.mixture.update(eValues);
    // Most rows bring no evidence: the logarithm is then not needed.
    return mixed > 1 ? ln(mixed) : 0;
  }

  /** Resets the ranks for another baseline and fills them with these energies. */
  begin(energies: readonly number[], random: { random(): number }): void {
    this.energies.reset();
    for (const rank of this.shares) rank.reset();
    for (const energy of energies) this.energies.push(energy, 1 - random.random());
  }

  /** Forgets the windows of the bets on the mean. */
  forgetMeans(): void {
    this.means.fields.means.fill(0);
  }

  /**
   * B3, minus what the error δ of μ₀ can win. E‖δ‖² = m/N, and a bet b on δ gains at most ‖b‖‖δ‖ a row; a bet on the mean of the last 128
   * rows does find δ. Without the charge the mean rows between false alarms are 510 for A = 500 and 1400 for A = 2000 (N = 500, n = 16).
   */
  private betOnMean(y: Float64Array, baseline: Baseline): void {
    const { n, eValues, logE, means } = this;
    const doubt = Math.sqrt(baseline.channels / baseline.rows);
    for (let w = 0; w < MEAN_BET_WINDOWS.length; w++) {
      let norm2 = 0;
      for (let i = w * n; i < (w + 1) * n; i++) norm2 += means.fields.means[i]! * means.fields.means[i]!;
      this.betLength[w] = norm2 > 0 ? Math.max(0.5, Math.min(1.2, Math.sqrt(norm2))) : 0;
    }
    means.logE(y, logE, 0);
    for (let m = 0; m < MEAN_MEMBERS; m++) {
      const window = Math.floor(m / MEAN_BET_FRACTIONS.length);
      const fraction = MEAN_BET_FRACTIONS[m % MEAN_BET_FRACTIONS.length]!;
      eValues[MEAN_AT + m] = logE[m]! - MEAN_DOUBT * doubt * fraction * this.betLength[window]!;
      expAt(eValues, MEAN_AT + m);
    }
  }
}
