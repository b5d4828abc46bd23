/**
 * Evaluates a rule for one symbol, at its latest row.
 *
 *   rule + columns ─► features: each distinct function once, as a column ─► score, signal, the values that explain them
 *
 * E1  The score of a condition is in [0, 1]; with a signal it is at least ½, without one at most ½. A comparison has (1 + margin)/2, where
 *     the margin is the distance of its sides as a share of the larger one, within ±1. `and` has the least, `or` the most, `not` 1 − score.
 * E2  The score of a rule that is a number is that number; it has no signal of its own.
 * E3  A symbol with too few rows for a function is refused, with the number that it needs. What is undefined for another reason (no volume
 *     before, a price that did not move) satisfies neither a comparison nor its negation.
 */
import { EigenwatchError } from "../../../protocol/errors.ts";
import { ColumnMemory } from "./column-memory.ts";
import { type ConditionNode, isCondition, type NumberNode, type Rule } from "./rule.ts";
import type { SymbolView } from "./symbol-view.ts";

export interface Evaluation {
  readonly score: number;
  readonly signal: boolean;
  /** By the text of the function: {"rsi(14)": 27.1}; null where it is undefined. */
  readonly values: Readonly<Record<string, number | null>>;
}

/**
 * The values that a rule asks for. Throws an EigenwatchError for a symbol that has too few rows, or lacks a column. With `memory` they are those of
 * this symbol until the next one is computed with it.
 */
export function computeFeatures(rule: Rule, symbol: SymbolView, memory?: ColumnMemory): Features {
  const features = new Features(symbol, memory);
  // Also a rule that asks for nothing is judged at a row.
  if (symbol.rows === 0) throw tooShort(rule.text, 0, 1);
  for (const node of rule.explained) if (!Number.isFinite(features.latest(node))) refuseShort(node, symbol);
  return features;
}

export function evaluateFeatures(rule: Rule, features: Features): Evaluation {
  const values: Record<string, number | null> = {};
  for (const node of rule.explained) {
    const value = features.latest(node);
    values[node.text] = Number.isFinite(value) ? value : null;
  }
  return { ...judgeRule(rule, features), values };
}

/** Score and signal at the latest row. */
export function judgeRule({ root }: Rule, features: Features): Judgement {
  const { score, signal } = isCondition(root)
    ? judge(root, features, features.rows - 1)
    : { score: features.latest(root), signal: false };
  return { score: Number.isFinite(score) ? score : 0, signal };
}

/** Whether the rule holds, at each row; 0 too where it has no value yet. Throws for a rule that is a number, and for a symbol that lacks a column. */
export function signalColumn({ root, text }: Rule, symbol: SymbolView): Uint8Array {
  if (!isCondition(root))
    throw new EigenwatchError({
      action: `look for signals of ${text}`,
      value: "it is a number",
      expected: `a condition, as in ${text} < 1`,
      kind: "usage",
    });
  const features = new Features(symbol);
  const signals = new Uint8Array(symbol.rows);
  for (let row = 0; row < signals.length; row++) signals[row] = judge(root, features, row).signal ? 1 : 0;
  return signals;
}

/** A column of a rule, for a chart. */
export function columnOf(node: NumberNode, symbol: SymbolView): Float64Array {
  return new Features(symbol).column(node);
}

export interface Judgement {
  readonly score: number;
  readonly signal: boolean;
}

function judge(node: ConditionNode, features: Features, row: number): Judgement {
  switch (node.kind) {
    case "comparison":
      return compare(node.sign, features.at(node.left, row), features.at(node.right, row));
    case "crossing":
      return crossing(node, features, row);
    case "both": {
      const [a, b] = [judge(node.left, features, row), judge(node.right, features, row)];
      return { score: Math.min(a.score, b.score), signal: a.signal && b.signal };
    }
    case "either": {
      const [a, b] = [judge(node.left, features, row), judge(node.right, features, row)];
      if (Number.isNaN(a.score) || Number.isNaN(b.score)) return Number.isNaN(a.score) ? b : a;
      return { score: Math.max(a.score, b.score), signal: a.signal || b.signal };
    }
    case "not": {
      const { score, signal } = judge(node.of, features, row);
      return { score: 1 - score, signal: !signal && !Number.isNaN(score) };
    }
    default:
      return unreachable(node);
  }
}

const TRUE: Judgement = { score: 1, signal: true };
const FALSE: Judgement = { score: 0, signal: false };
const UNDEFINED: Judgement = { score: Number.NaN, signal: false };

function compare(sign: string, left: number, right: number): Judgement {
  if (!Number.isFinite(left) || !Number.isFinite(right)) return UNDEFINED;
  switch (sign) {
    case "<":
      return { score: closeness(left, right), signal: left < right };
    case "<=":
      return { score: closeness(left, right), signal: left <= right };
    case ">":
      return { score: closeness(right, left), signal: left > right };
    case ">=":
      return { score: closeness(right, left), signal: left >= right };
    case "==":
      return left === right ? TRUE : FALSE;
    default:
      return left !== right ? TRUE : FALSE;
  }
}

/** In [0, 1], above ½ where `small` is below `large`. */
function closeness(small: number, large: number): number {
  const scale = Math.max(Math.abs(small), Math.abs(large));
  const margin = scale === 0 ? 0 : (large - small) / scale;
  return (1 + Math.max(-1, Math.min(1, margin))) / 2;
}

function crossing(
  { direction, left, right }: ConditionNode & { kind: "crossing" },
  features: Features,
  row: number,
): Judgement {
  const [upper, lower] = direction === "above" ? [left, right] : [right, left];
  const before = features.at(upper, row - 1) - features.at(lower, row - 1);
  const now = features.at(upper, row) - features.at(lower, row);
  if (!Number.isFinite(before) || !Number.isFinite(now)) return UNDEFINED;
  return before <= 0 && now > 0 ? TRUE : FALSE;
}

/** The columns of one symbol that a rule asks for, each computed once. */
export class Features {
  private readonly symbol: SymbolView;
  private readonly memory: ColumnMemory;
  private readonly columns = new Map<string, Float64Array>();

  constructor(symbol: SymbolView, memory = new ColumnMemory()) {
    memory.restart();
    this.symbol = symbol;
    this.memory = memory;
  }

  latest(node: NumberNode): number {
    return this.at(node, this.rows - 1);
  }

  get rows(): number {
    return this.symbol.rows;
  }

  column(node: NumberNode): Float64Array {
    let column = this.columns.get(node.text);
    if (column === undefined) {
      column = this.compute(node);
      this.columns.set(node.text, column);
    }
    return column;
  }

  at(node: NumberNode, row: number): number {
    if (node.kind === "number") return node.value;
    if (node.kind === "arithmetic")
      return combine(node.sign, this.at(node.left, row), this.at(node.right, row));
    return this.column(node)[row] ?? Number.NaN;
  }

  private compute(node: NumberNode): Float64Array {
    const { symbol, memory } = this;
    switch (node.kind) {
      case "number":
        return memory.take(symbol.rows).fill(node.value);
      case "column":
        return symbol.column(node.column);
      case "arithmetic": {
        const [left, right] = [this.column(node.left), this.column(node.right)];
        const out = memory.take(symbol.rows);
        for (let i = 0; i < out.length; i++) out[i] = combine(node.sign, left[i]!, right[i]!);
        return out;
      }
      case "call": {
        const x = node.of === null ? EMPTY : this.column(node.of);
        return node.definition.compute(x, node.parameters, symbol, memory);
      }
      default:
        return unreachable(node);
    }
  }
}

const EMPTY = new Float64Array(0);

function combine(sign: string, a: number, b: number): number {
  if (sign === "+") return a + b;
  if (sign === "-") return a - b;
  return sign === "*" ? a * b : a / b;
}

function refuseShort(node: NumberNode, { rows }: SymbolView): void {
  const needed = rowsOf(node);
  if (rows < needed) throw tooShort(node.text, rows, needed);
}

function tooShort(text: string, rows: number, needed: number): EigenwatchError {
  return new EigenwatchError({
    action: `evaluate ${text}`,
    value: `there are ${rows} rows`,
    expected: `at least ${needed}`,
    kind: "input",
  });
}

/** Rows until a node has a value. */
export function rowsOf(node: NumberNode): number {
  if (node.kind === "call")
    return node.definition.rows(node.parameters) + (node.of === null ? 1 : rowsOf(node.of)) - 1;
  return node.kind === "arithmetic" ? Math.max(rowsOf(node.left), rowsOf(node.right)) : 1;
}

function unreachable(node: never): never {
  throw new TypeError(`Cannot evaluate ${JSON.stringify(node)}: expected a node of a rule`);
}
