/**
 * The events of original and branch as two columns of text, the differences only:
 *
 *   original                                  │ branch
 *   12:43:07 collapse.declared host           │ 12:43:11 collapse.declared host             4 s later
 *   12:50:00 anomaly.started host: cpu        │                                             gone
 */
import type { EventMessage } from "../../../protocol/messages.ts";
import { durationText, timeText } from "../../../protocol/text-values.ts";
import type { EventDifference } from "../alignment-round.ts";
import type { WhatIfResult } from "./result.ts";

const COLUMN_WIDTH = 46;

export function heading(): string {
  return `${"original".padEnd(COLUMN_WIDTH)} │ ${"branch".padEnd(COLUMN_WIDTH)}`;
}

export function sideBySide(
  difference: EventDifference,
  original: EventMessage | null,
  branch: EventMessage | null,
): string {
  return `${column(original)} │ ${column(branch)} ${what(difference, original, branch)}`;
}

/** What was the same and what was not, in one line. */
export function countsLine({ counts }: WhatIfResult): string {
  const { same, moved, changed, gone } = counts;
  return `${same} the same, ${moved} moved, ${changed} changed, ${gone} gone, ${counts.new} new`;
}

function column(event: EventMessage | null): string {
  if (event === null) return " ".repeat(COLUMN_WIDTH);
  const { timeUs, kind, group, channels } = event;
  const where = [group, channels.slice(0, 3).join(",")].filter((part) => part !== "").join(": ");
  const text = `${clock(timeUs)} ${kind} ${where}`;
  return text.length > COLUMN_WIDTH ? `${text.slice(0, COLUMN_WIDTH - 1)}…` : text.padEnd(COLUMN_WIDTH);
}

function what(
  { type, byUs, fields }: EventDifference,
  original: EventMessage | null,
  branch: EventMessage | null,
): string {
  if (type !== "moved" && type !== "changed") return type;
  const moved = byUs! === 0 ? "" : `${durationText(Math.abs(byUs!))} ${byUs! > 0 ? "later" : "earlier"}`;
  const changed = fields!.map((field) => `${field} ${shown(original, field)} → ${shown(branch, field)}`);
  return [moved, ...changed.slice(0, moved ? 0 : 3)].filter((part) => part !== "").join(", ");
}

function shown(event: EventMessage | null, field: string): string {
  if (event === null) return "";
  const value = field.startsWith("detail.")
    ? event.detail[field.slice("detail.".length)]
    : event[field as keyof EventMessage];
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value ?? "none");
}

/** Day and time: a recording may be of one hour or of twenty years. */
function clock(timeUs: number): string {
  return timeText(timeUs).slice(5, 23).replace("T", " ");
}
