/** Purity of a density matrix and functionals of the purity. */
import ln from "@stdlib/math-base-special-ln";

/**
 * Purity γ = tr ρ² = Σ|ρ_ij|², in [1/n, 1] for a state; 1 = one mode explains everything, 1/n = maximally mixed.
 * `re`, `im`: n×n row-major Hermitian, lower triangle read. O(n²). Also known as the Herfindahl index of the eigenvalues.
 */
export function purity(n: number, re: Float64Array, im: Float64Array): number {
  let diagonal = 0;
  let below = 0;
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) below += re[row + j]! * re[row + j]! + im[row + j]! * im[row + j]!;
    diagonal += re[row + i]! * re[row + i]!;
  }
  return diagonal + 2 * below;
}

/** Normalised linear entropy n(1−γ)/(n−1), in [0, 1]; 0 for n = 1. O(1). */
export function linearEntropy(n: number, gamma: number): number {
  return n === 1 ? 0 : (n * (1 - gamma)) / (n - 1);
}

/** Participation number 1/γ, in [1, n]: the effective number of modes. O(1). */
export function participation(gamma: number): number {
  return 1 / gamma;
}

/** Rényi-2 entropy S₂ = −ln γ, in [0, ln n] nats. O(1). Source: Rényi 1961. */
export function renyi2(gamma: number): number {
  return -ln(gamma);
}
