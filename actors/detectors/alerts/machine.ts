/**
 * All alerts of a session: what people are told.
 *
 *   fired ─► judged (ledger.ts) ─► alert.fired: told, joined, snoozed · alert.held
 *   ended ─► alert.resolved
 *
 * A1  Each alert that fires is announced once as fired or held, and one that was held once more when it is told; then once as resolved.
 * A2  A timer is pending whenever an alert is held back: it is told as soon as the budget allows.
 *
 * Each threshold has a machine of its own (threshold-machine.ts); this one decides what only all of them together can say.
 */
import { assign, setup } from "xstate";
import { actorActions, announces, type CompleteRow } from "../machine-actions.ts";
import { changed, fired, releasedAlert, resolved } from "./announcements.ts";
import {
  advanced,
  dueUs,
  emptyLedger,
  judged,
  type Ledger,
  noted,
  releasable,
  released,
  withIncident,
  withoutAlert,
  withoutIncident,
} from "./ledger.ts";
import type { AlertsSignal, Fired } from "./signals.ts";

export interface AlertsContext extends Ledger {
  /** When the pending timer fires; null without one. */
  readonly timerUs: number | null;
}

type Ended = Extract<AlertsSignal, { type: "ended" }>;
type Changed = Extract<AlertsSignal, { type: "changed" }>;

export const alertsMachine = setup({
  types: {
    context: {} as AlertsContext,
    input: {} as { readonly perDay: number; readonly windowUs: number },
    events: {} as AlertsSignal,
  },
  actions: {
    ...actorActions,
    advance: assign(({ context, event }) => advanced(context, event.timeUs)),
    note: assign(({ context, event }) =>
      event.type === "fired" ? noted(context, judged(context, event)) : context,
    ),
    end: assign(({ context, event }) => (event.type === "ended" ? withoutAlert(context, event.id) : context)),
    openIncident: assign(({ context, event }) =>
      event.type === "incident" ? withIncident(context, event) : context,
    ),
    closeIncident: assign(({ context, event }) =>
      event.type === "incidentOver" ? withoutIncident(context, event.number) : context,
    ),
    forgetIncidents: assign({ incidents: [] }),
    allow: assign(({ context, event }) => {
      if (event.type !== "allowed") return context;
      const { perDay, windowUs } = event;
      return advanced({ ...context, perDay, windowUs }, event.timeUs);
    }),
    release: assign(({ context }) => released(context)),
    timerFired: assign({ timerUs: null }),
    timerStarted: assign({ timerUs: ({ context }) => dueUs(context) }),
    timerCancelled: assign({ timerUs: null }),
  },
  guards: {
    isTold: ({ context, event }) => event.type === "ended" && Object.hasOwn(context.notices, event.id),
    isReleasable: ({ context }) => releasable(context) !== null,
    timerIsOff: ({ context }) => dueUs(context) !== null && context.timerUs === null,
    timerIsIdle: ({ context }) => dueUs(context) === null && context.timerUs !== null,
  },
}).createMachine({
  id: "alerts",
  context: ({ input }) => ({ ...emptyLedger(input.perDay, input.windowUs), timerUs: null }),
  initial: "watching",
  states: {
    watching: {
      on: {
        fired: {
          actions: [
            "advance",
            announces((event: Fired, context: AlertsContext) => fired(judged(context, event), context)),
            "note",
          ],
        },
        ended: {
          guard: "isTold",
          actions: [
            "advance",
            announces((event: Ended, context: AlertsContext) => resolved(event, context)),
            "end",
          ],
        },
        changed: { actions: ["advance", announces((event: Changed) => changed(event))] },
        incident: { actions: ["advance", "openIncident"] },
        incidentOver: { actions: ["advance", "closeIncident"] },
        incidentsForgotten: { actions: "forgetIncidents" },
        allowed: {
          actions: ["advance", "allow", { type: "timer.cancel", params: { id: "due" } }, "timerCancelled"],
        },
        "timer.due": { actions: ["timerFired", "advance"] },
      } as const satisfies CompleteRow<AlertsSignal>,
      always: [
        {
          guard: "isReleasable",
          actions: [
            {
              type: "announce",
              params: ({ context }: { context: AlertsContext }) =>
                releasedAlert(releasable(context)!, context),
            },
            "release",
          ],
        },
        {
          guard: "timerIsOff",
          actions: [
            {
              type: "timer.start",
              params: ({ context }: { context: AlertsContext }) => ({
                id: "due",
                delayUs: dueUs(context)! - context.nowUs,
              }),
            },
            "timerStarted",
          ],
        },
        {
          guard: "timerIsIdle",
          actions: [{ type: "timer.cancel", params: { id: "due" } }, "timerCancelled"],
        },
      ],
    },
  },
});
