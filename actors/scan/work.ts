/** What a scan worker does: one rule for one symbol. Everything that the result depends on is in the task and the job. */
import type { Work } from "../workers/work.ts";
import { computeFeatures, type Evaluation, evaluateFeatures } from "./rules/evaluate.ts";
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

const rules = new WeakMap<ScanTask, Rule>();

/** `index`: of the symbol in the universe. */
export const scanWork: Work<SharedScanTask, number, EvaluatedItem> = async (task, index) => {
  let rule = rules.get(task);
  if (rule === undefined) {
    rule = parseRule(task.rule, task.parameters);
    rules.set(task, rule);
  }
  const startMs = performance.now();
  const features = computeFeatures(rule, new UniverseSymbol(task.shared, index));
  const computedMs = performance.now();
  const evaluation = evaluateFeatures(rule, features);
  return { ...evaluation, featuresMs: computedMs - startMs, evaluateMs: performance.now() - computedMs };
};
