/** How far the actors of a core have come, as people ask for it: what is still being learnt, and which incidents are open. */
import type { Core } from "./core/core.ts";
import type { Book } from "./detectors/incidents/book.ts";

/** Actors that alarm nobody until they have learnt what is usual. */
const LEARNING_ACTORS = ["collapse", "anomaly"];

const LEARNING = "warming";

/** Groups with an actor that has not learnt yet what is usual, sorted. */
export function groupsLearning(core: Core): string[] {
  const learning = LEARNING_ACTORS.flatMap((name) => [...core.modesOf(name)])
    .filter(([, mode]) => mode === LEARNING)
    .map(([group]) => group);
  return [...new Set(learning)].sort();
}

/** Incidents that were announced and have not ended. */
export function openIncidents(core: Core): number {
  const state = core.stateOf("incidents");
  if (state === null) return 0;
  return (state.context as Book).incidents.filter(({ state }) => state === "open").length;
}
