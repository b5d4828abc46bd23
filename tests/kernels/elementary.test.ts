import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";
import log1p from "@stdlib/math-base-special-log1p";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { expAt, lnAt, log1pAt } from "../../actors/kernels/elementary.ts";
import { seeded } from "./builders.ts";

/** In place, and the slow version. */
const FUNCTIONS: Record<string, [(a: Float64Array, i: number) => void, (x: number) => number]> = {
  expAt: [expAt, exp],
  lnAt: [lnAt, ln],
  log1pAt: [log1pAt, log1p],
};

/** Where a branch of one of the functions begins, and numbers that are special. */
const EDGES = [
  ...[0, 1, 2, 0.5, 1e-300, 1e300, Number.MIN_VALUE, Number.MAX_VALUE, 2 ** -1022, Number.POSITIVE_INFINITY],
  ...[709.782712893384, 745.1332191019411, 708.3964185322641, 693.1471805599454, 3.725290298461914e-9],
  ...[Math.SQRT2, Math.SQRT2 - 1, 1 - Math.SQRT1_2, Math.LN2 / 2, 2 ** -20, 2 ** -29, 2 ** -54, 2 ** 53],
];

for (const [name, [inPlace, slow]] of Object.entries(FUNCTIONS)) {
  const agreesAt = (x: number) => {
    const array = Float64Array.of(7, x, 7);
    inPlace(array, 1);
    assert.ok(Object.is(array[1], slow(x)), `${name} of ${x}: ${array[1]}; expected ${slow(x)}`);
    assert.ok(array[0] === 7 && array[2] === 7, "changed another element");
  };

  test(`${name} has the bits of @stdlib around every edge of its branches`, () => {
    for (const edge of EDGES) {
      for (const x of [...neighbours(edge), ...neighbours(-edge), ...neighbours(edge - 1)]) agreesAt(x);
    }
    agreesAt(Number.NaN);
  });

  test(`${name} has the bits of @stdlib for 300,000 numbers of every size`, () => {
    const random = seeded(11);
    const word = () => Math.floor(random() * 2 ** 32);
    const double = new Float64Array(1);
    const words = new Uint32Array(double.buffer);
    for (let k = 0; k < 100_000; k++) {
      agreesAt(1500 * (random() - 0.5));
      agreesAt(random() < 0.5 ? 4 * random() : 2 * (random() - 0.5) ** 3);
      words[0] = word();
      words[1] = word();
      agreesAt(double[0]!);
    }
  });
}

test("expAt has the bits of @stdlib where the result is subnormal", () => {
  const random = seeded(12);
  for (let k = 0; k < 100_000; k++) {
    const x = -708 - 37.5 * random();
    const array = Float64Array.of(x);
    expAt(array, 0);
    assert.ok(Object.is(array[0], exp(x)), `${x}`);
  }
});

/** A double and the 64 next to it on each side. */
function neighbours(x: number): Float64Array {
  const found = new Float64Array(129).fill(x);
  const bits = new BigInt64Array(found.buffer);
  for (let k = 0; k < found.length; k++) bits[k] = bits[k]! + BigInt(k - 64);
  return found;
}

test.run();
