/**
 * A density matrix as an image of n × n pixels, one table look-up each. O(n²).
 *
 * The matrix is Hermitian: the upper triangle mirrors the lower one with the opposite phase, and the diagonal is real and positive.
 * The image shows either ρᵢⱼ itself, or the magnitude coherence gᵢⱼ = |ρᵢⱼ|/√(ρᵢᵢρⱼⱼ) with ρᵢⱼ's phase, which does not depend on the
 * weights of the channels.
 */
import { PHASES, type PhasePalette, paletteIndex, phaseStep } from "../../../charts/phase-palette.ts";

/** Below this product of populations gᵢⱼ is undefined: noise divided by noise. */
export const UNDEFINED_BELOW = 1e-10;

type MatrixScale = "coherence" | "density";

export function drawDensity(
  pixels: Uint32Array,
  re: Float32Array,
  im: Float32Array,
  n: number,
  scale: MatrixScale,
  palette: PhasePalette,
): void {
  const full = scale === "density" ? largestMagnitude(re, n) : 1;
  for (let i = 0; i < n; i++) {
    const own = re[i * n + i]!;
    pixels[i * n + i] = palette[paletteIndex(scale === "density" ? own : own > 0 ? 1 : 0, 0, full)]!;
    for (let j = 0; j < i; j++) {
      const x = re[i * n + j]!;
      const y = im[i * n + j]!;
      const by = scale === "density" ? full : Math.sqrt(own * re[j * n + j]!);
      const index = by * by < UNDEFINED_BELOW ? 0 : paletteIndex(x, y, by);
      const row = index - (index % PHASES);
      pixels[i * n + j] = palette[index]!;
      pixels[j * n + i] = palette[row + phaseStep(x, -y)]!;
    }
  }
}

/** Largest |ρᵢⱼ|, which lies on the diagonal of a positive matrix. At least 1e-12, so it is safe to divide by it. */
export function largestMagnitude(re: Float32Array, n: number): number {
  let largest = 1e-12;
  for (let i = 0; i < n; i++) largest = Math.max(largest, re[i * n + i]!);
  return largest;
}

export interface Entry {
  re: number;
  im: number;
  magnitude: number;
  /** arg ρᵢⱼ in degrees, (−180, 180]; positive: i leads j. */
  degrees: number;
  /** gᵢⱼ in [0, 1]; NaN where undefined. */
  coherence: number;
}

export function entryOf(re: Float32Array, im: Float32Array, n: number, i: number, j: number): Entry {
  const x = re[i * n + j]!;
  const y = im[i * n + j]!;
  const magnitude = Math.sqrt(x * x + y * y);
  const product = re[i * n + i]! * re[j * n + j]!;
  return {
    re: x,
    im: y,
    magnitude,
    degrees: (Math.atan2(y, x) * 180) / Math.PI,
    coherence: product < UNDEFINED_BELOW ? Number.NaN : Math.min(1, magnitude / Math.sqrt(product)),
  };
}
