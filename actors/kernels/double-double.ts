/**
 * A number stored as the unevaluated sum of two doubles: about 32 digits, for the few computations in which 16 digits cancel.
 *
 * Mutable, so that sums allocate nothing. Source: Dekker 1971, "A floating-point technique for extending the available
 * precision"; Knuth, TAOCP 2, §4.2.2.
 */

/** Veltkamp's constant 2²⁷+1 splits a double into two halves whose products are exact. */
const SPLITTER = 134217729;

export class DoubleDouble {
  hi = 0;
  lo = 0;

  set(hi: number, lo = 0): this {
    this.hi = hi;
    this.lo = lo;
    return this;
  }

  /** this ← this + (hi + lo). */
  add(hi: number, lo = 0): this {
    const sum = this.hi + hi;
    const part = sum - this.hi;
    const error = this.hi - (sum - part) + (hi - part);
    const tail = error + this.lo + lo;
    this.hi = sum + tail;
    this.lo = tail - (this.hi - sum);
    return this;
  }

  /** this ← this + (aHi + aLo)(bHi + bLo); negate one factor to subtract. */
  addProduct(aHi: number, bHi: number, aLo = 0, bLo = 0): this {
    const product = aHi * bHi;
    const ca = SPLITTER * aHi;
    const a1 = ca - (ca - aHi);
    const a2 = aHi - a1;
    const cb = SPLITTER * bHi;
    const b1 = cb - (cb - bHi);
    const b2 = bHi - b1;
    const error = a1 * b1 - product + a1 * b2 + a2 * b1 + a2 * b2;
    return this.add(product, error + (aHi * bLo + aLo * bHi));
  }

  /** this ← this / (hi + lo), by one correction of the double quotient. */
  divide(hi: number, lo = 0): this {
    const first = this.hi / hi;
    this.addProduct(-first, hi, 0, lo);
    const second = this.hi / hi;
    this.addProduct(-second, hi, 0, lo);
    const third = this.hi / hi;
    return this.set(first).add(second).add(third);
  }

  get value(): number {
    return this.hi + this.lo;
  }
}
