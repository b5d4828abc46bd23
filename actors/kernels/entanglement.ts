/**
 * Entanglement between groups of channels in the single-excitation reading: mode i ↔ qubit i, |i⟩ = |0…1_i…0⟩.
 *
 * Exact for a state without vacuum–single coherence and without double excitations. For an estimated ρ it measures the mode
 * non-separability of classical amplitudes and implies no non-locality. `mask[i]` is the group of mode i: A, B, or any other
 * value for a mode that is traced out.
 */
import ln from "@stdlib/math-base-special-ln";
import { entropySum } from "./entropy.ts";
import { HermitianEigen } from "./hermitian-eigen.ts";
import { TRACE_TOLERANCE } from "./state-check.ts";

export const GROUP_A = 1;
export const GROUP_B = 2;

/**
 * Negativity N = ½(√(p₀² + 4‖ρ_AB‖²_F) − p₀), p₀ = 1 − Σ_{A∪B} p_i, in [0, ½]; ‖ρ_AB‖_F for a complete split.
 * `crossNorm2` = ‖ρ_AB‖²_F. Computed without cancellation. O(1). Source: Vidal & Werner 2002, applied to the sector.
 */
export function negativity(outside: number, crossNorm2: number): number {
  const p0 = Math.max(outside, 0);
  const denominator = Math.sqrt(p0 * p0 + 4 * crossNorm2) + p0;
  return denominator > 0 ? (2 * crossNorm2) / denominator : 0;
}

/** Logarithmic negativity E_N = log₂(1 + 2N), in [0, 1] bits. O(1). */
export function logNegativityBits(n: number): number {
  return ln(1 + 2 * n) / Math.LN2;
}

/** ‖ρ_AB‖²_F over i∈A, j∈B. O(n²). */
export function crossNorm2(n: number, re: Float64Array, im: Float64Array, mask: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    if (mask[i] !== GROUP_A) continue;
    for (let j = 0; j < n; j++) {
      if (mask[j] !== GROUP_B) continue;
      sum += re[i * n + j]! * re[i * n + j]! + im[i * n + j]! * im[i * n + j]!;
    }
  }
  return sum;
}

/** Σ p_i over the modes of one group. O(n). */
export function groupPopulation(n: number, re: Float64Array, mask: Uint8Array, which: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) if (mask[i] === which) sum += re[i * n + i]!;
  return sum;
}

/** Entropies of groups; holds scratch of order n, no state. */
export class GroupEntropies {
  readonly n: number;
  private readonly solver: HermitianEigen;
  private readonly re: Float64Array;
  private readonly im: Float64Array;
  private readonly values: Float64Array;

  constructor(n: number) {
    this.n = n;
    this.solver = new HermitianEigen(n);
    this.re = new Float64Array(n * n);
    this.im = new Float64Array(n * n);
    this.values = new Float64Array(n);
  }

  /** S(A) = −tr ρ_AA ln ρ_AA − (1−p_A) ln(1−p_A), in nats, of the modes with `mask[i] === which`. O(n³). */
  entropyOf(re: Float64Array, im: Float64Array, mask: Uint8Array, which: number): number {
    const n = this.n;
    this.re.fill(0);
    this.im.fill(0);
    for (let i = 0; i < n; i++) {
      if (mask[i] !== which) continue;
      for (let j = 0; j <= i; j++) if (mask[j] === which) this.copy(re, im, i * n + j);
    }
    return this.entropyWithVacuum(re);
  }

  /** S(A∪B), in nats. O(n³). */
  entropyOfUnion(re: Float64Array, im: Float64Array, mask: Uint8Array): number {
    return this.entropyOfPart(re, im, mask, false);
  }

  /** Entropy of ρ_AA ⊕ ρ_BB (the coherence between A and B erased), with the rest traced out. O(n³). */
  entropyOfPinched(re: Float64Array, im: Float64Array, mask: Uint8Array): number {
    return this.entropyOfPart(re, im, mask, true);
  }

  /**
   * Block coherence Q(A:B) = S(ρ_AA⊕ρ_BB) − S(ρ_{A∪B}) ≥ 0, in nats. For a complete split I(A:B) = h(p_A) + Q. The first term is
   * classical correlation ("exactly one excitation"), so report Q. It is an upper bound of the relative entropy of entanglement.
   */
  blockCoherence(re: Float64Array, im: Float64Array, mask: Uint8Array): number {
    const value = this.entropyOfPinched(re, im, mask) - this.entropyOfUnion(re, im, mask);
    return Math.max(value, 0);
  }

  /** Mutual information I(A:B) = S(A) + S(B) − S(A∪B) ≥ 0, in nats. Three spectra. */
  mutualInformation(re: Float64Array, im: Float64Array, mask: Uint8Array): number {
    const value =
      this.entropyOf(re, im, mask, GROUP_A) +
      this.entropyOf(re, im, mask, GROUP_B) -
      this.entropyOfUnion(re, im, mask);
    return Math.max(value, 0);
  }

  private entropyOfPart(re: Float64Array, im: Float64Array, mask: Uint8Array, pinch: boolean): number {
    const n = this.n;
    this.re.fill(0);
    this.im.fill(0);
    for (let i = 0; i < n; i++) {
      const g = mask[i];
      if (g !== GROUP_A && g !== GROUP_B) continue;
      for (let j = 0; j <= i; j++) {
        const h = mask[j];
        if (h === g || (!pinch && (h === GROUP_A || h === GROUP_B))) this.copy(re, im, i * n + j);
      }
    }
    return this.entropyWithVacuum(re);
  }

  /**
   * Entropy of the block in scratch plus −v ln v, where v is the weight outside it: the populations left out (summed directly, because
   * 1 − p_A would lose digits) and the vacuum weight 1 − tr ρ, which is rounding below 1e-9.
   */
  private entropyWithVacuum(re: Float64Array): number {
    const n = this.n;
    let left = 0;
    let trace = 0;
    for (let i = 0; i < n; i++) {
      const p = re[i * n + i]!;
      trace += p;
      // The population of a mode in the block was copied; that of a mode outside is 0.
      left += p - this.re[i * n + i]!;
    }
    const vacuum = 1 - trace;
    const outside = left + (vacuum > TRACE_TOLERANCE ? vacuum : 0);
    this.solver.eigenvalues(this.re, this.im, this.values);
    return entropySum(n, this.values) + (outside > 0 ? -outside * ln(outside) : 0);
  }

  private copy(re: Float64Array, im: Float64Array, at: number): void {
    this.re[at] = re[at]!;
    this.im[at] = im[at]!;
  }
}
