/**
 * Checks whether a matrix from outside is a state.
 *
 * A state is Hermitian, has trace 1 and no negative eigenvalue, each within 1e-9.
 */
import { HermitianEigen, MAX_ORDER } from "./hermitian-eigen.ts";

/** Tolerance: matrices that were written as decimal text with ten digits are accepted. */
const HERMITIAN_TOLERANCE = 1e-9;
export const TRACE_TOLERANCE = 1e-9;
const NEGATIVE_TOLERANCE = 1e-9;

/** The matrix is not a state. The message contains the entry or value and what was expected. */
export class InvalidState extends RangeError {
  override name = "InvalidState";
}

/**
 * Throws InvalidState unless `re`, `im` are an n×n row-major state: 1 ≤ n ≤ 128, right lengths, finite entries,
 * max|ρ−ρ†| ≤ 1e-9, |tr ρ−1| ≤ 1e-9, λ_min ≥ −1e-9. `what` names the matrix in messages. O(n³), allocates.
 */
export function checkState(n: number, re: ArrayLike<number>, im: ArrayLike<number>, what = "rho"): void {
  checkShape(n, re, im, what);
  checkHermitian(n, re, im, what);
  let trace = 0;
  for (let i = 0; i < n; i++) trace += re[i * n + i]!;
  if (!(Math.abs(trace - 1) <= TRACE_TOLERANCE)) {
    throw new InvalidState(
      `Cannot accept ${what}: its trace is ${trace}; expected 1 within ${TRACE_TOLERANCE}`,
    );
  }
  const values = new Float64Array(n);
  new HermitianEigen(n).eigenvalues(Float64Array.from(re), Float64Array.from(im), values);
  const lowest = values[n - 1]!;
  if (lowest < -NEGATIVE_TOLERANCE) {
    throw new InvalidState(
      `Cannot accept ${what}: its lowest eigenvalue is ${lowest}; expected at least -${NEGATIVE_TOLERANCE}`,
    );
  }
}

/** Like `checkState`, but returns false instead of throwing. O(n³), allocates. */
export function isState(n: number, re: ArrayLike<number>, im: ArrayLike<number>): boolean {
  try {
    checkState(n, re, im);
    return true;
  } catch (error) {
    if (error instanceof InvalidState) return false;
    throw error;
  }
}

/** True if ‖ψ‖² is 1 within 1e-9. False if an amplitude is not finite. O(n). */
export function isStateVector(re: ArrayLike<number>, im: ArrayLike<number>): boolean {
  return Math.abs(squaredNorm(re, im) - 1) <= TRACE_TOLERANCE;
}

/** Throws InvalidState unless `re`, `im` are n finite amplitudes of norm 1 within 1e-9. `what` names the vector in messages. O(n). */
export function checkStateVector(
  n: number,
  re: ArrayLike<number>,
  im: ArrayLike<number>,
  what = "psi",
): void {
  for (const [part, entries] of [["re", re] as const, ["im", im] as const]) {
    if (n < 1 || entries.length !== n)
      throw new InvalidState(
        `Cannot accept ${what}: ${part} has ${entries.length} amplitudes; expected ${Math.max(n, 1)}`,
      );
    for (let i = 0; i < n; i++) {
      if (!Number.isFinite(entries[i]))
        throw new InvalidState(
          `Cannot accept ${what}: ${part}[${i}] is ${entries[i]}; expected a finite number`,
        );
    }
  }
  if (isStateVector(re, im)) return;
  throw new InvalidState(
    `Cannot accept ${what}: its squared norm is ${squaredNorm(re, im)}; expected 1 within ${TRACE_TOLERANCE}`,
  );
}

function squaredNorm(re: ArrayLike<number>, im: ArrayLike<number>): number {
  let norm2 = 0;
  for (let i = 0; i < re.length; i++) norm2 += re[i]! * re[i]! + im[i]! * im[i]!;
  return norm2;
}

/** The checks before any arithmetic: n, lengths, finite entries. O(n²). */
function checkShape(n: number, re: ArrayLike<number>, im: ArrayLike<number>, what: string): void {
  if (!Number.isInteger(n) || n < 1 || n > MAX_ORDER) {
    throw new InvalidState(`Cannot accept ${what}: n is ${n}; expected an integer from 1 to ${MAX_ORDER}`);
  }
  for (const [part, entries] of [["re", re] as const, ["im", im] as const]) {
    if (entries.length !== n * n) {
      throw new InvalidState(
        `Cannot accept ${what}: ${part} has ${entries.length} entries; expected n² = ${n * n} for n = ${n}`,
      );
    }
    for (let k = 0; k < n * n; k++) {
      if (!Number.isFinite(entries[k])) {
        throw new InvalidState(
          `Cannot accept ${what}: ${part}[${Math.floor(k / n)},${k % n}] is ${entries[k]}; expected a finite number`,
        );
      }
    }
  }
}

function checkHermitian(n: number, re: ArrayLike<number>, im: ArrayLike<number>, what: string): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const x = Math.abs(re[i * n + j]! - re[j * n + i]!);
      const y = Math.abs(im[i * n + j]! + im[j * n + i]!);
      if (!(Math.sqrt(x * x + y * y) <= HERMITIAN_TOLERANCE)) {
        throw new InvalidState(
          `Cannot accept ${what}: entries [${i},${j}] and [${j},${i}] are not conjugate (differ by ${Math.sqrt(x * x + y * y)}); expected within ${HERMITIAN_TOLERANCE}`,
        );
      }
    }
  }
}
