/** `eigenwatch sim`: options in; what happened, what was broken, and how to see it again, out. */
import { closeSync, openSync, writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";
import { CommandError } from "../../actors/mod.ts";
import { startProgress } from "../terminal/progress.ts";
import { parseJobs, parseSimFlags, type SimFlags, type SimWish } from "./flags.ts";
import { type RunResult, run } from "./run.ts";
import { type ManyResult, runMany, SEEDS_FOR_ALL_BRANCHES } from "./run-seeds.ts";
import type { ScenarioName } from "./scenarios.ts";
import { START_US } from "./world.ts";

/** 0: every rule held. 1: one was broken, or a branch was never taken. */
export async function simCommand(flags: SimFlags): Promise<number> {
  const wish = parseSimFlags(flags);
  return wish.one ? simulateOne(wish, flags) : simulateMany(wish, flags);
}

/** What shows a failing run again. */
export function rerunLine(seed: number, scenario: ScenarioName, minutes?: number): string {
  const length = minutes === undefined ? "" : ` --minutes ${minutes}`;
  return `eigenwatch sim --seed ${seed} --scenario ${scenario}${length}`;
}

// ---- one seed ---------------------------------------------------------------------------------------------------

async function simulateOne(wish: SimWish, flags: SimFlags): Promise<number> {
  const { scenario, minutes, only, override } = wish;
  const seed = wish.seeds[0]!;
  const trace = flags.trace === undefined ? null : openTrace(flags.trace);
  const before = process.cpuUsage();
  let result: RunResult;
  try {
    result = await run({
      seed,
      scenario,
      ...(minutes === undefined ? {} : { minutes }),
      ...(only === undefined ? {} : { only }),
      ...(override === undefined ? {} : { override }),
      ...(trace === null ? {} : { write: trace.write }),
    });
  } finally {
    trace?.close();
  }
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6;
  const rerun = rerunLine(seed, scenario, minutes);
  if (flags.json) {
    const { branches, ...rest } = result;
    const told = { ...rest, branches: Object.fromEntries(branches), cpuSeconds, rerun };
    process.stdout.write(`${JSON.stringify(told)}\n`);
  } else tellOne(result, cpuSeconds, rerun);
  return result.violation === null ? 0 : 1;
}

function tellOne(result: RunResult, cpuSeconds: number, rerun: string): void {
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
  process.stdout.write(`${lines.join("\n")}\n`);
  if (violation === null) process.stdout.write("every rule held\n");
  else {
    const when = `+${seconds(violation.atUs - START_US)}`;
    process.stdout.write(
      `FAIL seed=${seed} time=${when} ${violation.rule}: ${violation.what}\nrerun: ${rerun}\n`,
    );
  }
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
    throw new CommandError(`Cannot write the trace to ${file}: ${(error as Error).message}`);
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

async function simulateMany(wish: SimWish, flags: SimFlags): Promise<number> {
  const { scenario, seeds, minutes } = wish;
  const jobs = flags.jobs === undefined ? availableParallelism() : parseJobs(flags.jobs);
  const bar = startProgress("sim", seeds.length, "seeds", flags.json === true);
  const common = { scenario, ...(minutes === undefined ? {} : { minutes }) };
  const result = await runMany(common, seeds, jobs, (count) => bar.update(count)).finally(() => bar.stop());
  const missing = result.seeds >= SEEDS_FOR_ALL_BRANCHES ? result.neverTaken : [];
  if (flags.json) {
    const failures = result.failures.map((failure) => ({
      ...failure,
      rerun: rerunLine(failure.seed, scenario, minutes),
    }));
    process.stdout.write(`${JSON.stringify({ ...result, failures })}\n`);
  } else tellMany(result, minutes);
  return result.failures.length > 0 || missing.length > 0 ? 1 : 0;
}

function tellMany(result: ManyResult, minutes: number | undefined): void {
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
  process.stdout.write(`${rows.map(([name, value]) => `${name.padEnd(10)} ${value}`).join("\n")}\n`);
  for (const { seed, violation } of failures) {
    const when = `+${seconds(violation!.atUs - START_US)}`;
    process.stdout.write(`\nFAIL seed=${seed} time=${when} ${violation!.rule}: ${violation!.what}\n`);
    process.stdout.write(`rerun: ${rerunLine(seed, scenario, minutes)}\n`);
  }
  if (failures.length === 0) process.stdout.write("every rule held\n");
}

function seconds(us: number): string {
  return `${(us / 1e6).toFixed(3)} s`;
}

function hours(seconds: number): string {
  return seconds < 7_200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
