/** What a scan worker does: one rule for one symbol. Everything that the result depends on is in the task and the job. */
import type { Work } from "../workers/work.ts";
import { ColumnMemory } from "./rules/column-memory.ts";
import { computeFeatures, type Evaluation, judgeRule } from "./rules/evaluate.ts";
import { type ParameterValues, parseRule, type Rule } from "./rules/rule.ts";
import { type UniverseData, UniverseSymbol } from "./universe/universe.ts";

export interface ScanTask {
  readonly rule: string;
  readonly parameters: ParameterValues;
}

/** As the worker has it. */
export type SharedScanTask = ScanTask & { readonly shared: UniverseData };

/** With the time that each stage took, ms. */
export interface EvaluatedItem extends Evaluation {
  readonly featuresMs: number;
  readonly evaluateMs: number;
}

/**
 * The same as numbers alone, for the way between threads: names of values make a message ten times as slow. Score, signal, both times, then the
 * values in the order of the rule; not finite for one that is undefined.
 */
export type PackedItem = readonly number[];

/** What came from a worker, packed or not. */
export function evaluatedOf(result: EvaluatedItem | PackedItem, { explained }: Rule): EvaluatedItem {
  if (!isPacked(result)) return result;
  const [score, signal, featuresMs, evaluateMs, ...numbers] = result as [number, number, number, number];
  const values: Record<string, number | null> = {};
  explained.forEach(({ text }, k) => {
    const value = numbers[k]!;
    values[text] = Number.isFinite(value) ? value : null;
  });
  return { score, signal: signal === 1, values, featuresMs, evaluateMs };
}

function isPacked(result: EvaluatedItem | PackedItem): result is PackedItem {
  return Array.isArray(result);
}

const rules = new WeakMap<ScanTask, Rule>();
/** A thread evaluates one symbol at a time. */
const memory = new ColumnMemory();

/** `index`: of the symbol in the universe. */
export const scanWork: Work<SharedScanTask, number, PackedItem> = async (task, index) => {
  let rule = rules.get(task);
  if (rule === undefined) {
    rule = parseRule(task.rule, task.parameters);
    rules.set(task, rule);
  }
  const startMs = performance.now();
  const features = computeFeatures(rule, new UniverseSymbol(task.shared, index), memory);
  const computedMs = performance.now();
  const { score, signal } = judgeRule(rule, features);
  const packed = [score, signal ? 1 : 0, computedMs - startMs, 0];
  for (const node of rule.explained) packed.push(features.latest(node));
  packed[3] = performance.now() - computedMs;
  return packed;
};
