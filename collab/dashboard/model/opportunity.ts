/**
 * Pairs and ways round through markets, as the measures of a group's last state and its events say it.
 *
 *   opportunity.z.A~B, .edge.A~B, .halfLife.A~B   the pairs that are tied and farthest apart
 *   events opportunity.*                          what there was, and how long it lasted
 */
import type { EventMessage } from "../../../protocol/messages.ts";

export interface TiedPair {
  /** "A~B". */
  readonly names: string;
  /** Standard deviations, and what is expected of a half-life after costs, a share. */
  readonly z: number;
  readonly edge: number;
  readonly halfLifeSeconds: number;
}

export interface Seen {
  readonly id: string;
  readonly title: string;
  readonly sinceUs: number;
  /** Null: it goes on. */
  readonly lastedUs: number | null;
}

export interface Opportunities {
  /** Pairs that are tested; 0 before the first test. */
  readonly tested: number;
  readonly tied: number;
  /** The farthest apart first. */
  readonly pairs: readonly TiedPair[];
  /** The newest first. */
  readonly seen: readonly Seen[];
}

/** They are shown as they are now: they need no past on the page. */
export function isOpportunity(measure: string): boolean {
  return measure.startsWith("opportunity.");
}

/** Lines of a list. */
const MOST_SEEN = 20;
const Z = "opportunity.z.";

/** `events`: of all groups, the newest first. Null: the group has no such measures. */
export function opportunitiesOf(
  measures: Readonly<Record<string, number>>,
  events: readonly EventMessage[],
  group: string,
): Opportunities | null {
  const names = Object.keys(measures).filter(isOpportunity);
  if (names.length === 0) return null;
  const of = (name: string) => measures[`opportunity.${name}`] ?? Number.NaN;
  const pairs = names
    .filter((name) => name.startsWith(Z))
    .map((name) => name.slice(Z.length))
    .map((pair) => ({
      names: pair,
      z: of(`z.${pair}`),
      edge: of(`edge.${pair}`),
      halfLifeSeconds: of(`halfLife.${pair}`),
    }));
  return {
    tested: of("tested") || 0,
    tied: of("tied") || 0,
    pairs: pairs.sort((a, b) => Math.abs(b.z) - Math.abs(a.z)),
    seen: seenIn(events.filter((event) => event.group === group && event.actor === "opportunity")),
  };
}

/** A finding and its end are one line: the end has the time of the begin. */
function seenIn(events: readonly EventMessage[]): Seen[] {
  const lasted = new Map<string, number>();
  const seen: Seen[] = [];
  for (const { id, kind, title, detail } of events) {
    const sinceUs = Number(detail["sinceUs"]);
    const key = `${sinceUs} ${kind.replace(/-over$/, "")}`;
    if (kind.endsWith("-over")) lasted.set(key, Number(detail["lastedUs"]));
    else if (seen.length < MOST_SEEN) seen.push({ id, title, sinceUs, lastedUs: lasted.get(key) ?? null });
  }
  return seen;
}
