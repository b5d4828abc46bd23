/**
 * One threshold and its alert.
 *
 *   waiting ─seen─► inactive ─beyond─► pending ─dwelt─► firing ─back─► resolved ─beyond─► pending …
 *                      ▲                  │
 *                      └───────back───────┘            without a dwell time `pending` is passed over
 *
 * T1  It fires when the value was beyond the level in every row for the dwell time, and resolves when the value is beyond the level that clears.
 * T2  The first person to acknowledge a firing alert did; a later acknowledgement changes nothing.
 * T3  A threshold that has seen no value for UNSEEN_US says so, once.
 *
 * Samples do not come here: the detector compares them (detector.ts). What people are told is decided by the machine of all alerts (machine.ts).
 */
import { assign, setup } from "xstate";
import { actorActions, announces } from "../machine-actions.ts";
import {
  acknowledged,
  assigned,
  firedTitle,
  resolvedTitle,
  snoozed,
  unseen,
  withoutMeasure,
} from "./announcements.ts";
import type { AlertsSignal, ThresholdSignal } from "./signals.ts";
import type { ThresholdContext, ThresholdInput } from "./threshold-context.ts";

/** Feeds declare their channels within seconds of a start, and send values soon after. */
const UNSEEN_US = 60_000_000;

interface Of {
  readonly context: ThresholdContext;
  readonly event: ThresholdSignal;
}

const tellFired = (isAgain: boolean) =>
  ({
    type: "tell",
    params: ({ context, event: { timeUs } }: Of): AlertsSignal => {
      const { threshold, value, sinceUs, snoozedUntilUs } = context;
      const { id, of, severity, objective, level } = threshold;
      return {
        type: "fired",
        timeUs,
        id,
        group: of.group,
        channel: "channel" in of ? of.channel : "",
        severity,
        title: firedTitle(context),
        value: value!,
        level: objective?.burnRate ?? level,
        sinceUs: sinceUs!,
        isSnoozed: snoozedUntilUs !== null,
        isAgain,
      };
    },
  }) as const;

const tellEnded = {
  type: "tell",
  params: ({ context, event }: Of): AlertsSignal => {
    const reason = event.type === "withdrawn" ? event.reason : "";
    const title = resolvedTitle(context, reason, event.timeUs);
    return { type: "ended", timeUs: event.timeUs, id: context.threshold.id, title, value: context.value! };
  },
} as const;

const begin = [{ type: "found" }, { type: "since" }] as const;

const fire = [{ type: "found" }, { type: "fire" }, tellFired(false)] as const;

/** To `firing` at once without a dwell time, else to `pending`. */
const beyond = [
  { guard: "isImmediate", target: "firing", actions: [...begin, ...fire] },
  { target: "pending", actions: [...begin] },
] as const;

export const thresholdMachine = setup({
  types: {
    context: {} as ThresholdContext,
    input: {} as ThresholdInput,
    events: {} as ThresholdSignal,
  },
  actions: {
    ...actorActions,
    tell: (_: unknown, _params: AlertsSignal) => {},
    found: assign(({ event, context }) => {
      if (event.type !== "beyond" && event.type !== "dwelt" && event.type !== "back") return context;
      const { value, label, unit } = event;
      return { value, label, unit };
    }),
    since: assign({ sinceUs: ({ event }) => event.timeUs }),
    notSince: assign({ sinceUs: null }),
    fire: assign({
      firedUs: ({ event }) => event.timeUs,
      resolvedUs: null,
      acknowledged: null,
    }),
    resolve: assign({ sinceUs: null, resolvedUs: ({ event }) => event.timeUs }),
    acknowledge: assign(({ event, context }) =>
      event.type === "acknowledged"
        ? { acknowledged: { by: event.by, atUs: event.timeUs, note: event.note } }
        : context,
    ),
    assignTo: assign(({ event, context }) => {
      if (event.type !== "assigned") return context;
      return { assigned: event.to === "" ? null : { by: event.by, to: event.to } };
    }),
    snooze: assign(({ event, context }) => {
      if (event.type !== "snoozed") return context;
      return { snoozedUntilUs: event.untilUs > event.timeUs ? event.untilUs : null };
    }),
    wake: assign({ snoozedUntilUs: null }),
    report: assign({ isReported: true }),
  },
  guards: {
    isImmediate: ({ context }) => context.threshold.dwellSeconds === 0,
    isFree: ({ context }) => context.acknowledged === null,
    endsSnooze: ({ event }) => event.type === "snoozed" && event.untilUs <= event.timeUs,
    isSnoozed: ({ context }) => context.snoozedUntilUs !== null,
  },
}).createMachine({
  id: "threshold",
  context: ({ input }) => ({
    ...input,
    sinceUs: null,
    firedUs: null,
    resolvedUs: null,
    value: null,
    label: "",
    unit: "",
    acknowledged: null,
    assigned: null,
    snoozedUntilUs: null,
    isReported: false,
  }),
  initial: "waiting",
  on: {
    assigned: {
      actions: [
        announces((event: Of["event"], context: ThresholdContext) => assigned(event, context)),
        "assignTo",
      ],
    },
    snoozed: [
      {
        guard: "endsSnooze",
        actions: [
          announces((event: Of["event"], context: ThresholdContext) => snoozed(event, context)),
          "snooze",
          { type: "timer.cancel", params: { id: "snooze" } },
        ],
      },
      {
        actions: [
          announces((event: Of["event"], context: ThresholdContext) => snoozed(event, context)),
          "snooze",
          {
            type: "timer.start",
            params: ({ event }: Of) => ({
              id: "snooze",
              delayUs: event.type === "snoozed" ? event.untilUs - event.timeUs : 0,
            }),
          },
        ],
      },
    ],
    "timer.snooze": { actions: "wake" },
  },
  states: {
    waiting: {
      entry: { type: "timer.start", params: { id: "unseen", delayUs: UNSEEN_US } },
      exit: { type: "timer.cancel", params: { id: "unseen" } },
      on: {
        seen: "inactive",
        missing: {
          actions: [
            announces((event: Of["event"], context: ThresholdContext) => withoutMeasure(event, context)),
            "report",
            { type: "timer.cancel", params: { id: "unseen" } },
          ],
        },
        "timer.unseen": {
          actions: [
            announces((event: Of["event"], context: ThresholdContext) => unseen(event, context)),
            "report",
          ],
        },
      },
    },
    inactive: { on: { beyond } },
    pending: {
      on: {
        back: { target: "inactive", actions: ["found", "notSince"] },
        dwelt: { target: "firing", actions: [...fire] },
      },
    },
    firing: {
      on: {
        back: { target: "resolved", actions: ["found", tellEnded, "resolve"] },
        withdrawn: { target: "resolved", actions: [tellEnded, "resolve"] },
        acknowledged: {
          guard: "isFree",
          actions: [
            announces((event: Of["event"], context: ThresholdContext) => acknowledged(event, context)),
            "acknowledge",
          ],
        },
        // It was told before somebody snoozed it, and nobody has taken it on since.
        "timer.snooze": [{ guard: "isFree", actions: ["wake", tellFired(true)] }, { actions: "wake" }],
      },
    },
    resolved: { on: { beyond } },
  },
});
