/**
 * A partition's core as the journal has it: the newest usable snapshot, then the tail.
 *
 * V1  The core has applied every durable block.
 * V2  Events of the tail are derived again; where a crash swallowed the record of them, it is written again. Not so where the block was
 *     folded by other versions of the actors: what these derive from it is not what was derived then.
 * V3  It is folded in slices: whoever else lives in this process has turns meanwhile.
 */

import { encodeDerived } from "../../protocol/block.ts";
import type { EventMessage, SessionOpened } from "../../protocol/messages.ts";
import { OtherActors } from "../core/actor-versions.ts";
import type { Core, CoreDefinitions } from "../core/core.ts";
import { SILENT } from "../core/core-sink.ts";
import { coreAt } from "../log/core-at.ts";
import { Slices } from "../log/slices.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";

export interface Recovered {
  /** Its outputs go nowhere yet. */
  core: Core;
  /** Events of the tail, oldest first. */
  events: EventMessage[];
  /** Samples of the newest snapshot; 0 without one. */
  samplesAtSnapshot: number;
}

export async function recover(
  journal: Journal,
  definitions: CoreDefinitions,
  clock: Clock,
  log: (message: string) => void,
): Promise<Recovered> {
  const slices = new Slices(clock);
  const recorded = new Set<number>();
  const derived = new Map<number, { events: EventMessage[]; session: SessionOpened | null }>();
  let events: EventMessage[] = [];
  const { core, samplesAtSnapshot } = await coreAt(
    journal,
    definitions,
    "latest",
    { ...SILENT, event: (event) => void events.push(event) },
    {
      log,
      observer: {
        block() {
          events = [];
        },
        applied({ number }, { session }) {
          if (events.length > 0) derived.set(number, { events, session });
        },
        derived(block) {
          recorded.add(block);
        },
        rest: () => slices.next(),
      },
    },
  );
  core.sink = SILENT;
  const byTheseActors = (session: SessionOpened | null): boolean =>
    session === null || new OtherActors(session.versions, definitions).none;
  for (const [block, { events: missing, session }] of derived) {
    if (!recorded.has(block) && byTheseActors(session))
      journal.appendDerived({ kind: "derived", block, bytes: encodeDerived(block, missing) });
  }
  return { core, events: [...derived.values()].flatMap(({ events }) => events), samplesAtSnapshot };
}
