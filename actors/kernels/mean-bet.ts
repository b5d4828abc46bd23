/**
 * Bets that the mean of whitened innovations has changed (B3), valid for every law of independent rows.
 *
 *   r_c = normal score of y_c       a_w = μ̂_w·r / ‖μ̂_w‖       z_w = normal score of a_w       e = exp(δz_w − δ²/2)
 *
 * Normal scores come from conformal ranks. μ̂_w is an average of the r before this row, so the bet does not depend on the row. The rank of a_w
 * is uniform whatever the law of the rows: the mean of e is 1, and nothing is charged for the error of a learnt mean. Channels are ranked
 * first because with a skewed law a_w would be skewed to the side to which μ̂_w happens to point, for as long as it points there.
 *
 * Source: Vovk, Gammerman & Shafer 2005, §8 (conformal test martingales).
 */
import exp from "@stdlib/math-base-special-exp";
import { BET_BINS, BetTable, betBinAt } from "./bets.ts";
import { ConformalRank } from "./conformal.ts";
import { normalScoreAt } from "./normal.ts";

/** Memories of the averages in rows, and the shifts δ in standard deviations that are bet on each of them. */
export const MEAN_BET_WINDOWS: readonly number[] = [8, 32, 128];
export const MEAN_BET_SHIFTS: readonly number[] = [0.5, 1];

/** Rows among which a projection is ranked. */
const PROJECTION_WINDOW = 2048;
/** Rows among which a channel is ranked: fewer, because there are n of them and scores beyond ±3 are not needed. */
const CHANNEL_WINDOW = 512;
/** θ of the k-th rank is θ + kφ modulo 1, φ the golden section: each is uniform and no two are equal, from one random number. */
const GOLDEN = 0.6180339887498949;

export class MeanBet {
  readonly n: number;
  readonly members: number;
  /** Normal scores r of the last row; 0 for channels that are left out. Not state: every row writes them. */
  readonly scores: Float64Array;
  readonly fields: Record<string, Float64Array>;
  private readonly means: Float64Array;
  private readonly channels: readonly ConformalRank[];
  private readonly projections: readonly ConformalRank[];
  private readonly eValueTable: Float64Array;
  private readonly projected: Float64Array;
  /** θ of each channel, then of each projection. */
  private readonly thetas: Float64Array;

  /** n ≥ 1. Members are ordered window by window, shift by shift. */
  constructor(n: number) {
    const windows = MEAN_BET_WINDOWS.length;
    this.n = n;
    this.members = windows * MEAN_BET_SHIFTS.length;
    this.scores = new Float64Array(n);
    this.means = new Float64Array(windows * n);
    this.projected = new Float64Array(windows);
    this.thetas = new Float64Array(n + windows);
    this.eValueTable = shiftTable();
    const channels = ConformalRank.several(n, CHANNEL_WINDOW);
    const projections = ConformalRank.several(windows, PROJECTION_WINDOW);
    this.channels = channels.ranks;
    this.projections = projections.ranks;
    this.fields = {
      means: this.means,
      channelRing: channels.fields.ring,
      channelSorted: channels.fields.sorted,
      channelScalars: channels.fields.scalars,
      projectionRing: projections.fields.ring,
      projectionSorted: projections.fields.sorted,
      projectionScalars: projections.fields.scalars,
    };
  }

  /**
   * Writes e of every member for the whitened row y to `out[at..]`, then learns y. `kept[c]` is 0 for channels that are left out; thetas[j] in
   * [0, 1) decides between equal values. O(n·windows + n log), allocates nothing.
   */
  eValues(
    y: Float64Array,
    kept: Uint8Array,
    thetas: Float64Array,
    j: number,
    out: Float64Array,
    at: number,
  ): void {
    const { n, projected, projections, thetas: own, eValueTable } = this;
    this.setThetas(thetas, j);
    this.rankChannels(y, kept);
    this.project();
    let ranked = 0;
    for (; ranked + 1 < projected.length; ranked += 2)
      projections[ranked]!.pushBoth(projections[ranked + 1]!, projected, ranked, ranked + 1, own, n);
    if (ranked < projected.length) projections[ranked]!.pushAt(projected, ranked, own, n + ranked);
    for (let w = 0; w < projected.length; w++) {
      const bin = betBinAt(projected, w);
      for (let d = 0; d < MEAN_BET_SHIFTS.length; d++)
        out[at + w * MEAN_BET_SHIFTS.length + d] = eValueTable[d * BET_BINS + bin]!;
    }
  }

  /** Forgets all rows. */
  reset(): void {
    for (const field of Object.values(this.fields)) field.fill(0);
  }

  /** Writes a_w of the last scores, then moves the averages. */
  private project(): void {
    const { n, means, scores, projected } = this;
    for (let w = 0; w < projected.length; w++) {
      const weight = 1 / MEAN_BET_WINDOWS[w]!;
      let norm2 = 0;
      let dot = 0;
      for (let i = w * n, c = 0; c < n; i++, c++) {
        const mean = means[i]!;
        const score = scores[c]!;
        norm2 += mean * mean;
        dot += mean * score;
        means[i] = mean + weight * (score - mean);
      }
      projected[w] = norm2 > 0 ? dot / Math.sqrt(norm2) : 0;
    }
  }

  /** Writes the normal scores of the channels, 0 for those left out. They are ranked two by two. */
  private rankChannels(y: Float64Array, kept: Uint8Array): void {
    const { n, scores, channels, thetas } = this;
    let waiting = -1;
    for (let c = 0; c < n; c++) {
      scores[c] = 0;
      if (kept[c] === 0) continue;
      scores[c] = y[c]!;
      if (waiting < 0) waiting = c;
      else {
        channels[waiting]!.pushBoth(channels[c]!, scores, waiting, c, thetas, 0);
        waiting = -1;
      }
    }
    if (waiting >= 0) channels[waiting]!.pushAt(scores, waiting, thetas, waiting);
    for (let c = 0; c < n; c++) if (kept[c] !== 0) normalScoreAt(scores, c);
  }

  private setThetas(thetas: Float64Array, j: number): void {
    const own = this.thetas;
    for (let k = 0; k < own.length; k++) {
      const moved = thetas[j]! + k * GOLDEN;
      own[k] = 1 - (moved - Math.floor(moved));
    }
  }
}

/** e-values by shift and bin of p; made once. */
let shifts: Float64Array | null = null;

function shiftTable(): Float64Array {
  shifts ??= new BetTable("shift", 1, MEAN_BET_SHIFTS).logValues.map((logE) => exp(logE));
  return shifts;
}
