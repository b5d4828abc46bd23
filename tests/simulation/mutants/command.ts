/** `eigenwatch sim mutants`: how many of the deliberate bugs the simulator catches, by which rule, after how many seeds. */
import { availableParallelism } from "node:os";
import process from "node:process";
import cliProgress from "cli-progress";
import { CommandError } from "../../../actors/mod.ts";
import { nearestTo } from "../../../protocol/nearest.ts";
import { parseJobs, parseScenario, parseSeed } from "../../../sim/cluster/flags.ts";
import type { ScenarioName } from "../../../sim/cluster/scenarios.ts";
import { factorOf } from "../../../sim/cluster/shrink.ts";
import { keepCase } from "../../../sim/cluster/shrink-command.ts";
import { MUTANTS, type Mutant } from "./all.ts";
import { type MutantResult, runMutants } from "./run.ts";

/** A cluster, a disk, and everything at once, in turn: no bug is told where it would be found. */
const SCENARIOS_IN_TURN: readonly ScenarioName[] = ["standard", "single", "storm", "disk"];

const SHRINK_MS = 60_000;
/** Far above what so many worlds take: a bug that makes one hang is a bug that is caught. */
const TIMEOUT_MS = 1_800_000;

export interface MutantsFlags {
  /** Those whose name contains this. */
  name?: string;
  seeds?: string;
  scenario?: string;
  jobs?: string;
  /** Failing worlds are made small, and kept as cases in `to`. */
  shrink?: true;
  to?: string;
  json?: true;
}

/** 0 when all are caught, 1 when one was missed. */
export async function mutantsCommand(flags: MutantsFlags): Promise<number> {
  const mutants = named(flags.name);
  const seeds = flags.seeds === undefined ? 200 : parseSeed("--seeds", flags.seeds);
  const jobs = flags.jobs === undefined ? availableParallelism() : parseJobs(flags.jobs);
  const scenarios = flags.scenario === undefined ? SCENARIOS_IN_TURN : [parseScenario(flags.scenario)];
  const bar = progressBar(mutants.length, flags.json === true);
  const results = await runMutants({
    mutants,
    request: { scenarios, seeds, shrinkMs: flags.shrink ? SHRINK_MS : 0 },
    jobs,
    timeoutMs: TIMEOUT_MS,
    done: ({ mutant }) => bar?.increment(1, { name: mutant.name }),
  });
  bar?.stop();
  for (const { mutant, shrunk } of results)
    if (shrunk !== null && flags.to !== undefined)
      await keepCase({ ...shrunk.case, bug: mutant.bug, mutant: mutant.name }, flags.to);
  const summary = summaryOf(results);
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ ...summary, mutants: results.map(rowOf) })}\n`
      : tableOf(results, summary),
  );
  return summary.missed.length === 0 ? 0 : 1;
}

function named(part: string | undefined): readonly Mutant[] {
  const found = MUTANTS.filter(({ name }) => part === undefined || name.includes(part));
  if (found.length > 0) return found;
  const nearest = nearestTo(
    part ?? "",
    MUTANTS.map(({ name }) => name),
  );
  const hint = nearest.length === 0 ? "part of a name" : `one like ${nearest.join(", ")}`;
  throw new CommandError(`Cannot run mutant ${part}: there is none of that name; expected ${hint}`);
}

interface Summary {
  readonly total: number;
  readonly caught: number;
  readonly missed: readonly string[];
  /** Seeds until caught, of those that were. */
  readonly medianSeeds: number;
  /** How many times smaller a failing world became, where it was made small. */
  readonly medianShrinkFactor: number | null;
}

function summaryOf(results: readonly MutantResult[]): Summary {
  const caught = results.filter(({ failure }) => failure !== null);
  const factors = results.flatMap(({ shrunk }) => (shrunk === null ? [] : [factorOf(shrunk)]));
  return {
    total: results.length,
    caught: caught.length,
    missed: results.filter(({ failure }) => failure === null).map(({ mutant }) => mutant.name),
    medianSeeds: median(caught.map(({ runs }) => runs)),
    medianShrinkFactor: factors.length === 0 ? null : median(factors),
  };
}

function rowOf({ mutant, failure, runs, events, shrunk }: MutantResult): Record<string, unknown> {
  const { name, bug, file } = mutant;
  const small =
    shrunk === null ? {} : { before: shrunk.before, after: shrunk.after, factor: factorOf(shrunk) };
  return { name, bug, file, caught: failure !== null, seeds: runs, events, ...failure, ...small };
}

function tableOf(results: readonly MutantResult[], summary: Summary): string {
  const width = Math.max(...results.map(({ mutant }) => mutant.name.length));
  const lines = results.map(({ mutant, failure, runs, shrunk }) => {
    const by = failure === null ? "MISSED" : `${failure.rule} (${failure.scenario})`;
    const small = shrunk === null ? "" : `  ${factorOf(shrunk).toFixed(0)} × smaller`;
    return `${mutant.name.padEnd(width)}  ${String(runs).padStart(4)}  ${by}${small}`;
  });
  const share = ((100 * summary.caught) / summary.total).toFixed(1);
  const smaller =
    summary.medianShrinkFactor === null ? "" : `; shrunk ${summary.medianShrinkFactor.toFixed(0)} × (median)`;
  return (
    `${"mutant".padEnd(width)}  seeds caught by\n${lines.join("\n")}\n` +
    `caught ${summary.caught} of ${summary.total} (${share} %), after ${summary.medianSeeds} seeds (median)${smaller}\n` +
    summary.missed.map((name) => `missed: ${name}\n`).join("")
  );
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function progressBar(total: number, json: boolean): cliProgress.SingleBar | null {
  if (json || !process.stderr.isTTY) return null;
  const bar = new cliProgress.SingleBar({
    format: "mutants {bar} {value}/{total} | {name} | ETA {eta_formatted}",
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(total, 0, { name: "" });
  return bar;
}
