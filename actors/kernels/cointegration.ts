/**
 * Whether two paths are tied to each other: the residual of one on the other is tested for a unit root (Engle & Granger 1987).
 *
 *   y = a + βx + e,   Δe_t = γ e_{t−1} + δ Δe_{t−1} + u,   τ = γ / se(γ),   se(γ)² = Σ z² u² / (Σ z²)²,   z: e_{t−1} less its part along Δe_{t−1}
 *
 * This se (White 1980) allows for u that is larger where |e| is, as it is where volatility comes in clusters; the usual one, √(Σ u²/N / Σ z²), makes such
 * walks look tied.
 * The p-value of τ is the response surface of MacKinnon 1994 for two variables and a constant ("Approximate asymptotic distribution functions for
 * unit-root and cointegration tests", JBES 12): 5 % lie at −3.34. A path that is a random walk, whatever the law of its steps with finite variance, has
 * it in the limit; with 500 steps it is off by less than a tenth (tests/kernels/cointegration.test.ts).
 */
import erfc from "@stdlib/math-base-special-erfc";
import ln from "@stdlib/math-base-special-ln";

export interface Cointegration {
  /** β and a. */
  slope: number;
  intercept: number;
  /** Standard deviation of the residual. */
  deviation: number;
  /** Steps in which half of a residual is left, by its AR(1): ln 2 / −ln φ; 0 for φ ≤ 0, Infinity for φ ≥ 1. */
  halfLife: number;
  /** Of "they are not tied". */
  pValue: number;
}

/**
 * Tests `steps` values of y, from `y` on in `paths`, on as many of x, from `x` on. `residual`: scratch of that length. A path that does not move has
 * p-value 1. O(steps), allocates nothing.
 */
export function engleGranger(
  paths: Float64Array,
  x: number,
  y: number,
  steps: number,
  residual: Float64Array,
  into: Cointegration,
): void {
  let meanX = 0;
  let meanY = 0;
  for (let t = 0; t < steps; t++) {
    meanX += paths[x + t]!;
    meanY += paths[y + t]!;
  }
  meanX /= steps;
  meanY /= steps;
  let squares = 0;
  let products = 0;
  for (let t = 0; t < steps; t++) {
    const off = paths[x + t]! - meanX;
    squares += off * off;
    products += off * (paths[y + t]! - meanY);
  }
  into.slope = squares > 0 ? products / squares : 0;
  into.intercept = meanY - into.slope * meanX;
  let sum = 0;
  for (let t = 0; t < steps; t++) {
    const e = paths[y + t]! - into.intercept - into.slope * paths[x + t]!;
    residual[t] = e;
    sum += e * e;
  }
  into.deviation = Math.sqrt(sum / (steps - 2));
  unitRoot(residual, steps, into);
  if (!(squares > 0)) into.pValue = 1;
}

/** Fills the half-life and the p-value of a residual: the augmented Dickey-Fuller test with one lag. */
function unitRoot(e: Float64Array, steps: number, into: Cointegration): void {
  let levels = 0;
  let mixed = 0;
  let lagged = 0;
  let onLevel = 0;
  let onLagged = 0;
  for (let t = 2; t < steps; t++) {
    const before = e[t - 1]!;
    const change = e[t]! - before;
    const changeBefore = before - e[t - 2]!;
    levels += before * before;
    mixed += before * changeBefore;
    lagged += changeBefore * changeBefore;
    onLevel += before * change;
    onLagged += changeBefore * change;
  }
  const persistence = 1 + onLevel / levels;
  into.halfLife = persistence <= 0 ? 0 : persistence >= 1 ? Number.POSITIVE_INFINITY : LN2 / -ln(persistence);
  const determinant = levels * lagged - mixed * mixed;
  const gamma = (onLevel * lagged - onLagged * mixed) / determinant;
  const delta = (onLagged * levels - onLevel * mixed) / determinant;
  const along = mixed / lagged;
  let weighted = 0;
  for (let t = 2; t < steps; t++) {
    const before = e[t - 1]!;
    const changeBefore = before - e[t - 2]!;
    const zu = (before - along * changeBefore) * (e[t]! - before - gamma * before - delta * changeBefore);
    weighted += zu * zu;
  }
  const tau = (gamma * determinant) / lagged / Math.sqrt(weighted);
  // A residual that is exactly 0 has none.
  into.pValue = Number.isNaN(tau) ? 1 : cointegrationPValue(tau);
}

const LN2 = 0.6931471805599453;

/** P(τ below this) of two paths that are not tied; MacKinnon 1994, tables 3 and 4, N = 2 with a constant. O(1). */
export function cointegrationPValue(tau: number): number {
  if (tau > 0.92) return 1;
  if (tau < -18.86) return 0;
  const score =
    tau <= -2.62
      ? 2.92 + tau * (1.5012 + tau * 0.039796)
      : 2.1945 + tau * (0.64695 + tau * (-0.29198 - tau * 0.042377));
  return 0.5 * erfc(-score / Math.SQRT2);
}
