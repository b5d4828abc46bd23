/** Compares the events of the original with those of the branch: pairs of events, and how each pair differs, in words. */
import type { LaneDifference, WhatIfAnswer } from "../../../../protocol/controls.ts";
import type { EventMessage } from "../../../../protocol/messages.ts";
import { visibleText } from "../../../../protocol/visible-text.ts";
import { span } from "../../../charts/format.ts";

export type DifferenceKind = LaneDifference["type"];

/** In the order of their importance. */
export const DIFFERENCE_KINDS: readonly DifferenceKind[] = ["new", "gone", "moved", "changed", "same"];

export interface EventPair {
  readonly kind: DifferenceKind;
  readonly original: EventMessage | null;
  readonly branch: EventMessage | null;
  /** The earlier time of both, µs. */
  readonly timeUs: number;
  /** "2.1 s later", "severity, evidence". */
  readonly how: string;
}

export function pairsOf({ original, events, differences }: WhatIfAnswer): EventPair[] {
  const originals = byId(original);
  const branches = byId(events);
  return differences.map((difference) => {
    const before = difference.original === undefined ? null : (originals.get(difference.original) ?? null);
    const after = difference.branch === undefined ? null : (branches.get(difference.branch) ?? null);
    const timeUs = Math.min(
      before?.timeUs ?? Number.POSITIVE_INFINITY,
      after?.timeUs ?? Number.POSITIVE_INFINITY,
    );
    return { kind: difference.type, original: before, branch: after, timeUs, how: howOf(difference) };
  });
}

/** Titles as they are shown. */
function byId(events: readonly EventMessage[]): Map<string, EventMessage> {
  return new Map(events.map((event) => [event.id, { ...event, title: visibleText(event.title) }]));
}

function howOf({ type, byUs = 0, fields = [] }: LaneDifference): string {
  const names = fields.map((field) => field.replace(/^detail\./, ""));
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  const moved = `${span(Math.abs(byUs))} ${byUs < 0 ? "earlier" : "later"}`;
  switch (type) {
    case "new":
      return "only in the branch";
    case "gone":
      return "not in the branch";
    case "same":
      return "";
    case "changed":
      return shown.join(", ");
    case "moved":
      return shown.length === 0 ? moved : `${moved}; ${shown.join(", ")}`;
  }
}
