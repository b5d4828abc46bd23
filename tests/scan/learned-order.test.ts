// runtime: either
/** The learned order: what it learns from, that it finds signals sooner, and that it is kept and can be reset. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LearnedOrder } from "../../actors/scan/order/learned-order.ts";
import { inOrder, randomWork } from "../../actors/scan/order/order.ts";
import { OrderMemory } from "../../actors/scan/order/order-memory.ts";
import { orderReport } from "../../actors/scan/order/order-report.ts";
import { computeFeatures, evaluateFeatures } from "../../actors/scan/rules/evaluate.ts";
import { parseRule } from "../../actors/scan/rules/rule.ts";
import { termsOf } from "../../actors/scan/rules/terms.ts";
import { type UniverseData, UniverseSymbol } from "../../actors/scan/universe/universe.ts";
import { seeded } from "../kernels/builders.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { bars, universeOf } from "./worlds.ts";

const SYMBOLS = 80;
const terms = (rule: string) => termsOf(parseRule(rule));

/** Walks of `rows` days, of which the last ten of every eighth symbol, from `first` on, fall steadily. */
function world(seed: number, rows: number, first: number): UniverseData {
  const random = seeded(seed);
  return universeOf(
    Object.fromEntries(
      Array.from({ length: SYMBOLS }, (_, s) => {
        const closes = [100];
        while (closes.length < rows) {
          const falls = s % 8 === first && closes.length > rows - 10;
          closes.push(closes.at(-1)! * (falls ? 0.985 : 0.99 + 0.02 * random()));
        }
        return [`S${s}`, bars(closes)];
      }),
    ),
  ).data;
}

function signalsOf(data: UniverseData, text: string): Map<number, boolean> {
  const rule = parseRule(text);
  return new Map(
    data.symbols.map((_, s) => [
      s,
      evaluateFeatures(rule, computeFeatures(rule, new UniverseSymbol(data, s))).signal,
    ]),
  );
}

test("a rule looks for terms that rules with other periods and thresholds share", () => {
  assert.equal(terms("rsi(9) < 25 and volume_spike(10) > 2"), ["rsi low", "volume_spike high"]);
  assert.equal(terms("not (rsi(9) < 25 or drawdown(60) > 10%)"), ["rsi high", "drawdown low"]);
  assert.equal(terms("crosses_above(sma(10), sma(50))"), ["crosses fast sma high", "crosses slow sma low"]);
  assert.equal(terms("(close - sma(50)) / atr(14)"), ["close high", "sma low"]);
  assert.equal(terms("sma(volume, 20) > 1e6"), ["sma of volume high"]);
});

test("a random order needs on average k (n + 1)/(m + 1) symbols until the k-th signal", () => {
  // All places of two signals among five symbols are alike.
  const [n, m] = [5, 2];
  const sums = [0, 0];
  let worlds = 0;
  for (let a = 1; a <= n; a++)
    for (let b = a + 1; b <= n; b++) {
      worlds++;
      sums[0]! += a;
      sums[1]! += b;
    }
  for (const k of [1, 2]) assert.is(randomWork(k, m, n), sums[k - 1]! / worlds);
});

test("an order has every symbol once; the learned one has the worthiest first, and every tenth by chance", () => {
  const indices = Array.from({ length: 50 }, (_, k) => k);
  const worth = () => Float64Array.from(indices, (k) => k % 25);
  for (const order of ["given", "random", "learned"] as const)
    assert.equal(
      inOrder(indices, order, seeded(1), worth).sort((a, b) => a - b),
      indices,
    );
  const learned = inOrder(indices, "learned", seeded(1), worth);
  assert.equal(learned.slice(0, 9), [24, 49, 23, 48, 22, 47, 21, 46, 20]);
});

test("what other rules taught on earlier dates finds the signals of a new one in half the work of chance", () => {
  const order = new LearnedOrder();
  for (let day = 0; day < 6; day++) {
    const data = world(day, 60, day % 8);
    for (const rule of ["rsi(14) < 30", "return(5) > 3%"])
      order.learn(parseRule(rule), data, signalsOf(data, rule));
  }
  const later = world(99, 70, 7);
  const signals = signalsOf(later, "rsi(9) < 20");
  const found = [...signals.values()].filter(Boolean).length;
  assert.ok(found >= 5, `${found} signals`);
  const worth = () => order.worth(parseRule("rsi(9) < 20"), later);
  const items = inOrder([...signals.keys()], "learned", seeded(3), worth);
  const work =
    items.findIndex((_, k) => items.slice(0, k + 1).filter((s) => signals.get(s)).length === 5) + 1;
  assert.ok(work <= randomWork(5, found, SYMBOLS) / 2, `${work} symbols`);
});

test("what is learnt can be read, survives in its file, and is forgotten by a reset", () => {
  const path = join(temporaryDirectory(), "order.json");
  const data = world(1, 60, 2);
  const rule = parseRule("rsi(14) < 30");
  const memory = new OrderMemory(path, assert.unreachable);
  memory.of("u").learn(rule, data, signalsOf(data, rule.text));
  memory.save();
  const again = new OrderMemory(path, assert.unreachable);
  assert.equal(again.of("u").worth(rule, data), memory.of("u").worth(rule, data));
  const { scans, symbols, weights, oftenSignals } = orderReport(again.of("u"), 3);
  assert.equal([scans, symbols, weights.map(({ of }) => of)], [1, SYMBOLS, ["all rules", "rsi low"]]);
  assert.ok(weights[1]!.traits.trend.weight < 0, "a low rsi follows a fall");
  assert.is(oftenSignals[0]!.rate, 1);
  again.of("u").reset();
  again.save();
  const reset = new OrderMemory(path, assert.unreachable);
  assert.is(reset.of("u").learned.scans, 0);
  assert.equal(reset.of("u").worth(rule, data), new LearnedOrder().worth(rule, data));
});

test("[M1] a file that cannot be read is said, and left as it is", () => {
  const path = join(temporaryDirectory(), "order.json");
  writeFileSync(path, '{"version":1,"universes":{"u":{}}}');
  const said: string[] = [];
  const memory = new OrderMemory(path, (line) => said.push(line));
  const data = world(1, 60, 2);
  memory.of("u").learn(parseRule("rsi(14) < 30"), data, signalsOf(data, "rsi(14) < 30"));
  memory.save();
  assert.match(said.join("\n"), "universes.u.scans");
  assert.is(readFileSync(path, "utf8"), '{"version":1,"universes":{"u":{}}}');
});

test("a symbol that is called as a property of objects is learnt as any other", () => {
  const data = universeOf({ constructor: bars([1, 2, 3]), toString: bars([3, 2, 1]) }).data;
  const order = new LearnedOrder();
  order.learn(parseRule("return(1) > 0"), data, signalsOf(data, "return(1) > 0"));
  assert.equal(orderReport(order, 5).oftenSignals, [{ symbol: "constructor", rate: 1 }]);
  assert.ok([...order.worth(parseRule("return(1) > 0"), data)].every(Number.isFinite));
});

test.run();
