/**
 * The incidents of a session, folded from its events: one entry for one thing, from its begin to its end.
 *
 *   opened ─► grew … ─► eased ─┬─► closed      it is over
 *                │        └grew┘ ─► accepted   it counts as normal now
 *
 * L1  An event belongs to one incident at most: the log of a page leaves out those that an incident has.
 * L2  Where the page does not have the opening, the first step that it has stands for it: each says since when.
 * L3  What people did about it is in its events as well: acknowledged, assigned, snoozed.
 */

import type { Care } from "../../../protocol/controls.ts";
import { incidentId } from "../../../protocol/incident-id.ts";
import type { EventMessage, Severity } from "../../../protocol/messages.ts";
import { partitionOfEvent } from "../../event-order.ts";
import { SEVERITIES } from "./severities.ts";

export interface Incident {
  /** `partition/number`: the same for all who look. */
  readonly key: string;
  readonly number: number;
  readonly group: string;
  /** The highest that it has had. */
  readonly severity: Severity;
  readonly state: "open" | "eased" | "closed" | "accepted";
  readonly sinceUs: number;
  /** When it became quiet; null while it lasts. */
  readonly untilUs: number | null;
  /** Names, ordered by contribution. */
  readonly channels: readonly string[];
  /** The sentence of the program. */
  readonly title: string;
  readonly care: Care;
  /** What it went through, and what people did about it, the first first. */
  readonly steps: readonly EventMessage[];
  /** Events of what was found, the first first: those that the page has. */
  readonly findings: readonly EventMessage[];
}

const STATES: Readonly<Record<string, Incident["state"]>> = {
  "incident.opened": "open",
  "incident.grew": "open",
  "incident.eased": "eased",
  "incident.closed": "closed",
  "incident.accepted": "accepted",
};

const NO_CARE: Care = { acknowledged: null, assigned: null, snoozedUntilUs: null };

/** What people did about it after an event that says so. */
const CARES: Readonly<Record<string, (event: EventMessage) => Partial<Care>>> = {
  "incident.acknowledged": ({ detail: { author, note }, timeUs }) => ({
    acknowledged: { by: String(author), atUs: timeUs, note: String(note ?? "") },
  }),
  "incident.assigned": ({ detail: { author, to } }) => ({
    assigned: to === "" ? null : { by: String(author), to: String(to) },
  }),
  "incident.snoozed": ({ detail: { untilUs }, timeUs }) => ({
    snoozedUntilUs: numberOf(untilUs, 0) > timeUs ? numberOf(untilUs, 0) : null,
  }),
};

/** Which processes did most then: a step of an incident that the page has, but it opens none. */
const PROCESSES = "host.processes";

/** Incidents of events, which come the newest first. The incident with the newest begin is first. */
export function incidentsOf(events: readonly EventMessage[]): readonly Incident[] {
  const byKey = new Map<string, Incident>();
  const found = new Map<string, string>();
  for (const event of oldestFirst(events)) {
    const number = event.detail["incident"];
    if (!isStep(event) || typeof number !== "number") continue;
    const key = incidentId(partitionOfEvent(event), number);
    if (event.kind === PROCESSES && !byKey.has(key)) continue;
    byKey.set(key, withStep(byKey.get(key), event, key));
    for (const id of String(event.detail["events"] ?? "").split(" ")) if (id !== "") found.set(id, key);
  }
  const findings = findingsOf(events, byKey, found);
  return [...byKey.values()]
    .map((incident) => ({ ...incident, findings: findings.get(incident.key) ?? [] }))
    .sort((a, b) => b.sinceUs - a.sinceUs || b.number - a.number);
}

/** Whether somebody has to know of it: it lasts, or became quiet a moment ago. */
export function isOngoing({ state }: Incident): boolean {
  return state === "open" || state === "eased";
}

/** As they were at a time, with what is known since: one that was reported later lasted then already. */
export function incidentsAt(incidents: readonly Incident[], atUs: number): readonly Incident[] {
  return incidents
    .filter(({ sinceUs }) => sinceUs <= atUs)
    .map((incident) =>
      incident.untilUs !== null && atUs < incident.untilUs
        ? { ...incident, state: "open", untilUs: null }
        : incident,
    );
}

/** Ids of the events that incidents have. */
export function eventsIn(incidents: readonly Incident[]): ReadonlySet<string> {
  return new Set(incidents.flatMap(({ steps, findings }) => [...steps, ...findings].map(({ id }) => id)));
}

/** Findings that no incident has because the budget held them back, and that still last; the newest first. */
export function heldBackIn(
  events: readonly EventMessage[],
  incidents: readonly Incident[],
): readonly EventMessage[] {
  const told = eventsIn(incidents);
  const heldBack = new Set<string>();
  /** What something newer was said of. */
  const known = new Set<string>();
  return events.filter((event) => {
    if (event.kind === "incident.held-back")
      for (const id of String(event.detail["events"] ?? "").split(" ")) heldBack.add(id);
    const thing = thingOf(event);
    if (thing === null || known.has(thing)) return false;
    const isLasting = heldBack.has(event.id) && !told.has(event.id);
    if (isLasting || isEnd(event) || told.has(event.id)) known.add(thing);
    return isLasting && !isEnd(event);
  });
}

function isStep({ kind }: EventMessage): boolean {
  return Object.hasOwn(STATES, kind) || Object.hasOwn(CARES, kind) || kind === PROCESSES;
}

function withStep(before: Incident | undefined, event: EventMessage, key: string): Incident {
  const { kind, detail, channels, group, severity } = event;
  const state = STATES[kind] ?? before?.state ?? "open";
  const sinceUs = numberOf(detail["sinceUs"], event.timeUs);
  const lastedUs = numberOf(detail["lastedUs"], event.timeUs - sinceUs);
  const isFirst = before === undefined;
  return {
    key,
    number: numberOf(detail["incident"], 0),
    group,
    severity: isFirst || rank(severity) < rank(before.severity) ? severity : before.severity,
    state,
    sinceUs: isFirst ? sinceUs : Math.min(before.sinceUs, sinceUs),
    untilUs: state === "open" ? null : sinceUs + lastedUs,
    channels: channels.length > 0 || isFirst ? channels : before.channels,
    title: isFirst ? event.title : before.title,
    care: { ...(before?.care ?? NO_CARE), ...CARES[kind]?.(event) },
    steps: [...(before?.steps ?? []), event],
    findings: [],
  };
}

/** Events of findings by incident: those that a step names, and what became of the same findings. */
function findingsOf(
  events: readonly EventMessage[],
  incidents: ReadonlyMap<string, Incident>,
  found: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly EventMessage[]> {
  const byIncident = new Map<string, EventMessage[]>();
  /** The incident that has a finding now. */
  const holders = new Map<string, string>();
  for (const event of oldestFirst(events)) {
    const thing = thingOf(event);
    if (thing === null) continue;
    const key = found.get(event.id) ?? holders.get(thing);
    if (key === undefined || !incidents.has(key)) continue;
    if (isEnd(event)) holders.delete(thing);
    else holders.set(thing, key);
    const known = byIncident.get(key);
    if (known === undefined) byIncident.set(key, [event]);
    else known.push(event);
  }
  return byIncident;
}

/** What an event of a detector is about; null: of no detector. */
function thingOf({ kind, group, channels, detail, id }: EventMessage): string | null {
  const about = [partitionOfEvent({ id }), group];
  if (kind.startsWith("anomaly.")) return [...about, detail["fingerprint"]].join("\n");
  if (kind.startsWith("arrival.") && channels.length > 0)
    return [...about, "arrival", channels[0]].join("\n");
  if (kind.startsWith("change.")) return [...about, "change", channels[0]].join("\n");
  if (kind.startsWith("collapse.")) return [...about, "regime"].join("\n");
  return null;
}

const ENDS: ReadonlySet<string> = new Set([
  "anomaly.ended",
  "anomaly.accepted",
  "arrival.returned",
  "arrival.slower",
  "change.returned",
  "collapse.recovered",
  "collapse.rebaselined",
]);

function isEnd({ kind }: EventMessage): boolean {
  return ENDS.has(kind);
}

function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

function oldestFirst(events: readonly EventMessage[]): readonly EventMessage[] {
  return [...events].reverse();
}
