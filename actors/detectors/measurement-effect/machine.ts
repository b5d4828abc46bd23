/**
 * Marked events of one group, and what follows from how the state changed around them.
 *
 *   watching ─marked────► watching              it waits for the rows after it
 *            ─measured──► watching, announced   one event: by how much, and p; a type of events: found once, when its evidence is enough
 *            ─unmeasured► watching, announced
 *
 * E1  Each marked event is measured or unmeasured once, in the order of their times. Beyond MARKS_MAX that wait, the one that is farthest ahead is
 *     unmeasured at once, so none holds its place for ever.
 * E2  The evidence of a type is the product of the e-values of its events: while p-values are uniform it stays below 1/a with probability 1 − a,
 *     whenever one looks. Types are found by e-LOND in the order of their first events: of all found ones at most the share
 *     `falseDiscoveryShare` is expected to be false, however many types there are.
 */
import ln from "@stdlib/math-base-special-ln";
import { assign, setup } from "xstate";
import { eLondLevel } from "../../kernels/online-fdr.ts";
import { actorActions, announces, type CompleteRow } from "../machine-actions.ts";
import { found, measured, tooFar, unmeasured } from "./announcements.ts";
import type { EffectContext, Mark, TypeEvidence } from "./context.ts";
import type { EffectSignal, Marked, Measured, Unmeasured } from "./signals.ts";

/** Marked events that wait for their rows: a list for a day, and few enough for the state. */
const MARKS_MAX = 256;
/** Types that are judged; events of further ones are measured alone. */
const TYPES_MAX = 64;

type Said = Measured | Unmeasured;

const toldMeasured = announces((event: Measured, context: EffectContext) =>
  measured(event, markOf(event, context), context),
);

const learn = { type: "learn", params: ({ event }: { event: Measured }) => event } as const;
const wait = { type: "wait", params: ({ event }: { event: Marked }) => event } as const;
const finish = { type: "finish", params: ({ event }: { event: Said }) => event } as const;

export const measurementEffectMachine = setup({
  types: {
    context: {} as EffectContext,
    input: {} as Pick<EffectContext, "group" | "isDirect" | "share">,
    events: {} as EffectSignal,
  },
  actions: {
    ...actorActions,
    wait: assign(({ context }, { id, mark, title, channels, atUs }: Mark) => {
      const after = context.pending.findIndex((each) => each.atUs > atUs);
      const at = after < 0 ? context.pending.length : after;
      return { pending: context.pending.toSpliced(at, 0, { id, mark, title, channels, atUs }) };
    }),
    dropLast: assign(({ context }) => ({ pending: context.pending.slice(0, -1) })),
    finish: assign(({ context }, event: Said) => ({
      pending: context.pending.filter(({ id }) => id !== event.id),
      lastUs: Math.max(context.lastUs, markOf(event, context).atUs),
    })),
    learn: assign(({ context }, event: Measured) => ({ types: withEvidence(context, event) })),
  },
  guards: {
    isTooFar: ({ context, event }) =>
      event.type === "marked" && isFull(context) && event.atUs >= context.pending.at(-1)!.atUs,
    isFull: ({ context }) => isFull(context),
    isDiscovery: ({ context, event }) =>
      event.type === "measured" && isPending(event, context) && isDiscovery(context, event),
    isPending: ({ context, event }) => event.type !== "marked" && isPending(event, context),
  },
}).createMachine({
  id: "measurementEffect",
  context: ({ input }) => ({ ...input, pending: [], lastUs: 0, types: [] }),
  initial: "watching",
  states: {
    watching: {
      on: {
        marked: [
          { guard: "isTooFar", actions: announces((event: Marked) => tooFar(event, MARKS_MAX)) },
          {
            guard: "isFull",
            actions: [
              announces((_: Marked, { pending }: EffectContext) => tooFar(pending.at(-1)!, MARKS_MAX)),
              "dropLast",
              wait,
            ],
          },
          { actions: wait },
        ],
        measured: [
          {
            guard: "isDiscovery",
            actions: [
              toldMeasured,
              announces((event: Measured, context: EffectContext) =>
                found(evidenceOf(context, event), markOf(event, context), event, context),
              ),
              learn,
              finish,
            ],
          },
          {
            guard: "isPending",
            actions: [toldMeasured, learn, finish],
          },
        ],
        unmeasured: {
          guard: "isPending",
          actions: [
            announces((event: Unmeasured, context: EffectContext) =>
              unmeasured(event, markOf(event, context)),
            ),
            finish,
          ],
        },
      } as const satisfies CompleteRow<EffectSignal>,
    },
  },
});

function isFull({ pending }: EffectContext): boolean {
  return pending.length >= MARKS_MAX;
}

function isPending({ id }: Said, { pending }: EffectContext): boolean {
  return pending.some((each) => each.id === id);
}

function markOf({ id }: Said, { pending }: EffectContext): Mark {
  return pending.find((each) => each.id === id)!;
}

/** The evidence of the event's type with the event. */
function evidenceOf(context: EffectContext, event: Measured): TypeEvidence {
  const { mark } = markOf(event, context);
  const known = context.types.find((each) => each.mark === mark);
  const { events, evidence, isFound } = known ?? { events: 0, evidence: 0, isFound: false };
  return { mark, events: events + 1, evidence: evidence + event.evidence, isFound };
}

function isDiscovery(context: EffectContext, event: Measured): boolean {
  if (event.p === null) return false;
  const { mark, evidence, isFound } = evidenceOf(context, event);
  const known = context.types.findIndex((each) => each.mark === mark);
  const at = known < 0 ? context.types.length : known;
  if (isFound || at >= TYPES_MAX) return false;
  const before = context.types.slice(0, at).filter((each) => each.isFound).length;
  return evidence >= -ln(eLondLevel(context.share, at + 1, before));
}

function withEvidence(context: EffectContext, event: Measured): readonly TypeEvidence[] {
  if (event.p === null) return context.types;
  const now = evidenceOf(context, event);
  const learnt = { ...now, isFound: now.isFound || isDiscovery(context, event) };
  const at = context.types.findIndex(({ mark }) => mark === now.mark);
  if (at >= 0) return context.types.with(at, learnt);
  return context.types.length < TYPES_MAX ? [...context.types, learnt] : context.types;
}
