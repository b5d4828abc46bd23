// runtime: either
/** Tuning: what it chooses on earlier dates, and that later ones alone say whether something is gained. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseRule } from "../../actors/scan/rules/rule.ts";
import { Gains } from "../../actors/scan/tune/gains.ts";
import { combinationsOf, readRange } from "../../actors/scan/tune/ranges.ts";
import { tune } from "../../actors/scan/tune/tune.ts";
import type { UniverseData } from "../../actors/scan/universe/universe.ts";
import { seeded } from "../kernels/builders.ts";
import { bars, DAY_US, universeOf } from "./worlds.ts";

const SYMBOLS = 30;
const DAYS = 240;

/** Walks; with `pays` a return of more than 4 % over three rows is followed by a rise. `from`: another world from this day on. */
function walks({ pays, from = DAYS }: { pays: boolean; from?: number }): UniverseData {
  return universeOf(
    Object.fromEntries(
      Array.from({ length: SYMBOLS }, (_, s) => {
        const [before, after] = [seeded(7 + s), seeded(1_007 + s)];
        const closes = [100];
        let rises = 0;
        for (let day = 1; day < DAYS; day++) {
          const uniform = (day < from ? before : after)();
          const last = closes.at(-1)!;
          closes.push(last * (0.97 + 0.06 * uniform + (pays && rises > 0 ? 0.02 : 0)));
          rises--;
          if (rises < -3 && day >= 3 && closes[day]! / closes[day - 3]! > 1.04) rises = 2;
        }
        return [`S${s}`, bars(closes)];
      }),
    ),
  ).data;
}

function tuned(data: UniverseData, over = "return.period=1:12") {
  const rule = "return(12) > 4%";
  return tune(
    {
      data,
      rule,
      combinations: combinationsOf(rule, [readRange(over)]),
      horizon: 2,
      expectation: "up",
      earlier: 0.6,
      symbols: data.symbols.map((_, s) => s),
    },
    async () => {},
  );
}

test("a gain that is there is found, with less work than all combinations on all symbols", async () => {
  const result = await tuned(walks({ pays: true }));
  assert.equal(result.tuned.parameters, { "return.period": 3 });
  assert.ok(result.isGained);
  assert.ok(result.difference.gain > result.difference.within);
  assert.ok(result.tuned.later.gain > result.given.later.gain);
  assert.ok(result.evaluated < result.withoutHalving);
  assert.equal(result.rounds.at(-1), { candidates: 2, symbols: SYMBOLS });
});

test("where nothing follows a signal it says that nothing is gained", async () => {
  assert.not((await tuned(walks({ pays: false }))).isGained);
});

test("[T1] what happens on the later dates has no part in the choice", async () => {
  const divided = Math.floor(0.6 * DAYS);
  const [one, other] = await Promise.all([
    tuned(walks({ pays: true, from: divided })),
    tuned(walks({ pays: true })),
  ]);
  assert.equal(one.tuned.parameters, other.tuned.parameters);
  assert.equal(one.tuned.earlier, other.tuned.earlier);
  assert.not.equal(one.tuned.later, other.tuned.later);
});

test("the gain of a signal is what its symbol does more than all, and several at one time count once", () => {
  const { data } = universeOf({ A: bars([1, 2, 4]), B: bars([1, 2, 8]), C: bars([2, 1, 1]) });
  const gains = new Gains(data, 1, "up");
  const found = new Map<number, { sum: number; count: number }>();
  for (const symbol of [0, 1, 2])
    gains.add(parseRule("return(1) > 0"), symbol, { fromUs: 0, toUs: 2 * DAY_US }, found);
  const { signals, times, gain } = gains.summary(found);
  const mean = (Math.log(2) + Math.log(4) + 0) / 3;
  assert.equal([signals, times], [2, 1]);
  assert.ok(Math.abs(gain - ((Math.log(2) + Math.log(4)) / 2 - mean)) < 1e-12);
});

test("a range names a parameter of a function, and what cannot be read says what is expected", () => {
  assert.equal(readRange("rsi.period=7:21:7"), { path: "rsi.period", values: [7, 14, 21] });
  assert.equal(readRange("bollinger_upper.deviations=1:2:0.5").values, [1, 1.5, 2]);
  for (const [text, expected] of [
    ["rsi=7:21", /rsi\.period=7:21/],
    ["rsj.period=7:21", /rsi/],
    ["rsi.perod=7:21", /period/],
    ["rsi.period=21:7", /whole numbers from 1 to 10000, the first below the last/],
    ["rsi.period=7.5:9", /whole numbers/],
    ["rsi.period=1:9999", /at most 4096/],
  ] as const)
    assert.throws(
      () => readRange(text),
      ({ message }: Error) => expected.test(message),
      text,
    );
  assert.throws(() => combinationsOf("close > 1", [readRange("rsi.period=7:21")]), /a rule with rsi/);
});

test.run();
