import { encodeMessage } from "../../../protocol/codec.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import type { StoredLogs } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";
import type { WorldEnd } from "./observation.ts";
import type { ReplayedLogs } from "./replayed-logs.ts";

/**
 * Derived events equal, byte for byte, those of a replay of the same inputs without faults, whichever node derived them and however often.
 *
 * Everything released or delivered under one sequence is one event, and at the end it is the event that the log gives. Events of blocks
 * that a server forgot are excused, and so are events whose block is unknown.
 */
export function derivedSame(stored: StoredLogs): Checker {
  interface Seen {
    readonly bytes: string;
    /** 0 while only a client has reported it. */
    readonly block: number;
    readonly by: string;
  }
  const seenByPartition = new Map<string, Map<number, Seen>>();

  return {
    name: "derived-same",
    rule: "derived events equal those of a replay of the same inputs without faults, byte for byte",
    observes: ["released", "delivered", "lost"],
    observe(observation) {
      switch (observation.kind) {
        case "lost":
          forget(observation.partition);
          return null;
        case "released":
          return see(observation.partition, observation.event, observation.block, observation.node);
        default: {
          const { partition, event, client } = observation as Observed<"delivered">;
          return see(partition, event, 0, client);
        }
      }
    },
    finish(_end: WorldEnd, { partitions }: ReplayedLogs) {
      for (const [partition, seen] of seenByPartition) {
        const replayed = partitions.get(partition);
        for (const [sequence, { bytes, by, block }] of seen) {
          const own = replayed?.events[sequence - 1];
          const where = `event ${sequence} of ${partition}, seen at ${by}`;
          if (own === undefined)
            return `${where}, is not in the log, which has ${replayed?.events.length ?? 0}`;
          if (encoded(own) !== bytes) return `${where}, differs from the log's: ${own.id} ${own.title}`;
          const ownBlock = replayed?.blockOfEvent[sequence - 1];
          if (block > 0 && block !== ownBlock) return `${where}, came with block ${block}, not ${ownBlock}`;
        }
      }
      return null;
    },
  };

  function see(partition: string, event: EventMessage, block: number, by: string): string | null {
    const seen = seenByPartition.get(partition) ?? new Map<number, Seen>();
    seenByPartition.set(partition, seen);
    const known = seen.get(event.sequence);
    const bytes = encoded(event);
    if (known === undefined || (known.block === 0 && block > 0))
      seen.set(event.sequence, { bytes, block, by });
    if (known === undefined || known.bytes === bytes) return null;
    // A client may still deliver what it had received when the server forgot.
    if (stored.lossy.has(partition)) return null;
    return `event ${event.sequence} of ${partition} is ${event.id} ${event.title} at ${by}, and another at ${known.by}`;
  }

  function forget(partition: string): void {
    const seen = seenByPartition.get(partition);
    const last = stored.of(partition)?.blocks.at(-1)?.block.number ?? 0;
    for (const [sequence, { block }] of seen ?? []) if (block === 0 || block > last) seen?.delete(sequence);
  }
}

/** Its bytes as a string, one character each: strings are compared faster than arrays. */
function encoded(event: EventMessage): string {
  const bytes = encodeMessage(event);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
