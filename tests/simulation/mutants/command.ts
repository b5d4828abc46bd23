/**
 * `npm run mutants -- [OPTIONS]`: how many of the deliberate bugs the simulator catches, by which rule, after how many seeds.
 *
 * A task of the checkout: it patches sources and bundles them. A control comes first: the program as it is, in which no scenario may find
 * anything; at the end it runs in the worlds that caught a mutant. Exit code 0 when all are caught by the finding of a checker, 1 when one was not or the control failed, 2 for bad usage.
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import { Command, CommanderError } from "@commander-js/extra-typings";
import { read } from "../../../actors/command-line/option-values.ts";
import { startProgress } from "../../../actors/command-line/progress.ts";
import { nearestTo } from "../../../protocol/closest-name.ts";
import { EigenwatchError, errorText, exitCodeOf } from "../../../protocol/errors.ts";
import { keepCase } from "../../../sim/cluster/corpus.ts";
import { factorOf } from "../../../sim/cluster/shrink.ts";
import { jobs, scenarioOption, seed } from "../../../sim/cluster/sim-options.ts";
import { MUTANTS, type Mutant } from "./all.ts";
import {
  type ControlResult,
  confirmCatches,
  type MutantResult,
  runControl,
  runMutants,
  SCENARIOS_IN_TURN,
} from "./run.ts";

const command = new Command("npm run mutants --")
  .description("Puts each deliberate bug into the simulator and counts the seeds until a rule is broken.")
  .option("--name <part>", "only mutants whose name contains this")
  .option("--seeds <n>", "seeds until a mutant counts as missed", read(seed), 200)
  .addOption(scenarioOption())
  .option("--jobs <n>", "processes", read(jobs), availableParallelism())
  .option("--shrink", "make the failing worlds small")
  .option("--to <dir>", "with --shrink: folder of the cases")
  .option("--json", "print the result as one JSON object")
  .exitOverride();

const SHRINK_MS = 60_000;
/** Characters of a finding in the table: a line of a wide terminal. `--json` has all. */
const FINDING_SHOWN = 120;
/** Far more than the worlds take. */
const TIMEOUT_MS = 1_800_000;
/** Of the control, in each scenario: as many as catch nine of ten bugs. */
const CONTROL_SEEDS = 5;

try {
  process.exitCode = await hunt(command.parse().opts());
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`${errorText(error)}\n`);
    process.exitCode = error instanceof EigenwatchError ? exitCodeOf(error.kind) : 2;
  }
}

async function hunt(options: ReturnType<typeof command.opts>): Promise<number> {
  const { name, seeds, scenario, jobs } = options;
  const mutants = named(name);
  const scenarios = scenario === undefined ? SCENARIOS_IN_TURN : [scenario];
  const control = await runControl({ scenarios, seeds: CONTROL_SEEDS }, TIMEOUT_MS);
  const bar = startProgress("mutants", mutants.length, "mutants", options.json === true);
  let done = 0;
  const results = await runMutants({
    mutants,
    request: { scenarios, seeds, shrinkMs: options.shrink ? SHRINK_MS : 0 },
    jobs,
    timeoutMs: TIMEOUT_MS,
    done: () => bar.update(++done),
  }).finally(() => bar.stop());
  const confirmed = await confirmCatches(results, TIMEOUT_MS);
  for (const { mutant, shrunk } of results)
    if (shrunk !== null && options.to !== undefined)
      await keepCase({ ...shrunk.case, bug: mutant.bug, mutant: mutant.name }, options.to);
  const summary = summaryOf(results);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ...summary, control, confirmed, mutants: results.map(rowOf) })}\n`
      : controlLine(control, confirmed) + tableOf(results, summary),
  );
  return summary.caught === summary.total ? 0 : 1;
}

function named(part: string | undefined): readonly Mutant[] {
  const found = MUTANTS.filter(({ name }) => part === undefined || name.includes(part));
  if (found.length > 0) return found;
  const nearest = nearestTo(
    part ?? "",
    MUTANTS.map(({ name }) => name),
  );
  const expected = nearest.length === 0 ? "part of a name" : `one like ${nearest.join(", ")}`;
  throw new EigenwatchError({ action: "run mutants", value: `--name ${part}`, expected, kind: "notFound" });
}

interface Summary {
  readonly total: number;
  readonly caught: number;
  /** All seeds passed. */
  readonly missed: readonly string[];
  /** Died or hung: no checker found anything. */
  readonly broken: readonly string[];
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
    missed: results.filter((result) => verdictOf(result) === "MISSED").map(({ mutant }) => mutant.name),
    broken: results.filter(({ broken }) => broken !== null).map(({ mutant }) => mutant.name),
    medianSeeds: median(caught.map(({ runs }) => runs)),
    medianShrinkFactor: factors.length === 0 ? null : median(factors),
  };
}

/** The finding that caught it, or that there is none. */
function verdictOf({ failure, broken }: MutantResult): string {
  if (broken !== null) return broken.how.toUpperCase();
  return failure === null ? "MISSED" : `${failure.rule} (${failure.scenario}, seed ${failure.seed})`;
}

function controlLine(control: readonly ControlResult[], confirmed: number): string {
  const scenarios = control.map(({ scenario, seeds }) => `${scenario} × ${seeds}`).join(", ");
  const worlds = `nor in the ${confirmed} worlds that caught mutants`;
  return `control, the program as it is: nothing found in ${scenarios}, ${worlds}\n`;
}

function rowOf({ mutant, failure, broken, runs, events, shrunk }: MutantResult): Record<string, unknown> {
  const { name, bug, file } = mutant;
  const small =
    shrunk === null ? {} : { before: shrunk.before, after: shrunk.after, factor: factorOf(shrunk) };
  return { name, bug, file, caught: failure !== null, seeds: runs, events, ...failure, broken, ...small };
}

function tableOf(results: readonly MutantResult[], summary: Summary): string {
  const width = Math.max(...results.map(({ mutant }) => mutant.name.length));
  const lines = results.map((result) => {
    const { mutant, runs, failure, broken, shrunk } = result;
    const small = shrunk === null ? "" : `  ${factorOf(shrunk).toFixed(0)} × smaller`;
    const what = firstLine(failure?.what ?? broken?.errors ?? "");
    return `${mutant.name.padEnd(width)}  ${String(runs).padStart(4)}  ${verdictOf(result)}${what}${small}`;
  });
  const share = ((100 * summary.caught) / summary.total).toFixed(1);
  const smaller =
    summary.medianShrinkFactor === null ? "" : `; shrunk ${summary.medianShrinkFactor.toFixed(0)} × (median)`;
  return (
    `${"mutant".padEnd(width)}  seeds caught by\n${lines.join("\n")}\n` +
    `caught ${summary.caught} of ${summary.total} (${share} %), after ${summary.medianSeeds} seeds (median)${smaller}\n` +
    summary.missed.map((name) => `missed: ${name}\n`).join("") +
    summary.broken.map((name) => `died or hung, which is no catch: ${name}\n`).join("")
  );
}

function firstLine(text: string): string {
  const line = text.split("\n", 1)[0]!.slice(0, FINDING_SHOWN);
  return line === "" ? "" : `: ${line}`;
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
