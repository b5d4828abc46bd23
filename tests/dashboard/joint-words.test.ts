// runtime: either
/** The joint state in words: how much moves together, and what two channels do. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Columns } from "../../collab/charts/columns.ts";
import { Series } from "../../collab/charts/series.ts";
import { togetherWords, usualOf } from "../../collab/dashboard/model/measure-usual.ts";
import { membershipOf, membershipWords } from "../../collab/dashboard/model/membership.ts";
import { pairWords } from "../../collab/dashboard/model/pair-words.ts";

import { StateHistory } from "../../collab/dashboard/model/state-history.ts";

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

test("the usual range comes from the past that was asked for as well, also of slow rows and of a page that just opened", () => {
  const opened = new Series();
  const columns = new Columns(3e6, 1300);
  for (let k = 0; k < 700; k++) columns.add(k * 3e6, 0.4);
  opened.addPast({ fromUs: 0, toUs: 2100e6, columns });
  for (let k = 2100; k < 2110; k++) opened.add(k * 1e6, 0.9);
  const usual = usualOf(opened, 2110e6)!;
  assert.ok(usual.low > 0.35 && usual.high < 0.45, JSON.stringify(usual));
  assert.is(usualOf(opened, 60e6 + 100), null, "100 µs are too little");
  const slow = new Series();
  for (let k = 0; k < 140; k++) slow.add(k * 15e6, 0.4);
  assert.ok(usualOf(slow, 139 * 15e6) !== null);
});

test("the sentence says more, less or as usual", () => {
  const usual = { low: 0.44, high: 0.58 };
  assert.is(togetherWords(0.31, usual), "31 %, usually 44–58 %: less moves together than usual");
  assert.is(togetherWords(0.7, usual), "70 %, usually 44–58 %: more moves together than usual");
  assert.is(togetherWords(0.5, usual), "50 %, as usual (44–58 %)");
  assert.is(togetherWords(Number.NaN, usual), "not known yet");
});

const SECOND_US = 1e6;
const NAMES = ["Disk", "Waits", "Network", "Load"];

/** Four channels of equal size; these pairs move together. */
function matrix(pairs: readonly (readonly [number, number])[]): Float32Array {
  const re = new Float32Array(16);
  for (let i = 0; i < 4; i++) re[5 * i] = 0.25;
  for (const [i, j] of pairs) for (const at of [4 * i + j, 4 * j + i]) re[at] = 0.25 * 0.8;
  return re;
}

function historyOf(seconds: number, re: Float32Array): StateHistory {
  const history = new StateHistory(4);
  const [im, spectrum] = [new Float32Array(16), new Float32Array(4)];
  for (let s = 0; s < seconds; s++) history.add(s * SECOND_US, re, im, spectrum);
  return history;
}

test("channels that left the common motion and those that joined it are named, who moved most first", () => {
  const before = [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const;
  const history = historyOf(120, matrix(before));
  const told = (pairs: readonly (readonly [number, number])[]) => {
    const moment = { timeUs: 120 * SECOND_US, n: 4, re: matrix(pairs), im: new Float32Array(16) };
    return membershipWords(membershipOf(history, moment)!, (channel) => NAMES[channel]!);
  };
  assert.is(told(before), "");
  assert.is(told([[0, 1]]), "Network and 2 more left");
  assert.is(
    told([
      [0, 1],
      [0, 3],
      [1, 3],
    ]),
    "Network left, Load joined",
  );
});

test("who joined or left is not said before a minute and some states are known", () => {
  const re = matrix([[0, 1]]);
  const moment = { timeUs: 70 * SECOND_US, n: 4, re, im: new Float32Array(16) };
  assert.is(membershipOf(historyOf(70, re), moment), null);
});

test.run();
