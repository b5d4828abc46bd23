/**
 * A linear evolution dv/dt = Av of complex vectors to any time: powers U_k = exp(A·2^k·δ), so that any number of steps δ costs one product
 * per binary digit.
 *
 * U_0 is the Taylor series, which for ‖A‖δ ≤ 1/256 is exact to the last digit after six terms; the others are repeated squares.
 */

/** Digits of a number of steps: δ = 2^-10 of a time unit reaches two million of them. */
const DIGITS = 31;
const TERMS = 8;

export class Semigroup {
  readonly m: number;
  private readonly powersRe: Float64Array[] = [];
  private readonly powersIm: Float64Array[] = [];
  private readonly workRe: Float64Array;
  private readonly workIm: Float64Array;

  /** A: m×m row-major; `delta`: the step, with ‖A‖·delta ≤ 1/256. O(31 m³). */
  constructor(m: number, aRe: Float64Array, aIm: Float64Array, delta: number) {
    this.m = m;
    this.workRe = new Float64Array(m);
    this.workIm = new Float64Array(m);
    let [re, im] = taylor(m, aRe, aIm, delta);
    for (let k = 0; k < DIGITS; k++) {
      this.powersRe.push(re);
      this.powersIm.push(im);
      [re, im] = product(m, re, im, re, im);
    }
  }

  /** v ← exp(A·steps·δ) v, in place; `steps` is whole, from 0 to 2^31 − 1. */
  advance(steps: number, re: Float64Array, im: Float64Array): void {
    for (let k = 0, left = steps; left > 0; k++, left = Math.floor(left / 2)) {
      if (left % 2 === 1) this.apply(k, re, im);
    }
  }

  /**
   * The number of steps until `passed` first holds; 2^31 − 1 if it never does. `passed` must stay true once it is.
   * `re`, `im`: the vector at the start; changed in place.
   */
  stepsUntil(
    re: Float64Array,
    im: Float64Array,
    passed: (re: Float64Array, im: Float64Array) => boolean,
  ): number {
    let steps = 0;
    for (let k = DIGITS - 1; k >= 0; k--) {
      const beforeRe = re.slice();
      const beforeIm = im.slice();
      this.apply(k, re, im);
      if (passed(re, im)) {
        re.set(beforeRe);
        im.set(beforeIm);
      } else steps += 1 << k;
    }
    return steps + 1;
  }

  private apply(k: number, re: Float64Array, im: Float64Array): void {
    const { m, workRe, workIm } = this;
    const uRe = this.powersRe[k]!;
    const uIm = this.powersIm[k]!;
    for (let i = 0; i < m; i++) {
      let x = 0;
      let y = 0;
      for (let j = 0; j < m; j++) {
        const at = i * m + j;
        x += uRe[at]! * re[j]! - uIm[at]! * im[j]!;
        y += uRe[at]! * im[j]! + uIm[at]! * re[j]!;
      }
      workRe[i] = x;
      workIm[i] = y;
    }
    re.set(workRe);
    im.set(workIm);
  }
}

function taylor(
  m: number,
  aRe: Float64Array,
  aIm: Float64Array,
  delta: number,
): [Float64Array<ArrayBuffer>, Float64Array<ArrayBuffer>] {
  const re = new Float64Array(m * m);
  const im = new Float64Array(m * m);
  for (let i = 0; i < m; i++) re[i * m + i] = 1;
  let termRe = re.slice();
  let termIm = im.slice();
  for (let order = 1; order <= TERMS; order++) {
    [termRe, termIm] = product(m, aRe, aIm, termRe, termIm);
    for (let k = 0; k < m * m; k++) {
      termRe[k] = (termRe[k]! * delta) / order;
      termIm[k] = (termIm[k]! * delta) / order;
      re[k] = re[k]! + termRe[k]!;
      im[k] = im[k]! + termIm[k]!;
    }
  }
  return [re, im];
}

function product(
  m: number,
  aRe: Float64Array,
  aIm: Float64Array,
  bRe: Float64Array,
  bIm: Float64Array,
): [Float64Array<ArrayBuffer>, Float64Array<ArrayBuffer>] {
  const re = new Float64Array(m * m);
  const im = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let k = 0; k < m; k++) {
      const x = aRe[i * m + k]!;
      const y = aIm[i * m + k]!;
      for (let j = 0; j < m; j++) {
        const at = i * m + j;
        re[at] = re[at]! + x * bRe[k * m + j]! - y * bIm[k * m + j]!;
        im[at] = im[at]! + x * bIm[k * m + j]! + y * bRe[k * m + j]!;
      }
    }
  }
  return [re, im];
}
