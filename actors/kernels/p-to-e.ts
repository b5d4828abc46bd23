/** e-values from p-values. Source: Vovk & Wang 2021, "E-values: calibration, combination and applications". */
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";

/**
 * out[k] ← κ p^(κ−1) for κ = powers[k] in (0, 1): mean 1 for a uniform p. Small powers pay for very small p-values, large ones for many that are a
 * little small. `p` in (0, 1]. One logarithm, and one exponential a power.
 */
export function powerEValues(p: number, powers: Float64Array, out: Float64Array): void {
  const logP = ln(p);
  for (let k = 0; k < powers.length; k++) out[k] = powers[k]! * exp((powers[k]! - 1) * logP);
}
