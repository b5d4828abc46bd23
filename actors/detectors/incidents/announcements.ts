/** The wording of the events of incidents: title, severity and details of each. */
import type { Announcement } from "../../ports/detector.ts";
import { brief, duration } from "../event-wording.ts";
import { type Book, incidentOf } from "./book.ts";
import { demanded } from "./budget.ts";
import { channelsOf, type Incident, leading, news, sizeOf } from "./incident.ts";
import { severityOf } from "./magnitude.ts";
import { priorityOf } from "./priority.ts";
import type { CareSignal } from "./signals.ts";

/** Channels named in an event. */
const CHANNELS_NAMED = 8;
/** Ids of events of findings in an event. */
const EVENTS_NAMED = 8;

export function opened(incident: Incident, book: Book): Announcement {
  return {
    kind: "incident.opened",
    severity: severityOf(sizeOf(incident)),
    title: `${titleOf(incident)}${others(incident)}${lastedUs(incident, book) > 0 ? `, for ${lasted(incident, book)}` : ""}`,
    ...about(incident, book),
  };
}

/** `before`: the incident whose new symptoms are not announced yet. */
export function grew(incident: Incident, book: Book, before: Incident): Announcement {
  const added = news(before);
  const isWider = added.symptoms.length > 0;
  const what = isWider ? `${titleOf(added)}${others(added)}` : `${titleOf(incident)}${others(incident)}`;
  return {
    kind: "incident.grew",
    severity: severityOf(sizeOf(incident)),
    title: `Incident ${incident.number} grew, for ${lasted(incident, book)} now: ${what}`,
    ...about(incident, book),
    channels: [...new Set([...channelsOf(added), ...channelsOf(incident)])].slice(0, CHANNELS_NAMED),
  };
}

export function easing(incident: Incident, book: Book): Announcement {
  return told(
    "incident.eased",
    `${numbered(incident)} has eased after ${lasted(incident, book)}`,
    incident,
    book,
  );
}

export function closed(incident: Incident, book: Book): Announcement {
  return told(
    "incident.closed",
    `${numbered(incident)} is over after ${lasted(incident, book)}`,
    incident,
    book,
  );
}

export function accepted(incident: Incident, book: Book): Announcement {
  const title = `${numbered(incident)}: what began ${lasted(incident, book)} ago counts as normal now`;
  return told("incident.accepted", title, incident, book);
}

export function heldBack(incident: Incident, book: Book): Announcement {
  const { severity, confidence, novelty, priority } = priorityOf(incident, book);
  const needed = demanded(book);
  const parts = `${brief(severity)} severity × ${brief(confidence)} confidence × ${brief(novelty)} novelty`;
  const why = `priority ${brief(priority)} (${parts}), ${brief(needed)} needed for ${Number(book.perDay.toPrecision(3))} a day`;
  const title = `No alarm, ${why}: ${titleOf(incident)}${others(incident)}`;
  const said = told("incident.held-back", title, incident, book);
  return { ...said, detail: { ...said.detail, needed } };
}

/** What a person did about an incident. */
export function caredFor(signal: CareSignal, book: Book): Announcement {
  const { by, number } = signal;
  const incident = incidentOf(book, number)!;
  const name = `incident ${number} of ${place(incident)}`;
  const said = (kind: string, title: string, fields: NonNullable<Announcement["detail"]>): Announcement => {
    const announcement = told(kind, title, incident, book);
    return { ...announcement, detail: { ...announcement.detail, author: by, ...fields } };
  };
  switch (signal.type) {
    case "acknowledged": {
      const { note } = signal;
      const why = note === "" ? "" : `: ${note}`;
      return said("incident.acknowledged", `${by} acknowledged ${name}${why}`, { note });
    }
    case "assigned": {
      const { to } = signal;
      return said("incident.assigned", `${by} assigned ${name} to ${to === "" ? "nobody" : to}`, { to });
    }
    case "snoozed": {
      const { untilUs, timeUs } = signal;
      const title =
        untilUs > timeUs
          ? `${by} snoozed ${name} for ${duration(untilUs - timeUs)}`
          : `${by} ended the snooze of ${name}`;
      return said("incident.snoozed", title, { untilUs });
    }
    default:
      return unreachable(signal);
  }
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

/** What people may know of an incident, and need not act on. */
function told(kind: string, title: string, incident: Incident, book: Book): Announcement {
  return { kind, severity: "info", title, ...about(incident, book) };
}

function numbered(incident: Incident): string {
  return `Incident ${incident.number} of ${place(incident)}`;
}

function about(incident: Incident, book: Book): Pick<Announcement, "group" | "channels" | "detail"> {
  const { findings, sinceUs, number, group } = incident;
  const size = sizeOf(incident);
  const symptoms = leading(incident);
  const { severity, confidence, novelty, priority } = priorityOf(incident, book);
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
      priority,
      severityShare: severity,
      confidence,
      novelty,
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

/** Channels that the title does not speak of. */
function others(incident: Incident): string {
  const told = leading(incident)[0]?.channels ?? [];
  const more = channelsOf(incident).filter((name) => !told.includes(name)).length;
  return more < 1 ? "" : `, and ${more} more ${more === 1 ? "channel" : "channels"}`;
}

function place(incident: Incident): string {
  return channelsOf(incident)[0] ?? incident.group;
}

function lastedUs({ sinceUs, quietSinceUs }: Incident, { nowUs }: Book): number {
  return (quietSinceUs ?? nowUs) - sinceUs;
}

function lasted(incident: Incident, book: Book): string {
  return duration(lastedUs(incident, book));
}

function minutes(us: number): string {
  return us < 60_000_000 ? duration(us) : `${Math.round(us / 60_000_000)} minutes`;
}

function unreachable(signal: never): never {
  throw new Error(`unknown signal ${JSON.stringify(signal)}`);
}
