/**
 * The incidents of a session: what people are alarmed about.
 *
 *   watching ──declared, to be learnt──► learning ──timer.learnt──► watching
 *
 * I1  While a new group is learnt no incident forms. Its beginning and end are announced.
 * I2  Each incident is opened once, then closed or accepted once; in between it may grow and ease.
 * I3  No incident without a finding. Incidents open within the budget (budget.ts); those beyond it are announced once, as held back.
 * I4  A timer is pending whenever time alone can change an incident.
 * I5  The first person to acknowledge an incident did; a later acknowledgement changes nothing, nor does what is asked of an incident that is over.
 * I6  A machine that takes the place of another goes on with its numbers, its budget, and the incidents that people were told of: their findings are over.
 *
 * When the findings of an instant are complete, for time went on or a later finding came, the machine takes the steps that the book asks for (book.ts), one by one, and announces each.
 */
import { assign, setup } from "xstate";
import type { Care } from "../../../protocol/controls.ts";
import { actorActions, announces, type CompleteRow, ignored } from "../machine-actions.ts";
import {
  accepted,
  caredFor,
  closed,
  easing,
  grew,
  heldBack,
  learning,
  opened,
  watching,
} from "./announcements.ts";
import {
  advanced,
  type Book,
  cared,
  complete,
  dueUs,
  gathered,
  incidentOf,
  type Legacy,
  nextStep,
  over,
  type StepName,
  stepped,
} from "./book.ts";
import type { Incident } from "./incident.ts";
import { type CareSignal, type Found, type IncidentsSignal, isOf } from "./signals.ts";

type AllSignals = CompleteRow<IncidentsSignal>;

interface IncidentsContext extends Book {
  /** When the pending timer fires; null without one. */
  readonly timerUs: number | null;
  /** The declared groups and what their actors depend on. */
  readonly groups: Readonly<Record<string, string>>;
}

type Forgotten = Extract<IncidentsSignal, { type: "forgotten" }>;
type Declared = Extract<IncidentsSignal, { type: "declared" }>;

const advance = { type: "advance", params: ({ event }: { event: { timeUs: number } }) => event } as const;
const forget = { type: "forget", params: ({ event }: { event: Forgotten }) => event } as const;
/** The actors of a group that was declared anew are fresh. */
const replace = [
  advance,
  {
    type: "forget",
    params: ({ event }: { event: Declared }) => ({ group: event.group, actor: "" }),
  },
  { type: "declare", params: ({ event }: { event: Declared }) => event },
] as const;
const announceLearning = announces((event: Declared) => learning(event.group, event.learningUs));
const startLearning = {
  type: "timer.start",
  params: ({ event }: { event: Declared }) => ({ id: "learnt", delayUs: event.learningUs }),
} as const;
const allow = {
  type: "allow",
  params: ({ event }: { event: { perDay: number } }) => event,
} as const;
const timerFired = { type: "timerFired" } as const;
const find = (mayForm: boolean) =>
  ({ type: "gather", params: ({ event }: { event: Found }) => ({ found: event, mayForm }) }) as const;
/** A person does something about an incident. */
const care = [
  advance,
  announces((event: CareSignal, context: IncidentsContext) => caredFor(event, context)),
  { type: "care", params: ({ event }: { event: CareSignal }) => event },
] as const;
const caredForByPeople = {
  acknowledged: { guard: "isFree", actions: care },
  assigned: { guard: "isThere", actions: care },
  snoozed: { guard: "isThere", actions: care },
} as const;

/** Announces the incident of the next step as it is before, or as it is after the step. */
function tells(
  name: StepName,
  compose: (incident: Incident, book: Book, before: Incident) => ReturnType<typeof opened>,
) {
  return {
    guard: { type: "isNext", params: { name } },
    actions: [
      {
        type: "announce",
        params: ({ context }: { context: IncidentsContext }) => {
          const step = nextStep(context)!;
          const book = stepped(context, step);
          const isOver = book.incidents.length < context.incidents.length;
          const before = context.incidents[step.at]!;
          return compose(isOver ? before : book.incidents[step.at]!, book, before);
        },
      },
      "step",
    ],
  } as const;
}

/** Taken one by one after every signal, until none applies. */
const steps = [
  tells("open", opened),
  tells("release", opened),
  tells("hold", heldBack),
  tells("grow", grew),
  tells("ease", easing),
  tells("close", closed),
  tells("accept", accepted),
  ...(["rest", "resume", "forget"] as const).map(
    (name) => ({ guard: { type: "isNext", params: { name } }, actions: "step" }) as const,
  ),
  {
    guard: "timerIsLate",
    actions: [
      {
        type: "timer.start",
        params: ({ context }: { context: IncidentsContext }) => ({
          id: "due",
          delayUs: dueUs(context)! - context.nowUs,
        }),
      },
      "timerStarted",
    ],
  },
] as const;

export const incidentsMachine = setup({
  types: {
    context: {} as IncidentsContext,
    input: {} as { readonly perDay: number; readonly left?: Legacy },
    events: {} as IncidentsSignal,
  },
  actions: {
    ...actorActions,
    advance: assign(({ context }, { timeUs }: { timeUs: number }) => advanced(context, timeUs)),
    gather: assign(({ context }, { found, mayForm }: { found: Found; mayForm: boolean }) =>
      gathered(context, found, mayForm),
    ),
    forget: assign(({ context }, { group, actor }: { group: string; actor: string }) =>
      over(context, (key) => isOf(key, group, actor), false),
    ),
    declare: assign(({ context }, { group, traits }: Declared) => ({
      groups: { ...context.groups, [group]: traits },
    })),
    allow: assign((_, { perDay }: { perDay: number }) => ({ perDay })),
    care: assign(({ context }, signal: CareSignal) => cared(context, signal.number, careOf(signal))),
    step: assign(({ context }) => stepped(context, nextStep(context)!)),
    complete: assign(({ context }) => complete(context)),
    timerFired: assign({ timerUs: null }),
    timerStarted: assign({ timerUs: ({ context }) => dueUs(context) }),
  },
  guards: {
    isNext: ({ context }, { name }: { name: StepName }) => nextStep(context)?.name === name,
    timerIsLate: ({ context }) => {
      const due = dueUs(context);
      return due !== null && (context.timerUs === null || context.timerUs > due);
    },
    isThere: ({ context, event }) => isCare(event) && incidentOf(context, event.number) !== undefined,
    isFree: ({ context, event }) => isCare(event) && incidentOf(context, event.number)?.acknowledged === null,
    isKnown: ({ context, event }) =>
      event.type === "declared" && context.groups[event.group] === event.traits,
    mustLearn: ({ event }) => event.type === "declared" && event.learningUs > 0,
  },
}).createMachine({
  id: "incidents",
  context: ({ input }) => ({
    perDay: input.perDay,
    owed: 0,
    told: [],
    nowUs: 0,
    incidents: [],
    opened: 0,
    heldBack: 0,
    isGathering: false,
    timerUs: null,
    groups: {},
    ...input.left,
  }),
  initial: "watching",
  states: {
    watching: {
      on: {
        found: { actions: [advance, find(true)] },
        complete: { actions: "complete" },
        forgotten: { actions: [advance, forget] },
        allowed: { actions: [advance, allow] },
        ...caredForByPeople,
        declared: [
          { guard: "isKnown", actions: advance },
          { guard: "mustLearn", target: "learning", actions: [...replace, announceLearning, startLearning] },
          { actions: replace },
        ],
        "timer.due": { actions: [timerFired, advance, "complete"] },
        "timer.learnt": ignored,
      } as const satisfies AllSignals,
      always: steps,
    },
    learning: {
      on: {
        found: { actions: [advance, find(false)] },
        complete: { actions: "complete" },
        forgotten: { actions: [advance, forget] },
        allowed: { actions: [advance, allow] },
        ...caredForByPeople,
        declared: [
          { guard: "isKnown", actions: advance },
          { guard: "mustLearn", actions: [...replace, startLearning] },
          { actions: replace },
        ],
        "timer.due": { actions: [timerFired, advance, "complete"] },
        "timer.learnt": {
          target: "watching",
          actions: [advance, announces((event: { timeUs: number }) => watching(event.timeUs))],
        },
      } as const satisfies AllSignals,
      always: steps,
    },
  },
});

function isCare(event: IncidentsSignal): event is CareSignal {
  return event.type === "acknowledged" || event.type === "assigned" || event.type === "snoozed";
}

function careOf(signal: CareSignal): Partial<Care> {
  const { type, by, timeUs } = signal;
  switch (type) {
    case "acknowledged":
      return { acknowledged: { by, atUs: timeUs, note: signal.note } };
    case "assigned":
      return { assigned: signal.to === "" ? null : { by, to: signal.to } };
    case "snoozed":
      return { snoozedUntilUs: signal.untilUs > timeUs ? signal.untilUs : null };
    default:
      return unreachable(type);
  }
}

function unreachable(type: never): never {
  throw new Error(`unknown signal ${String(type)}`);
}
