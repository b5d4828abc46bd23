/**
 * The trends of one group. The detector finds where they turn and where they lead; the machine announces each once.
 *
 *   watching ─turned────► watching, announced      a channel rises or falls, as it did not before
 *            ─flattened─► watching, announced      it does neither any more
 *            ─nearing───► watching, announced      it will reach a level that people set, within the horizon
 *            ─eased─────► watching, announced      it will not
 *            ─reached───► watching, announced      it has
 *
 * E1  Of one channel `nearing` and its end, eased or reached, alternate: crossings.ts keeps which is under way.
 *
 * The statistics are in detector.ts and crossings.ts, the wording of events in announcements.ts.
 */
import { setup } from "xstate";
import { actorActions, announces, type CompleteRow } from "../machine-actions.ts";
import { eased, flattened, nearing, reached, turned } from "./announcements.ts";
import type { TrendSignal } from "./signals.ts";

export const trendMachine = setup({
  types: {
    context: {} as { readonly group: string },
    input: {} as { readonly group: string },
    events: {} as TrendSignal,
  },
  actions: actorActions,
}).createMachine({
  id: "trend",
  context: ({ input }) => ({ group: input.group }),
  initial: "watching",
  states: {
    watching: {
      on: {
        turned: { actions: announces(turned) },
        flattened: { actions: announces(flattened) },
        nearing: { actions: announces(nearing) },
        eased: { actions: announces(eased) },
        reached: { actions: announces(reached) },
      } as const satisfies CompleteRow<TrendSignal>,
    },
  },
});
