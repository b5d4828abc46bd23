// runtime: either
/** Text from outside as people see it: no character that is not seen is left, and everything else stays. */
import * as fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { visibleJson, visibleText } from "../../protocol/visible-text.ts";

test("control, bidirectional and format characters are written as escapes", () => {
  const cases: [text: string, visible: string][] = [
    ["a\nb\r\tc", "a\\nb\\r\\tc"],
    ["\u0000\u001b[31m\u007f\u0085\u009b", "\\u0000\\u001b[31m\\u007f\\u0085\\u009b"],
    ["\u202a\u202b\u202c\u202d\u202e", "\\u202a\\u202b\\u202c\\u202d\\u202e"],
    ["\u2066\u2067\u2068\u2069", "\\u2066\\u2067\\u2068\\u2069"],
    ["\u200e\u200f\u061c", "\\u200e\\u200f\\u061c"],
    ["\u2028\u2029\u200b\ufeff\u2060", "\\u2028\\u2029\\u200b\\ufeff\\u2060"],
    ["\u{e0041}", "\\udb40\\udc41"],
    ["\ud800x\udc00", "\\ud800x\\udc00"],
  ];
  for (const [text, visible] of cases) assert.is(visibleText(text), visible, JSON.stringify(text));
});

test("letters of all scripts, emoji and backslashes stay", () => {
  for (const text of [
    "ρ = 0.5 ± µ",
    "Ünïcode ≠ 文字",
    "שלום عربي",
    "👩‍🚀 🏳️‍🌈 𝔸",
    "C:\\new\\table",
    "می‌خواهم",
  ])
    assert.is(visibleText(text), text);
});

test("JSON with escapes parses to the same value and stays on one line", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (value, text) => {
      const whole = { value, [text]: text, hidden: "\n\u009b\u202e\u{e0041}" };
      const json = visibleJson(whole);
      assert.equal(JSON.parse(json), JSON.parse(JSON.stringify(whole)));
      assert.is(visibleText(json), json);
      assert.is(json.split("\n").length, 1);
    }),
  );
});

test.run();
