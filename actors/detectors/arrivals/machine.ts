/**
 * What the channels of one group bring, and when. The detector follows that; the machine announces each change once.
 *
 *   watching ─silent───► watching, announced         a channel brings nothing any more
 *            ─returned─► watching, announced         its values come again
 *            ─slower───► watching, announced         its values come more seldom, for good
 *            ─stepped──► watching, announced         the clock that stamps the rows was set back
 *
 * The rules are in detector.ts, the wording of events in announcements.ts.
 */
import { setup } from "xstate";
import { actorActions, announces, type CompleteRow } from "../machine-actions.ts";
import { returned, silent, slower, stepped } from "./announcements.ts";
import type { ArrivalsSignal } from "./signals.ts";

export const arrivalsMachine = setup({
  types: {
    context: {} as { readonly group: string },
    input: {} as { readonly group: string },
    events: {} as ArrivalsSignal,
  },
  actions: actorActions,
}).createMachine({
  id: "arrivals",
  context: ({ input }) => ({ group: input.group }),
  initial: "watching",
  states: {
    watching: {
      on: {
        silent: { actions: announces(silent) },
        returned: { actions: announces(returned) },
        slower: { actions: announces(slower) },
        stepped: { actions: announces(stepped) },
      } as const satisfies CompleteRow<ArrivalsSignal>,
    },
  },
});
