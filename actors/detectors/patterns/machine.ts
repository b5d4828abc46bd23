/**
 * The patterns of one group. The detector finds them; the machine announces each once.
 *
 *   watching ─found, spiked─► watching, announced
 *
 * The tests are in redrawn.ts and spike-sizes.ts, the wording of the events in announcements.ts.
 */
import { setup } from "xstate";
import { actorActions, announces, type CompleteRow } from "../machine-actions.ts";
import { found, spiked } from "./announcements.ts";
import type { PatternsSignal } from "./signals.ts";

export const patternsMachine = setup({
  types: {
    context: {} as { readonly group: string },
    input: {} as { readonly group: string },
    events: {} as PatternsSignal,
  },
  actions: actorActions,
}).createMachine({
  id: "patterns",
  context: ({ input }) => ({ group: input.group }),
  initial: "watching",
  states: {
    watching: {
      on: {
        found: { actions: announces(found) },
        spiked: { actions: announces(spiked) },
      } as const satisfies CompleteRow<PatternsSignal>,
    },
  },
});
