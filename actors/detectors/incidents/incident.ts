/**
 * One incident: what detectors found about one thing, and how long it has lasted.
 *
 *   forming ──ripe──► open ◄──ripe again──┐
 *      │  └─ripe, beyond the budget─► held ─more important─► open
 *      │                               │
 *      └──quiet──► forgotten ◄──quiet──┘         open ──quiet──► eased ──quiet for longer──► closed, or accepted as normal
 *
 * N1  It is active while a finding in it has not ended, else quiet.
 * N2  Each channel, and each finding about several channels, is a symptom. A symptom's `activeUs` counts its active time less its quiet time:
 *     what flickers does not persist, nor do symptoms that take turns.
 * N3  It is ripe when an active symptom has lasted for the persistence, or when it is extreme.
 *
 * Plain JSON: incidents are registered state. These functions return changed copies.
 */
import type { Severity } from "../../../protocol/messages.ts";
import { isExtreme, type Size } from "./importance.ts";
import type { Found } from "./signals.ts";

export interface Incident extends Size {
  readonly state: "forming" | "held" | "open" | "eased";
  /** 1, 2, … in the order of opening; 0 before. */
  readonly number: number;
  readonly group: string;
  readonly everyUs: number;
  readonly persistenceUs: number;
  /** When the oldest finding began. */
  readonly sinceUs: number;
  /** Since when no finding is open, null while one is. */
  readonly quietSinceUs: number | null;
  /** The finding that ended last counts as normal now. */
  readonly isAccepted: boolean;
  readonly symptoms: readonly Symptom[];
  readonly findings: number;
  /** The most evidence of one finding, nats. */
  readonly evidence: number;
  /** Largest contribution of each channel, largest first. */
  readonly channels: readonly { readonly name: string; readonly weight: number }[];
  /** Of the finding with the largest contribution. */
  readonly title: string;
  /** Ids of the first events of its findings. */
  readonly eventIds: readonly string[];
  /** At the last announcement. */
  readonly announcedImportance: number;
  readonly announcedSeverity: Severity;
}

interface Symptom {
  /** Name of a channel, or key of a finding of several. */
  readonly name: string;
  readonly isChannel: boolean;
  /** Keys of its findings that have not ended. */
  readonly open: readonly string[];
  readonly activeUs: number;
}

/** Limits of what an incident keeps: a broad fault of 128 channels must not fill the state. */
const CHANNELS_MAX = 32;
const EVENTS_MAX = 8;
const SYMPTOMS_MAX = 128;

/** Channels that a finding of several channels counts for: their list is ranked, but says not how many truly moved. */
const BREADTH_OF_JOINT = 2;

/** Quiet time after which an incident is over, in times of the persistence and in rows: the larger counts. */
const WINDOW_PERSISTENCES = 3;
const WINDOW_ROWS = 30;
/** The same where neither is known, µs. */
const WINDOW_UNKNOWN_US = 60_000_000;

export function forming(found: Found): Incident {
  const { group, everyUs, persistenceUs, sinceUs } = found;
  return {
    state: "forming",
    number: 0,
    group,
    everyUs,
    persistenceUs,
    sinceUs,
    quietSinceUs: found.timeUs,
    isAccepted: false,
    symptoms: [],
    findings: 0,
    effect: 0,
    breadth: 0,
    persistences: 0,
    evidence: 0,
    channels: [],
    title: found.title,
    eventIds: [],
    announcedImportance: 0,
    announcedSeverity: "notice",
  };
}

/** The incident some time later. */
export function after(incident: Incident, elapsedUs: number): Incident {
  const symptoms = incident.symptoms
    .map((each) => ({
      ...each,
      activeUs: Math.max(0, each.activeUs + (isActive(each) ? elapsedUs : -elapsedUs)),
    }))
    .filter((each) => isActive(each) || each.activeUs > 0);
  const later = { ...incident, symptoms };
  return incident.quietSinceUs === null ? lasting(later, elapsedUs) : later;
}

/** The incident with a finding that opened or grew. */
export function withFinding(incident: Incident, found: Found, nowUs: number): Incident {
  const { key, channels, effect, evidence, sinceUs, eventId } = found;
  const isNew = !incident.symptoms.some(({ open }) => open.includes(key));
  // A new finding has lasted for a while when it is announced.
  const beforeUs = isNew ? Math.max(0, nowUs - sinceUs) : 0;
  const symptoms = isNew ? withSymptom(incident.symptoms, found, beforeUs) : incident.symptoms;
  const joined: Incident = {
    ...incident,
    symptoms,
    quietSinceUs: null,
    isAccepted: false,
    sinceUs: Math.min(incident.sinceUs, sinceUs),
    findings: incident.findings + (isNew ? 1 : 0),
    effect: Math.max(incident.effect, effect),
    breadth: Math.max(incident.breadth, breadthOf(symptoms, channels.length)),
    evidence: Math.max(incident.evidence, evidence),
    channels: rankedChannels(incident, found),
    title: effect >= (incident.channels[0]?.weight ?? 0) ? found.title : incident.title,
    eventIds: incident.eventIds.length < EVENTS_MAX ? [...incident.eventIds, eventId] : incident.eventIds,
  };
  return incident.findings === 0 ? lasting(joined, beforeUs) : joined;
}

/** The incident when some of its findings are over. */
export function withoutFindings(
  incident: Incident,
  isOver: (key: string) => boolean,
  isAccepted: boolean,
  nowUs: number,
): Incident {
  if (!incident.symptoms.some(({ open }) => open.some(isOver))) return incident;
  const symptoms = incident.symptoms.map((each) => ({
    ...each,
    open: each.open.filter((key) => !isOver(key)),
  }));
  return { ...incident, symptoms, isAccepted, quietSinceUs: symptoms.some(isActive) ? null : nowUs };
}

/** The incident whose symptoms must persist anew. */
export function eased(incident: Incident): Incident {
  return { ...incident, state: "eased", symptoms: [] };
}

export function isRipe(incident: Incident): boolean {
  return untilRipeUs(incident) <= 0 || isExtreme(incident);
}

/** Active time that is missing for the persistence, µs; infinite without an active symptom. The row in which something is seen counts. */
export function untilRipeUs({ persistenceUs, everyUs, symptoms }: Incident): number {
  const lastedUs = symptoms.reduce(
    (most, each) => (isActive(each) ? Math.max(most, each.activeUs) : most),
    Number.NEGATIVE_INFINITY,
  );
  return persistenceUs - everyUs - lastedUs;
}

/** Quiet time after which the incident is over, and within which what follows belongs to it. */
export function windowUs({ persistenceUs, everyUs }: Pick<Incident, "persistenceUs" | "everyUs">): number {
  return Math.max(WINDOW_PERSISTENCES * persistenceUs, WINDOW_ROWS * everyUs) || WINDOW_UNKNOWN_US;
}

/**
 * Whether the finding is about the same thing: it shares a channel, or it belongs to the same group while the incident is active or, once
 * announced, has not eased. Symptoms that follow each other on other channels are not one thing yet.
 */
export function isAbout({ state, group, channels, quietSinceUs }: Incident, found: Found): boolean {
  if (channels.some(({ name }) => found.channels.includes(name))) return true;
  return group === found.group && (quietSinceUs === null || state === "open");
}

/** Whether one of its findings has this key and has not ended. */
export function holds({ symptoms }: Incident, key: string): boolean {
  return symptoms.some(({ open }) => open.includes(key));
}

function isActive({ open }: Symptom): boolean {
  return open.length > 0;
}

function withSymptom(symptoms: readonly Symptom[], found: Found, beforeUs: number): readonly Symptom[] {
  const { key, channels } = found;
  const isChannel = channels.length === 1;
  const name = isChannel ? channels[0]! : key;
  const at = symptoms.findIndex((each) => each.name === name);
  if (at < 0)
    return symptoms.length < SYMPTOMS_MAX
      ? [...symptoms, { name, isChannel, open: [key], activeUs: beforeUs }]
      : symptoms;
  const known = symptoms[at]!;
  const activeUs = Math.max(known.activeUs, beforeUs);
  return symptoms.with(at, { ...known, open: [...known.open, key], activeUs });
}

function lasting(incident: Incident, elapsedUs: number): Incident {
  const unitUs = Math.max(incident.persistenceUs, incident.everyUs);
  return unitUs > 0 ? { ...incident, persistences: incident.persistences + elapsedUs / unitUs } : incident;
}

function breadthOf(symptoms: readonly Symptom[], joint: number): number {
  const channels = symptoms.filter((each) => each.isChannel && isActive(each)).length;
  return Math.max(1, channels, Math.min(joint, BREADTH_OF_JOINT));
}

/** A channel contributes the effect of a finding, divided by its rank in it. */
function rankedChannels({ channels }: Incident, found: Found): Incident["channels"] {
  const weights = new Map(channels.map(({ name, weight }) => [name, weight]));
  found.channels.forEach((name, rank) => {
    weights.set(name, Math.max(weights.get(name) ?? 0, found.effect / (rank + 1)));
  });
  return [...weights]
    .map(([name, weight]) => ({ name, weight }))
    .sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1))
    .slice(0, CHANNELS_MAX);
}
