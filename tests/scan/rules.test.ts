// runtime: either
/** Rules: what they mean, and that what cannot be read is refused at its column. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { RandomStream } from "../../actors/core/random.ts";
import {
  computeFeatures,
  type Evaluation,
  evaluateFeatures,
  rowsOf,
} from "../../actors/scan/rules/evaluate.ts";
import { FUNCTIONS } from "../../actors/scan/rules/functions.ts";
import {
  MAX_RULE_DEPTH,
  MAX_RULE_FUNCTIONS,
  type NumberNode,
  namesOfValues,
  parseRule,
} from "../../actors/scan/rules/rule.ts";
import { markedRule, RuleError } from "../../actors/scan/rules/rule-error.ts";
import { MAX_RULE_CHARACTERS } from "../../actors/scan/rules/tokens.ts";
import { prepareUniverse } from "../../actors/scan/universe/prepare.ts";
import { type Universe, UniverseSymbol } from "../../actors/scan/universe/universe.ts";
import { bars, universeOf } from "./worlds.ts";

/** Closes 1, 2, 3 … of one symbol, beside two others. */
const rising = Array.from({ length: 40 }, (_, i) => i + 1);
const universe = universeOf({
  A: bars(rising),
  B: bars(rising.map((x) => 100 - x)),
  C: bars(rising.map((x) => x * x)),
});

/** The same with more rows than any function needs by default. */
const rows = Array.from({ length: 80 }, (_, i) => i + 1);
const long = universeOf({
  A: bars(rows),
  B: bars(rows.map((x) => 100 - x)),
  C: bars(rows.map((x) => x * x)),
});

function evaluate(text: string, symbol = 0): Evaluation {
  return evaluateIn(universe, text, symbol);
}

function evaluateIn(of: Universe, text: string, symbol: number): Evaluation {
  const rule = parseRule(text);
  return evaluateFeatures(
    rule,
    computeFeatures(rule, new UniverseSymbol(prepareUniverse(of, rule).data, symbol)),
  );
}

function refusal(text: string): RuleError {
  try {
    parseRule(text);
  } catch (error) {
    assert.instance(error, RuleError);
    return error as RuleError;
  }
  return assert.unreachable(`${text} was read`) as never;
}

test("a rule is evaluated at the latest row, and says which values explain it", () => {
  const { signal, values } = evaluate("sma(4) < close and return(2) > 5%");
  assert.is(signal, true);
  assert.equal(values, { "sma(4)": 38.5, close: 40, "return(2)": 40 / 38 - 1 });
});

test("a rule over values names these alone: nothing of a symbol, and nothing with a past", () => {
  const names = namesOfValues(["alarms", "recall"]);
  const rule = parseRule("alarms < 2 and recall / 2 > 0.25", {}, names);
  assert.equal(
    rule.explained.map(({ text }) => text),
    ["alarms", "recall"],
  );
  for (const [text, column, expected] of [
    ["alarms < rsi(14)", 10, /one of alarms, recall/],
    ["close > 1", 1, /one of alarms, recall/],
    ["crosses_above(alarms, recall)", 1, /one of alarms, recall/],
    ["recal > 1", 1, /perhaps recall/],
    ["", 1, /alarms < 1/],
  ] as const)
    assert.throws(
      () => parseRule(text, {}, names),
      (error: RuleError) => error.column === column && expected.test(error.message),
      text,
    );
});

test("multiplication binds before addition, comparison before not, not before and, and before or", () => {
  assert.is(evaluate("1 + 2 * 3 == 7 and close > 0").signal, true);
  assert.is(evaluate("(1 + 2) * 3 == 9 and close > 0").signal, true);
  assert.is(evaluate("10 - 4 - 3 == 3 and close > 0").signal, true);
  assert.is(evaluate("-close + 41 == 1").signal, true);
  assert.is(evaluate("close > 100 and close > 100 or close < 100").signal, true);
  assert.is(evaluate("close < 100 or close < 100 and close > 100").signal, true);
  assert.is(evaluate("not close > 100 and close < 100").signal, true);
  assert.is(evaluate("not (close > 100 or close < 100)").signal, false);
});

test("every comparison holds where it should, and its score lies on the same side of one half", () => {
  const holds: [string, boolean][] = [
    ["close < 40", false],
    ["close <= 40", true],
    ["close > 39", true],
    ["close >= 41", false],
    ["close == 40", true],
    ["close != 40", false],
  ];
  for (const [text, expected] of holds) {
    const { signal, score } = evaluate(text);
    assert.is(signal, expected, text);
    assert.ok(expected ? score >= 0.5 : score <= 0.5, `${text} ${score}`);
  }
  // The margin is a share of the larger side: (40 − 30)/40.
  assert.is(evaluate("close > 30").score, (1 + 0.25) / 2);
  assert.is(evaluate("close > 30 and close > 20").score, (1 + 0.25) / 2);
  assert.is(evaluate("close > 30 or close > 20").score, (1 + 0.5) / 2);
  assert.is(evaluate("not close > 30").score, 1 - (1 + 0.25) / 2);
});

test("a number ranks, without a signal", () => {
  const { score, signal, values } = evaluate("close / open");
  assert.equal([score, signal], [40 / 39, false]);
  assert.equal(values, { close: 40, open: 39 });
});

test("functions take another column, also that of a function, and their parameters by default", () => {
  assert.equal(Object.keys(evaluate("sma(volume, 3) > 0 and rsi > 0 and macd_signal() > 0").values), [
    "sma(volume, 3)",
    "rsi(14)",
    "macd_signal(12, 26, 9)",
  ]);
  assert.is(evaluate("sma(ago(close, 2), 3) == 37").signal, true);
  assert.is(evaluate("highest(high - low, 5) >= 0").signal, true);
  assert.is(evaluate("RSI(14) > 50 AND Close > 1").signal, true);
});

test("a crossing is told at the row at which it happens", () => {
  assert.is(evaluate("crosses_above(close, 39.5)").signal, true);
  assert.is(evaluate("crosses_above(close, 38.5)").signal, false);
  assert.is(evaluate("crosses_below(close, 39.5)").signal, false);
  assert.is(evaluate("crosses_below(close, 60.5)", 1).signal, true);
});

test("coherence is that with the mean of the others", () => {
  const { values } = evaluate("coherence(20) > 0.5");
  assert.ok(values["coherence(20)"]! > 0.9);
});

test("every function has a value on enough rows, and names the rows that it needs on too few", () => {
  for (const [name, { parameters }] of Object.entries(FUNCTIONS)) {
    const short = parameters.length === 0 ? name : `${name}(${parameters.map((_, k) => 2 + k).join(", ")})`;
    // The squares: the numbers in order lie on a line, whose slope has no error.
    const { values } = evaluateIn(long, `${short} > -1e9`, 2);
    assert.ok(Number.isFinite(Object.values(values)[0]), short);
    if (parameters.length === 0) continue;
    const [first, ...rest] = parameters;
    const rule = `${name}(${[first!.name === "period" ? 300 : 200, ...rest.map(({ initial }) => initial)].join(", ")})`;
    const needed = rowsOf(parseRule(rule).root as NumberNode);
    assert.throws(() => evaluate(`${rule} > 0`), `there are 40 rows; expected at least ${needed}`);
  }
});

test("measures of detectors say of a symbol what they say of a channel", () => {
  const random = new RandomStream(5, "measures");
  const uniform = () => random.next() - 0.5;
  const steps = Array.from({ length: 400 }, uniform);
  const walk = (step: (i: number) => number) => {
    let price = 100;
    return bars(steps.map((_, i) => (price *= Math.exp(step(i)))));
  };
  const of = universeOf({
    rises: bars(steps.map((noise, i) => 100 + 0.2 * i + noise)),
    falls: bars(steps.map((noise, i) => 300 - 0.2 * i + noise)),
    // Uniform returns within ±2 %: one in twenty is below −1.8 %, −1.9 % on average.
    walks: walk((i) => 0.04 * steps[i]!),
  });
  const value = (text: string, symbol: number) =>
    Object.values(evaluateIn(of, `${text} > 0`, symbol).values)[0]!;
  assert.ok(value("trend", 0) > 10 && value("trend", 1) < -10);
  assert.ok(Math.abs(value("value_at_risk", 2) - 0.018) < 0.003, String(value("value_at_risk", 2)));
  assert.ok(Math.abs(value("expected_shortfall", 2) - 0.019) < 0.003, String(value("expected_shortfall", 2)));
  assert.ok(Math.abs(evaluateIn(of, "forecast / close", 0).score - 1) < 0.02);
  const pair = universeOf({
    walks: walk((i) => 0.04 * steps[i]!),
    together: walk((i) => 0.04 * steps[i]! + 0.001 * uniform()),
  });
  const joint = (text: string, universe: Universe) =>
    Object.values(evaluateIn(universe, `${text} > 0`, 0).values)[0]!;
  const split = universeOf({ walks: walk((i) => 0.04 * steps[i]!), apart: walk(() => 0.04 * uniform()) });
  assert.ok(joint("purity", pair) > 0.95 && joint("purity", split) < 0.7);
  assert.ok(joint("entropy", pair) < 0.15 && joint("entropy", split) > 0.5);
});

test("purity and entropy are undefined where the symbol or the others stand still, and on few rows", () => {
  const random = new RandomStream(6, "joint");
  const walk = (rows: number, moves: (i: number) => boolean) => {
    let price = 100;
    return bars(
      Array.from(
        { length: rows },
        (_, i) => (price *= moves(i) ? Math.exp(0.04 * (random.next() - 0.5)) : 1),
      ),
    );
  };
  const of = universeOf({
    moves: walk(200, () => true),
    moves2: walk(200, () => true),
    still: walk(200, () => false),
    // Trade was suspended, is since five rows ago, or has been resumed five rows ago.
    suspended: walk(200, (i) => i < 100),
    resumed: walk(200, (i) => i >= 195),
    pauses: walk(200, (i) => i < 195),
    short: walk(20, () => true),
    negative: bars(Array.from({ length: 200 }, () => -random.next())),
  });
  const alone = universeOf({ moves: walk(200, () => true), still: walk(200, () => false) });
  for (const name of ["purity", "entropy"]) {
    const value = (universe: Universe, symbol: number) =>
      Object.values(evaluateIn(universe, `${name} > 0`, symbol).values)[0];
    const known = [0, 1, 5].map((symbol) => value(of, symbol));
    assert.ok(known.every(Number.isFinite), `${name} of what moves: ${known}`);
    const unknown = [2, 3, 4, 7].map((symbol) => value(of, symbol));
    assert.equal(unknown, [null, null, null, null], `${name} of what stands still, or has no returns`);
    assert.is(value(alone, 0), null, `${name} beside others that stand still`);
    assert.throws(() => value(of, 6), /there are 20 rows; expected at least 65/);
  }
});

test("a symbol without rows has no result, whatever the rule", () => {
  const of = universeOf({ A: bars([1, 2, 3]), B: [] });
  for (const rule of ["1 > 0", "5", "close > 0"])
    assert.throws(() => evaluateIn(of, rule, 1), /there are 0 rows; expected at least 1/);
});

test("what is undefined satisfies neither a comparison nor its negation", () => {
  const still = universeOf({ A: bars(Array<number>(30).fill(5)) });
  const rule = parseRule("not bollinger_percent(20) < 1");
  const { signal, score, values } = evaluateFeatures(
    rule,
    computeFeatures(rule, new UniverseSymbol(still.data, 0)),
  );
  assert.equal([signal, score, values], [false, 0, { "bollinger_percent(20, 2)": null }]);
});

test("a rule that cannot be read is refused at its column, with what was expected", () => {
  const refused: [rule: string, column: number, message: RegExp][] = [
    ["", 1, /it is empty/],
    ["rsi(14) <", 10, /it ends here/],
    ["rsi(14) < 30 and", 17, /it ends here/],
    ["rsj(14) < 30", 1, /no column or function rsj; expected perhaps rsi/],
    ["close > 1 and sma(0) > 2", 15 + 4, /period of sma is 0; expected a whole number from 1/],
    ["sma(2.5) > 2", 5, /period of sma is 2.5/],
    ["rsi(14, 2) < 30", 9, /rsi has too many values; expected rsi\(\[close\], period = 14\)/],
    ["rsi(14 < 30", 8, /the parenthesis of column 4 is not closed/],
    ["(close > 1", 11, /the parenthesis of column 1 is not closed/],
    ["rsi(14) and close > 1", 1, /rsi\(14\) is a number; expected a condition/],
    ["(close > 1) + 2", 1, /a condition is no number/],
    ["1 < close < 3", 11, /a comparison has two sides/],
    ["close = 3", 7, /"=" means nothing here; expected == or <=/],
    ["close > 1 && open > 2", 11, /"&" means nothing here; expected and/],
    ["close > 1 close", 11, /"close" follows a complete rule/],
    ["sma(14, close) > 1", 9, /sma has too many values/],
    ["atr(close) > 1", 5, /period of atr is not a fixed number/],
    ["crosses_above(close) ", 1, /has 1 values; expected two/],
    ["close > 1e999", 9, /too large/],
    ["close > 'x'", 9, /means nothing here/],
    ["constructor(1) > 1", 1, /no column or function constructor/],
    ["and > 1", 1, /"and" stands where a value must be/],
  ];
  for (const [rule, column, message] of refused) {
    const error = refusal(rule);
    assert.match(error.message, message);
    assert.is(error.column, column, `${rule}: ${error.message}`);
  }
  assert.equal(markedRule("rsj(14) < 30", refusal("rsj(14) < 30")), ["rsj(14) < 30", "^^^"]);
});

test("a rule that is too long, too deep or too wide is refused", () => {
  assert.match(refusal(`close > ${"1".repeat(MAX_RULE_CHARACTERS)}`).message, /characters/);
  assert.match(refusal(`${"(".repeat(MAX_RULE_DEPTH + 1)}close`).message, /nested too deeply/);
  const calls = Array.from({ length: MAX_RULE_FUNCTIONS + 1 }, (_, k) => `sma(${k + 1}) > 0`);
  assert.match(refusal(calls.join(" or ")).message, /too many functions/);
});

test.run();
