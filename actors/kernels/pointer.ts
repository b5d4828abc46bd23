/** The pointer: the leading eigenvector of a state. */
import atan2 from "@stdlib/math-base-special-atan2";

/**
 * Writes the weights |v_i|² (sum 1) and the phases of v relative to its largest component (ties: lowest index), radians
 * in (−π, π], from the leading eigenvector. Returns the index of the largest component. O(n).
 */
export function pointer(
  n: number,
  vecRe: Float64Array,
  vecIm: Float64Array,
  weights: Float64Array,
  phases: Float64Array,
): number {
  let reference = 0;
  for (let i = 0; i < n; i++) {
    weights[i] = vecRe[i]! * vecRe[i]! + vecIm[i]! * vecIm[i]!;
    if (weights[i]! > weights[reference]!) reference = i;
  }
  const rRe = vecRe[reference]!;
  const rIm = vecIm[reference]!;
  for (let i = 0; i < n; i++) {
    const x = vecRe[i]! * rRe + vecIm[i]! * rIm;
    const y = vecIm[i]! * rRe - vecRe[i]! * rIm;
    phases[i] = i === reference || (x === 0 && y === 0) ? 0 : atan2(y, x);
  }
  return reference;
}

/** |⟨v|w⟩|² of two unit vectors, in [0, 1]: 1 if the pointer has not turned. O(n). */
export function pointerOverlap(
  n: number,
  vRe: Float64Array,
  vIm: Float64Array,
  wRe: Float64Array,
  wIm: Float64Array,
): number {
  let x = 0;
  let y = 0;
  for (let i = 0; i < n; i++) {
    x += vRe[i]! * wRe[i]! + vIm[i]! * wIm[i]!;
    y += vRe[i]! * wIm[i]! - vIm[i]! * wRe[i]!;
  }
  return x * x + y * y;
}
