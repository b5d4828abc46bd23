/**
 * The risk of one group. The detector finds what is unusual and what is over; the machine announces it.
 *
 *   watching ─violated─► watching, announced      the forecasts of a channel are wrong
 *            ─restored─► watching, announced      they stand all tests again
 *            ─fell─────► watching, announced      a channel loses more than its volatility lets expect
 *            ─steadied─► watching, announced
 *            ─turbulent► watching, announced      the channels move together as they seldom do
 *            ─calmed───► watching, announced
 *
 * K1  Of one thing (a channel's forecasts, its fall, the turbulence of the group) the begin and the end alternate: back-tests.ts and extremes.ts
 *     keep which are under way. In between it may be found again, which is announced as further evidence.
 *
 * The statistics are in those files, the wording of events in announcements.ts.
 */
import { setup } from "xstate";
import { actorActions, announces, type CompleteRow } from "../machine-actions.ts";
import { calmed, fell, restored, steadied, turbulent, violated } from "./announcements.ts";
import type { RiskSignal } from "./signals.ts";

export const riskMachine = setup({
  types: {
    context: {} as { readonly group: string },
    input: {} as { readonly group: string },
    events: {} as RiskSignal,
  },
  actions: actorActions,
}).createMachine({
  id: "risk",
  context: ({ input }) => ({ group: input.group }),
  initial: "watching",
  states: {
    watching: {
      on: {
        violated: { actions: announces(violated) },
        restored: { actions: announces(restored) },
        fell: { actions: announces(fell) },
        steadied: { actions: announces(steadied) },
        turbulent: { actions: announces(turbulent) },
        calmed: { actions: announces(calmed) },
      } as const satisfies CompleteRow<RiskSignal>,
    },
  },
});
