/**
 * Fidelity and the Bures distance and angle.
 *
 * Convention: F = (tr √(√ρ σ √ρ))² (Jozsa 1994), √F is called root fidelity. Some packages call √F "fidelity".
 */
import acos from "@stdlib/math-base-special-acos";
import { singularValues } from "./singular-values.ts";

/**
 * Root fidelity √F = ‖√ρ √σ‖₁ = ‖L_ρ† L_σ‖₁ in [0, 1], for any factors ρ = L_ρ L_ρ†, σ = L_σ L_σ†.
 *
 * The factors are stored as rows (row k = column k of L), as pivoted-cholesky.ts writes them. √λ_k x_k from an eigensystem are also
 * factors, but lose digits for nearly singular states. `workRe`, `workIm`: n×n scratch. `workValues`: scratch of length ≥ n, which
 * contains the singular values afterwards. O(n³), allocates nothing.
 */
export function rootFidelity(
  n: number,
  aRe: Float64Array,
  aIm: Float64Array,
  bRe: Float64Array,
  bIm: Float64Array,
  workRe: Float64Array,
  workIm: Float64Array,
  workValues: Float64Array,
): number {
  for (let k = 0; k < n; k++) {
    const a = k * n;
    for (let l = 0; l < n; l++) {
      const b = l * n;
      let x = 0;
      let y = 0;
      for (let i = 0; i < n; i++) {
        x += aRe[a + i]! * bRe[b + i]! + aIm[a + i]! * bIm[b + i]!;
        y += aRe[a + i]! * bIm[b + i]! - aIm[a + i]! * bRe[b + i]!;
      }
      workRe[a + l] = x;
      workIm[a + l] = y;
    }
  }
  singularValues(n, workRe, workIm, workValues);
  let sum = 0;
  for (let k = n - 1; k >= 0; k--) sum += workValues[k]!;
  return Math.min(sum, 1);
}

/** Bures distance √(2−2√F), in [0, √2]. O(1). Source: Bures 1969. */
export function buresDistance(rootF: number): number {
  return Math.sqrt(Math.max(0, 2 - 2 * rootF));
}

/** Bures angle arccos √F, in [0, π/2]. O(1). */
export function buresAngle(rootF: number): number {
  return acos(Math.min(rootF, 1));
}
