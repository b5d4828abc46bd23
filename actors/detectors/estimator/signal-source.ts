/** The complex signal of a group, as the estimator uses it. */
import type { DensityEstimate } from "../../kernels/density.ts";
import type { Batch, Fields } from "../../ports/detector.ts";

/** A source of z, with the numbers that are needed to interpret ρ. */
export interface SignalSource {
  readonly fields: Fields;
  /** Time of the last update of ρ, µs. An element of an array is not boxed. */
  readonly time: Float64Array;
  /** Updates ρ from the batch and calls `taken` after every update. */
  consume(batch: Batch, density: DensityEstimate, taken: () => void): void;
  /** κ of the estimate: the sum of the squared weights of independent samples, at most 1. */
  kappa(density: DensityEstimate): number;
  /** Measures of the signal for the published state: band, delay, synchrony. */
  measures(): Record<string, number>;
  /** True once the source produces z. */
  readonly warm: boolean;
}
