/**
 * One session of this machine while things happen to it: `up --feed host` in a child process, and the times of what happened.
 *
 *   up ─► calm for some minutes ─► fault, rest, fault, rest, … ─► stop ─► recording, and timeline.json beside it
 */
import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pauseMs } from "node:timers/promises";
import { ownProgram } from "../../../actors/workers/own-program.ts";
import { allFaults, type Fault, kill, launch, Service } from "./faults.ts";

export interface Phase {
  readonly name: string;
  readonly fromUs: number;
  readonly toUs: number;
}

export interface FaultRun extends Pick<Fault, "name" | "channels" | "withinSeconds"> {
  readonly onsetUs: number;
  readonly endUs: number;
  /** Why it was not run; null when it was. */
  readonly refused: string | null;
}

export interface Timeline {
  readonly phases: readonly Phase[];
  readonly faults: readonly FaultRun[];
}

export interface SessionPlan {
  readonly name: string;
  readonly minutes: number;
  /** A steady load that runs from before the session until its end: arguments of stress-ng. */
  readonly load?: readonly string[];
  /** Names of faults, or "all". */
  readonly faults: readonly string[];
  readonly faultSeconds: number;
  readonly restSeconds: number;
}

/** The load settles before the session begins, so that its beginning is no fault. */
const SETTLE_MS = 5_000;

export const recordingOf = (directory: string): string => join(directory, "recording");
export const timelineOf = (directory: string): string => join(directory, "timeline.json");

export async function readTimeline(directory: string): Promise<Timeline> {
  return JSON.parse(await readFile(timelineOf(directory), "utf8")) as Timeline;
}

/** Runs the session and leaves its recording and its timeline in the folder. */
export async function runSession(
  directory: string,
  plan: SessionPlan,
  report: (line: string) => void,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const service = new Service();
  const load = plan.load === undefined ? null : launch("stress-ng", plan.load);
  if (plan.faults.length > 0) service.start();
  if (load !== null || plan.faults.length > 0) await pauseMs(SETTLE_MS);
  const [command, ...own] = ownProgram();
  const up = ["up", "--feed", "host", "--port", "0", "--record", recordingOf(directory), "--json"];
  const program = spawn(command, [...own, ...up], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await listening(program.stdout);
    const fromUs = nowUs();
    report(`${plan.name}: ${plan.minutes} minutes`);
    await pauseMs(plan.minutes * 60_000);
    const phases = [{ name: plan.name, fromUs, toUs: nowUs() }];
    const faults: FaultRun[] = [];
    // After each fault too: a session that breaks off can be scored.
    const save = () => writeFile(timelineOf(directory), JSON.stringify({ phases, faults }, null, 1));
    await save();
    for (const fault of allFaults(service).filter(({ name }) => isAmong(name, plan.faults))) {
      report(fault.name);
      faults.push(await runFault(fault, plan));
      await save();
    }
  } finally {
    const ended = new Promise((resolve) => program.once("exit", resolve));
    program.kill("SIGTERM");
    await ended;
    if (load !== null) await kill(load);
    await service.stop();
  }
}

async function runFault(fault: Fault, { faultSeconds, restSeconds }: SessionPlan): Promise<FaultRun> {
  const { name, channels, withinSeconds, length } = fault;
  const refused = fault.refused();
  const onsetUs = nowUs();
  if (refused !== null) return { name, channels, withinSeconds, onsetUs, endUs: onsetUs, refused };
  const seconds = faultSeconds * length;
  const stop = fault.start(seconds);
  await pauseMs(seconds * 1000);
  await stop();
  const endUs = nowUs();
  await pauseMs(restSeconds * 1000);
  return { name, channels, withinSeconds, onsetUs, endUs, refused: null };
}

/** Whether a name is among those that were asked for: parts of names, or "all". */
export function isAmong(name: string, parts: readonly string[]): boolean {
  return parts.includes("all") || parts.some((part) => name.includes(part));
}

function nowUs(): number {
  return Date.now() * 1000;
}

/** Resolves when the program says that it listens; its further lines are read and dropped. */
function listening(stdout: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve) => {
    createInterface({ input: stdout }).on("line", (line) => {
      if (line.includes('"listening"')) resolve();
    });
  });
}
