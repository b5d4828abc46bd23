import { encodeMessage } from "../../../protocol/codec.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import type { WorldEnd } from "../observation.ts";
import { type StoredLogs, toHex } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";
import type { Retelling } from "./retelling.ts";

/**
 * Derived events are those of a fold without faults over the same inputs, byte for byte, whoever derived them and however often.
 *
 * All that was released or delivered under one sequence is one event; at the end it is the event that the log tells. Events of blocks
 * that a server forgot are excused, with those of which no block is known.
 */
export function derivedSame(stored: StoredLogs): Checker {
  interface Said {
    readonly bytes: string;
    /** 0 while only a client has told of it. */
    readonly block: number;
    readonly by: string;
  }
  const saidByPartition = new Map<string, Map<number, Said>>();

  return {
    name: "derived-same",
    rule: "derived events equal those of a fault-free fold over the same inputs, byte for byte",
    hears: ["released", "delivered", "lost"],
    observe(observation) {
      switch (observation.kind) {
        case "lost":
          forget(observation.partition);
          return null;
        case "released":
          return say(observation.partition, observation.event, observation.block, observation.node);
        default: {
          const { partition, event, client } = observation as Observed<"delivered">;
          return say(partition, event, 0, client);
        }
      }
    },
    finish(_end: WorldEnd, { partitions }: Retelling) {
      for (const [partition, said] of saidByPartition) {
        const retold = partitions.get(partition);
        for (const [sequence, { bytes, by, block }] of said) {
          const own = retold?.events[sequence - 1];
          const where = `event ${sequence} of ${partition}, told by ${by}`;
          if (own === undefined)
            return `${where}, is not in the log, which has ${retold?.events.length ?? 0}`;
          if (encoded(own) !== bytes) return `${where}, differs from the log's: ${own.id} ${own.title}`;
          const ownBlock = retold?.blockOfEvent[sequence - 1];
          if (block > 0 && block !== ownBlock) return `${where}, came with block ${block}, not ${ownBlock}`;
        }
      }
      return null;
    },
  };

  function say(partition: string, event: EventMessage, block: number, by: string): string | null {
    const said = saidByPartition.get(partition) ?? new Map<number, Said>();
    saidByPartition.set(partition, said);
    const known = said.get(event.sequence);
    const bytes = encoded(event);
    if (known === undefined || (known.block === 0 && block > 0))
      said.set(event.sequence, { bytes, block, by });
    if (known === undefined || known.bytes === bytes) return null;
    // A client may still hand on what it had in hand when the server forgot.
    if (stored.lossy.has(partition)) return null;
    return `event ${event.sequence} of ${partition} is ${event.id} ${event.title} for ${by}, and another for ${known.by}`;
  }

  function forget(partition: string): void {
    const said = saidByPartition.get(partition);
    const last = stored.of(partition)?.blocks.at(-1)?.block.number ?? 0;
    for (const [sequence, { block }] of said ?? []) if (block === 0 || block > last) said?.delete(sequence);
  }
}

function encoded(event: EventMessage): string {
  return toHex(encodeMessage(event));
}
