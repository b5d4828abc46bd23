/**
 * Synthetic events that people injected into the data, as the session's events report them. Charts mark them, so that nobody takes
 * them for real.
 */
import { INJECTION_ENDED, INJECTION_STARTED, type InjectionUnderWay } from "../../../protocol/controls.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import { partitionOfEvent } from "../../event-order.ts";

export interface Injection {
  /** Sequences of the events that report its begin (0: that event is unknown) and its end (null: not yet). */
  readonly sequence: number;
  readonly endSequence: number | null;
  /** The partition of these events; "" where it is unknown. */
  readonly partition: string;
  readonly group: string;
  readonly channels: ReadonlySet<string>;
  /** "flash-crash ×2" */
  readonly what: string;
  readonly author: string;
  /** The samples in this interval are not real. */
  readonly fromUs: number;
  readonly untilUs: number;
}

/** The injections after one more event. Returns the same list for an event about something else. */
export function injectionsAfter(known: readonly Injection[], event: EventMessage): readonly Injection[] {
  if (event.kind === INJECTION_STARTED) {
    const started = read(event, partitionOfEvent(event));
    return [...known.filter((each) => each.sequence > 0 || !isSame(each, started)), started];
  }
  if (event.kind !== INJECTION_ENDED) return known;
  const ended = read(event, partitionOfEvent(event));
  const begun = known.find((each) => each.endSequence === null && isSame(each, ended));
  // Its begin may be older than the page's first event: the event of its end has the same details.
  const closed = { ...(begun ?? ended), partition: ended.partition, endSequence: event.sequence };
  return [...known.filter((each) => each !== begun), closed];
}

/** The injections with those that were active when the page opened. Returns the same list when all are known. */
export function injectionsWith(
  known: readonly Injection[],
  underWay: readonly InjectionUnderWay[],
  partitionOf: (group: string) => string,
): readonly Injection[] {
  return underWay
    .map((each) => read({ ...each, sequence: 0, timeUs: 0 }, partitionOf(each.group)))
    .reduce((list, each) => (list.some((other) => isSame(other, each)) ? list : [...list, each]), known);
}

function isSame(a: Injection, b: Injection): boolean {
  return a.what === b.what && a.fromUs === b.fromUs && a.group === b.group;
}

/** The injections without the events of a partition after `sequence`. */
export function injectionsUpTo(
  known: readonly Injection[],
  sequence: number,
  partition: string,
): readonly Injection[] {
  return known
    .filter((each) => each.partition !== partition || each.sequence <= sequence)
    .map((each) =>
      each.partition === partition && (each.endSequence ?? 0) > sequence
        ? { ...each, endSequence: null }
        : each,
    );
}

/** The session reports the end with the first frame after it. Without data for longer than this, the end counts as reached. */
const LATE_US = 5_000_000;

/** Whether it still disturbs new samples. */
export function isActive(injection: Injection, headUs: number): boolean {
  return injection.endSequence === null && !(headUs > injection.untilUs + LATE_US);
}

function read(
  {
    sequence,
    group,
    channels,
    timeUs,
    detail,
  }: InjectionUnderWay & Pick<EventMessage, "sequence" | "timeUs">,
  partition: string,
): Injection {
  const { scenario, strength, fromUs, untilUs, author } = detail;
  return {
    sequence,
    endSequence: null,
    partition,
    group,
    channels: new Set(channels),
    what: `${scenario ?? "something"} ×${strength ?? "?"}`,
    author: String(author ?? ""),
    fromUs: typeof fromUs === "number" ? fromUs : timeUs,
    untilUs: typeof untilUs === "number" ? untilUs : timeUs,
  };
}
