// runtime: either
/** Columns that are computed in the memory of the symbol before hold nothing of it. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RandomStream } from "../../actors/core/random.ts";
import { ColumnMemory } from "../../actors/scan/rules/column-memory.ts";
import { computeFeatures, evaluateFeatures } from "../../actors/scan/rules/evaluate.ts";
import { FUNCTIONS } from "../../actors/scan/rules/functions.ts";
import { parseRule } from "../../actors/scan/rules/rule.ts";
import type { SymbolView } from "../../actors/scan/rules/symbol-view.ts";

const test = suite("memory of columns");

/** A walk with a volume; `rows` differ, so that a shorter symbol follows a longer one. */
function walk(seed: number, rows: number): SymbolView {
  const random = new RandomStream(seed, "walk");
  let price = 100;
  const close = Float64Array.from({ length: rows }, () => (price *= 0.97 + 0.06 * random.next()));
  const columns: Record<string, Float64Array> = {
    open: close,
    close,
    high: close.map((value) => 1.01 * value),
    low: close.map((value) => 0.99 * value),
    volume: close.map(() => 1_000 * random.next()),
  };
  const returns = close.map((value, i) => (i === 0 ? Number.NaN : Math.log(value / close[i - 1]!)));
  return {
    rows,
    timeUs: close.map((_, i) => 60e6 * i),
    column: (name) => columns[name]!,
    market: () => returns.map((value) => 0.5 * value + 0.001 * (random.next() - 0.5)),
    logReturns: () => returns,
  };
}

test("every function gives the same for a symbol whatever was evaluated before it", () => {
  for (const name of Object.keys(FUNCTIONS)) {
    const rule = parseRule(`${name} + 2 * (close - open) > 0`);
    const memory = new ColumnMemory();
    const of = (seed: number, rows: number, own?: ColumnMemory) =>
      evaluateFeatures(rule, computeFeatures(rule, walk(seed, rows), own));
    of(1, 200, memory);
    assert.equal(of(2, 120, memory), of(2, 120), `${name}, after a longer symbol`);
    assert.equal(of(3, 300, memory), of(3, 300), `${name}, after a shorter symbol`);
  }
});

test("columns that were taken are taken again after a restart, and two of one symbol are never the same", () => {
  const memory = new ColumnMemory();
  const [a, b] = [memory.take(10), memory.take(10)];
  assert.ok(a !== b);
  memory.restart();
  assert.ok(memory.take(10) === a);
  assert.is(memory.take(4).buffer, b.buffer);
  assert.is(memory.take(11).length, 11);
});

test("a column of a long history is not kept", () => {
  const memory = new ColumnMemory();
  const long = memory.take(1_000_000);
  memory.restart();
  assert.ok(memory.take(1_000_000) !== long);
});

test("what is kept has a bound, however many columns a rule takes, and short symbols go on using it", () => {
  const memory = new ColumnMemory();
  const kept = () => {
    memory.restart();
    const first = Array.from({ length: 400 }, () => memory.take(50_000));
    memory.restart();
    const again = new Set(Array.from({ length: 400 }, () => memory.take(50_000)));
    return first.filter((column) => again.has(column)).length;
  };
  assert.is(kept(), Math.floor(2 ** 20 / 50_000));
  memory.restart();
  const short = [memory.take(10), memory.take(10)];
  memory.restart();
  assert.equal(
    [memory.take(10).buffer, memory.take(10).buffer],
    short.map(({ buffer }) => buffer),
  );
  assert.is(kept(), Math.floor(2 ** 20 / 50_000));
});

test.run();
