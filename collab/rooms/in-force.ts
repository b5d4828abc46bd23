/**
 * Shows in the shared document what the partitions of a session have in force: thresholds, and what people did about alerts.
 *
 *   room ──commands (forwarder.ts)──► partitions ──their thresholds and alerts, compared with the document──► fact "alerts.inForce" ──► room
 *
 * N1  A fact changes the document and is announced as nothing, so it is never a command again: each direction ends where it arrives.
 * N2  What people changed and the partitions have not heard of is left as it is: the room compares with `heard` itself (document.ts, D4).
 * N3  Facts are compared with the document, not counted: one that is lost with the process is found again at the next start.
 */
import { inForceEffects, listAlerts, type Partition } from "../../actors/mod.ts";
import type { AlertStatus } from "../../protocol/controls.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { type AlertEntry, isDrawnLevel, ROOM_AUTHOR } from "../../protocol/room-document.ts";
import { IN_FORCE_ENTRIES, type InForceEntry } from "../../protocol/session-facts.ts";

/** Names facts of the session among the sources of commands. They have no numbers. */
const SOURCE = "session";

const NOTHING = (): void => {};

export interface InForceOptions {
  readonly room: Partition;
  readonly partitions: readonly Partition[];
  /** The last input of the room's log of which all partitions have taken all commands. */
  heard(): number;
  log(message: string): void;
}

/** From now on. `look`: compares now; `stop` ends it. */
export function showInForce(options: InForceOptions): { look(): void; stop(): void } {
  const { room, partitions, heard, log } = options;
  let isStopped = false;
  const look = (): void => {
    if (isStopped || room.notReady() !== null) return;
    const upTo = heard();
    const entries = differences(room, partitions, upTo);
    for (let k = 0; k < entries.length; k += IN_FORCE_ENTRIES) {
      const body = { heard: upTo, entries: entries.slice(k, k + IN_FORCE_ENTRIES) };
      const author = { id: ROOM_AUTHOR };
      room.command({ name: "alerts.inForce", body, author, source: SOURCE, sequence: 0 }).catch((error) => {
        // A room that closes or has halted: the next start compares again.
        if (!(error instanceof EigenwatchError && error.kind === "unavailable"))
          log(`what is in force is not shown: ${String(error)}`);
      });
    }
  };
  const unsubscribes = partitions.map((partition) => {
    let hasChanged = false;
    return partition.subscribe({
      frame: NOTHING,
      event: ({ kind }) => {
        hasChanged ||= kind.startsWith("alert.") || kind.startsWith("threshold.");
      },
      state: NOTHING,
      metrics: NOTHING,
      channels: NOTHING,
      flush: () => {
        if (!hasChanged) return;
        hasChanged = false;
        look();
      },
    });
  });
  look();
  return {
    look,
    stop: () => {
      isStopped = true;
      for (const unsubscribe of unsubscribes) unsubscribe();
    },
  };
}

/** Entries that the document shows otherwise, in the order of their ids. */
function differences(room: Partition, partitions: readonly Partition[], heard: number): InForceEntry[] {
  const { document } = room.room();
  const statuses = statusesById(partitions);
  const shown = document.keys("thresholds").filter((id) => !isDrawnLevel(document.entry("thresholds", id)));
  const ids = [...new Set([...statuses.keys(), ...shown, ...document.keys("alerts")])].sort();
  return ids
    .filter((id) => !document.isUnheard(id, heard))
    .map((id) => entryOf(id, statuses.get(id)))
    .filter((each) => inForceEffects(each, (root, id) => document.entry(root, id)).length > 0);
}

/** Of each threshold the one that has values: the room's are in every partition, also in those without its channel. */
function statusesById(partitions: readonly Partition[]): Map<string, AlertStatus> {
  const found = new Map<string, AlertStatus>();
  for (const { core } of partitions)
    for (const status of listAlerts(core).alerts) {
      const { id } = status.threshold;
      if ((found.get(id)?.state ?? "waiting") === "waiting") found.set(id, status);
    }
  return found;
}

function entryOf(id: string, status: AlertStatus | undefined): InForceEntry {
  if (status === undefined) return { id, threshold: null, alert: null };
  const { threshold, state, acknowledged, assigned, snoozedUntilUs } = status;
  const alert: AlertEntry = {
    // An alert that has ended is nobody's; when it fires again somebody else may take it on.
    ...(state === "firing" && acknowledged !== null
      ? {
          acknowledgedBy: acknowledged.by,
          acknowledgedAtUs: acknowledged.atUs,
          note: acknowledged.note,
        }
      : {}),
    ...(assigned === null ? {} : { assignedTo: assigned.to, assignedBy: assigned.by }),
    ...(snoozedUntilUs === null ? {} : { snoozedUntilUs }),
  };
  return { id, threshold, alert: Object.keys(alert).length === 0 ? null : alert };
}
