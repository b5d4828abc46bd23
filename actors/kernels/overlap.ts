/** Comparison of two states without eigenvalues: overlap, Hilbert–Schmidt distance, bounds on the fidelity. */

/** Overlap tr ρσ = Σ_ij Re(ρ_ij conj σ_ij), in [0, 1], of two n×n row-major Hermitian matrices. O(n²). */
export function overlap(
  n: number,
  aRe: Float64Array,
  aIm: Float64Array,
  bRe: Float64Array,
  bIm: Float64Array,
): number {
  let diagonal = 0;
  let below = 0;
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) below += aRe[row + j]! * bRe[row + j]! + aIm[row + j]! * bIm[row + j]!;
    diagonal += aRe[row + i]! * bRe[row + i]!;
  }
  return diagonal + 2 * below;
}

/** Hilbert–Schmidt distance D = ‖ρ−σ‖_F, in [0, √2]. For the trace distance T: D/√2 ≤ T ≤ ½√n D. O(n²). */
export function hilbertSchmidtDistance(
  n: number,
  aRe: Float64Array,
  aIm: Float64Array,
  bRe: Float64Array,
  bIm: Float64Array,
): number {
  let diagonal = 0;
  let below = 0;
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) {
      const x = aRe[row + j]! - bRe[row + j]!;
      const y = aIm[row + j]! - bIm[row + j]!;
      below += x * x + y * y;
    }
    const d = aRe[row + i]! - bRe[row + i]!;
    diagonal += d * d;
  }
  return Math.sqrt(diagonal + 2 * below);
}

/**
 * Super-fidelity G = tr ρσ + √((1−γ_ρ)(1−γ_σ)) ≥ F, from the overlap and the purity deficits 1−γ. O(1).
 * Source: Miszczak, Puchała, Horodecki, Uhlmann & Życzkowski 2009, Quantum Inf. Comput. 9:103.
 */
export function superFidelity(traceOverlap: number, deficitA: number, deficitB: number): number {
  return traceOverlap + Math.sqrt(Math.max(0, deficitA) * Math.max(0, deficitB));
}

/** Sub-fidelity E = tr ρσ + √(2[(tr ρσ)² − tr ρσρσ]) ≤ F, from the overlap and the bracket. O(1). Source: as `superFidelity`. */
export function subFidelity(traceOverlap: number, deficit: number): number {
  return traceOverlap + Math.sqrt(2 * Math.max(0, deficit));
}
