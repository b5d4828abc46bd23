/**
 * Cases: failures that were found, made small and kept in tests/simulation/corpus/, which the tests run.
 *
 * C1  On the present code a case breaks no rule.
 * C2  A case that names a mutant breaks its rule under that mutant, so it can fail.
 */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { errorText } from "../../protocol/errors.ts";
import type { WorldOptions } from "./options.ts";
import { type RunResult, run } from "./run.ts";
import { SCENARIOS, type ScenarioName } from "./scenarios.ts";

/** Where cases are kept, from the root of a checkout. */
const CORPUS = "tests/simulation/corpus";

const scenarioNames = Object.keys(SCENARIOS) as [ScenarioName, ...ScenarioName[]];

const corpusCase = v.strictObject({
  /** The rule that was broken. */
  rule: v.string(),
  /** What was wrong, in words: the bug, not its symptom. */
  bug: v.string(),
  /** The mutant under which it fails (tests/simulation/mutants/), or null for a bug that the product had. */
  mutant: v.nullable(v.string()),
  seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
  scenario: v.picklist(scenarioNames),
  /** Options of the world that differ from those drawn from the seed. */
  override: v.record(v.string(), v.union([v.number(), v.boolean()])),
  /** The faults that may happen. */
  decisions: v.array(v.string()),
});

export type CorpusCase = v.InferOutput<typeof corpusCase>;

export function parseCase(text: string, file: string): CorpusCase {
  try {
    return v.parse(corpusCase, JSON.parse(text));
  } catch (error) {
    const reason = errorText(error);
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

/** Writes the case into a folder, by default the corpus of the checkout around this folder, else this folder; returns its path. */
export async function keepCase(one: CorpusCase, folder = existsSync(CORPUS) ? CORPUS : "."): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, caseFile(one));
  await writeFile(path, printCase(one));
  return path;
}

/** Runs the case's world on the code as it is. */
export function runCase({ seed, scenario, override, decisions }: CorpusCase): Promise<RunResult> {
  return run({ seed, scenario, override: override as Partial<WorldOptions>, only: new Set(decisions) });
}
