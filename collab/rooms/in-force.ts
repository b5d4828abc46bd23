/**
 * Shows in the shared document what the partitions of a session have in force: thresholds, and what people did about alerts and incidents.
 *
 *   room ──commands (forwarder.ts)──► partitions ──their thresholds, alerts and incidents, compared with the document──► fact "alerts.inForce" ──► room
 *
 * N1  A fact changes the document and is announced as nothing, so it is never a command again: each direction ends where it arrives.
 * N2  What people changed and the partitions have not heard of is left as it is: the room compares with `heard` itself (document.ts, D4).
 * N3  Facts are compared with the document, not counted: one that is lost with the process is found again at the next start.
 */
import { inForceEffects, listAlerts, type Partition } from "../../actors/mod.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import type { AlertStatus, AlertsStatus, Care } from "../../protocol/controls.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { isIncidentId } from "../../protocol/incident-id.ts";
import { type AlertEntry, isDrawnLevel, ROOM_AUTHOR } from "../../protocol/room-document.ts";
import { IN_FORCE_ENTRIES, type InForceEntry } from "../../protocol/session-facts.ts";

/** Names facts of the session among the sources of commands. They have no numbers. */
const SOURCE = "session";

/** A partition, as far as its thresholds and alerts are concerned. */
export interface AlertsSource {
  /** Rejects when it cannot say. */
  alerts(): AlertsStatus | Promise<AlertsStatus>;
  /** Calls `look` when they may be others. The returned function ends it. */
  onChange(look: () => void): () => void;
}

export interface InForceOptions {
  readonly room: Partition;
  readonly partitions: readonly AlertsSource[];
  /** The last input of the room's log of which all partitions have taken all commands. */
  heard(): number;
  log(message: string): void;
}

/** From now on. `look`: compares soon; `stop` ends it. */
export function showInForce(options: InForceOptions): { look(): void; stop(): void } {
  const { room, partitions, heard, log } = options;
  let isStopped = false;
  let isAsked = false;
  let isRunning = false;
  const compare = async (): Promise<void> => {
    if (room.notReady() !== null) return;
    // Before the partitions are asked: what they say then has in it all that they have heard of by now.
    const upTo = heard();
    const lists = await Promise.all(partitions.map((partition) => partition.alerts()));
    if (isStopped) return;
    const entries = differences(room, lists, upTo);
    for (let k = 0; k < entries.length; k += IN_FORCE_ENTRIES) {
      const body = { heard: upTo, entries: entries.slice(k, k + IN_FORCE_ENTRIES) };
      const author = { id: ROOM_AUTHOR };
      await room.command({ name: "alerts.inForce", body, author, source: SOURCE, sequence: 0 });
    }
  };
  const run = async (): Promise<void> => {
    while (isAsked && !isStopped) {
      isAsked = false;
      await compare().catch((error) => {
        // A room that closes or has halted, or a partition that changes hands: it is compared again later.
        if (!(error instanceof EigenwatchError && error.kind === "unavailable"))
          log(`what is in force is not shown: ${String(error)}`);
      });
    }
    isRunning = false;
  };
  const look = (): void => {
    isAsked = true;
    if (isRunning) return;
    isRunning = true;
    void run();
  };
  const unsubscribes = partitions.map((partition) => partition.onChange(look));
  look();
  return {
    look,
    stop: () => {
      isStopped = true;
      for (const unsubscribe of unsubscribes) unsubscribe();
    },
  };
}

/** Those of a partition of this process. */
export function alertsOf(partition: Partition): AlertsSource {
  return { alerts: () => listAlerts(partition.core), onChange: (look) => onAlertsChange(partition, look) };
}

/** Calls `look` after events about alerts. The returned function ends it. */
export function onAlertsChange(session: Pick<LiveSession, "subscribe">, look: () => void): () => void {
  let hasChanged = false;
  return session.subscribe({
    event: ({ kind }) => {
      hasChanged ||= isAboutAlerts(kind);
    },
    flush: () => {
      if (!hasChanged) return;
      hasChanged = false;
      look();
    },
  });
}

/** Whether after an event of this kind thresholds, alerts or incidents may be others. */
export function isAboutAlerts(kind: string): boolean {
  return kind.startsWith("alert.") || kind.startsWith("threshold.") || kind.startsWith("incident.");
}

/** Entries that the document shows otherwise, in the order of their ids. */
function differences(room: Partition, lists: readonly AlertsStatus[], heard: number): InForceEntry[] {
  const { document } = room.room();
  const statuses = statusesById(lists);
  const incidents = new Map(
    lists.flatMap(({ incidents = [] }) => incidents.map((each) => [each.id, each] as const)),
  );
  const shown = document.keys("thresholds").filter((id) => !isDrawnLevel(document.entry("thresholds", id)));
  const ids = [
    ...new Set([...statuses.keys(), ...incidents.keys(), ...shown, ...document.keys("alerts")]),
  ].sort();
  return ids
    .filter((id) => !document.isUnheard(id, heard))
    .map((id) =>
      isIncidentId(id)
        ? { id, threshold: null, alert: careOf(incidents.get(id)) }
        : entryOf(id, statuses.get(id)),
    )
    .filter((each) => inForceEffects(each, (root, id) => document.entry(root, id)).length > 0);
}

/** Of each threshold the one that has values: the room's are in every partition, also in those without its channel. */
function statusesById(lists: readonly AlertsStatus[]): Map<string, AlertStatus> {
  const found = new Map<string, AlertStatus>();
  for (const { alerts } of lists)
    for (const status of alerts) {
      const { id } = status.threshold;
      if ((found.get(id)?.state ?? "waiting") === "waiting") found.set(id, status);
    }
  return found;
}

function entryOf(id: string, status: AlertStatus | undefined): InForceEntry {
  if (status === undefined) return { id, threshold: null, alert: null };
  const { threshold, state, acknowledged } = status;
  // An alert that has ended is nobody's; when it fires again somebody else may take it on.
  return {
    id,
    threshold,
    alert: careOf({ ...status, acknowledged: state === "firing" ? acknowledged : null }),
  };
}

/** What people did, as an entry of the document; null: nothing. */
function careOf(care: Care | undefined): AlertEntry | null {
  if (care === undefined) return null;
  const { acknowledged, assigned, snoozedUntilUs } = care;
  const alert: AlertEntry = {
    ...(acknowledged === null
      ? {}
      : {
          acknowledgedBy: acknowledged.by,
          acknowledgedAtUs: acknowledged.atUs,
          note: acknowledged.note,
        }),
    ...(assigned === null ? {} : { assignedTo: assigned.to, assignedBy: assigned.by }),
    ...(snoozedUntilUs === null ? {} : { snoozedUntilUs }),
  };
  return Object.keys(alert).length === 0 ? null : alert;
}
