/**
 * All incidents of a session, and what is to be done with them next.
 *
 *   finding ─► gather ─► book ─► nextStep ─► step ─► book            the machine announces each step
 *
 * O1  A finding joins the incident that is about the same thing (incident.ts), else it forms one.
 * O2  `opened` is announced once and `closed` or `accepted` once. `grew` is announced when an incident is much larger than announced;
 *     `eased` once, and again only after `grew`: an incident that comes and goes stays silent.
 * O3  What people do about an incident changes nothing about what it is.
 */
import type { Care } from "../../../protocol/controls.ts";
import { demanded, LEAST_PRIORITY, refilled } from "./budget.ts";
import {
  acceptedAfterUs,
  after,
  announcedSymptoms,
  forming,
  holds,
  type Incident,
  isFresh,
  isRipe,
  isTold,
  news,
  opening,
  sharesChannel,
  sizeOf,
  untilRipeUs,
  windowUs,
  withFinding,
  withoutFindings,
} from "./incident.ts";
import { isAbove, magnitudeOf, severityOf } from "./magnitude.ts";
import { type Known, priorityOf, withTold } from "./priority.ts";
import type { Found } from "./signals.ts";

/** `nowUs`: logical time up to which the incidents are known. */
export interface Book extends Known {
  /** Forming, held, open and eased ones, oldest first. */
  readonly incidents: readonly Incident[];
  /** Opened so far. */
  readonly opened: number;
  /** Held back so far. */
  readonly heldBack: number;
  /** A finding came at `nowUs`: others of the same instant may follow, and an incident is announced with all of them. */
  readonly isGathering: boolean;
}

export type StepName =
  | "open"
  | "hold"
  | "release"
  | "grow"
  | "ease"
  | "close"
  | "accept"
  // Without an announcement.
  | "rest"
  | "resume"
  | "forget";

export interface Step {
  readonly name: StepName;
  /** Place of the incident in the book. */
  readonly at: number;
}

/** What the book leaves to the next one of its session. */
export type Legacy = Pick<Book, "incidents" | "opened" | "heldBack" | "nowUs" | "owed" | "told">;

/** Incidents that are not over. Beyond it the oldest one that was not announced is forgotten, or the finding joins the newest. */
const INCIDENTS_MAX = 16;

/** Nats by which an open incident must have grown to be announced again: four times as large. */
const GREW = 2 * Math.LN2;

/** Shortest time to the next look at an incident that lasts, µs. */
const LOOK_AGAIN_US = 1_000_000;
/** Looks at it in a persistence, at most: where rows are days apart, a look each second would be a hundred thousand from row to row. */
const LOOKS_A_PERSISTENCE = 10;

/** Numbers go on: what people do about an incident names its number. What was found is followed no longer; what nobody was told of is forgotten. */
export function legacyOf(book: Book): Legacy {
  const { opened, heldBack, nowUs, owed, told } = book;
  const incidents = over(book, () => true, false).incidents.filter(isTold);
  return { incidents, opened, heldBack, nowUs, owed, told };
}

/** The book at a later time. */
export function advanced<Kept extends Book>(book: Kept, timeUs: number): Kept {
  const elapsedUs = book.nowUs === 0 ? 0 : timeUs - book.nowUs;
  if (elapsedUs <= 0) return { ...book, nowUs: Math.max(book.nowUs, timeUs) };
  const incidents = book.incidents.map((incident) => after(incident, timeUs, elapsedUs));
  return refilled({ ...book, nowUs: timeUs, incidents }, elapsedUs);
}

/** The book with a finding: it opened, grew, ended or was accepted. `mayForm`: a new thing forms an incident, else it is left out. */
export function gathered<Kept extends Book>(book: Kept, found: Found, mayForm: boolean): Kept {
  const { phase, key } = found;
  const isOver = phase === "ended" || phase === "accepted";
  const home = isOver ? book.incidents.findIndex((each) => holds(each, key)) : homeOf(book, found);
  if (home < 0 && (isOver || !mayForm)) return book;
  if (isOver) return over(book, (each) => each === key, phase === "accepted");
  // It leaves an incident that it does not join: only one has it.
  const left = over(book, (each) => each === key && home < 0, false).incidents;
  const incidents = home < 0 ? [...roomIn(left), forming(found)] : left;
  const at = home < 0 ? incidents.length - 1 : home;
  const joined = withFinding(incidents[at]!, found, book.nowUs);
  return { ...book, incidents: incidents.with(at, joined), isGathering: true };
}

/** The book when findings are over. */
export function over<Kept extends Book>(
  book: Kept,
  isOver: (key: string) => boolean,
  isAccepted: boolean,
): Kept {
  const { nowUs } = book;
  return {
    ...book,
    incidents: book.incidents.map((each) => withoutFindings(each, isOver, isAccepted, nowUs)),
  };
}

/** The incident of a number that people were told of and that is not over. */
export function incidentOf({ incidents }: Book, number: number): Incident | undefined {
  return incidents.find((each) => each.number === number && isTold(each));
}

/** The book when a person has done something about an incident. */
export function cared<Kept extends Book>(book: Kept, number: number, care: Partial<Care>): Kept {
  const incidents = book.incidents.map((each) => (each.number === number ? { ...each, ...care } : each));
  return { ...book, incidents };
}

/** The book when the findings of an instant are complete. */
export function complete<Kept extends Book>(book: Kept): Kept {
  return { ...book, isGathering: false };
}

/** What is to be done first, or null. */
export function nextStep(book: Book): Step | null {
  if (book.isGathering) return null;
  for (let at = 0; at < book.incidents.length; at++) {
    const name = stepOf(book.incidents[at]!, book);
    if (name !== null) return { name, at };
  }
  return null;
}

function stepOf(incident: Incident, book: Book): StepName | null {
  const quietUs = incident.quietSinceUs === null ? -1 : book.nowUs - incident.quietSinceUs;
  const isActive = incident.quietSinceUs === null;
  const isOver = !isActive && quietUs >= windowUs(incident);
  switch (incident.state) {
    case "forming":
      if (isActive && isRipe(incident)) return isAffordable(incident, book) ? "open" : "hold";
      return isOver ? "forget" : null;
    case "held":
      // What lasts without anything new is how things are, announced or not.
      if (isOver || (isActive && isOld(incident, book))) return "forget";
      return isActive && isAffordable(incident, book) ? "release" : null;
    case "open":
      if (isActive) {
        if (isOld(incident, book)) return "accept";
        return incident.snoozedUntilUs === null && hasGrown(incident, book) ? "grow" : null;
      }
      if (quietUs < incident.persistenceUs) return null;
      return incident.isAnnouncedEased ? "rest" : "ease";
    case "eased":
      if (isActive) return "resume";
      if (!isOver) return null;
      return incident.isAccepted ? "accept" : "close";
    default:
      return unreachable(incident.state);
  }
}

function isOld(incident: Incident, { nowUs }: Book): boolean {
  return nowUs - incident.newestUs >= acceptedAfterUs(incident);
}

function isAffordable(incident: Incident, book: Book): boolean {
  return priorityOf(opening(incident), book).priority >= demanded(book);
}

/** Larger by far than at the last announcement, of a higher severity, or with new symptoms that would be an incident alone. */
function hasGrown(incident: Incident, book: Book): boolean {
  const { announcedMagnitude, announcedSeverity } = incident;
  const size = sizeOf(incident);
  if (magnitudeOf(size) >= announcedMagnitude + GREW || isAbove(severityOf(size), announcedSeverity))
    return true;
  const added = news(incident);
  return added.symptoms.length > 0 && priorityOf(added, book, 0).priority >= LEAST_PRIORITY;
}

/** The book after the step. */
export function stepped<Kept extends Book>(book: Kept, { name, at }: Step): Kept {
  const incident = book.incidents[at]!;
  switch (name) {
    case "open":
    case "release": {
      const opened = book.opened + 1;
      const heldBack = book.heldBack - (name === "release" ? 1 : 0);
      return {
        ...book,
        opened,
        heldBack,
        owed: book.owed + 1,
        incidents: book.incidents.with(
          at,
          announced({ ...opening(incident), state: "open", number: opened }),
        ),
      };
    }
    case "hold":
      return {
        ...book,
        heldBack: book.heldBack + 1,
        incidents: book.incidents.with(at, { ...incident, state: "held" }),
      };
    case "grow":
      return { ...book, incidents: book.incidents.with(at, announced(incident)) };
    case "ease":
    case "rest": {
      const eased: Incident = { ...incident, state: "eased", isAnnouncedEased: true };
      return { ...book, incidents: book.incidents.with(at, eased) };
    }
    case "resume":
      return { ...book, incidents: book.incidents.with(at, { ...incident, state: "open" }) };
    case "close":
    case "accept":
    case "forget": {
      const told = isTold(incident) ? withTold(book.told, incident, book.nowUs) : book.told;
      return { ...book, told, incidents: book.incidents.filter((_, k) => k !== at) };
    }
    default:
      return unreachable(name);
  }
}

/** When something of an incident is due, µs; null: never without a further finding. */
export function dueUs(book: Book): number | null {
  if (book.isGathering) return book.nowUs;
  let due = Number.POSITIVE_INFINITY;
  for (const incident of book.incidents)
    due = Math.min(
      due,
      lookAgainUs(incident, book.nowUs),
      incident.snoozedUntilUs ?? Number.POSITIVE_INFINITY,
    );
  return Number.isFinite(due) ? due : null;
}

function lookAgainUs(incident: Incident, nowUs: number): number {
  const { state, quietSinceUs, persistenceUs, lastedUs } = incident;
  if (quietSinceUs !== null) return quietSinceUs + (state === "open" ? persistenceUs : windowUs(incident));
  // A finding of a smaller effect than usual never ripens.
  if (state === "forming") return nowUs + untilRipeUs(incident);
  // Confidence grows with the logarithm of time: look again when it has lasted as long once more, and soon after new symptoms.
  const leastUs = Math.max(LOOK_AGAIN_US, persistenceUs / LOOKS_A_PERSISTENCE);
  const sinceNewest = nowUs - incident.newestUs;
  const soonUs = sinceNewest < 2 * persistenceUs ? leastUs : lastedUs;
  // What is held back is not accepted by time: it waits for the budget.
  const acceptedUs =
    state === "open" ? incident.newestUs + acceptedAfterUs(incident) - nowUs : Number.POSITIVE_INFINITY;
  return nowUs + Math.max(leastUs, Math.min(soonUs, lastedUs, acceptedUs));
}

/**
 * Place of the incident that the finding joins, −1: none. In this order: one that has the finding, one of the same group that formed just now, one with a
 * symptom on the same channel. What was not announced for long and was no news then has no claim on what is news now.
 */
function homeOf({ incidents, nowUs }: Book, found: Found): number {
  const find = (test: (incident: Incident) => boolean) => incidents.findIndex(test);
  const known = find((each) => holds(each, found.key) && (isTold(each) || isFresh(each, nowUs)));
  if (known >= 0) return known;
  const fresh = find(
    (each) => isFresh(each, nowUs) && each.group === found.group && each.quietSinceUs === null,
  );
  if (fresh >= 0) return fresh;
  const shared = find(
    (each) => each.state !== "held" && sharesChannel(each, found, nowUs) && !holds(each, found.key),
  );
  if (shared >= 0 || incidents.length < INCIDENTS_MAX || incidents.some(isForgettable)) return shared;
  return incidents.length - 1;
}

function isForgettable({ state }: Incident): boolean {
  return state === "forming" || state === "held";
}

function roomIn(incidents: readonly Incident[]): readonly Incident[] {
  if (incidents.length < INCIDENTS_MAX) return incidents;
  const at = incidents.findIndex(isForgettable);
  return incidents.filter((_, k) => k !== at);
}

function announced(incident: Incident): Incident {
  const size = sizeOf(incident);
  return {
    ...incident,
    symptoms: announcedSymptoms(incident),
    announcedMagnitude: magnitudeOf(size),
    announcedSeverity: severityOf(size),
    isAnnouncedEased: false,
  };
}

function unreachable(value: never): never {
  throw new Error(`unknown step or state ${String(value)}`);
}
