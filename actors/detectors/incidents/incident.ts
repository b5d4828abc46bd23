/**
 * One incident: what detectors found about one thing, and how long it has lasted.
 *
 *   forming ──ripe──► open ◄──active──┐
 *      │  └─ripe, beyond the budget─► held ─more important─► open
 *      │                               │
 *      └──quiet──► forgotten ◄──quiet──┘         open ──quiet──► eased ──quiet for longer──► closed, or accepted as normal
 *
 * N1  It is active while a finding in it has not ended, else quiet.
 * N2  Its symptoms are channels, and findings about several channels. A symptom's `activeUs` counts its active time less its quiet time: what
 *     flickers does not last, nor do symptoms that take turns.
 * N3  A symptom counts when it is as large as what is usual and has lasted for half of the persistence. Size, channels and title are those of
 *     symptoms that count, so that a burst says nothing about what lasts.
 * N4  It is ripe when a symptom that counts has lasted for the persistence, or when its active symptoms are extreme together.
 * N5  What people do about it ends with it. While it is snoozed it does not grow for them; that is announced when the snooze ends.
 *
 * Plain JSON: incidents are registered state. These functions return changed copies.
 */
import type { Care } from "../../../protocol/controls.ts";
import type { Severity } from "../../../protocol/messages.ts";
import { isExtreme, type Size } from "./magnitude.ts";
import type { Found } from "./signals.ts";

export interface Incident extends Care {
  readonly state: "forming" | "held" | "open" | "eased";
  /** 1, 2, … in the order of opening; 0 before. */
  readonly number: number;
  readonly group: string;
  /** Channels of the group. */
  readonly groupChannels: number;
  readonly everyUs: number;
  readonly persistenceUs: number;
  /** When its first finding was announced. */
  readonly formedUs: number;
  /** When the oldest finding began, and when the newest did. */
  readonly sinceUs: number;
  readonly newestUs: number;
  /** Since when no finding is open, null while one is. */
  readonly quietSinceUs: number | null;
  /** Active time. */
  readonly lastedUs: number;
  /** The finding that ended last counts as normal now. */
  readonly isAccepted: boolean;
  readonly symptoms: readonly Symptom[];
  readonly findings: number;
  /** At the last announcement that said how large it is. */
  readonly announcedMagnitude: number;
  readonly announcedSeverity: Severity;
  /** It was announced to have eased, and not to have grown since. */
  readonly isAnnouncedEased: boolean;
}

export interface Symptom {
  /** Name of a channel, or key of a finding about several. */
  readonly name: string;
  readonly isChannel: boolean;
  /** Ordered by contribution. */
  readonly channels: readonly string[];
  /** Keys of its findings that have not ended. */
  readonly open: readonly string[];
  readonly quietSinceUs: number | null;
  readonly activeUs: number;
  /** Stays true once it does. */
  readonly counts: boolean;
  /** An announcement has named it. */
  readonly isAnnounced: boolean;
  /** Largest effect and evidence of its findings; title and event of the one with the largest effect. */
  readonly effect: number;
  readonly evidence: number;
  /** Its evidence adds to that of other symptoms. */
  readonly adds: boolean;
  readonly title: string;
  readonly eventId: string;
}

/** Limits of what an incident keeps: a broad fault of 128 channels must not fill the state. */
const SYMPTOMS_MAX = 64;
const SYMPTOM_CHANNELS_MAX = 8;

/** Channels that a finding of several channels counts for: their list is ranked, but says not how many truly moved. */
const BREADTH_OF_JOINT = 2;

/** In units of what is usual: a smaller effect is usual by definition, however sure it is. */
const LEAST_EFFECT = 1;

/** Share of the persistence from which a symptom counts: those of one fault do not begin in the same row. */
const COUNTS_FROM = 0.5;

/** Quiet time after which an incident is over, in times of the persistence and in rows: the larger counts. */
const WINDOW_PERSISTENCES = 3;
const WINDOW_ROWS = 10;
/** The same where neither is known, µs. */
const WINDOW_UNKNOWN_US = 60_000_000;

/** An incident that goes on for so long without anything new is how things are now: an hour on a machine. */
const ACCEPTED_PERSISTENCES = 360;
const ACCEPTED_UNKNOWN_US = 3_600_000_000;

export function forming(found: Found): Incident {
  const { group, everyUs, persistenceUs, timeUs, groupChannels } = found;
  return {
    state: "forming",
    number: 0,
    group,
    groupChannels,
    everyUs,
    persistenceUs,
    formedUs: timeUs,
    sinceUs: timeUs,
    newestUs: timeUs,
    quietSinceUs: timeUs,
    lastedUs: 0,
    isAccepted: false,
    symptoms: [],
    findings: 0,
    announcedMagnitude: 0,
    announcedSeverity: "notice",
    isAnnouncedEased: false,
    acknowledged: null,
    assigned: null,
    snoozedUntilUs: null,
  };
}

/** The incident at a later time. */
export function after(incident: Incident, nowUs: number, elapsedUs: number): Incident {
  const symptoms = incident.symptoms
    .map((each) => lasting(each, incident, isActive(each) ? elapsedUs : -elapsedUs))
    .filter((each) => each.counts || isRecent(each, incident, nowUs));
  const lastedUs = incident.lastedUs + (incident.quietSinceUs === null ? elapsedUs : 0);
  const { snoozedUntilUs: until } = incident;
  return { ...incident, symptoms, lastedUs, snoozedUntilUs: until !== null && until <= nowUs ? null : until };
}

/** Whether people were told of it: it has a number. */
export function isTold({ state }: Incident): boolean {
  return state === "open" || state === "eased";
}

/** The name of the symptom that a finding is of. */
function symptomOf({ channels, key }: Found): string {
  return channels.length === 1 ? channels[0]! : key;
}

/** The incident with a finding that opened or grew. */
export function withFinding(incident: Incident, found: Found, nowUs: number): Incident {
  const { key, sinceUs } = found;
  const isNew = !holds(incident, key);
  // A new finding has lasted for a while when it is announced; one that grew was no news before.
  const beforeUs = isNew && found.phase === "opened" ? Math.max(0, nowUs - sinceUs) : 0;
  return {
    ...incident,
    symptoms: withSymptom(incident, found, beforeUs, nowUs),
    quietSinceUs: null,
    lastedUs: incident.findings === 0 ? beforeUs : incident.lastedUs,
    isAccepted: false,
    sinceUs: Math.min(incident.sinceUs, nowUs - beforeUs),
    newestUs: isNew ? Math.max(incident.newestUs, nowUs - beforeUs) : incident.newestUs,
    findings: incident.findings + (isNew ? 1 : 0),
  };
}

/** The incident when some of its findings are over. */
export function withoutFindings(
  incident: Incident,
  isOver: (key: string) => boolean,
  isAccepted: boolean,
  nowUs: number,
): Incident {
  if (!incident.symptoms.some(({ open }) => open.some(isOver))) return incident;
  const symptoms = incident.symptoms.map((each) => {
    if (!each.open.some(isOver)) return each;
    const open = each.open.filter((key) => !isOver(key));
    return { ...each, open, quietSinceUs: open.length === 0 ? nowUs : null };
  });
  return { ...incident, symptoms, isAccepted, quietSinceUs: symptoms.some(isActive) ? null : nowUs };
}

/** The incident whose active symptoms count: it opens, and says what it is about. */
export function opening(incident: Incident): Incident {
  if (incident.symptoms.some(isCounting)) return incident;
  return { ...incident, symptoms: incident.symptoms.map((each) => ({ ...each, counts: isActive(each) })) };
}

export function isRipe(incident: Incident): boolean {
  return untilRipeUs(incident) <= 0 || isExtreme(sizeOf(incident, isActive));
}

/** Active time that is missing for the persistence, µs; infinite without an active symptom. The row in which something is seen counts. */
export function untilRipeUs({ persistenceUs, everyUs, symptoms }: Incident): number {
  let lastedUs = Number.NEGATIVE_INFINITY;
  for (const each of symptoms)
    if (isActive(each) && each.effect >= LEAST_EFFECT) lastedUs = Math.max(lastedUs, each.activeUs);
  return persistenceUs - everyUs - lastedUs;
}

/** Size by the symptoms that count, or by those chosen. */
export function sizeOf(incident: Incident, chosen: (symptom: Symptom) => boolean = isCounting): Size {
  const { lastedUs, persistenceUs, everyUs, symptoms } = incident;
  const unitUs = Math.max(persistenceUs, everyUs);
  let effect = 0;
  let channels = 0;
  let joint = 1;
  for (const each of symptoms) {
    if (!chosen(each)) continue;
    effect = Math.max(effect, each.effect);
    if (each.isChannel) channels++;
    else joint = Math.max(joint, Math.min(each.channels.length, BREADTH_OF_JOINT));
  }
  return { effect, breadth: Math.max(channels, joint), persistences: unitUs > 0 ? lastedUs / unitUs : 0 };
}

/** Symptoms that count, the largest first. */
export function leading({ symptoms }: Pick<Incident, "symptoms">): readonly Symptom[] {
  return symptoms.filter(isCounting).sort((a, b) => b.effect - a.effect || (a.name < b.name ? -1 : 1));
}

/** The incident with those symptoms alone that count and were not announced yet. */
export function news(incident: Incident): Incident {
  return {
    ...incident,
    symptoms: incident.symptoms.filter((each) => each.counts && !each.isAnnounced && isActive(each)),
  };
}

/** The incident whose symptoms that count were announced. */
export function announcedSymptoms({ symptoms }: Incident): readonly Symptom[] {
  return symptoms.map((each) => (each.counts ? { ...each, isAnnounced: true } : each));
}

/** Channels of the symptoms that count, by contribution: the effect of a symptom divided by the channel's rank in it. */
export function channelsOf(incident: Pick<Incident, "symptoms">): readonly string[] {
  const weights = new Map<string, number>();
  for (const { channels, effect } of leading(incident))
    channels.forEach((name, rank) => {
      weights.set(name, Math.max(weights.get(name) ?? 0, effect / (rank + 1)));
    });
  return [...weights].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name);
}

/** Time in which something like the incident can happen once, µs; 0: unknown. */
export function lookUs({ persistenceUs, everyUs }: Incident): number {
  return Math.max(persistenceUs, everyUs);
}

/** Quiet time after which the incident is over, and time within which what begins belongs to it. */
export function windowUs({ persistenceUs, everyUs }: Pick<Incident, "persistenceUs" | "everyUs">): number {
  return Math.max(WINDOW_PERSISTENCES * persistenceUs, WINDOW_ROWS * everyUs) || WINDOW_UNKNOWN_US;
}

/** Whether it formed within the window: what begins so soon after each other is one thing. */
export function isFresh(incident: Incident, nowUs: number): boolean {
  return nowUs - incident.formedUs < windowUs(incident);
}

/** Whether a symptom of now has a channel of the finding. */
export function sharesChannel(incident: Incident, { channels }: Found, nowUs: number): boolean {
  return incident.symptoms.some(
    (each) => isRecent(each, incident, nowUs) && each.channels.some((name) => channels.includes(name)),
  );
}

/** Time since something new was found in it, beyond which what it is about is normal, µs. */
export function acceptedAfterUs({ persistenceUs, everyUs }: Incident): number {
  return ACCEPTED_PERSISTENCES * Math.max(persistenceUs, everyUs) || ACCEPTED_UNKNOWN_US;
}

/** Whether one of its findings has this key and has not ended. */
export function holds({ symptoms }: Incident, key: string): boolean {
  return symptoms.some(({ open }) => open.includes(key));
}

function isActive({ open }: Symptom): boolean {
  return open.length > 0;
}

export function isCounting({ counts }: Symptom): boolean {
  return counts;
}

function isRecent({ quietSinceUs }: Symptom, incident: Incident, nowUs: number): boolean {
  return quietSinceUs === null || nowUs - quietSinceUs < windowUs(incident);
}

function withSymptom(incident: Incident, found: Found, beforeUs: number, nowUs: number): readonly Symptom[] {
  const { key, channels } = found;
  const name = symptomOf(found);
  // A symptom that comes back after the window is a new one.
  const symptoms = incident.symptoms.filter((each) => each.name !== name || isRecent(each, incident, nowUs));
  const at = symptoms.findIndex((each) => each.name === name);
  if (at < 0) {
    if (symptoms.length >= SYMPTOMS_MAX) return symptoms;
    const { title, eventId, effect, evidence } = found;
    const symptom: Symptom = {
      name,
      isChannel: channels.length === 1,
      channels: channels.slice(0, SYMPTOM_CHANNELS_MAX),
      open: [key],
      quietSinceUs: null,
      activeUs: 0,
      counts: false,
      isAnnounced: false,
      effect,
      evidence,
      adds: found.adds === true,
      title,
      eventId,
    };
    return [...symptoms, lasting(symptom, incident, beforeUs)];
  }
  const known = symptoms[at]!;
  const leads = found.effect >= known.effect;
  const joined: Symptom = {
    ...known,
    open: known.open.includes(key) ? known.open : [...known.open, key],
    quietSinceUs: null,
    effect: Math.max(known.effect, found.effect),
    evidence: Math.max(known.evidence, found.evidence),
    adds: known.adds || found.adds === true,
    ...(leads ? { title: found.title, eventId: found.eventId } : {}),
  };
  return symptoms.with(at, lasting(joined, incident, Math.max(0, beforeUs - known.activeUs)));
}

function lasting(symptom: Symptom, { persistenceUs, everyUs }: Incident, elapsedUs: number): Symptom {
  const activeUs = Math.max(0, symptom.activeUs + elapsedUs);
  const isLong = isActive(symptom) && activeUs + everyUs >= COUNTS_FROM * persistenceUs;
  return { ...symptom, activeUs, counts: symptom.counts || (isLong && symptom.effect >= LEAST_EFFECT) };
}
