/** The complex signal of a group, as the estimator uses it. */
import type { DensityEstimate } from "../../kernels/density.ts";
import type { Batch, Fields } from "../../ports/detector.ts";

/** What takes z: false when it has no direction. */
export type TakesSignal = Pick<DensityEstimate, "update">;

/** A source of z, with the numbers that are needed to interpret ρ. */
export interface SignalSource {
  readonly fields: Fields;
  /** Time of the last update of ρ, µs. An element of an array is not boxed. */
  readonly time: Float64Array;
  /** Updates ρ from the batch and calls `taken` after every update. */
  consume(batch: Batch, density: TakesSignal, taken: () => void): void;
  /** κ of the estimate: the sum of the squared weights of independent samples, at most 1. */
  kappa(density: Pick<DensityEstimate, "kappa" | "count">): number;
  /** Measures of the signal for the published state: band, delay, synchrony. */
  measures(): Record<string, number>;
  /** How far z reaches into its past, in samples: delay and memory of the filter. */
  readonly reach: number;
  /** True once the source produces z. */
  readonly warm: boolean;
}
