/** The plain loop that a scan is measured beside: the same kernels over every symbol, in one thread, without messages. */
import { ColumnMemory } from "../../actors/scan/rules/column-memory.ts";
import { computeFeatures, evaluateFeatures } from "../../actors/scan/rules/evaluate.ts";
import { parseRule } from "../../actors/scan/rules/rule.ts";
import { type Universe, UniverseSymbol } from "../../actors/scan/universe/universe.ts";

export const RULE = "rsi(14) < 30 and macd_histogram > 0 and bollinger_percent(20) < 0.5";

/** Of one turn: 0.2 s, long enough for the collections that both make. */
export const PASSES = 5;

/** Score by symbol. */
export function plainLoop({ data }: Universe): Map<string, number> {
  const rule = parseRule(RULE);
  const memory = new ColumnMemory();
  return new Map(
    data.symbols.map((symbol, index) => [
      symbol,
      evaluateFeatures(rule, computeFeatures(rule, new UniverseSymbol(data, index), memory)).score,
    ]),
  );
}

export function plainLoops(universe: Universe): void {
  for (let pass = 0; pass < PASSES; pass++) plainLoop(universe);
}
