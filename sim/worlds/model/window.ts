/** When it happens: a stretch drawn in the later part of a run, so that a detector has learnt before what is usual. */
import { rowCount, rowTimeUs } from "./rows.ts";
import type { ScenarioOptions, Truth } from "./scenario.ts";
import type { Variates } from "./variates.ts";

export interface Window {
  /** Time of the first sample concerned, µs. */
  readonly fromUs: number;
  /** Time of the first sample no longer concerned. */
  readonly untilUs: number;
}

/** Shares of a run between which the onset is drawn: half a run to learn in, a quarter to be found in. */
const EARLIEST = 0.5;
const LATEST = 0.7;

/** A stretch of `share` of the run, on the times of its rows; one that lasts longer than the run ends with it. */
export function drawWindow(options: ScenarioOptions, variates: Variates, share: number): Window {
  const onset = EARLIEST + (LATEST - EARLIEST) * variates.uniform();
  return windowBetween(options, onset, onset + share);
}

/** The rows between two shares of the run; at least one. */
export function windowBetween(options: ScenarioOptions, from: number, until: number): Window {
  const rows = rowCount(options);
  const first = Math.floor(from * rows);
  const end = Math.max(first + 1, Math.min(rows, Math.floor(until * rows)));
  return { fromUs: rowTimeUs(options, first), untilUs: rowTimeUs(options, end) };
}

export function within({ fromUs, untilUs }: Window, timeUs: number): boolean {
  return timeUs >= fromUs && timeUs < untilUs;
}

/** Share of the window that has passed, from 0 on; only within it. */
export function progress({ fromUs, untilUs }: Window, timeUs: number): number {
  return (timeUs - fromUs) / (untilUs - fromUs);
}

/** What happened in a window, for the truth of a run; nothing when the strength is 0. */
export function plan(
  { strength, group }: ScenarioOptions,
  { fromUs, untilUs }: Window,
  what: Pick<Truth, "kind" | "detectors" | "channels" | "detail">,
): Truth[] {
  return strength === 0 ? [] : [{ ...what, group, onsetUs: fromUs, endUs: untilUs }];
}
