/**
 * `bench detect --suite synthetic`: every scenario × every detector that applies to it × many seeds.
 *
 *   (case, seed) ─► worker processes ─► two runs through the shipped core, strength 1 and strength 0 ─► tallies ─► table
 *
 * `detect/score.ts` defines hits, repetitions and false alarms; the longest delay that counts is ALLOWED_SHARE of the run. False alarms a
 * day are counted in the runs in which nothing happens, including warm-up. "< x" means that none was seen and that a rate above x a day
 * would have shown one (3 / days watched, 95 %). "promised" leaves out alarms whose detector reported that the data void its promise.
 *
 * Default settings, without tuning; the same seeds give the same table.
 */
import process from "node:process";
import { startProgress } from "../../actors/command-line/progress.ts";
import type { Work } from "../../actors/workers/mod.ts";
import { inWorkers } from "../../actors/workers/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { findScenario } from "../worlds/scenarios.ts";
import { allCases, type DetectCase, detectorsOf, type SeedScore, scoreSeed } from "./detect/case.ts";
import { type DetectRow, summarise, table } from "./detect/summary.ts";
import { runtimeName } from "./program.ts";

const DEFAULT_SEEDS = 100;

export interface SuiteOptions {
  suite?: string | undefined;
  seeds?: number | undefined;
  scenario?: string | undefined;
  json?: true | undefined;
}

export async function benchDetection({
  suite,
  seeds = DEFAULT_SEEDS,
  scenario,
  json,
}: SuiteOptions): Promise<number> {
  if (suite !== "synthetic")
    throw new EigenwatchError({
      action: "bench detect",
      value: suite === undefined ? "there is no suite" : `there is no suite ${suite}`,
      expected: "--suite synthetic",
    });
  const expected = scenario === undefined ? null : findScenario(scenario).name;
  const cases = allCases().filter(({ scenario }) => expected === null || scenario === expected);
  const began = performance.now();
  const scores = await scoreAll(cases, seeds);
  const rows = cases.flatMap((each, k) => rowsOf(each, scores[k]!));
  if (json) {
    for (const row of rows) process.stdout.write(`${JSON.stringify({ runtime: runtimeName(), ...row })}\n`);
    return 0;
  }
  const seconds = (performance.now() - began) / 1000;
  process.stdout.write(table(rows));
  process.stdout.write(`\n${runtimeName()}, ${seeds} seeds, ${seconds.toFixed(0)} s\n`);
  return 0;
}

function rowsOf(each: DetectCase, scores: readonly SeedScore[]): DetectRow[] {
  const scenario = findScenario(each.scenario);
  const form = each.form ?? (scenario.family === "quantum" ? "record" : "");
  return detectorsOf(each).map((detector) =>
    summarise(
      { scenario: each.scenario, form, detector },
      scores.map((score) => score[detector]!),
      scenario.usualDurationUs,
    ),
  );
}

/** Scores by case and seed. */
async function scoreAll(cases: readonly DetectCase[], seeds: number): Promise<SeedScore[][]> {
  const jobs = cases.flatMap((each) => Array.from({ length: seeds }, (_, k) => ({ ...each, seed: k + 1 })));
  const bar = startProgress("detect", jobs.length, "runs", false);
  try {
    const done = (count: number): void => bar.update(count);
    const scores = await inWorkers("detect", detectWork, null, jobs, { done });
    return cases.map((_, k) => scores.slice(k * seeds, (k + 1) * seeds));
  } finally {
    bar.stop();
  }
}

export const detectWork: Work<null, DetectCase & { seed: number }, SeedScore> = async (
  _,
  { seed, ...each },
) => {
  try {
    return scoreSeed(each, seed);
  } catch (error) {
    throw new Error(`Cannot score ${each.scenario} ${each.form ?? ""} seed ${seed}: ${String(error)}`);
  }
};
