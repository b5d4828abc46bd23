/** What a recording leads to, for comparing recordings of the same data that were made under different circumstances. */
import { Core } from "../../actors/core/core.ts";
import { foldJournal } from "../../actors/log/fold.ts";
import { SYSTEM } from "../../actors/system.ts";
import type { EventMessage, StateMessage } from "../../protocol/messages.ts";
import { openRecording } from "./recorded-run.ts";

export interface FinalState {
  /** Registered state of the groups' front ends and actors, by actor and field. */
  fields: Map<string, unknown>;
  /** Events of the groups without what tells of the log around them: sequences and ids count also the runtime's own measurements. */
  events: Omit<EventMessage, "type" | "sequence" | "id">[];
  states: StateMessage[];
  samples: number;
}

/**
 * Folds a whole recording. Left out is what rightly differs between two runs over the same data: the core's own control (it counts
 * inputs, of which the measurements of the machine are some) and the actors of the session (how fast it was, when feeds were opened).
 */
export async function finalState(directory: string): Promise<FinalState> {
  const events: FinalState["events"] = [];
  const states: StateMessage[] = [];
  const core = new Core(SYSTEM, {
    event({ type: _, sequence: __, id: ___, ...event }) {
      // An incident names the events that it was found by: ids too.
      const { events: ____, ...detail } = event.detail;
      if (event.group !== "") events.push({ ...event, detail });
    },
    state: (state) => void states.push(structuredClone(state)),
    metrics() {},
  });
  const journal = await openRecording(directory);
  await foldJournal(journal.read(), core);
  await journal.close();
  const fields = new Map<string, unknown>();
  for (const { actor, field, value } of core.registered()) {
    const ofGroup = actor.includes("/") && !actor.startsWith("/");
    if (ofGroup)
      fields.set(`${actor}.${field}`, typeof value === "string" ? JSON.parse(value) : Array.from(value));
  }
  return { fields, events, states, samples: core.samples };
}
