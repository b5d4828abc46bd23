/**
 * Fidelity and the Bures distance and angle.
 *
 * Convention: F = (tr √(√ρ σ √ρ))² (Jozsa 1994), √F is called root fidelity. Some packages call √F "fidelity".
 */
import atan2 from "@stdlib/math-base-special-atan2";
import { normsOfRows, orthogonaliseRows, singularValues } from "./singular-values.ts";

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
  multiplyFactors(n, aRe, aIm, bRe, bIm, workRe, workIm);
  singularValues(n, workRe, workIm, workValues);
  return rootOf(n, workValues);
}

export interface Fidelities {
  /** As `rootFidelity` has it, with the same bits. */
  readonly root: number;
  /** Bures distance d = √(2−2√F) = min ‖L_ρ W − L_σ‖_F over unitary W, in [0, √2]. */
  readonly bures: number;
}

/**
 * Root fidelity and Bures distance. Source: Bures 1969; Uhlmann 1976.
 *
 * The minimum is at the unitary polar factor of L_ρ† L_σ. Its error is that of the factors, some 1e-16; √(2−2√F) cancels near 0, where it is
 * off by 2e-8. Factors and scratch as for `rootFidelity`, but the factor `aRe`, `aIm` of ρ is replaced by another one of it. O(n³),
 * allocates its result alone.
 */
export function fidelities(
  n: number,
  aRe: Float64Array,
  aIm: Float64Array,
  bRe: Float64Array,
  bIm: Float64Array,
  workRe: Float64Array,
  workIm: Float64Array,
  workValues: Float64Array,
): Fidelities {
  multiplyFactors(n, aRe, aIm, bRe, bIm, workRe, workIm);
  // With another factor A of ρ, A†L_σ = D Q: then Q is the polar factor, and A Q is nearest to L_σ.
  orthogonaliseRows(n, workRe, workIm, aRe, aIm);
  normsOfRows(n, workRe, workIm, workValues);
  const root = rootOf(n, workValues);
  orthonormaliseRows(n, workRe, workIm, workValues);
  let squares = 0;
  for (let k = 0; k < n; k++) {
    // A column of A that is orthogonal to σ: whatever row completes Q, the distance has all of it.
    if (workValues[k] !== 0) continue;
    const column = rowNorm(n, k * n, aRe, aIm);
    squares += column * column;
  }
  for (let l = 0; l < n; l++) {
    for (let i = 0; i < n; i++) {
      let x = -bRe[l * n + i]!;
      let y = -bIm[l * n + i]!;
      for (let k = 0; k < n; k++) {
        const a = k * n + i;
        const q = k * n + l;
        x += aRe[a]! * workRe[q]! - aIm[a]! * workIm[q]!;
        y += aRe[a]! * workIm[q]! + aIm[a]! * workRe[q]!;
      }
      squares += x * x + y * y;
    }
  }
  return { root, bures: Math.min(Math.sqrt(squares), Math.SQRT2) };
}

/** The sum of the singular values, which are descending. */
function rootOf(n: number, values: Float64Array): number {
  let sum = 0;
  for (let k = n - 1; k >= 0; k--) sum += values[k]!;
  return Math.min(sum, 1);
}

/** Bures angle arccos √F = 2 arcsin(d/2) of the Bures distance d, in [0, π/2]; exact also near 0. O(1). */
export function buresAngle(distance: number): number {
  const half = distance / 2;
  return 2 * atan2(half, Math.sqrt(Math.max(0, 1 - half * half)));
}

/** A normalised row with less than half of its norm outside the space of longer rows is made of rounding errors: true rows are orthogonal. */
const OUTSIDE = 0.5;

/**
 * Gives rows norm 1, from the longest on, and makes them orthogonal to the longer ones. Rows of rounding errors become 0. `values`: scratch,
 * positive while a row is left, −1 when it is one of the orthonormal ones.
 */
function orthonormaliseRows(n: number, re: Float64Array, im: Float64Array, values: Float64Array): void {
  for (let k = 0; k < n; k++) values[k] = rowNorm(n, k * n, re, im);
  for (;;) {
    let longest = 0;
    for (let k = 1; k < n; k++) if (values[k]! > values[longest]!) longest = k;
    if (!(values[longest]! > 0)) return;
    scaleRow(n, longest * n, 1 / values[longest]!, re, im);
    for (let k = 0; k < n; k++) if (values[k] === -1) removeRow(n, longest * n, k * n, re, im);
    const outside = rowNorm(n, longest * n, re, im);
    const proper = outside >= OUTSIDE;
    scaleRow(n, longest * n, proper ? 1 / outside : 0, re, im);
    values[longest] = proper ? -1 : 0;
  }
}

function scaleRow(n: number, at: number, factor: number, re: Float64Array, im: Float64Array): void {
  for (let j = at; j < at + n; j++) {
    re[j] = re[j]! * factor;
    im[j] = im[j]! * factor;
  }
}

/** x ← x − q (q†x), for the row x at `at` and a row q of norm 1 at `from`. */
function removeRow(n: number, at: number, from: number, re: Float64Array, im: Float64Array): void {
  let x = 0;
  let y = 0;
  for (let j = 0; j < n; j++) {
    x += re[from + j]! * re[at + j]! + im[from + j]! * im[at + j]!;
    y += re[from + j]! * im[at + j]! - im[from + j]! * re[at + j]!;
  }
  for (let j = 0; j < n; j++) {
    re[at + j] = re[at + j]! - (re[from + j]! * x - im[from + j]! * y);
    im[at + j] = im[at + j]! - (re[from + j]! * y + im[from + j]! * x);
  }
}

/** L_ρ† L_σ, of factors stored as rows. */
function multiplyFactors(
  n: number,
  aRe: Float64Array,
  aIm: Float64Array,
  bRe: Float64Array,
  bIm: Float64Array,
  outRe: Float64Array,
  outIm: Float64Array,
): void {
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
      outRe[a + l] = x;
      outIm[a + l] = y;
    }
  }
}

function rowNorm(n: number, at: number, re: Float64Array, im: Float64Array): number {
  let squares = 0;
  for (let j = at; j < at + n; j++) squares += re[j]! * re[j]! + im[j]! * im[j]!;
  return Math.sqrt(squares);
}
