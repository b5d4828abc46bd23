/**
 * exp, ln and log(1+x) of an element of an array, in place: a[i] ← f(a[i]).
 *
 * A double that a function takes or returns is boxed unless the call is inlined, and @stdlib's functions are too large for that. These have no
 * double among their arguments and results, and make no calls. They do the operations of @stdlib in their order, so the bits are the same;
 * the test compares them.
 *
 * Source: FDLIBM 5.3, e_exp.c, e_log.c and s_log1p.c, as @stdlib has them. Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
 * Developed at SunSoft, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute this software is freely granted,
 * provided that this notice is preserved. Error below 1 unit in the last place.
 */

/** ln 2 in two parts: k · LN2_HIGH is exact for |k| < 2000. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

const TWO_53 = 9_007_199_254_740_992;
const TWO_54 = 18_014_398_509_481_984;

/** Largest and smallest x with an e^x between the largest double and 0. */
const EXP_OVERFLOW = 709.782712893384;
const EXP_UNDERFLOW = -745.1332191019411;
/** 2⁻²⁸: for smaller |x|, e^x is 1 + x. */
const EXP_NEAR_ZERO = 3.725290298461914e-9;

/** √2 − 1 and √2/2 − 1: between them log(1+x) needs no reduction. */
const SQRT2_MINUS_1 = 0.41421356237309503;
const HALF_SQRT2_MINUS_1 = -0.2928932188134525;
/** 2⁻²⁹ and 2⁻⁵⁴: below them log(1+x) is x − x²/2, and x. */
const LOG1P_SMALL = 1.862645149230957e-9;
const LOG1P_TINY = 5.551115123125783e-17;

/** Parts of the high word of a double, and those of a significand at √2. */
const FRACTION = 0xfffff;
const EXPONENT_OF_1 = 0x3ff00000;
const EXPONENT_OF_HALF = 0x3fe00000;
const LEAST_NORMAL = 0x00100000;
const INFINITE = 0x7ff00000;
const BIAS = 1023;

/** A double and its words, low word first: the program runs on little-endian machines only. */
const double = new Float64Array(1);
const words = new Int32Array(double.buffer);

/** 2^k at k + LEAST_POWER, from the smallest double to the largest power of two. */
const LEAST_POWER = 1074;
const POWERS = new Float64Array(LEAST_POWER + 1024);
for (let k = 0, power = 1; k < 1024; k++, power *= 2) POWERS[LEAST_POWER + k] = power;
for (let k = 0, power = 1; k >= -LEAST_POWER; k--, power /= 2) POWERS[LEAST_POWER + k] = power;

/** a[i] ← e^a[i]. */
export function expAt(a: Float64Array, i: number): void {
  const x = a[i]!;
  if (!(x <= EXP_OVERFLOW)) {
    a[i] = x > EXP_OVERFLOW ? Number.POSITIVE_INFINITY : x;
    return;
  }
  if (x < EXP_UNDERFLOW) {
    a[i] = 0;
    return;
  }
  if (x > -EXP_NEAR_ZERO && x < EXP_NEAR_ZERO) {
    a[i] = 1 + x;
    return;
  }
  // x = k ln 2 + r with |r| ≤ ½ ln 2; then a rational approximation of e^r.
  const k = Math.trunc(x < 0 ? Math.LOG2E * x - 0.5 : Math.LOG2E * x + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c =
    r -
    t *
      (0.16666666666666602 +
        t *
          (-0.0027777777777015593 +
            t * (0.00006613756321437934 + t * (-0.0000016533902205465252 + t * 4.1381367970572385e-8))));
  const y = 1 - (low - (r * c) / (2 - c) - high);
  // y is in [0.7, 1.5). Two factors where 2^k alone would not be normal: only the last product rounds.
  if (k > -1000 && k < 1000) a[i] = y * POWERS[LEAST_POWER + k]!;
  else if (k >= 1000) a[i] = y * POWERS[LEAST_POWER + 1000]! * POWERS[LEAST_POWER + k - 1000]!;
  else if ((y < 1 ? k - 1 : k) < -LEAST_POWER) a[i] = 0;
  else a[i] = y * POWERS[LEAST_POWER + k + 100]! * POWERS[LEAST_POWER - 100]!;
}

/** a[i] ← ln a[i]; −∞ at 0, NaN below. */
export function lnAt(a: Float64Array, i: number): void {
  const x = a[i]!;
  if (!(x > 0)) {
    a[i] = x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
    return;
  }
  double[0] = x;
  let top = words[1]!;
  let k = 0;
  if (top < LEAST_NORMAL) {
    k = -54;
    double[0] = x * TWO_54;
    top = words[1]!;
  }
  if (top >= INFINITE) return;
  // x = 2^k (1 + f) with √2/2 < 1 + f < √2.
  k += (top >> 20) - BIAS;
  top &= FRACTION;
  const carry = (top + 0x95f64) & LEAST_NORMAL;
  words[1] = top | (carry ^ EXPONENT_OF_1);
  k += carry >> 20;
  const f = double[0]! - 1;
  const high = k * LN2_HIGH;
  const low = k * LN2_LOW;
  if ((FRACTION & (2 + top)) < 3) {
    const rest = f * f * (0.5 - 0.3333333333333333 * f);
    if (f === 0) a[i] = k === 0 ? 0 : high + low;
    else a[i] = k === 0 ? f - rest : high - (rest - low - f);
    return;
  }
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd =
    z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const rest = odd + even;
  if (((top - 0x6147a) | (0x6b851 - top)) > 0) {
    const half = 0.5 * f * f;
    a[i] = k === 0 ? f - (half - s * (half + rest)) : high - (half - (s * (half + rest) + low) - f);
  } else a[i] = k === 0 ? f - s * (f - rest) : high - (s * (f - rest) - low - f);
}

/** a[i] ← ln(1 + a[i]), exact also for small a[i]; −∞ at −1, NaN below. */
export function log1pAt(a: Float64Array, i: number): void {
  const x = a[i]!;
  if (!(x > -1)) {
    a[i] = x === -1 ? Number.NEGATIVE_INFINITY : Number.NaN;
    return;
  }
  if (x === Number.POSITIVE_INFINITY) return;
  const size = x < 0 ? -x : x;
  if (size < LOG1P_SMALL) {
    if (size >= LOG1P_TINY) a[i] = x - x * x * 0.5;
    return;
  }
  // 1 + x = 2^k (1 + f) with √2/2 < 1 + f < √2; c corrects what 1 + x loses.
  let k = 0;
  let f = x;
  let c = 0;
  let top = 1;
  if (!(size < SQRT2_MINUS_1 && x > HALF_SQRT2_MINUS_1)) {
    const u = size < TWO_53 ? 1 + x : x;
    double[0] = u;
    top = words[1]!;
    k = (top >> 20) - BIAS;
    if (size < TWO_53) c = (k > 0 ? 1 - (u - x) : x - (u - 1)) / u;
    top &= FRACTION;
    if (top < 434_334) words[1] = top | EXPONENT_OF_1;
    else {
      k += 1;
      words[1] = top | EXPONENT_OF_HALF;
      top = (LEAST_NORMAL - top) >> 2;
    }
    f = double[0]! - 1;
  }
  const half = 0.5 * f * f;
  const high = k * LN2_HIGH;
  const low = k * LN2_LOW + c;
  if (top === 0) {
    if (f === 0) a[i] = high + low;
    else a[i] = high - (half * (1 - 0.6666666666666666 * f) - low - f);
    return;
  }
  const s = f / (2 + f);
  const z = s * s;
  const rest =
    z *
    (0.6666666666666735 +
      z *
        (0.3999999999940942 +
          z *
            (0.2857142874366239 +
              z *
                (0.22222198432149784 +
                  z * (0.1818357216161805 + z * (0.15313837699209373 + z * 0.14798198605116586))))));
  a[i] = k === 0 ? f - (half - s * (half + rest)) : high - (half - (s * (half + rest) + low) - f);
}
