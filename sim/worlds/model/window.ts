/** The window of an event: drawn in the later part of a run, so that a detector has first learnt normal behaviour. */
import { rowCount, rowTimeUs } from "./rows.ts";
import type { ScenarioOptions, Truth } from "./scenario.ts";
import type { Variates } from "./variates.ts";

export interface Window {
  /** Time of the first affected sample, µs. */
  readonly fromUs: number;
  /** Time of the first sample after the event, µs. */
  readonly untilUs: number;
}

/** Shares of a run between which the onset is drawn: half of the run to learn, and time to find the event. */
const EARLIEST = 0.5;
const LATEST = 0.7;

/** A window of `share` of the run, at times of its rows. It ends with the run at the latest. */
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

/** Share of the window that has passed; only for times within it. */
export function progress({ fromUs, untilUs }: Window, timeUs: number): number {
  return (timeUs - fromUs) / (untilUs - fromUs);
}

/** The event of a window for the truth of a run; none with strength 0. */
export function plan(
  { strength, group }: ScenarioOptions,
  { fromUs, untilUs }: Window,
  what: Pick<Truth, "kind" | "detectors" | "channels" | "detail">,
): Truth[] {
  return strength === 0 ? [] : [{ ...what, group, onsetUs: fromUs, endUs: untilUs }];
}
