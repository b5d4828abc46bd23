/**
 * Entanglement of any two-qubit state, for direct feeds that are not confined to a single excitation.
 *
 * Basis 00, 01, 10, 11; 4×4 row-major. In the single-excitation sector pair.ts has the closed form, which is more accurate.
 */
import { HermitianEigen } from "./hermitian-eigen.ts";
import { pivotedCholesky } from "./pivoted-cholesky.ts";
import { singularValues } from "./singular-values.ts";

/** σ_y⊗σ_y has these entries on its anti-diagonal and nothing else. */
const SPIN_FLIP = [-1, 1, 1, -1] as const;

/**
 * Wootters concurrence C = max(0, s₁−s₂−s₃−s₄), in [0, 1], s the singular values of Lᵀ(σ_y⊗σ_y)L with ρ = L L†.
 *
 * The textbook roots of eigenvalues of ρρ̃ lose half the digits; singular values do not. O(1), allocates.
 * Source: Wootters 1998, Phys. Rev. Lett. 80:2245; Audenaert, Verstraete & De Moor 2001 (the singular-value form).
 */
export function wootters(re: Float64Array, im: Float64Array): number {
  const lRe = new Float64Array(16);
  const lIm = new Float64Array(16);
  pivotedCholesky(4, re, im, lRe, lIm);
  const tRe = new Float64Array(16);
  const tIm = new Float64Array(16);
  for (let k = 0; k < 4; k++) {
    for (let l = 0; l < 4; l++) {
      for (let a = 0; a < 4; a++) {
        const p = 4 * k + a;
        const q = 4 * l + (3 - a);
        const sign = SPIN_FLIP[a]!;
        tRe[4 * k + l] = tRe[4 * k + l]! + sign * (lRe[p]! * lRe[q]! - lIm[p]! * lIm[q]!);
        tIm[4 * k + l] = tIm[4 * k + l]! + sign * (lRe[p]! * lIm[q]! + lIm[p]! * lRe[q]!);
      }
    }
  }
  const s = new Float64Array(4);
  singularValues(4, tRe, tIm, s);
  return Math.max(0, s[0]! - s[1]! - s[2]! - s[3]!);
}

/** Negativity N = Σ max(0, −λ) over the eigenvalues of the partial transpose, in [0, ½]. O(1). Source: Vidal & Werner 2002. */
export function twoQubitNegativity(re: Float64Array, im: Float64Array): number {
  const tRe = new Float64Array(16);
  const tIm = new Float64Array(16);
  for (let r = 0; r < 4; r++) {
    for (let c = 0; c < 4; c++) {
      // The first qubit (bit 2) trades places between row and column.
      const at = 4 * ((r & 1) | (c & 2)) + ((c & 1) | (r & 2));
      tRe[at] = re[4 * r + c]!;
      tIm[at] = im[4 * r + c]!;
    }
  }
  const values = new Float64Array(4);
  new HermitianEigen(4).eigenvalues(tRe, tIm, values);
  let sum = 0;
  for (let k = 0; k < 4; k++) sum += Math.max(0, -values[k]!);
  return sum;
}

/**
 * Concurrence of a pair with vacuum weight a = ⟨00|ρ|00⟩ and double-excitation weight d = ⟨11|ρ|11⟩, for states
 * block-diagonal in the excitation number: C = 2 max(0, |ρ_ij| − √(ad)). Leaving d out overstates it. O(1).
 * Source: Yu & Eberly 2007 (X states).
 */
export function concurrenceWithDoubles(magnitude: number, vacuum: number, doubles: number): number {
  return 2 * Math.max(0, magnitude - Math.sqrt(Math.max(0, vacuum) * Math.max(0, doubles)));
}
