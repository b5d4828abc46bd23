// runtime: either
/** Long names where there is no place for all of them: each is told from the others by what is kept. */
import * as fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BEGIN, briefNames } from "../../collab/dashboard/model/brief-names.ts";

const shown = (names: readonly string[]) => {
  const briefs = briefNames(names);
  return names.map((name) => briefs.get(name)!);
};

test("names that begin and end alike keep what differs in their middle", () => {
  const named = (middle: string) => `datacentre-north.rack-a.sensor-${middle}.inlet.temperature.celsius`;
  const rest = ".inlet.temperature.celsius";
  assert.equal(shown([named("017"), named("018")]), [
    { begin: "datacentre-north.rack-a.sensor-", kept: "017", rest },
    { begin: "datacentre-north.rack-a.sensor-", kept: "018", rest },
  ]);
  // Two places differ, and one of the words is long.
  const pair = (rack: string, word: string) => `datacentre.${rack}.sensor.${word}.temperature`;
  assert.equal(shown([pair("a", "upstreamvalve1x"), pair("b", "upstreamvalve2x")]), [
    { begin: "datacentre.", kept: "a…1", rest: "x.temperature" },
    { begin: "datacentre.", kept: "b…2", rest: "x.temperature" },
  ]);
  // Without words of equal number what all begin and end with is left out.
  assert.equal(shown([`${"x".repeat(40)}one${"y".repeat(37)}`, `${"x".repeat(40)}a-b${"y".repeat(37)}`]), [
    { begin: "x".repeat(40), kept: "one", rest: "y".repeat(37) },
    { begin: "x".repeat(40), kept: "a-b", rest: "y".repeat(37) },
  ]);
});

test("twenty names of eighty characters that differ in the middle alone are shown in twenty ways", () => {
  const names = Array.from(
    { length: 20 },
    (_, k) => `${"plant.line.".repeat(3)}motor${10 + k}${".bearing.vibration".repeat(3)}`,
  );
  for (const name of names) assert.ok(name.length >= 80);
  const kept = shown(names).map((brief) => brief.kept);
  assert.equal(
    kept,
    names.map((_, k) => `motor${10 + k}`),
  );
});

test("what follows the difference is shown where there is place for it", () => {
  assert.equal(shown(["Core 0 waiting for disk", "Core 1 waiting for disk"]), [
    { begin: "Core ", kept: "0", rest: " waiting for disk" },
    { begin: "Core ", kept: "1", rest: " waiting for disk" },
  ]);
});

test("short names stay whole, and a long one that no other is like keeps its end", () => {
  assert.equal(shown(["cpu", "memory.used", "disk.sda1.bytes.written.total"]), [
    { begin: "", kept: "cpu", rest: "" },
    { begin: "", kept: "memory.used", rest: "" },
    { begin: "disk.sda1.bytes.written", kept: ".total", rest: "" },
  ]);
});

test("[B1] whatever names there are, no two are shown alike where only a few characters of their begins have place", () => {
  const word = fc.constantFrom(
    "a",
    "sensor",
    "temperature",
    "upstreamvalve",
    "017",
    "018",
    "…",
    ".",
    "-",
    " ",
  );
  const name = fc.array(word, { minLength: 1, maxLength: 9 }).map((words) => words.join(""));
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 20 }), (names) => {
      const seen = shown(names).map(({ begin, kept }) => `${begin.slice(0, BEGIN)} ${kept}`);
      assert.is(new Set(seen).size, names.length, JSON.stringify(seen));
    }),
  );
});

test.run();
