/**
 * The regime of one group, as its change detector sees it.
 *
 *   warming ─calibrated─► tracking ◄─cleared── suspected
 *                          ▲ ▲  │ └─suspected──►  │
 *                          │ │  └────declared───┐ └──declared──┐
 *                          │ │                  ▼              ▼
 *                          │ └───returned──── collapsed ◄──────┘    a further `declared` stays in collapsed
 *                          │                     │ persists
 *                          └───calibrated──── recovering
 *
 * K1  A collapse is declared only while a baseline is known: never in `warming` or `recovering`.
 * K2  One `collapse.declared` for one change: in `collapsed` the detector declares only a change of another kind.
 * K3  When the old regime comes back, the old baseline stays (`collapse.recovered`).
 * K4  When the new regime persists, the detector learns it in `recovering`, and tracking begins against it (`collapse.rebaselined`).
 * K5  Dependence between rows voids the guarantee of the false-alarm rate, and independence restores it: announced in any state, once
 *     per change. The machine's context holds the guarantee.
 * K6  A suspicion is not announced, because most suspicions pass.
 *
 * The statistic and its threshold are in detector.ts, the wording of events in announcements.ts.
 */
import { assign, setup } from "xstate";
import { actorActions, announces, type CompleteRow, ignored } from "../machine-actions.ts";
import { calibrated, declared, rebaselined, restored, returned, voided } from "./announcements.ts";
import type { CollapseContext, CollapseSignal, Guarantee } from "./signals.ts";

type Row = CompleteRow<CollapseSignal>;

/** K5, the same in every state. */
const dependence = {
  dependent: { actions: [{ type: "setGuarantee", params: { guarantee: "void" } }, announces(voided)] },
  independent: { actions: [{ type: "setGuarantee", params: { guarantee: "holds" } }, announces(restored)] },
} as const;

export const collapseMachine = setup({
  types: {
    context: {} as CollapseContext,
    input: {} as { readonly group: string },
    events: {} as CollapseSignal,
  },
  actions: {
    ...actorActions,
    setGuarantee: assign({ guarantee: (_, params: { guarantee: Guarantee }) => params.guarantee }),
  },
}).createMachine({
  id: "collapse",
  context: ({ input }) => ({ group: input.group, guarantee: "holds" as const }),
  initial: "warming",
  states: {
    warming: {
      on: {
        calibrated: { target: "tracking", actions: announces(calibrated) },
        suspected: ignored,
        cleared: ignored,
        declared: ignored,
        returned: ignored,
        persists: ignored,
        ...dependence,
      } as const satisfies Row,
    },
    tracking: {
      on: {
        calibrated: ignored,
        suspected: { target: "suspected" },
        cleared: ignored,
        declared: { target: "collapsed", actions: announces(declared) },
        returned: ignored,
        persists: ignored,
        ...dependence,
      } as const satisfies Row,
    },
    suspected: {
      on: {
        calibrated: ignored,
        suspected: ignored,
        cleared: { target: "tracking" },
        declared: { target: "collapsed", actions: announces(declared) },
        returned: ignored,
        persists: ignored,
        ...dependence,
      } as const satisfies Row,
    },
    collapsed: {
      on: {
        calibrated: ignored,
        suspected: ignored,
        cleared: ignored,
        declared: { actions: announces(declared) },
        returned: { target: "tracking", actions: announces(returned) },
        persists: { target: "recovering" },
        ...dependence,
      } as const satisfies Row,
    },
    recovering: {
      on: {
        calibrated: { target: "tracking", actions: announces(rebaselined) },
        suspected: ignored,
        cleared: ignored,
        declared: ignored,
        returned: ignored,
        persists: ignored,
        ...dependence,
      } as const satisfies Row,
    },
  },
});
