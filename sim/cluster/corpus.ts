/**
 * Failures that were found, shrunk and kept: each is run again by the tests for ever (tests/simulation/corpus/).
 *
 * C1  On the present code a case breaks no rule.
 * C2  A case that names a mutant breaks its rule under that mutant: so the case can fail, and shows what.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import type { WorldOptions } from "./options.ts";
import { type RunResult, run } from "./run.ts";
import { SCENARIOS, type ScenarioName } from "./scenarios.ts";

export const CORPUS = fileURLToPath(new URL("../../tests/simulation/corpus/", import.meta.url));

const scenarioNames = Object.keys(SCENARIOS) as [ScenarioName, ...ScenarioName[]];

const corpusCase = v.strictObject({
  /** The rule that was broken. */
  rule: v.string(),
  /** What was wrong, in words: of the bug, not of the symptom. */
  bug: v.string(),
  /** The mutant under which it fails (mutants.ts), or null for a bug that the product had. */
  mutant: v.nullable(v.string()),
  seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
  scenario: v.picklist(scenarioNames),
  /** Options of the world that differ from those drawn from the seed. */
  override: v.record(v.string(), v.union([v.number(), v.boolean()])),
  /** The faults that may happen. */
  decisions: v.array(v.string()),
});

export type CorpusCase = v.InferOutput<typeof corpusCase>;

export function readCorpus(directory = CORPUS): { file: string; case: CorpusCase }[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((file) => ({ file, case: parseCase(readFileSync(join(directory, file), "utf8"), file) }));
}

export function parseCase(text: string, file: string): CorpusCase {
  try {
    return v.parse(corpusCase, JSON.parse(text));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read corpus case ${file}: ${reason}`, { cause: error });
  }
}

/** Short enough to be read in a diff, one decision a line. */
export function printCase(one: CorpusCase): string {
  return `${JSON.stringify(one, null, 2)}\n`;
}

/** `one-chain-17.json`. */
export function caseFile({ rule, seed }: Pick<CorpusCase, "rule" | "seed">): string {
  return `${rule.replace(/[^a-z0-9]+/gi, "-").slice(0, 40)}-${seed}.json`;
}

/** Runs the case's world on the code as it is. */
export function runCase({ seed, scenario, override, decisions }: CorpusCase): Promise<RunResult> {
  return run({ seed, scenario, override: override as Partial<WorldOptions>, only: new Set(decisions) });
}
