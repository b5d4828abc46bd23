// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fitText } from "../../collab/charts/text.ts";

/** Ten pixels a character. */
const context = {
  measureText: (text: string) => ({ width: 10 * text.length }),
} as unknown as CanvasRenderingContext2D;

test("a name that fits stays whole, a longer one ends in an ellipsis within the width", () => {
  assert.is(fitText(context, "pressure", 80), "pressure");
  assert.is(fitText(context, "pressure", 79), "pressu…");
  assert.is(fitText(context, "x".repeat(500), 220).length, 22);
});

test("a name that differs in its middle keeps that, and gives way after it before it does so in front of it", () => {
  const name = "sensor.seventeen.celsius";
  const brief = { begin: "sensor.", kept: "seventeen", rest: ".celsius" };
  assert.is(fitText(context, name, 240, brief), name);
  assert.is(fitText(context, name, 200, brief), "sensor.seventeen.ce…");
  assert.is(fitText(context, name, 170, brief), "sensor.seventeen…");
  assert.is(fitText(context, name, 150, brief), "sens…seventeen…");
  assert.is(fitText(context, name, 80, brief), "…sevent…");
});

test("what begins with what is kept has no ellipsis in front, and however little room there is there is an end", () => {
  assert.is(fitText(context, "Memory used", 80, { begin: "", kept: "Memory used", rest: "" }), "Memory …");
  assert.is(fitText(context, "p", 5), "…");
  assert.is(fitText(context, "pressure", 0, { begin: "pres", kept: "sure", rest: "" }), "……");
});

test.run();
