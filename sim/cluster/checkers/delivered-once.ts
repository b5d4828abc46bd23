import type { StoredLogs } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";
import type { WorldEnd } from "./observation.ts";
import type { ReplayedLogs } from "./replayed-logs.ts";

/**
 * Each derived event reaches a client's program exactly once and in order, across any number of disconnects and owners.
 *
 * A client starts over only when its cursor belongs to another recording, or when the server has forgotten part of this one.
 */
export function deliveredOnce(stored: StoredLogs): Checker {
  interface Place {
    last: number | null;
    /** Events it received in this run. More than none: its cursor belongs to this recording. */
    received: number;
    /** The server forgot events that the client may have received. */
    excused: boolean;
  }
  const places = new Map<string, Map<string, Place>>();

  return {
    name: "delivered-once",
    rule: "each derived event is delivered exactly once and in order to each client",
    observes: ["began", "reset", "delivered", "lost"],
    observe(observation) {
      switch (observation.kind) {
        case "began":
          of(observation).last = observation.after;
          return null;
        case "reset":
          return reset(observation);
        case "lost":
          for (const byPartition of places.values()) {
            const place = byPartition.get(observation.partition);
            if (place) place.excused = true;
          }
          return null;
        default:
          return delivered(observation as Observed<"delivered">);
      }
    },
    finish({ healed, clients, mustHold }: WorldEnd, { partitions }: ReplayedLogs) {
      if (!healed) return null;
      for (const [client, byPartition] of clients)
        for (const [partition, last] of byPartition) {
          const events = partitions.get(partition)?.events.length ?? 0;
          const expected = mustHold?.get(partition) ?? events;
          const excused = places.get(client)?.get(partition)?.excused ?? false;
          if (last >= expected && (last <= events || excused)) continue;
          return `${client} holds events of ${partition} up to ${last}; expected ${expected} of the ${events} in the log`;
        }
      return null;
    },
  };

  function of({ client, partition }: { client: string; partition: string }): Place {
    const byPartition = places.get(client) ?? new Map<string, Place>();
    places.set(client, byPartition);
    const place = byPartition.get(partition) ?? { last: null, received: 0, excused: false };
    byPartition.set(partition, place);
    return place;
  }

  function delivered(observation: Observed<"delivered">): string | null {
    const place = of(observation);
    const { client, partition, event } = observation;
    const { last } = place;
    place.last = event.sequence;
    place.received++;
    if (last === null || event.sequence === last + 1) return null;
    const what = event.sequence <= last ? "again" : "out of order";
    return `${client} received event ${event.sequence} of ${partition} ${what}, after ${last}`;
  }

  function reset(observation: Observed<"reset">): string | null {
    const place = of(observation);
    const { client, partition, after } = observation;
    const known = place.received > 0 && !place.excused && !stored.lossy.has(partition);
    const before = place.last;
    place.last = after;
    place.received = 0;
    if (!known) return null;
    return `${client} was reset to event ${after} of ${partition}, although its cursor ${before} belongs to this recording`;
  }
}
