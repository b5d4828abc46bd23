/**
 * Heston's variance and price (1993), with jumps of Bates (1996), by the full truncation scheme (Lord, Koekkoek & van Dijk 2010).
 *
 *   dv = κ (θ − v) dt + ξ √v dW,   d ln S = −v/2 dt + √v dB,   corr(dW, dB) = ρ
 *
 * Full truncation: v may fall below 0 between steps, and v⁺ is used in its place. In the long run v has mean θ and variance θ ξ² / (2κ); it
 * does not reach 0 if 2κθ > ξ² (Feller).
 */
import type { Variates } from "../model/variates.ts";

export interface HestonOptions {
  /** 1/s: how fast the variance returns. */
  readonly kappa: number;
  /** Long-run variance of the log price per second. */
  readonly theta: number;
  /** Volatility of the variance. */
  readonly xi: number;
  readonly rho: number;
  /** Seconds of a step. */
  readonly step: number;
}

export class Heston {
  /** As in the scheme: below 0 it counts as 0. */
  variance: number;
  private readonly options: HestonOptions;

  constructor(options: HestonOptions) {
    this.options = options;
    this.variance = options.theta;
  }

  /** One step; returns the log return without jumps. */
  next(variates: Variates): number {
    const { kappa, theta, xi, rho, step } = this.options;
    const variance = Math.max(0, this.variance);
    const spread = Math.sqrt(variance * step);
    const forVariance = variates.normal();
    const forPrice = rho * forVariance + Math.sqrt(1 - rho * rho) * variates.normal();
    this.variance += kappa * (theta - variance) * step + xi * spread * forVariance;
    return -0.5 * variance * step + spread * forPrice;
  }
}
