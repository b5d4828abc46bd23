import { test } from "uvu";
import * as assert from "uvu/assert";
import { concurrenceWithDoubles, twoQubitNegativity, wootters } from "../../actors/kernels/two-qubit.ts";
import { skip } from "../support/skip.ts";
import { referenceJson } from "./reference.ts";

interface Item {
  rho: { re: number[]; im: number[] };
  concurrence: number;
  negativity: number;
  tolC: number;
}
const reference = referenceJson<{ M_twoqubit: Item[] }>("oracle/sequences.json.gz");

test("concurrence and negativity of generic two-qubit states agree with the reference", () => {
  if (reference === null) return skip("no reference data beside the checkout");
  for (const item of reference.M_twoqubit) {
    const re = Float64Array.from(item.rho.re);
    const im = Float64Array.from(item.rho.im);
    const c = wootters(re, im);
    assert.ok(Math.abs(c - item.concurrence) <= item.tolC, `concurrence ${c}; expected ${item.concurrence}`);
    const n = twoQubitNegativity(re, im);
    assert.ok(Math.abs(n - item.negativity) <= 1e-12, `negativity ${n}; expected ${item.negativity}`);
  }
});

test("Bell state is maximally entangled, a product state not at all", () => {
  const bell = new Float64Array(16);
  for (const k of [0, 3, 12, 15]) bell[k] = 0.5;
  const zero = new Float64Array(16);
  assert.ok(Math.abs(wootters(bell, zero) - 1) < 1e-15);
  assert.ok(Math.abs(twoQubitNegativity(bell, zero) - 0.5) < 1e-15);
  const product = new Float64Array(16).fill(0.25);
  assert.ok(wootters(product, zero) < 1e-15);
  assert.ok(twoQubitNegativity(product, zero) < 1e-15);
});

test("concurrence with doubles is the concurrence of the X state", () => {
  const [a, d, x] = [0.3, 0.1, 0.25];
  const re = new Float64Array(16);
  re[0] = a;
  re[5] = 0.3;
  re[10] = 0.3;
  re[6] = x;
  re[9] = x;
  re[15] = d;
  assert.ok(Math.abs(wootters(re, new Float64Array(16)) - concurrenceWithDoubles(x, a, d)) < 1e-14);
  assert.is(concurrenceWithDoubles(0.1, 0.5, 0.5), 0);
});

test.run();
