/**
 * The same branch with many values of a setting: the alarms of each, and what they find.
 *
 * `--sweep path=from:to:step` or `--sweep path=a,b,c` gives the values of one setting; several sweeps make a grid.
 */
import { inWorkers, type Work, type WorkersOptions } from "../../../actors/workers/mod.ts";
import type { WhatIfRequest } from "../../../protocol/commands.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { applySetting, defaultSettings } from "../../../protocol/settings.ts";
import { countBetween, numbersBetween } from "../../../protocol/text-values.ts";
import type { Truth } from "../../worlds/model/scenario.ts";
import { ALARMS, type Score, scoreAlarms } from "./alarm-score.ts";
import type { WhatIfResult } from "./result.ts";
import { runWhatIf } from "./whatif.ts";

export interface Sweep {
  /** One of each partition that is branched. */
  branches: readonly SweptBranch[];
  truths: readonly Truth[] | null;
  /** How long after its end a truth may still be found, µs. */
  graceUs: number;
}

export interface SweptBranch {
  /** Folder of the partition. */
  recording: string;
  /** Without the settings that are swept. */
  request: WhatIfRequest;
  /** Time of the first data: before it logical time says nothing about how long something took. */
  fromUs: number;
}

export interface SweepPoint {
  set: GridPoint;
  /** That were opened, of whatever detector. */
  incidents: number;
  /** Of all branches together. */
  score: Score;
  /** Of each branch, with spaces between, to distinguish points with equal scores. */
  finalHash: string;
}

export function sweep(
  of: Sweep,
  points: readonly GridPoint[],
  options: WorkersOptions,
): Promise<SweepPoint[]> {
  return inWorkers("sweep", sweepWork, of, points, options);
}

export const sweepWork: Work<Sweep, GridPoint, SweepPoint> = async (of, set) => {
  const { branches, truths, graceUs } = of;
  const results: WhatIfResult[] = [];
  for (const { recording, request } of branches)
    results.push(await runWhatIf(recording, { ...request, set: { ...request.set, ...set } }));
  const span = {
    fromUs: Math.min(...results.map(({ atUs }, k) => Math.max(atUs, branches[k]!.fromUs))),
    untilUs: Math.max(...results.map(({ untilUs }) => untilUs)),
    graceUs,
  };
  const events = results.flatMap((result) => result.events);
  return {
    set,
    incidents: events.filter(({ kind }) => kind === "incident.opened").length,
    score: scoreAlarms(events, truths, detectorsOf(set), span),
    finalHash: results.map(({ finalHash }) => finalHash).join(" "),
  };
};

/** Who is concerned by the settings: one detector's settings are judged by its alarms, others by all. */
export function detectorsOf(set: GridPoint): string[] {
  const all = [...new Set(Object.values(ALARMS))];
  const sections = Object.keys(set).map((path) => path.split(".")[0]!);
  const concerned = all.filter((detector) => sections.includes(detector));
  const others = sections.some((section) => !(all as string[]).includes(section));
  return others || concerned.length === 0 ? all : concerned;
}

export type GridPoint = Record<string, string>;

/** Points of a grid: more is an afternoon, and a slip of the step. */
export const MAX_GRID_POINTS = 2_000;

/** All combinations, the last setting running fastest. Throws for an unknown setting, an invalid value, or too many points. */
export function gridOf(sweeps: readonly (readonly [path: string, values: string])[]): GridPoint[] {
  let points: GridPoint[] = [{}];
  for (const [path, text] of sweeps) {
    const sweep = `${path}=${text}`;
    if (Object.hasOwn(points[0]!, path))
      throw new EigenwatchError({
        action: `sweep ${path} twice`,
        value: sweep,
        expected: "all its values in one --sweep",
      });
    const values = valuesOf(path, text);
    for (const value of values) applySetting(defaultSettings(), path, value);
    points = points.flatMap((point) => values.map((value) => ({ ...point, [path]: value })));
    checkSize(sweep, points.length);
  }
  return points;
}

function valuesOf(path: string, text: string): string[] {
  const sweep = `${path}=${text}`;
  const parts = text.split(":");
  if (parts.length === 1) {
    const values = text.split(",").map((value) => value.trim());
    if (!values.includes("")) return values;
    throw new EigenwatchError({
      action: `sweep ${sweep}`,
      value: "a value is missing",
      expected: "path=a,b,c",
    });
  }
  const [from, to, step] = parts.map(Number) as [number, number, number];
  const good =
    parts.length === 3 &&
    parts.every((part) => part.trim() !== "") &&
    [from, to, step].every(Number.isFinite);
  if (!good || step === 0 || (to - from) / step < 0) {
    throw new EigenwatchError({
      action: `sweep ${path}`,
      value: text,
      expected: "path=from:to:step, the step leading from one to the other",
    });
  }
  checkSize(sweep, countBetween(from, to, step));
  return numbersBetween(from, to, step).map(String);
}

function checkSize(sweep: string, points: number): void {
  if (points > MAX_GRID_POINTS)
    throw new EigenwatchError({
      action: `sweep ${sweep}`,
      value: `that makes ${points} runs`,
      expected: `at most ${MAX_GRID_POINTS}`,
    });
}
