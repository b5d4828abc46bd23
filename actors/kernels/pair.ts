/**
 * Functionals of two channels from the off-diagonal entry ρ_ij.
 *
 * All functions take the n×n row-major matrix and two different indices; O(1) each. For an estimated state, concurrence is twice the
 * normalised cross-moment in the single-excitation embedding. It makes no claim about quantum particles.
 */
import atan2 from "@stdlib/math-base-special-atan2";
import ln from "@stdlib/math-base-special-ln";
import log1p from "@stdlib/math-base-special-log1p";

/** For a smaller product of populations a normalised quantity is numerically 0/0 and therefore NaN. */
const MIN_POPULATION_PRODUCT = 1e-10;

/** |ρ_ij|. */
export function magnitude(n: number, re: Float64Array, im: Float64Array, i: number, j: number): number {
  const x = re[i * n + j]!;
  const y = im[i * n + j]!;
  return Math.sqrt(x * x + y * y);
}

/**
 * Concurrence C_ij = 2|ρ_ij|, in [0, 1], of modes i and j in the single-excitation sector (any vacuum weight).
 * Source: Wootters 1998; Sarovar, Ishizaki, Fleming & Whaley 2010, Nature Phys. 6:462.
 */
export function concurrence(n: number, re: Float64Array, im: Float64Array, i: number, j: number): number {
  return 2 * magnitude(n, re, im, i, j);
}

/** Phase φ_ij = arg ρ_ij in (−π, π]; > 0 means i leads j (e^{+iωt} convention). 0 when ρ_ij = 0. */
export function phase(n: number, re: Float64Array, im: Float64Array, i: number, j: number): number {
  const x = re[i * n + j]!;
  const y = im[i * n + j]!;
  return x === 0 && y === 0 ? 0 : atan2(y, x);
}

/** Lag τ_ij = φ_ij/ω₀ in seconds, ω₀ in rad/s; > 0 means i leads j; unique only for |τ| < π/ω₀. */
export function lag(phaseRadians: number, omega0: number): number {
  return phaseRadians / omega0;
}

/** Visibility (magnitude coherence) g_ij = |ρ_ij|/√(ρ_ii ρ_jj), in [0, 1]; NaN when ρ_ii ρ_jj < 1e-10. */
export function visibility(n: number, re: Float64Array, im: Float64Array, i: number, j: number): number {
  const product = re[i * n + i]! * re[j * n + j]!;
  return product < MIN_POPULATION_PRODUCT ? Number.NaN : magnitude(n, re, im, i, j) / Math.sqrt(product);
}

/** Fringe visibility V = 2|ρ_ij|/(ρ_ii+ρ_jj), in [0, 1]; NaN when both populations vanish. V² + D² ≤ 1 (Englert 1996). */
export function fringeVisibility(
  n: number,
  re: Float64Array,
  im: Float64Array,
  i: number,
  j: number,
): number {
  const total = re[i * n + i]! + re[j * n + j]!;
  return total * total < MIN_POPULATION_PRODUCT ? Number.NaN : (2 * magnitude(n, re, im, i, j)) / total;
}

/** Which-way knowledge D = |ρ_ii−ρ_jj|/(ρ_ii+ρ_jj), in [0, 1]; NaN when both populations vanish. */
export function whichWay(n: number, re: Float64Array, i: number, j: number): number {
  const total = re[i * n + i]! + re[j * n + j]!;
  return total * total < MIN_POPULATION_PRODUCT
    ? Number.NaN
    : Math.abs(re[i * n + i]! - re[j * n + j]!) / total;
}

/**
 * Entanglement of formation h₂((1+√(1−C²))/2) of a pair with concurrence C, in [0, 1] bits.
 * The smaller weight is taken as C²/(2(1+√(1−C²))), which keeps all digits for weak C. Source: Wootters 1998.
 */
export function entanglementOfFormationBits(c: number): number {
  if (!(c > 0)) return 0;
  if (c >= 1) return 1;
  const root = Math.sqrt((1 - c) * (1 + c));
  const small = (c * c) / (2 * (1 + root));
  // For very weak C the smaller weight underflows to 0, and so does its contribution.
  if (small === 0) return 0;
  return (-small * ln(small) - (1 - small) * log1p(-small)) / Math.LN2;
}

/** Σ_{j≠i} C_ij² ≤ 4p_i(1−p_i), with equality exactly for pure states. O(n). Source: Coffman, Kundu & Wootters 2000. */
export function squaredConcurrenceOf(n: number, re: Float64Array, im: Float64Array, i: number): number {
  let sum = 0;
  for (let j = 0; j < n; j++) {
    if (j === i) continue;
    sum += re[i * n + j]! * re[i * n + j]! + im[i * n + j]! * im[i * n + j]!;
  }
  return 4 * sum;
}

/** Writes C_ij = 2|ρ_ij| of all pairs to the n×n `out` (symmetric, zero diagonal) and returns Σ_{i<j} C_ij. O(n²). */
export function allConcurrences(n: number, re: Float64Array, im: Float64Array, out: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) {
      const x = re[row + j]!;
      const y = im[row + j]!;
      const c = 2 * Math.sqrt(x * x + y * y);
      out[row + j] = c;
      out[j * n + i] = c;
      sum += c;
    }
    out[row + i] = 0;
  }
  return sum;
}

/**
 * Writes g_ij of all pairs to the n×n `out` (symmetric; 1 on the diagonal; NaN where a population vanishes).
 * `roots` is scratch of length ≥ n. O(n²).
 */
export function allVisibilities(
  n: number,
  re: Float64Array,
  im: Float64Array,
  out: Float64Array,
  roots: Float64Array,
): void {
  for (let i = 0; i < n; i++) roots[i] = re[i * n + i]!;
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) {
      const x = re[row + j]!;
      const y = im[row + j]!;
      const product = roots[i]! * roots[j]!;
      const g = product < MIN_POPULATION_PRODUCT ? Number.NaN : Math.sqrt((x * x + y * y) / product);
      out[row + j] = g;
      out[j * n + i] = g;
    }
    out[row + i] = 1;
  }
}
