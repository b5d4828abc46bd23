/** What a rule can ask for, as an editor completes it. */
import type { RuleWord } from "../../../protocol/scan-messages.ts";
import { FUNCTIONS } from "./functions.ts";
import { usage } from "./rule.ts";
import { COLUMNS } from "./symbol-view.ts";

/** Functions whose values have the unit of their column. */
const OF_UNIT: ReadonlySet<string> = new Set([
  "sma",
  "ema",
  "bollinger_upper",
  "bollinger_lower",
  "highest",
  "lowest",
  "ago",
  "forecast",
]);

export const RULE_VOCABULARY: readonly RuleWord[] = [
  ...COLUMNS.map((name) => ({ name, usage: name, help: "column", isPrice: name !== "volume" })),
  ...Object.entries(FUNCTIONS).map(([name, row]) => ({
    name,
    usage: usage(name, row),
    help: row.help,
    isPrice: OF_UNIT.has(name),
  })),
  ...["above", "below"].map((side) => ({
    name: `crosses_${side}`,
    usage: `crosses_${side}(a, b)`,
    help: `whether a crossed to ${side} b at the latest row`,
    isPrice: false,
  })),
  ...["and", "or", "not"].map((name) => ({ name, usage: name, help: "joins conditions", isPrice: false })),
];
