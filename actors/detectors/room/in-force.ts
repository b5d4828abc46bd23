/**
 * What the document shows of thresholds and alerts, so that people at the page and at stock clients see what the partitions have: also what came over
 * HTTP, what an actor refused, and that an alert which ended is nobody's any more.
 *
 *   in force ──compared with the entries of thresholds and alerts──► those that are another
 *
 * F1  A level that is only drawn is nobody's but the document's: it stays, unless a threshold of its id is in force.
 * F2  What says the same is left as it was written: a threshold without its defaults, a time that another log wrote a moment later.
 */
import * as v from "valibot";
import { thresholdSet } from "../../../protocol/alert-commands.ts";
import { type AlertEntry, isDrawnLevel, type RootName } from "../../../protocol/room-document.ts";
import type { InForceEntry } from "../../../protocol/session-facts.ts";
import type { Effect } from "./effects.ts";
import { textOf } from "./json-text.ts";

/** The logs of a session give a command different times: milliseconds apart, and seconds where one of them was waited for. */
const SAME_US = 5_000_000;

/** Entries that are to be another; a value of undefined removes one. */
export function inForceEffects(
  { id, threshold, alert }: InForceEntry,
  entry: (root: RootName, id: string) => unknown,
): Effect[] {
  const effects: Effect[] = [];
  const shown = entry("thresholds", id);
  if (threshold === null) {
    if (shown !== undefined && !isDrawnLevel(shown))
      effects.push({ root: "thresholds", id, value: undefined });
  } else if (!saysSame(shown, id, threshold)) {
    const { id: _, ...value } = threshold;
    effects.push({ root: "thresholds", id, value });
  }
  const done = entry("alerts", id) as AlertEntry | undefined;
  const value = alert === null ? undefined : withOwnTimes(alert, done);
  if (textOf(value) !== textOf(meant(done))) effects.push({ root: "alerts", id, value });
  return effects;
}

function saysSame(shown: unknown, id: string, threshold: NonNullable<InForceEntry["threshold"]>): boolean {
  if (shown === undefined) return false;
  const result = v.safeParse(thresholdSet, { ...(shown as object), id });
  return result.success && textOf(result.output) === textOf(threshold);
}

/** Times, and who snoozed, as the document has them where all else is the same. */
function withOwnTimes(alert: AlertEntry, shown: AlertEntry | undefined): AlertEntry {
  const value = { ...alert };
  if (
    shown?.acknowledgedAtUs !== undefined &&
    alert.acknowledgedBy === shown.acknowledgedBy &&
    alert.note === shown.note
  )
    value.acknowledgedAtUs = shown.acknowledgedAtUs;
  if (
    alert.snoozedUntilUs !== undefined &&
    shown?.snoozedUntilUs !== undefined &&
    Math.abs(alert.snoozedUntilUs - shown.snoozedUntilUs) <= SAME_US
  ) {
    value.snoozedUntilUs = shown.snoozedUntilUs;
    if (shown.snoozedBy !== undefined) value.snoozedBy = shown.snoozedBy;
  }
  return value;
}

/** Assigned to nobody is the same as not assigned; undefined when nothing is left. */
function meant(shown: AlertEntry | undefined): AlertEntry | undefined {
  if (shown?.assignedTo !== "") return shown;
  const { assignedTo: _to, assignedBy: _by, ...rest } = shown;
  return Object.keys(rest).length === 0 ? undefined : rest;
}
