/**
 * The anomalies of one group. The detector tracks the episodes and signals when one opens or closes.
 *
 *   warming ─warmed─► watching ─opened─► anomalous ─quiet─► cooling ─cooled─► watching
 *                                         │  ▲  ▲               │
 *        opened, stayed, accepted, closed └──┘  └────opened─────┘
 *
 * A1  Nothing is announced while the detector warms up.
 * A2  Each episode has one `anomaly.started`, `anomaly.stays` when it lasts and whenever it doubles then, and one `anomaly.ended` or
 *     `anomaly.accepted`.
 * A3  The machine returns to `watching` only after the quiet time of the settings.
 * A4  While a joint episode is open, the detector opens none for single channels.
 *
 * Views, p-values and thresholds are in detector.ts, the fingerprint of an episode in episodes.ts, the wording of events in announcements.ts.
 */
import { setup } from "xstate";
import { actorActions, announces, type CompleteRow, ignored } from "../machine-actions.ts";
import { accepted, ended, started, stays } from "./announcements.ts";
import type { AnomalySignal } from "./signals.ts";

type Row = CompleteRow<AnomalySignal>;

export const anomalyMachine = setup({
  types: {
    context: {} as { readonly group: string },
    input: {} as { readonly group: string },
    events: {} as AnomalySignal,
  },
  actions: actorActions,
}).createMachine({
  id: "anomaly",
  context: ({ input }) => ({ group: input.group }),
  initial: "warming",
  states: {
    warming: {
      on: {
        warmed: { target: "watching" },
        opened: ignored,
        stayed: ignored,
        accepted: ignored,
        closed: ignored,
        quiet: ignored,
        cooled: ignored,
      } as const satisfies Row,
    },
    watching: {
      on: {
        warmed: ignored,
        opened: { target: "anomalous", actions: announces(started) },
        stayed: ignored,
        accepted: ignored,
        closed: ignored,
        quiet: ignored,
        cooled: ignored,
      } as const satisfies Row,
    },
    anomalous: {
      on: {
        warmed: ignored,
        opened: { actions: announces(started) },
        stayed: { actions: announces(stays) },
        accepted: { actions: announces(accepted) },
        closed: { actions: announces(ended) },
        quiet: { target: "cooling" },
        cooled: ignored,
      } as const satisfies Row,
    },
    cooling: {
      on: {
        warmed: ignored,
        opened: { target: "anomalous", actions: announces(started) },
        stayed: ignored,
        accepted: ignored,
        closed: ignored,
        quiet: ignored,
        cooled: { target: "watching" },
      } as const satisfies Row,
    },
  },
});
