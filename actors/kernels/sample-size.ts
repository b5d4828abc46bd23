/**
 * The effective number of independent samples of an exponentially weighted estimate, and the bias of its purity.
 *
 * κ = Σ_k w_k² over effectively independent samples, N_eff = 1/κ. Every published estimate contains κ.
 */

/** κ after one more independent sample of weight α: κ ← (1−α)²κ + α², from κ = 1 at the first. O(1). */
export function kappaAfterUpdate(kappa: number, alpha: number): number {
  const keep = 1 - alpha;
  return keep * keep * kappa + alpha * alpha;
}

/**
 * κ of a state averaged at rate a = 1/τ_m (1/s) from resonators with pole γ (1/s): order 1: a/(a+2γ);
 * order 2 (autocorrelation (1+γτ)e^{−γτ}): a[1/s + 2γ/s² + 2γ²/s³], s = a+2γ. O(1).
 */
export function resonatorKappa(averagingRate: number, gamma: number, order: 1 | 2): number {
  const s = averagingRate + 2 * gamma;
  if (order === 1) return averagingRate / s;
  return averagingRate * (1 / s + (2 * gamma) / (s * s) + (2 * gamma * gamma) / (s * s * s));
}

/**
 * Purity without the bias of a finite sample: (γ̂−κ)/(1−κ), unbiased for independent unit ψ. NaN when κ ≥ 1 (a single sample).
 * The result may be outside [1/n, 1]; clip it for display only. O(1).
 */
export function correctedPurity(measured: number, kappa: number): number {
  return kappa < 1 ? (measured - kappa) / (1 - kappa) : Number.NaN;
}
