/**
 * The machine of a detector that finds things which last: each is announced when it begins, when there is more of it, and when it is over.
 *
 *   watching ─found, not open─► watching, announced: opened
 *            ─found, open─────► watching, announced: grew
 *            ─over, open──────► watching, announced: ended
 *            ─over, not open──► watching
 *
 * F1  Of one key, begin and end alternate.
 * F2  At most MOST_OPEN things are open; a further one is announced when one of them is over and it is found again.
 *
 * Events are of the kinds ACTOR.WHAT and ACTOR.WHAT-over; `what` is that of the signal, "found" by default. Whatever else a signal carries is in the
 * event's detail.
 */
import { assign, setup } from "xstate";
import type { Announcement, Signal } from "../ports/detector.ts";
import { actorActions, announces, type CompleteRow } from "./machine-actions.ts";

export const MOST_OPEN = 256;

/** Something is found, for the first time or again. */
export interface Found extends Signal {
  readonly type: "found";
  /** Of the thing, unique while it lasts: "c0/spread". */
  readonly key: string;
  /** One plain sentence. */
  readonly title: string;
  /** The channels that it is about, the most important one first. */
  readonly channels: readonly string[];
  /** Its size in units of what is usual, ≥ 0. */
  readonly effect: number;
  /** Against "as usual", nats: ln of the rows between two false findings. */
  readonly evidence: number;
}

/** Something that was found is over. */
export interface Over extends Signal {
  readonly type: "over";
  readonly key: string;
  readonly title: string;
}

/** When each open thing began, logical µs, by key. */
interface Context {
  readonly actor: string;
  readonly open: Readonly<Record<string, number>>;
}

export type FindingsMachine = ReturnType<typeof findingsMachine>;

export function findingsMachine(actor: string) {
  return setup({
    types: { context: {} as Context, input: {} as { readonly group: string }, events: {} as Found | Over },
    actions: {
      ...actorActions,
      begin: assign(({ context }, { key, sinceUs }: { key: string; sinceUs: number }) =>
        Object.hasOwn(context.open, key) ? {} : { open: { ...context.open, [key]: sinceUs } },
      ),
      end: assign(({ context }, { key }: { key: string; sinceUs: number }) => {
        const { [key]: _, ...open } = context.open;
        return { open };
      }),
    },
  }).createMachine({
    id: actor,
    context: { actor, open: {} },
    initial: "watching",
    states: {
      watching: {
        on: {
          found: {
            guard: ({ context: { open }, event }: Heard) =>
              Object.hasOwn(open, event.key) || Object.keys(open).length < MOST_OPEN,
            actions: [announces(found), { type: "begin", params: thingOf }],
          },
          over: {
            guard: ({ context: { open }, event }: Heard) => Object.hasOwn(open, event.key),
            actions: [announces(over), { type: "end", params: thingOf }],
          },
        } as const satisfies CompleteRow<Found | Over>,
      },
    },
  });
}

interface Heard {
  readonly context: Context;
  readonly event: Found | Over;
}

function thingOf({ event: { key, timeUs } }: Pick<Heard, "event">): { key: string; sinceUs: number } {
  return { key, sinceUs: timeUs };
}

function found(signal: Found, { actor, open }: Context): Announcement {
  const { key, title, channels, effect, evidence, timeUs } = signal;
  const sinceUs = sinceOf(open, key) ?? timeUs;
  return {
    kind: `${actor}.${whatOf(signal)}`,
    severity: "info",
    title,
    channels,
    detail: { ...detailOf(signal), effect, evidence, sinceUs },
    finding: { key, phase: Object.hasOwn(open, key) ? "grew" : "opened", sinceUs, effect, evidence },
  };
}

function over(signal: Over, { actor, open }: Context): Announcement {
  const { key, title, timeUs } = signal;
  const sinceUs = sinceOf(open, key) ?? timeUs;
  return {
    kind: `${actor}.${whatOf(signal)}-over`,
    severity: "info",
    title,
    detail: { ...detailOf(signal), lastedUs: timeUs - sinceUs, sinceUs },
    finding: { key, phase: "ended", sinceUs, effect: 0, evidence: 0 },
  };
}

/** A key may be the name of something that every object has, such as "constructor". */
function sinceOf(open: Context["open"], key: string): number | undefined {
  return Object.hasOwn(open, key) ? open[key] : undefined;
}

function whatOf({ what }: Signal): string {
  return typeof what === "string" ? what : "found";
}

const NO_DETAIL: readonly string[] = ["type", "timeUs", "key", "what", "title", "channels"];

function detailOf(signal: Signal): Record<string, string | number | boolean | null> {
  const given = Object.entries(signal).filter(
    ([name, value]) => !NO_DETAIL.includes(name) && (value === null || typeof value !== "object"),
  );
  // No assignment: to `__proto__` it does nothing in Node, and makes a field in Deno.
  return { atUs: signal.timeUs, ...Object.fromEntries(given) };
}
