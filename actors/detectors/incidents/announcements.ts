/** The wording of the events of incidents: title, severity and details of each. */
import type { Announcement } from "../../ports/detector.ts";
import { brief } from "../event-wording.ts";
import type { Book } from "./book.ts";
import { importanceOf, severityOf } from "./importance.ts";
import { channelsOf, type Incident, leading, sizeOf } from "./incident.ts";

/** Channels named in an event. */
const CHANNELS_NAMED = 8;
/** Ids of events of findings in an event. */
const EVENTS_NAMED = 8;

export function opened(incident: Incident, book: Book): Announcement {
  return {
    kind: "incident.opened",
    severity: severityOf(sizeOf(incident)),
    title: `${titleOf(incident)}${others(incident)}, for ${lasted(incident, book)}`,
    ...about(incident, book),
  };
}

export function grew(incident: Incident, book: Book): Announcement {
  return {
    kind: "incident.grew",
    severity: severityOf(sizeOf(incident)),
    title: `${titleOf(incident)}${others(incident)}, for ${lasted(incident, book)} and larger than before`,
    ...about(incident, book),
  };
}

export function easing(incident: Incident, book: Book): Announcement {
  return {
    kind: "incident.eased",
    severity: "info",
    title: `Incident ${incident.number} of ${place(incident)} has eased after ${lasted(incident, book)}`,
    ...about(incident, book),
  };
}

export function closed(incident: Incident, book: Book): Announcement {
  return {
    kind: "incident.closed",
    severity: "info",
    title: `Incident ${incident.number} of ${place(incident)} is over after ${lasted(incident, book)}`,
    ...about(incident, book),
  };
}

export function accepted(incident: Incident, book: Book): Announcement {
  return {
    kind: "incident.accepted",
    severity: "info",
    title: `Incident ${incident.number} of ${place(incident)}: what began ${lasted(incident, book)} ago counts as normal now`,
    ...about(incident, book),
  };
}

export function heldBack(incident: Incident, book: Book): Announcement {
  return {
    kind: "incident.held-back",
    severity: "info",
    title: `No alarm, because ${brief(book.perDay)} a day are asked for: ${titleOf(incident)}${others(incident)}`,
    ...about(incident, book),
  };
}

export function learning(group: string, learningUs: number): Announcement {
  return {
    kind: "incident.learning",
    severity: "info",
    group,
    title: `${group}: learning what is usual, alarms begin in about ${minutes(learningUs)}`,
    detail: { learningUs },
  };
}

export function watching(timeUs: number): Announcement {
  return {
    kind: "incident.watching",
    severity: "info",
    title: "Watching: what is usual is known, alarms begin now",
    detail: { atUs: timeUs },
  };
}

function about(incident: Incident, book: Book): Pick<Announcement, "group" | "channels" | "detail"> {
  const { findings, sinceUs, number, group } = incident;
  const size = sizeOf(incident);
  const symptoms = leading(incident);
  return {
    group,
    channels: channelsOf(incident).slice(0, CHANNELS_NAMED),
    detail: {
      atUs: book.nowUs,
      incident: number,
      sinceUs,
      lastedUs: lastedUs(incident, book),
      effect: size.effect,
      breadth: size.breadth,
      evidence: symptoms.reduce((most, { evidence }) => Math.max(most, evidence), 0),
      importance: importanceOf(size),
      findings,
      events: symptoms
        .slice(0, EVENTS_NAMED)
        .map(({ eventId }) => eventId)
        .join(" "),
      heldBack: book.heldBack,
    },
  };
}

function titleOf(incident: Incident): string {
  return leading(incident)[0]?.title ?? incident.group;
}

function others(incident: Incident): string {
  const more = channelsOf(incident).length - 1;
  return more < 1 ? "" : `, and ${more} more ${more === 1 ? "channel" : "channels"}`;
}

function place(incident: Incident): string {
  return channelsOf(incident)[0] ?? incident.group;
}

function lastedUs({ sinceUs, quietSinceUs }: Incident, { nowUs }: Book): number {
  return (quietSinceUs ?? nowUs) - sinceUs;
}

function lasted(incident: Incident, book: Book): string {
  return spanText(lastedUs(incident, book));
}

function minutes(us: number): string {
  return us < 60_000_000 ? spanText(us) : `${Math.round(us / 60_000_000)} minutes`;
}

const SPANS: readonly [us: number, unit: string][] = [
  [86_400_000_000, "days"],
  [3_600_000_000, "hours"],
  [60_000_000, "min"],
  [1_000_000, "s"],
];

/** "12 s", "3.5 min": two digits are enough to act on. */
function spanText(us: number): string {
  const [unitUs, unit] = SPANS.find(([size]) => us >= 2 * size) ?? [1_000_000, "s"];
  const value = us / unitUs;
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} ${unit}`;
}
