/**
 * Which alerts people are told of: one of each cause, within a budget a day.
 *
 *   fired ─► cause: an open incident, or what fired first in the group within the window ─┬─ told of it before ─► joined
 *                                                                                         └─ else ─ budget ─┬─► told
 *                                                                                                           └─► held, told later
 *
 *   left += perDay · days, at most a day's share · left −= 1 with each that is told
 *   an alert is told when left ≥      critical 1 − share      warning 1      notice, info 1 + share / 2, at most the share
 *
 * G1  People are told once of a cause, and again only of an alert that is more severe.
 * G2  In any time of d days at most perDay · (d + 2) + 1 are told. The least severe are held back first; critical ones may spend a day in advance.
 * G3  What is held back is counted, and told as soon as the budget allows while it still fires.
 */
import type { Severity } from "../../../protocol/messages.ts";
import { SEVERITIES } from "../../../protocol/schemas.ts";
import type { Fired } from "./signals.ts";

const DAY_US = 86_400_000_000;

/** What became of an alert that fires. */
export type Fate = "told" | "joined" | "held" | "snoozed";

export interface Notice {
  readonly fired: Fired;
  readonly cause: string;
  readonly fate: Fate;
}

interface Cause {
  readonly key: string;
  readonly group: string;
  readonly sinceUs: number;
  /** The most severe of which people were told; null: none. */
  readonly told: Severity | null;
}

interface OpenIncident {
  readonly number: number;
  readonly group: string;
  readonly channels: readonly string[];
  readonly severity: Severity;
}

export interface Ledger {
  readonly perDay: number;
  readonly windowUs: number;
  /** Logical time up to which it is kept, µs. */
  readonly nowUs: number;
  /** Of the budget; below 0: spent in advance. */
  readonly left: number;
  /** Held back so far and not told since. */
  readonly heldBack: number;
  /** Younger than the window, oldest first. */
  readonly causes: readonly Cause[];
  /** Of the alerts that fire, by id. */
  readonly notices: Readonly<Record<string, Notice>>;
  readonly incidents: readonly OpenIncident[];
}

/** Causes at a time: alerts of more groups than this within one window are told one by one. */
const CAUSES_MAX = 256;

export function emptyLedger(perDay: number, windowUs: number): Ledger {
  const none = { causes: [], notices: {}, incidents: [] };
  return { perDay, windowUs, nowUs: 0, left: share(perDay), heldBack: 0, ...none };
}

/** The ledger at a later time. */
export function advanced<Kept extends Ledger>(ledger: Kept, timeUs: number): Kept {
  const { perDay, windowUs, left, causes } = ledger;
  const nowUs = Math.max(ledger.nowUs, timeUs);
  const elapsedUs = ledger.nowUs === 0 ? 0 : nowUs - ledger.nowUs;
  return {
    ...ledger,
    nowUs,
    left: Math.min(share(perDay), left + (perDay * elapsedUs) / DAY_US),
    causes: causes.filter(({ sinceUs }) => nowUs - sinceUs < windowUs),
  };
}

/** What is to become of an alert that fires now. */
export function judged(ledger: Ledger, fired: Fired): Notice {
  const { cause, told } = causeOf(ledger, fired);
  const isKnown = told !== null && !isAbove(fired.severity, told) && !fired.isAgain;
  if (fired.isSnoozed) return { fired, cause, fate: "snoozed" };
  if (isKnown) return { fired, cause, fate: "joined" };
  return { fired, cause, fate: isAffordable(ledger, fired.severity) ? "told" : "held" };
}

/** The ledger with an alert that fires. */
export function noted<Kept extends Ledger>(ledger: Kept, notice: Notice): Kept {
  const { fired, cause, fate } = notice;
  const known = ledger.causes.find(({ key }) => key === cause);
  const others = ledger.causes.filter((each) => each !== known).slice(-CAUSES_MAX + 1);
  const before = known ?? { key: cause, group: fired.group, sinceUs: ledger.nowUs, told: null };
  const told = fate === "told" && isAbove(fired.severity, before.told) ? fired.severity : before.told;
  return {
    ...ledger,
    left: ledger.left - (fate === "told" ? 1 : 0),
    heldBack: ledger.heldBack + (fate === "held" ? 1 : 0),
    causes: [...others, { ...before, told }],
    notices: { ...ledger.notices, [fired.id]: notice },
  };
}

export function withoutAlert<Kept extends Ledger>(ledger: Kept, id: string): Kept {
  const { [id]: _, ...notices } = ledger.notices;
  return { ...ledger, notices };
}

/** The alert that was held back and can be told now: the most severe, of those the one that fired first; null: none. */
export function releasable(ledger: Ledger): Notice | null {
  const first = heldFirst(ledger);
  return first !== null && isAffordable(ledger, first.fired.severity) ? first : null;
}

/** The ledger when that is told. */
export function released<Kept extends Ledger>(ledger: Kept): Kept {
  const notice = releasable(ledger)!;
  return noted({ ...ledger, heldBack: ledger.heldBack - 1 }, { ...notice, fate: "told" });
}

/** When the budget allows to tell of one that was held back, µs; null: nothing is held back. */
export function dueUs(ledger: Ledger): number | null {
  const first = heldFirst(ledger);
  if (first === null) return null;
  const missing = needed(ledger.perDay, first.fired.severity) - ledger.left;
  return ledger.nowUs + Math.max(1, Math.ceil((missing * DAY_US) / ledger.perDay));
}

export function withIncident<Kept extends Ledger>(ledger: Kept, incident: OpenIncident): Kept {
  const others = ledger.incidents.filter(({ number }) => number !== incident.number);
  return { ...ledger, incidents: [...others, incident] };
}

export function withoutIncident<Kept extends Ledger>(ledger: Kept, over: number): Kept {
  return { ...ledger, incidents: ledger.incidents.filter(({ number }) => number !== over) };
}

function causeOf(ledger: Ledger, fired: Fired): { cause: string; told: Severity | null } {
  const { group, channel, id } = fired;
  const incident = ledger.incidents.find(
    (each) => each.group === group && (channel === "" || each.channels.includes(channel)),
  );
  const key = incident === undefined ? null : `incident ${incident.number}`;
  const known = ledger.causes.find((each) => (key === null ? each.group === group : each.key === key));
  if (incident !== undefined) {
    const told = known?.told ?? null;
    return { cause: key!, told: isAbove(incident.severity, told) ? incident.severity : told };
  }
  return known === undefined
    ? { cause: `${id} at ${ledger.nowUs}`, told: null }
    : { cause: known.key, told: known.told };
}

function heldFirst({ notices }: Ledger): Notice | null {
  let first: Notice | null = null;
  for (const notice of Object.values(notices)) {
    if (notice.fate !== "held") continue;
    if (first === null || isBefore(notice.fired, first.fired)) first = notice;
  }
  return first;
}

function isBefore(a: Fired, b: Fired): boolean {
  if (a.severity !== b.severity) return isAbove(a.severity, b.severity);
  return a.timeUs < b.timeUs || (a.timeUs === b.timeUs && a.id < b.id);
}

function isAffordable({ perDay, left }: Ledger, severity: Severity): boolean {
  return left >= needed(perDay, severity);
}

function needed(perDay: number, severity: Severity): number {
  if (severity === "critical") return 1 - share(perDay);
  if (severity === "warning") return 1;
  return Math.min(share(perDay), 1 + share(perDay) / 2);
}

/** What a day has at most. */
function share(perDay: number): number {
  return Math.max(1, perDay);
}

function isAbove(severity: Severity, other: Severity | null): boolean {
  return other === null || SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(other);
}
