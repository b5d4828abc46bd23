/** Runs many seeds of one scenario in several processes and sums up their results. */
import process from "node:process";
import { inWorkers, type Work } from "../../actors/workers/mod.ts";
import { branchesOf } from "./branches.ts";
import type { Violation } from "./checkers/observation.ts";
import { readRecordedInputs } from "./recorded/inputs.ts";
import { type RunRequest, run } from "./run.ts";
import type { ScenarioName } from "./scenarios.ts";

/** In a run of at least this many seeds, a branch that was never taken is a failure. */
export const SEEDS_FOR_ALL_BRANCHES = 1_000;

interface Common {
  readonly scenario: ScenarioName;
  readonly minutes?: number;
  /** Folder of the recording that feeds the worlds. */
  readonly recording?: string;
}

/** The result of one seed. */
export interface SeedResult {
  readonly seed: number;
  readonly events: number;
  readonly simulatedUs: number;
  readonly cpuMs: number;
  readonly decisions: number;
  readonly delivered: number;
  readonly traceHash: string;
  readonly violation: Violation | null;
  readonly branches: Record<string, number>;
}

export interface ManyResult {
  readonly scenario: ScenarioName;
  readonly seeds: number;
  readonly events: number;
  readonly simulatedSeconds: number;
  /** CPU time of all processes together. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly decisions: number;
  readonly delivered: number;
  readonly failures: readonly SeedResult[];
  readonly branchesTaken: number;
  readonly neverTaken: readonly string[];
  /** Trace hashes, in the order of the seeds. */
  readonly hashes: readonly string[];
}

export async function runMany(
  common: Common,
  seeds: readonly number[],
  jobs: number,
  done: (count: number) => void,
): Promise<ManyResult> {
  const started = performance.now();
  const results = await inWorkers("seed", seedWork, common, seeds, {
    processes: jobs,
    done,
  });
  return { ...summed(common.scenario, results), wallSeconds: (performance.now() - started) / 1000 };
}

export const seedWork: Work<Common, number, SeedResult> = async ({ recording, ...common }, seed) => {
  const before = process.cpuUsage();
  const recorded = recording === undefined ? {} : { recorded: await readRecordedInputs(recording) };
  const request: RunRequest = { ...common, ...recorded, seed };
  const { events, simulatedUs, decisions, delivered, traceHash, violation, branches } = await run(request);
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1000;
  const taken = Object.fromEntries(branches);
  return {
    seed,
    events,
    simulatedUs,
    cpuMs,
    decisions: decisions.length,
    delivered,
    traceHash,
    violation,
    branches: taken,
  };
};

function summed(scenario: ScenarioName, results: readonly SeedResult[]): Omit<ManyResult, "wallSeconds"> {
  const sum = (of: (result: SeedResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  const taken = new Set(results.flatMap(({ branches }) => Object.keys(branches)));
  const expected = branchesOf(scenario);
  return {
    scenario,
    seeds: results.length,
    events: sum(({ events }) => events),
    simulatedSeconds: sum(({ simulatedUs }) => simulatedUs) / 1e6,
    cpuSeconds: sum(({ cpuMs }) => cpuMs) / 1000,
    decisions: sum(({ decisions }) => decisions),
    delivered: sum(({ delivered }) => delivered),
    failures: results.filter(({ violation }) => violation !== null),
    branchesTaken: expected.filter((name) => taken.has(name)).length,
    neverTaken: expected.filter((name) => !taken.has(name)),
    hashes: results.map(({ traceHash }) => traceHash),
  };
}
