/**
 * The regime of one group, as its change detector sees it.
 *
 *   warming     calibrated → tracking
 *   tracking    suspected → suspected     declared → collapsed
 *   suspected   cleared → tracking        declared → collapsed
 *   collapsed   returned → tracking       persists → relearning      declared → collapsed, announced
 *   relearning  calibrated → tracking     declared → collapsed       returned → tracking
 *
 * K1  A collapse is declared only while a baseline is known: never in `warming`.
 * K2  One `collapse.declared` for one change: in `collapsed` and `relearning` the machine announces every `declared`, and the detector sends
 *     one only for much evidence of a further change.
 * K3  When the old regime comes back, also while a new one is being learnt, the old baseline stays (`collapse.recovered`).
 * K4  When the new regime persists, the detector learns it in `relearning`, and tracking begins against it (`collapse.rebaselined`).
 * K5  `context.guarantee` says whether the false-alarm rate is guaranteed. That is not known before the alarms of enough rows were counted.
 *     Dependence between rows voids it, independence restores it, in any state; each change is announced once, because the detector signals only changes.
 * K6  A suspicion is not announced, because most suspicions pass.
 *
 * The statistic and its threshold are in detector.ts, the wording of events in announcements.ts.
 */
import { assign, setup } from "xstate";
import { actorActions, announces, type CompleteRow, ignored } from "../machine-actions.ts";
import {
  calibrated,
  confirmed,
  declared,
  declaredAgain,
  rebaselined,
  restored,
  returned,
  voided,
} from "./announcements.ts";
import type { CollapseContext, CollapseSignal, Guarantee } from "./signals.ts";

type AllSignals = CompleteRow<CollapseSignal>;

/** The transitions of K5, spread into every state. */
const dependence = {
  dependent: { actions: [{ type: "setGuarantee", params: { guarantee: "void" } }, announces(voided)] },
  independent: { actions: [{ type: "setGuarantee", params: { guarantee: "holds" } }, announces(restored)] },
  confirmed: { actions: [{ type: "setGuarantee", params: { guarantee: "holds" } }, announces(confirmed)] },
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
  context: ({ input }) => ({ group: input.group, guarantee: "unknown" as const }),
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
      } as const satisfies AllSignals,
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
      } as const satisfies AllSignals,
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
      } as const satisfies AllSignals,
    },
    collapsed: {
      on: {
        calibrated: ignored,
        suspected: ignored,
        cleared: ignored,
        declared: { actions: announces(declaredAgain) },
        returned: { target: "tracking", actions: announces(returned) },
        persists: { target: "relearning" },
        ...dependence,
      } as const satisfies AllSignals,
    },
    relearning: {
      on: {
        calibrated: { target: "tracking", actions: announces(rebaselined) },
        suspected: ignored,
        cleared: ignored,
        declared: { target: "collapsed", actions: announces(declaredAgain) },
        returned: { target: "tracking", actions: announces(returned) },
        persists: ignored,
        ...dependence,
      } as const satisfies AllSignals,
    },
  },
});
