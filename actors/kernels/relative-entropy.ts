/** Relative entropy of two states. */
import ln from "@stdlib/math-base-special-ln";

/** A smaller eigenvalue of σ is outside its support, because rounding causes values of this size. */
const SUPPORT_TOLERANCE = 1e-13;

/** Largest weight of ρ outside the support of σ that counts as rounding. */
const OUTSIDE_WEIGHT = 1e-12;

/**
 * Relative entropy S(ρ‖σ) = tr ρ(ln ρ − ln σ) ≥ 0 in nats; Infinity when supp ρ ⊄ supp σ.
 *
 * From both eigensystems (eigenvectors as rows). Eigenvalues of σ under 1e-13 count as outside its support; ρ may have at
 * most 1e-12 of its weight there. O(n³), allocates nothing. Source: Umegaki 1962.
 */
export function relativeEntropy(
  n: number,
  valuesA: Float64Array,
  vecARe: Float64Array,
  vecAIm: Float64Array,
  valuesB: Float64Array,
  vecBRe: Float64Array,
  vecBIm: Float64Array,
): number {
  let cross = 0;
  let outside = 0;
  for (let l = 0; l < n; l++) {
    const b = l * n;
    let weight = 0;
    for (let k = 0; k < n; k++) {
      if (!(valuesA[k]! > 0)) continue;
      const a = k * n;
      let x = 0;
      let y = 0;
      for (let i = 0; i < n; i++) {
        x += vecARe[a + i]! * vecBRe[b + i]! + vecAIm[a + i]! * vecBIm[b + i]!;
        y += vecARe[a + i]! * vecBIm[b + i]! - vecAIm[a + i]! * vecBRe[b + i]!;
      }
      weight += valuesA[k]! * (x * x + y * y);
    }
    if (valuesB[l]! < SUPPORT_TOLERANCE) outside += weight;
    else cross -= weight * ln(valuesB[l]!);
  }
  if (outside > OUTSIDE_WEIGHT) return Number.POSITIVE_INFINITY;
  let own = 0;
  for (let k = 0; k < n; k++) if (valuesA[k]! > 0) own += valuesA[k]! * ln(valuesA[k]!);
  const value = cross + own;
  return Math.max(value, 0);
}
