/**
 * The changes of one group. The detector finds them; the machine announces each once, when it is found, and takes none back.
 *
 *   watching ─declared─► watching, announced         a channel has another level or slope
 *            ─returned─► watching, announced         it is back at its normal level
 *
 * The statistic and its price are in segments.ts, the wording of events in announcements.ts.
 */
import { setup } from "xstate";
import { actorActions, announces, type CompleteRow } from "../machine-actions.ts";
import { declared, returned } from "./announcements.ts";
import type { ChangesSignal } from "./signals.ts";

export const changesMachine = setup({
  types: {
    context: {} as { readonly group: string },
    input: {} as { readonly group: string },
    events: {} as ChangesSignal,
  },
  actions: actorActions,
}).createMachine({
  id: "changes",
  context: ({ input }) => ({ group: input.group }),
  initial: "watching",
  states: {
    watching: {
      on: {
        declared: { actions: announces(declared) },
        returned: { actions: announces(returned) },
      } as const satisfies CompleteRow<ChangesSignal>,
    },
  },
});
