/** The wording of anomaly events: title, severity, details and finding of each. */
import type { Announcement, Finding } from "../../ports/detector.ts";
import { amount, duration, listed, range } from "../event-wording.ts";
import type { Closed, OfEpisode, Opened } from "./signals.ts";

interface Group {
  readonly group: string;
}

export function started(event: Opened, group: Group): Announcement {
  return {
    kind: "anomaly.started",
    severity: "info",
    title: `${subject(event, group)} ${seenAs(event)}`,
    ...about(event, "opened"),
    detail: { ...detailOf(event), score: event.score, expected: event.expected },
  };
}

export function stays(event: OfEpisode, group: Group): Announcement {
  return {
    kind: "anomaly.stays",
    severity: "info",
    title: `${subject(event, group)} ${staysAs(event)}`,
    ...about(event, "grew"),
    detail: detailOf(event),
  };
}

export function accepted(event: OfEpisode, group: Group): Announcement {
  const since = duration(event.timeUs - event.startedUs);
  return {
    kind: "anomaly.accepted",
    severity: "info",
    title: `${subject(event, group)} ${staysAs(event)} for ${since}; this is taken as normal now`,
    ...about(event, "accepted"),
    detail: detailOf(event),
  };
}

export function ended(event: Closed, group: Group): Announcement {
  const lastedUs = event.backUs - event.startedUs;
  // Nothing where all of it was in one row of several that are judged together.
  const after = lastedUs > 0 ? ` after ${duration(lastedUs)}` : "";
  return {
    kind: "anomaly.ended",
    severity: "info",
    title: `${subject(event, group)} ${endedAs(event)}${after}${usual(event)}`,
    ...about(event, "ended"),
    detail: { ...detailOf(event), samples: event.samples, peakScore: event.peakScore },
  };
}

function subject({ joint, view, titles }: OfEpisode, { group }: Group): string {
  if (view === "common") return `${group}: prices`;
  return joint ? `${group}: ${listed(titles)}` : (titles[0] ?? group);
}

function seenAs(event: OfEpisode): string {
  const { view, value, unit, spanUs } = event;
  if (view === "common") return movedTogether(event);
  if (event.joint) return `${unusualTogether(event)}${leading(event)}`;
  if (value === null) return "is unusual";
  const size = amount(value, unit);
  switch (view) {
    case "step":
      return `jumped by ${size}${usual(event)}`;
    case "mean":
      return `averages ${size} over ${duration(spanUs)}${usual(event)}`;
    case "shift":
      return `moved by ${size} within ${duration(spanUs)}${usual(event)}`;
    case "roughness":
      return `${value > 0 ? `varies by ${size} from row to row` : "stopped changing"}${usual(event)}`;
    case "pattern":
      return `took a course in ${duration(spanUs)} that differs by ${size} from all before${usual(event)}`;
    case "trend":
      return movesBy(event, value);
    case "lasting":
      return `stays at ${size}${usual(event)}`;
    default:
      return `is ${size}${usual(event)}`;
  }
}

function staysAs(event: OfEpisode): string {
  const { view, value, unit } = event;
  if (view === "common") return movedTogether(event);
  if (event.joint) return `${unusualTogether(event, "stay")}${leading(event)}`;
  if (value === null) return "stays unusual";
  if (view === "trend") return movesBy(event, value);
  if (view === "pattern")
    return `keeps to a course that differs by ${amount(value, unit)} from all before${usual(event)}`;
  if (view !== "roughness") return `stays at ${amount(value, unit)}${usual(event)}`;
  return value > 0
    ? `stays at changes of ${amount(value, unit)}${usual(event)}`
    : `stays as it is${usual(event)}`;
}

function movesBy(event: OfEpisode, step: number): string {
  return `${step < 0 ? "falls" : "rises"} by ${amount(Math.abs(step), event.unit)} a second${usual(event)}`;
}

/** The means of what all did, and of what they seldom do. */
function movedTogether({ value, low, high }: OfEpisode): string {
  const size = amount(Math.abs(value!), "%");
  return `${value! < 0 ? "fell" : "rose"} together, by ${size} on average (usual: ${range(low!, high!, "%")})`;
}

/** A level that added up stays when it moves no more. */
function endedAs({ joint, titles, view }: OfEpisode): string {
  if (view === "trend") return "moves as usual again";
  if (view === "common") return "move as usual again";
  return `${joint && titles.length > 1 ? "are" : "is"} normal again`;
}

/** One channel may be unusual for what the others do, and within its own range. */
function unusualTogether({ titles }: OfEpisode, verb: "be" | "stay" = "be"): string {
  const [one, several] = verb === "be" ? ["is", "are"] : ["stays", "stay"];
  return titles.length === 1 ? `${one} unusual for what the others do` : `${several} unusual together`;
}

/** The value of the channel that contributes most. */
function leading({ titles, value, low, high, unit }: OfEpisode): string {
  if (value === null || low === null || high === null) return "";
  const name = titles.length === 1 ? "" : `${titles[0]} `;
  return ` (${name}${amount(value, unit)}, usual: ${range(low, high, unit)})`;
}

function usual({ joint, low, high, unit }: OfEpisode): string {
  if (joint || (low === null && high === null)) return "";
  if (low === null) return ` (usual: at most ${amount(high!, unit)})`;
  if (high === null) return ` (usual: at least ${amount(low, unit)})`;
  return ` (usual: ${range(low, high, unit)})`;
}

function about(event: OfEpisode, phase: Finding["phase"]): Pick<Announcement, "channels" | "finding"> {
  const { channels, fingerprint, startedUs, effect, worth, view } = event;
  const adds = view === "lasting" || view === "trend";
  return {
    channels,
    finding: { key: fingerprint, phase, sinceUs: startedUs, effect, evidence: worth, adds },
  };
}

function detailOf(event: OfEpisode): NonNullable<Announcement["detail"]> {
  const { timeUs, fingerprint, view, joint, startedUs, effect, evidence, value, low, high } = event;
  return { atUs: timeUs, fingerprint, view, joint, startedUs, effect, evidence, value, low, high };
}
