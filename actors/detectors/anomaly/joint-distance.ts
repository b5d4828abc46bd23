/**
 * The Mahalanobis distance √(u'Σ⁻¹u / n) of the innovations of all channels: how unusual they are together.
 *
 * u_c = r_c / mean|r_c|, clipped at CLIP_AT because the spike of one channel is an anomaly of that channel only. Σ is the exponentially
 * weighted second moment of u before the row, plus a share of the identity: without it, collinear channels would turn rounding into distance.
 * Σ is factored every REFACTOR_EVERY rows. O(n²) a row: 0.3 µs at n = 16.
 */
import { cholesky } from "../../kernels/cholesky.ts";
import type { Batch, Fields } from "../../ports/detector.ts";
import { clipSpike } from "../clip-spikes.ts";
import { namedNumbers } from "../registered-numbers.ts";
import type { ChannelViews } from "./channel-views.ts";

/** In mean absolute innovations. */
const CLIP_AT = 8;
const REFACTOR_EVERY = 64;
/** Share of the identity. */
const RIDGE = 0.05;
/** Rows per channel in the memory of Σ, and at least this many rows. */
const ROWS_PER_CHANNEL = 10;
const MIN_MEMORY = 512;

const Scalars = namedNumbers("rows");

export class JointDistance {
  readonly fields: Fields;
  private readonly n: number;
  private readonly memory: number;
  private readonly moments: Float64Array;
  private readonly factor: Float64Array;
  private readonly scalars = new Scalars();
  private readonly u: Float64Array;
  private readonly whitened: Float64Array;
  private readonly zeros: Float64Array;
  private readonly scratch: Float64Array;

  constructor(n: number) {
    this.n = n;
    this.memory = Math.max(MIN_MEMORY, ROWS_PER_CHANNEL * n);
    this.moments = new Float64Array(n * n);
    this.factor = new Float64Array(n * n);
    this.u = new Float64Array(n);
    this.fields = { moments: this.moments, factor: this.factor, jointRows: this.scalars.array, u: this.u };
    this.whitened = new Float64Array(n);
    this.zeros = new Float64Array(n * n);
    this.scratch = new Float64Array(n * n);
  }

  /** Distance of row r, about 1 for a usual row; NaN while unknown or across a gap. Then learns the row. */
  see(batch: Batch, r: number, views: Pick<ChannelViews, "stepScale">): number {
    const { n, u, moments, scalars } = this;
    for (let c = 0; c < n; c++) {
      const innovation = batch.rowInnovation[r * n + c]!;
      if (Number.isNaN(innovation)) return Number.NaN;
      const scale = views.stepScale(c);
      const standardised = scale > 0 ? innovation / scale : 0;
      u[c] = clipSpike(standardised, CLIP_AT);
    }
    const seen = scalars.rows + 1;
    scalars.rows = seen;
    let distance = Number.NaN;
    if (seen > 2 * REFACTOR_EVERY) {
      distance = Math.sqrt(this.squared() / n);
    }
    const weight = seen < this.memory ? 1 / seen : 1 / this.memory;
    for (let i = 0; i < n; i++) {
      const row = i * n;
      const ui = u[i]!;
      for (let j = 0; j <= i; j++)
        moments[row + j] = moments[row + j]! + weight * (ui * u[j]! - moments[row + j]!);
    }
    if (seen % REFACTOR_EVERY === 0) this.refactor();
    return distance;
  }

  /** Size of channel c's standardised innovation in the last row, for ranking channels. */
  share(c: number): number {
    return Math.abs(this.u[c]!);
  }

  /** u'Σ⁻¹u = ‖L⁻¹u‖² by forward substitution. */
  private squared(): number {
    const { n, u, factor, whitened } = this;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const row = i * n;
      let x = u[i]!;
      for (let k = 0; k < i; k++) x -= factor[row + k]! * whitened[k]!;
      x /= factor[row + i]!;
      whitened[i] = x;
      sum += x * x;
    }
    return sum;
  }

  private refactor(): void {
    const { n, moments, factor, scratch, zeros } = this;
    let trace = 0;
    for (let i = 0; i < n; i++) trace += moments[i * n + i]!;
    const ridge = RIDGE * (trace / n) + 1e-12;
    factor.set(moments);
    for (let i = 0; i < n; i++) factor[i * n + i] = factor[i * n + i]! + ridge;
    cholesky(n, factor, zeros, factor, scratch);
  }
}
