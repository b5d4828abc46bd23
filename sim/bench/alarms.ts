/**
 * `bench alarms`: incidents on a real machine, beside what is done to it.
 *
 *   quiet:   up --feed host ─► M minutes
 *   load:    stress-ng, a steady load ─► up --feed host ─► M minutes ─► ten faults, each followed by a rest
 *                                              │
 *                                              └─► recording and timeline ─► replay ─► incidents of each phase and fault ─► tables
 *
 * The figures come from a replay of the recordings, which announces what the session announced. `--recording DIR` scores recordings that are there
 * already with the detectors of today: nobody waits for the machine twice.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { EigenwatchError } from "../../protocol/errors.ts";
import { eventsOf, type FaultScore, type PhaseScore, scoreFaults, scorePhase } from "./alarms/score.ts";
import {
  isAmong,
  readTimeline,
  recordingOf,
  runSession,
  type SessionPlan,
  timelineOf,
} from "./alarms/session.ts";
import { inTemporaryFolder } from "./measure.ts";
import { runtimeName } from "./program.ts";

export interface AlarmsOptions {
  minutes?: number | undefined;
  faults?: string | undefined;
  /** Parts of names of phases, separated by commas. Default: both. */
  only?: string | undefined;
  /** Length of a fault. */
  faultSeconds?: number | undefined;
  /** Where recordings are, or are to be kept. */
  recording?: string | undefined;
  json?: true | undefined;
}

const MINUTES = 40;
const FAULT_SECONDS = 60;
/** Incidents close after thirty quiet seconds: each fault meets a machine without one. */
const REST_SECONDS = 120;

/** Targets: incidents of a phase, and faults that are found in time, of ten. */
const INCIDENTS_MAX = 1;
const FOUND_LEAST = 0.9;

/** A third of one core, as a busy server has it. */
const STEADY_LOAD = ["--cpu", "1", "--cpu-load", "30"];

export async function benchAlarms(options: AlarmsOptions): Promise<number> {
  const { recording } = options;
  if (recording !== undefined && existsSync(recording)) await score(recording, options);
  else if (recording !== undefined) await recordAndScore(recording, options);
  else await inTemporaryFolder((folder) => recordAndScore(folder, options));
  return 0;
}

async function recordAndScore(folder: string, options: AlarmsOptions): Promise<void> {
  const { minutes = MINUTES, faults = "all", faultSeconds = FAULT_SECONDS, only = "all" } = options;
  const plan = { minutes, faultSeconds, restSeconds: REST_SECONDS };
  const plans: SessionPlan[] = [
    { ...plan, name: "quiet", faults: [] },
    { ...plan, name: "load", load: STEADY_LOAD, faults: faults.split(",") },
  ];
  const wanted = plans.filter(({ name }) => isAmong(name, only.split(",")));
  for (const each of wanted) await runSession(join(folder, each.name), each, progress);
  await score(folder, options);
}

function progress(line: string): void {
  process.stderr.write(`… ${line}\n`);
}

async function score(folder: string, { json }: AlarmsOptions): Promise<void> {
  const phases: PhaseScore[] = [];
  const faults: FaultScore[] = [];
  for (const directory of await sessionsIn(folder)) {
    const timeline = await readTimeline(directory);
    const events = await eventsOf(recordingOf(directory));
    phases.push(...timeline.phases.map((phase) => scorePhase(phase, events)));
    faults.push(...scoreFaults(timeline, events));
  }
  if (json)
    for (const row of [...phases, ...faults])
      process.stdout.write(`${JSON.stringify({ runtime: runtimeName(), ...row })}\n`);
  else process.stdout.write(`${phaseTable(phases)}\n${faultTable(faults)}\n${summary(faults)}\n`);
}

/** The folder itself, or the folders in it. */
async function sessionsIn(folder: string): Promise<string[]> {
  if (existsSync(timelineOf(folder))) return [folder];
  const inside = (await readdir(folder)).sort().map((name) => join(folder, name));
  const sessions = inside.filter((each) => existsSync(timelineOf(each)));
  if (sessions.length > 0) return sessions;
  throw new EigenwatchError({
    action: `score ${folder}`,
    value: "it holds no timeline.json",
    expected: "the folder of an earlier `bench alarms --recording`",
  });
}

function phaseTable(phases: readonly PhaseScore[]): string {
  const lines = phases.flatMap(({ phase, minutes, incidents, titles, heldBack, findings }) => [
    `| ${phase} | ${minutes.toFixed(0)} | ${incidents} | ≤ ${INCIDENTS_MAX} | ${heldBack} | ${findings} |`,
    ...titles.map((title) => `|   ${title} |`),
  ]);
  return [
    "| phase | minutes | incidents | target | held back | findings |",
    "|---|--:|--:|--:|--:|--:|",
    ...lines,
    "",
  ].join("\n");
}

function faultTable(faults: readonly FaultScore[]): string {
  const lines = faults.map((row) => {
    const delay = row.delaySeconds === null ? "–" : `${row.delaySeconds.toFixed(1)}`;
    const first = row.channels.slice(0, 3).join(", ") || "–";
    const found = row.refused === null ? row.found : `not run: ${row.refused}`;
    return `| ${row.fault} | ${found} | ${delay} | ≤ ${row.withinSeconds} | ${first} | ${row.isRightFirst ? "yes" : "no"} | ${row.afterEffects} |`;
  });
  return [
    "| fault | found | delay, s | target | first channels | right | after it |",
    "|---|---|--:|--:|---|---|--:|",
    ...lines,
    "",
  ].join("\n");
}

function summary(faults: readonly FaultScore[]): string {
  const run = faults.filter(({ refused }) => refused === null);
  const found = run.filter((row) => row.found === "opened" || row.found === "grew");
  const right = found.filter(({ isRightFirst }) => isRightFirst);
  return (
    `${found.length} of ${run.length} faults found in time (target ${Math.ceil(FOUND_LEAST * run.length)}), ` +
    `${right.length} of them with a right channel first; ${faults.length - run.length} not run. ${runtimeName()}`
  );
}
