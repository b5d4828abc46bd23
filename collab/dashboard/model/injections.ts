/**
 * Disturbances that somebody laid over the data, as the session's events tell of them: nobody is to take them for real.
 */
import type { InjectionUnderWay } from "../../../protocol/controls.ts";
import type { EventMessage } from "../../../protocol/messages.ts";

export interface Injection {
  /** Sequence of the event that told of its begin (0: it was not seen), and of its end once that came. */
  readonly sequence: number;
  readonly endSequence: number | null;
  readonly group: string;
  readonly channels: ReadonlySet<string>;
  /** "flash-crash ×2" */
  readonly what: string;
  readonly author: string;
  /** Times of the samples that are not real. */
  readonly fromUs: number;
  readonly untilUs: number;
}

/** What is known after one more event; the same list when the event is about something else. */
export function injectionsAfter(known: readonly Injection[], event: EventMessage): readonly Injection[] {
  if (event.kind === "injection.started") {
    const started = read(event);
    return [...known.filter((each) => each.sequence > 0 || !isSame(each, started)), started];
  }
  if (event.kind !== "injection.ended") return known;
  const ended = read(event);
  const begun = known.find((each) => each.endSequence === null && isSame(each, ended));
  // Of one that began before the first event the page has, the end tells all as well.
  const closed = { ...(begun ?? ended), endSequence: event.sequence };
  return [...known.filter((each) => each !== begun), closed];
}

/** What is known with those that were under way when the page came. */
export function injectionsWith(
  known: readonly Injection[],
  underWay: readonly InjectionUnderWay[],
): readonly Injection[] {
  const unseen = underWay
    .map((each) => read({ ...each, sequence: 0, timeUs: 0 }))
    .filter((each) => !known.some((other) => isSame(other, each)));
  return unseen.length === 0 ? known : [...known, ...unseen];
}

function isSame(a: Injection, b: Injection): boolean {
  return a.what === b.what && a.fromUs === b.fromUs && a.group === b.group;
}

/** What is known when all events behind `sequence` count no more. */
export function injectionsUpTo(known: readonly Injection[], sequence: number): readonly Injection[] {
  return known
    .filter((each) => each.sequence <= sequence)
    .map((each) => ((each.endSequence ?? 0) > sequence ? { ...each, endSequence: null } : each));
}

/** The end is told with the first frame behind it: a session without data for longer than this has lost it. */
const LATE_US = 5_000_000;

/** Whether samples of now are disturbed by it. */
export function isActive(injection: Injection, headUs: number): boolean {
  return injection.endSequence === null && !(headUs > injection.untilUs + LATE_US);
}

function read({
  sequence,
  group,
  channels,
  timeUs,
  detail,
}: InjectionUnderWay & Pick<EventMessage, "sequence" | "timeUs">): Injection {
  const { scenario, strength, fromUs, untilUs, author } = detail;
  return {
    sequence,
    endSequence: null,
    group,
    channels: new Set(channels),
    what: `${scenario ?? "something"} ×${strength ?? "?"}`,
    author: String(author ?? ""),
    fromUs: typeof fromUs === "number" ? fromUs : timeUs,
    untilUs: typeof untilUs === "number" ? untilUs : timeUs,
  };
}
