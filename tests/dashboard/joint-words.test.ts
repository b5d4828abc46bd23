// runtime: either
/** The joint state in words: how much moves together, and what two channels do. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Series } from "../../collab/charts/series.ts";
import { togetherWords, usualOf } from "../../collab/dashboard/model/measure-usual.ts";
import { pairWords } from "../../collab/dashboard/model/pair-words.ts";

const SURE = { floor: 0.18, rows: 200 };

test("what moves together is said with its size and what chance alone would give", () => {
  assert.is(
    pairWords({ coherence: 0.71, degrees: 3 }, "Disk", "Waits", SURE),
    "move together (0.71, chance 0.18)",
  );
  assert.is(
    pairWords({ coherence: 0.71, degrees: 176 }, "Disk", "Waits", SURE),
    "move against each other (0.71, chance 0.18)",
  );
});

test("a pair within chance is said to move apart, and none of them leads", () => {
  const words = pairWords({ coherence: 0.15, degrees: 80 }, "Disk", "Waits", SURE);
  assert.is(words, "move apart: no more than chance (0.15, chance 0.18)");
});

test("who leads is said where the phase is surer than its error, which few rows make large", () => {
  const pair = { coherence: 0.6, degrees: 20 };
  assert.match(pairWords(pair, "Disk", "Waits", SURE), /; Disk leads$/);
  assert.match(pairWords({ ...pair, degrees: -20 }, "Disk", "Waits", SURE), /; Waits leads$/);
  assert.not.match(pairWords(pair, "Disk", "Waits", { ...SURE, rows: 10 }), /leads/);
  assert.not.match(pairWords(pair, "Disk", "Waits", { floor: 0.18, rows: undefined }), /leads/);
});

test("the usual range of a measure is that of its past without the last minute", () => {
  const series = new Series();
  for (let k = 0; k < 600; k++) series.add(k * 1e6, k < 560 ? 0.4 + 0.05 * Math.sin(k) : 0.9);
  const usual = usualOf(series, 599e6)!;
  assert.ok(usual.low > 0.3 && usual.low < 0.36, String(usual.low));
  assert.ok(usual.high > 0.44 && usual.high < 0.5, String(usual.high));
  assert.is(usualOf(series, 90e6), null, "too little is known");
});

test("the sentence says more, less or as usual", () => {
  const usual = { low: 0.44, high: 0.58 };
  assert.is(togetherWords(0.31, usual), "31 %, usually 44–58 %: less moves together than usual");
  assert.is(togetherWords(0.7, usual), "70 %, usually 44–58 %: more moves together than usual");
  assert.is(togetherWords(0.5, usual), "50 %, as usual (44–58 %)");
  assert.is(togetherWords(Number.NaN, usual), "not known yet");
});

test.run();
