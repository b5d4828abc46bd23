/** `eigenwatch sim`: one world in detail or many in summary: what happened, which rule was broken, how to run it again. */
import { closeSync, openSync, writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { read } from "../../actors/command-line/option-values.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { startProgress } from "../../actors/command-line/progress.ts";
import { print, printJson } from "../../actors/command-line/terminal.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { type RecordedInputs, readRecordedInputs } from "./recorded/inputs.ts";
import { type RunResult, run } from "./run.ts";
import { type ManyResult, runMany, SEEDS_FOR_ALL_BRANCHES } from "./run-seeds.ts";
import { shrinkCommand } from "./shrink-command.ts";
import { jobs, minutes, requestOf, type SimRequest, scenarioOption, seed, seedRange } from "./sim-options.ts";
import { START_US } from "./simulated-cluster.ts";

const command = new Command("sim")
  .description(
    "Simulates a whole cluster under faults: network, bus, disks, clocks. One seed decides everything. Checks every rule.",
  )
  .option("--seed <n>", "one world, reported in detail (default: 1)", read(seed))
  .option(
    "--seeds <range>",
    "many worlds, A..B: a summary, and how to run each failure again",
    read(seedRange),
  )
  .addOption(scenarioOption())
  .option("--minutes <n>", "simulated time (default: the scenario's)", read(minutes))
  .option("--recording <dir>", "feed the world with what feeds and people sent in this recorded session")
  .option("--only-decisions <file>", "apply only these faults: a JSON list of ids, or the output of --json")
  .option("--jobs <n>", "with --seeds: processes (default: one per core)", read(jobs))
  .option("--trace <file>", "write every step to this file, one per line")
  .option("--json", "print the result as one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "every rule held", 1: "a rule was broken, or a fault branch was never taken" },
      examples: [
        ["eigenwatch sim --seed 7 --scenario storm", "run one world and report it"],
        ["eigenwatch sim --seeds 1..200", "run two hundred worlds on all cores"],
        [
          "eigenwatch sim --recording recordings/today --scenario storm",
          "run a recorded session through the faults",
        ],
        ["eigenwatch sim shrink --seed 184467", "make a failing world small"],
      ],
    }),
  );

export const simCommand = command.addCommand(shrinkCommand).action(exitWith(runSim));

type SimCommandOptions = ReturnType<typeof command.opts>;

/** 0: every rule held. 1: one was broken, or a branch was never taken. */
export async function runSim(options: SimCommandOptions): Promise<number> {
  const request = requestOf(options);
  return options.seeds === undefined ? simulateOne(request, options) : simulateMany(request, options);
}

/** The command that runs a failing world again. */
export function rerunLine(
  seed: number,
  { scenario, minutes, recording }: Pick<SimRequest, "scenario" | "minutes" | "recording">,
): string {
  const length = minutes === undefined ? "" : ` --minutes ${minutes}`;
  const fed = recording === undefined ? "" : ` --recording ${recording}`;
  return `eigenwatch sim --seed ${seed} --scenario ${scenario}${length}${fed}`;
}

// ---- one seed ---------------------------------------------------------------------------------------------------

async function simulateOne(request: SimRequest, options: SimCommandOptions): Promise<number> {
  const { scenario, minutes, only, override, recording } = request;
  const seed = request.seeds[0]!;
  const recorded = recording === undefined ? undefined : await readRecordedInputs(recording);
  const trace = options.trace === undefined ? null : openTrace(options.trace);
  const before = process.cpuUsage();
  let result: RunResult;
  try {
    result = await run({
      seed,
      scenario,
      ...(minutes === undefined ? {} : { minutes }),
      ...(only === undefined ? {} : { only }),
      ...(override === undefined ? {} : { override }),
      ...(recorded === undefined ? {} : { recorded }),
      ...(trace === null ? {} : { write: trace.write }),
    });
  } finally {
    trace?.close();
  }
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6;
  const rerun = rerunLine(seed, request);
  if (options.json) {
    const { branches, sent, ...rest } = result;
    const fed = recorded === undefined ? {} : { recorded: summariesOf(recorded, sent) };
    const shown = { ...rest, ...fed, branches: Object.fromEntries(branches), cpuSeconds, rerun };
    printJson(shown);
  } else {
    if (recorded !== undefined)
      for (const each of summariesOf(recorded, result.sent)) print(recordedLine(each));
    printWorld(result, cpuSeconds, rerun);
  }
  return result.violation === null ? 0 : 1;
}

function printWorld(result: RunResult, cpuSeconds: number, rerun: string): void {
  const { seed, options, events, simulatedUs, decisions, delivered, traceHash, violation } = result;
  const { scenario, minutes, calmSeconds, network, bus, disk, node, feed, client, ...rest } = options;
  const lines = [
    `seed ${seed}, scenario ${scenario}, ${minutes} minutes, the last ${calmSeconds} s of them calm`,
    `  world    ${listed(rest)}`,
    ...Object.entries({ network, bus, disk, node, feed, client }).map(
      ([family, faults]) => `  ${family.padEnd(8)} ${listed(faults)}`,
    ),
    `${events} events, ${seconds(simulatedUs)} simulated in ${cpuSeconds.toFixed(2)} s; ${delivered} events delivered; trace ${traceHash}`,
    `${decisions.length} faults: ${counted(decisions)}`,
  ];
  print(...lines);
  if (violation === null) print("every rule held");
  else {
    const when = `+${seconds(violation.atUs - START_US)}`;
    print(`FAIL seed=${seed} time=${when} ${violation.rule}: ${violation.what}`, `rerun: ${rerun}`);
  }
}

interface RecordedSummary {
  readonly partition: string;
  /** Inputs that feeds and people send. */
  readonly inputs: number;
  /** How many of them became durable, or were answered. */
  readonly sent: number;
  /** Inputs that nobody sends, by type. */
  readonly notSent: Readonly<Record<string, number>>;
}

function summariesOf({ partitions }: RecordedInputs, sent: ReadonlyMap<string, number>): RecordedSummary[] {
  return partitions.map(({ partition, steps, notSent }) => ({
    partition,
    inputs: steps.length,
    sent: sent.get(partition) ?? 0,
    notSent,
  }));
}

function recordedLine({ partition, inputs, sent, notSent }: RecordedSummary): string {
  const rest = Object.entries(notSent).map(([type, count]) => `${count} ${type}`);
  const left = rest.length === 0 ? "" : `; nobody sends ${rest.join(", ")}`;
  return `recorded ${partition}: ${sent} of ${inputs} inputs sent and durable${left}`;
}

/** Options that are on. */
function listed(options: object): string {
  const on = Object.entries(options).filter(([, value]) => value !== 0 && value !== false);
  return on.map(([name, value]) => `${name} ${value}`).join(", ") || "nothing";
}

/** Kinds of faults with their number, the most frequent first. */
function counted(decisions: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const id of decisions) {
    const kind = id.slice(id.lastIndexOf("/") + 1, id.lastIndexOf("#"));
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return sorted.map(([kind, count]) => `${count} ${kind}`).join(", ") || "none";
}

function openTrace(file: string): { write(line: string): void; close(): void } {
  let to: number;
  try {
    to = openSync(file, "w");
  } catch (error) {
    throw new EigenwatchError({ action: `write the trace to ${file}`, value: (error as Error).message });
  }
  let waiting: string[] = [];
  const flush = (): void => {
    writeSync(to, waiting.join(""));
    waiting = [];
  };
  return {
    write(line) {
      if (waiting.push(`${line}\n`) >= 4_096) flush();
    },
    close() {
      flush();
      closeSync(to);
    },
  };
}

// ---- many seeds -------------------------------------------------------------------------------------------------

async function simulateMany(request: SimRequest, options: SimCommandOptions): Promise<number> {
  const { scenario, seeds, minutes, recording } = request;
  // What is wrong with it is said once, before any process starts.
  if (recording !== undefined) await readRecordedInputs(recording);
  const { jobs = availableParallelism() } = options;
  const bar = startProgress("sim", seeds.length, "seeds", options.json === true);
  const common = {
    scenario,
    ...(minutes === undefined ? {} : { minutes }),
    ...(recording === undefined ? {} : { recording }),
  };
  const result = await runMany(common, seeds, jobs, (count) => bar.update(count)).finally(() => bar.stop());
  const missing = result.seeds >= SEEDS_FOR_ALL_BRANCHES && recording === undefined ? result.neverTaken : [];
  if (options.json) {
    const failures = result.failures.map((failure) => ({
      ...failure,
      rerun: rerunLine(failure.seed, request),
    }));
    printJson({ ...result, failures });
  } else printSummary(result, request);
  return result.failures.length > 0 || missing.length > 0 ? 1 : 0;
}

function printSummary(result: ManyResult, request: SimRequest): void {
  const { scenario, failures, neverTaken, branchesTaken, cpuSeconds, wallSeconds } = result;
  const rate = Math.round(result.events / cpuSeconds).toLocaleString("en-US");
  const times = Math.round(result.simulatedSeconds / cpuSeconds);
  const rows: [string, string][] = [
    ["seeds", `${result.seeds} of ${scenario}, ${failures.length} failed`],
    ["events", `${result.events.toLocaleString("en-US")}, ${rate} a second of a core`],
    [
      "time",
      `${hours(result.simulatedSeconds)} simulated in ${wallSeconds.toFixed(1)} s, ${times} × real time a core`,
    ],
    ["faults", `${result.decisions.toLocaleString("en-US")}`],
    ["delivered", `${result.delivered.toLocaleString("en-US")} events to clients`],
    ["branches", `${branchesTaken} of ${branchesTaken + neverTaken.length} taken`],
  ];
  if (neverTaken.length > 0) rows.push(["never", neverTaken.join(", ")]);
  print(...rows.map(([name, value]) => `${name.padEnd(10)} ${value}`));
  for (const { seed, violation } of failures) {
    const when = `+${seconds(violation!.atUs - START_US)}`;
    print("", `FAIL seed=${seed} time=${when} ${violation!.rule}: ${violation!.what}`);
    print(`rerun: ${rerunLine(seed, request)}`);
  }
  if (failures.length === 0) print("every rule held");
}

function seconds(us: number): string {
  return `${(us / 1e6).toFixed(3)} s`;
}

function hours(seconds: number): string {
  return seconds < 7_200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
