/** The same branch with many values of a setting: what each would have cost in alarms, and what it would have found. */

import { inWorkers, type Work, type WorkersOptions } from "../../../actors/workers/pool.ts";
import type { Truth } from "../../worlds/scenario.ts";
import { ALARMS, type Score, score } from "./alarm-score.ts";
import type { GridPoint } from "./grid.ts";
import type { WhatIfRequest } from "./request.ts";
import { runWhatIf } from "./whatif.ts";

export interface Sweep {
  recording: string;
  /** Without the settings that are swept. */
  request: WhatIfRequest;
  /** Time of the recording's first data: before it logical time says nothing about how long something took. */
  fromUs: number;
  truths: readonly Truth[] | null;
  /** How long after its end a truth may still be found, µs. */
  graceUs: number;
}

export interface SweepPoint {
  set: GridPoint;
  score: Score;
  /** Of the branch, so that points can be told apart that merely score the same. */
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
  const { recording, request, truths, graceUs, fromUs } = of;
  const result = await runWhatIf(recording, { ...request, set: { ...request.set, ...set } });
  const span = { fromUs: Math.max(result.atUs, fromUs), untilUs: result.untilUs, graceUs };
  return { set, score: score(result.events, truths, detectorsOf(set), span), finalHash: result.finalHash };
};

/** Who is concerned by the settings: one detector's settings are judged by its alarms, others by all. */
export function detectorsOf(set: GridPoint): string[] {
  const all = [...new Set(Object.values(ALARMS))];
  const sections = Object.keys(set).map((path) => path.split(".")[0]!);
  const concerned = all.filter((detector) => sections.includes(detector));
  const others = sections.some((section) => !(all as string[]).includes(section));
  return others || concerned.length === 0 ? all : concerned;
}
