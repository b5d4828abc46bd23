/**
 * The actions every machine may use, and how a complete transition table is written.
 *
 * The actions do nothing here: whoever drives a machine collects them as data and acts (actors/ports/detector.ts).
 */
import type { Announcement } from "../ports/detector.ts";

export const actorActions = {
  announce: (_: unknown, _params: Announcement) => {},
  kernel: (_: unknown, _params: { do: string }) => {},
  "timer.start": (_: unknown, _params: { id: string; delayUs: number }) => {},
  "timer.cancel": (_: unknown, _params: { id: string }) => {},
};

/** The action `announce`, composed from the signal and the group of the machine's context. */
export function announces<Event>(compose: (event: Event, group: string) => Announcement) {
  return {
    type: "announce",
    params: ({ event, context }: { event: Event; context: { readonly group: string } }) =>
      compose(event, context.group),
  } as const;
}

/** This signal changes nothing in this state, and that is meant. */
export const ignored = {};

/** One entry for each signal: `satisfies CompleteRow<Event>` makes a forgotten one an error. */
export type CompleteRow<Event extends { type: string }> = { [Type in Event["type"]]: unknown };

/** Four significant digits for sentences; details carry the full number. */
export function brief(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(0);
  if (size >= 100) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  return value.toFixed(3);
}

/** "a", "a and b", "a, b and 3 more". */
export function listed(names: readonly string[], shown = 3): string {
  if (names.length <= 1) return names[0] ?? "";
  if (names.length <= shown) return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
  return `${names.slice(0, shown - 1).join(", ")} and ${names.length - shown + 1} more`;
}
