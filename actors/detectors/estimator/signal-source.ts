/** Where the complex signal of a group comes from. */
import type { DensityEstimate } from "../../kernels/density.ts";
import type { Batch, Fields } from "../../ports/detector.ts";

/** A source of z, and what must be known of it to read ρ. */
export interface SignalSource {
  readonly fields: Fields;
  /** Feeds ρ with what the batch holds, calling `taken` after every update. */
  consume(batch: Batch, density: DensityEstimate, taken: (timeUs: number) => void): void;
  /** κ of the estimate: sum of squared weights of independent samples, at most 1. */
  kappa(density: DensityEstimate): number;
  /** Numbers that go out with the state: band, delay, synchrony. */
  measures(): Record<string, number>;
  readonly warm: boolean;
}
