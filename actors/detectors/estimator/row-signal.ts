/**
 * z of a row-sampled group: innovations in units of their lagged scale, filtered by the all-pass pair.
 *
 * The first row after a gap has no innovations and resets the filter, whose memory is a few rows. A channel that did not report has
 * innovation 0.
 */
import type { Settings } from "../../../protocol/settings.ts";
import { AnalyticSignal } from "../../kernels/analytic-signal.ts";
import type { DensityEstimate } from "../../kernels/density.ts";
import { EwmaMoments } from "../../kernels/ewma.ts";
import type { Batch, Fields, Group } from "../../ports/detector.ts";
import { prefixed } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import type { SignalSource, TakesSignal } from "./signal-source.ts";

/**
 * Successive z of white innovations are correlated: |ρ_k|² = (2/πk)² at odd lags k and 0 at even ones, with a sum of ½ on either side. An
 * analytic signal therefore has half as many independent samples: κ = 2 κ₀.
 */
const ANALYTIC_KAPPA = 2;
/** Delay of the all-pass pair at a quarter of the sampling rate, rows. */
const DELAY_ROWS = 2.7;
/** Its delay at the edge of the band, 5.4 rows, and as many again of memory. */
const REACH_ROWS = 10;

export class RowSignal implements SignalSource {
  readonly fields: Fields;
  readonly time = new Float64Array(1);
  readonly warm = true;
  readonly reach = REACH_ROWS;
  private readonly n: number;
  private readonly scale: EwmaMoments;
  private readonly filter: AnalyticSignal;
  private readonly spacing: RowSpacing;
  private readonly u: Float64Array;
  private readonly zRe: Float64Array;
  private readonly zIm: Float64Array;

  constructor(settings: Settings, group: Group) {
    const { n } = group;
    this.n = n;
    // A half-life of h = `scaleRows` rows: 1 − 2^(−1/h) ≈ ln 2 / h.
    this.scale = new EwmaMoments(n, Math.min(1, Math.LN2 / settings.estimator.scaleRows));
    this.filter = new AnalyticSignal(n);
    this.spacing = new RowSpacing(group.everyUs);
    this.u = new Float64Array(n);
    this.zRe = new Float64Array(n);
    this.zIm = new Float64Array(n);
    this.fields = {
      ...prefixed("scale", this.scale.fields),
      ...prefixed("filter", this.filter.fields),
      ...this.spacing.fields,
    };
  }

  consume(batch: Batch, density: TakesSignal, taken: () => void): void {
    const { n, u, zRe, zIm } = this;
    for (let r = 0; r < batch.rows; r++) {
      const time = batch.rowTime[r]!;
      const gap = batch.gap[r] === 1;
      this.spacing.see(time, gap);
      if (gap) {
        this.filter.reset();
        continue;
      }
      let known = false;
      for (let c = 0; c < n; c++) {
        const x = batch.rowInnovation[r * n + c]!;
        if (Number.isNaN(x)) u[c] = 0;
        else {
          known = true;
          u[c] = this.scale.scale(c, x);
        }
      }
      if (!known) continue;
      this.filter.update(u, zRe, zIm);
      if (!density.update(zRe, zIm)) continue;
      this.time[0] = time;
      taken();
    }
  }

  kappa(density: Pick<DensityEstimate, "kappa" | "count">): number {
    return Math.min(1, ANALYTIC_KAPPA * density.kappa);
  }

  measures(): Record<string, number> {
    return this.spacing.us > 0 ? { groupDelaySeconds: (DELAY_ROWS * this.spacing.us) / 1e6 } : {};
  }
}
