/**
 * The patterns of one group. The detector finds them; the machine announces each once.
 *
 *   watching ─found─► watching, announced
 *
 * The test is in paths.ts, the wording of the event in announcements.ts.
 */
import { setup } from "xstate";
import { actorActions, announces, type CompleteRow } from "../machine-actions.ts";
import { found } from "./announcements.ts";
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
      on: { found: { actions: announces(found) } } as const satisfies CompleteRow<PatternsSignal>,
    },
  },
});
