/**
 * The actions that every machine may use, and the type of a complete transition table.
 *
 * The actions do nothing here: the core collects them as data and performs them (actors/ports/detector.ts).
 */
import type { Announcement } from "../ports/detector.ts";

export const actorActions = {
  announce: (_: unknown, _params: Announcement) => {},
  "timer.start": (_: unknown, _params: { id: string; delayUs: number }) => {},
  "timer.cancel": (_: unknown, _params: { id: string }) => {},
};

/** The action `announce`, composed from the signal and the machine's context. */
export function announces<Event, Context>(compose: (event: Event, context: Context) => Announcement) {
  return {
    type: "announce",
    params: ({ event, context }: { event: Event; context: Context }) => compose(event, context),
  } as const;
}

/** This signal changes nothing in this state. */
export const ignored = {};

/** One entry for each signal: with `satisfies CompleteRow<Event>` a missing one is a type error. */
export type CompleteRow<Event extends { type: string }> = { [Type in Event["type"]]: unknown };
