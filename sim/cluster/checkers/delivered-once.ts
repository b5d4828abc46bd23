import type { WorldEnd } from "../observation.ts";
import type { StoredLogs } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";
import type { Retelling } from "./retelling.ts";

/**
 * Each derived event is handed to a client's program exactly once and in order, across any number of breaks and owners.
 *
 * A client begins anew only when its cursor was of another recording, or when the server has forgotten part of this one.
 */
export function deliveredOnce(stored: StoredLogs): Checker {
  interface Place {
    last: number | null;
    /** Events it was handed in this run: its cursor is of this recording. */
    handed: number;
    /** Breaks of the server's promise that it has seen the other side of. */
    excused: boolean;
  }
  const places = new Map<string, Map<string, Place>>();

  return {
    name: "delivered-once",
    rule: "each derived event is delivered exactly once and in order to each client",
    hears: ["began", "reset", "delivered", "lost"],
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
    finish({ healed, clients, mustHold }: WorldEnd, { partitions }: Retelling) {
      if (!healed) return null;
      for (const [client, byPartition] of clients)
        for (const [partition, last] of byPartition) {
          const events = partitions.get(partition)?.events.length ?? 0;
          const expected = mustHold?.get(partition) ?? events;
          const excused = places.get(client)?.get(partition)?.excused ?? false;
          if (last >= expected && (last <= events || excused)) continue;
          return `${client} holds ${partition} up to event ${last}, the log has ${events}, let out in time were ${expected}`;
        }
      return null;
    },
  };

  function of({ client, partition }: { client: string; partition: string }): Place {
    const byPartition = places.get(client) ?? new Map<string, Place>();
    places.set(client, byPartition);
    const place = byPartition.get(partition) ?? { last: null, handed: 0, excused: false };
    byPartition.set(partition, place);
    return place;
  }

  function delivered(observation: Observed<"delivered">): string | null {
    const place = of(observation);
    const { client, partition, event } = observation;
    const { last } = place;
    place.last = event.sequence;
    place.handed++;
    if (last === null || event.sequence === last + 1) return null;
    const what = event.sequence <= last ? "again" : "out of turn";
    return `${client} was handed event ${event.sequence} of ${partition} ${what}, behind ${last}`;
  }

  function reset(observation: Observed<"reset">): string | null {
    const place = of(observation);
    const { client, partition, after } = observation;
    const known = place.handed > 0 && !place.excused && !stored.lossy.has(partition);
    const before = place.last;
    place.last = after;
    place.handed = 0;
    if (!known) return null;
    return `${client} was told to begin ${partition} anew behind ${after}, though its cursor ${before} is of this recording`;
  }
}
