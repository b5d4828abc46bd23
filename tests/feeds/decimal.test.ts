// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readDecimal } from "../../actors/feeds/table/decimal.ts";

function read(text: string): number {
  const bytes = new TextEncoder().encode(`x${text}x`);
  return readDecimal(bytes, 1, bytes.length - 1);
}

test("decimal reader returns the same double as Number for any number", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.ok(Object.is(read(String(value)), Number(String(value))), String(value));
    }),
    { numRuns: 3000 },
  );
});

test("decimal reader returns the same double as Number for plain decimals of any length", () => {
  const plain = fc.tuple(
    fc.constantFrom("", "-", "+"),
    fc.stringMatching(/^\d{0,25}$/),
    fc.constantFrom("", "."),
    fc.stringMatching(/^\d{0,25}$/),
  );
  fc.assert(
    fc.property(plain, ([sign, whole, point, fraction]) => {
      const text = sign + whole + point + (point === "" ? "" : fraction);
      const expected = text.trim() === "" ? Number.NaN : Number(text);
      assert.ok(Object.is(read(text), expected), text);
    }),
    { numRuns: 3000 },
  );
});

test("decimal reader accepts blanks around a number", () => {
  assert.is(read("  12.5\t"), 12.5);
});

for (const text of [
  "",
  " ",
  "-",
  "+",
  ".",
  "-.",
  "e5",
  "1e",
  "1.2.3",
  "1,5",
  "1 2",
  "0x",
  "abc",
  "NaN",
  "Infinity",
  "1e999",
  "--1",
])
  test(`decimal reader gives NaN for "${text}"`, () => assert.ok(Number.isNaN(read(text))));

test.run();
