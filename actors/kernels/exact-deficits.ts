/**
 * Differences that vanish for pure states, computed without cancellation (in double-double arithmetic).
 *
 * √(1−γ) turns an error of 1e-16 in γ into one of 1e-8. These functions compute the deficit of the stored doubles to 1e-30.
 */
import { DoubleDouble } from "./double-double.ts";

/** 1 − tr ρ². It may be negative by rounding of the stored matrix. O(n²), too slow for streams. */
export function purityDeficit(n: number, re: Float64Array, im: Float64Array): number {
  const sum = new DoubleDouble().set(1);
  for (let k = 0; k < n * n; k++) {
    sum.addProduct(-re[k]!, re[k]!);
    sum.addProduct(-im[k]!, im[k]!);
  }
  return sum.value;
}

/**
 * (tr ρσ)² − tr ρσρσ = Σ_{i≠j} (M_ii M_jj − M_ij M_ji), M = ρσ; twice the second symmetric function of the eigenvalues of M,
 * so ≥ 0 for states up to the rounding of the stored matrices. O(n³) in double-double, allocates 4n² numbers.
 */
export function productDeficit(
  n: number,
  aRe: Float64Array,
  aIm: Float64Array,
  bRe: Float64Array,
  bIm: Float64Array,
): number {
  const size = n * n;
  const xHi = new Float64Array(size);
  const xLo = new Float64Array(size);
  const yHi = new Float64Array(size);
  const yLo = new Float64Array(size);
  const x = new DoubleDouble();
  const y = new DoubleDouble();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      x.set(0);
      y.set(0);
      for (let k = 0; k < n; k++) {
        const p = i * n + k;
        const q = k * n + j;
        x.addProduct(aRe[p]!, bRe[q]!).addProduct(-aIm[p]!, bIm[q]!);
        y.addProduct(aRe[p]!, bIm[q]!).addProduct(aIm[p]!, bRe[q]!);
      }
      xHi[i * n + j] = x.hi;
      xLo[i * n + j] = x.lo;
      yHi[i * n + j] = y.hi;
      yLo[i * n + j] = y.lo;
    }
  }
  const sum = new DoubleDouble();
  for (let i = 0; i < n; i++) {
    const ii = i * n + i;
    for (let j = 0; j < i; j++) {
      const jj = j * n + j;
      const ij = i * n + j;
      const ji = j * n + i;
      sum.addProduct(xHi[ii]!, xHi[jj]!, xLo[ii]!, xLo[jj]!);
      sum.addProduct(-yHi[ii]!, yHi[jj]!, -yLo[ii]!, yLo[jj]!);
      sum.addProduct(-xHi[ij]!, xHi[ji]!, -xLo[ij]!, xLo[ji]!);
      sum.addProduct(yHi[ij]!, yHi[ji]!, yLo[ij]!, yLo[ji]!);
    }
  }
  return 2 * sum.value;
}
