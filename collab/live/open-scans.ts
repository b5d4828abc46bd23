/** The scans that a process serves: of its own channels and of the universes of its command line, with the log of the session's first partition. */
import { availableParallelism } from "node:os";
import { endInterrupted, ScanService, systemClock } from "../../actors/mod.ts";
import { WorkThread } from "../../actors/workers/mod.ts";
import type { SessionPartitions } from "./session-partitions.ts";

/**
 * Scans of an earlier run that were under way are over when it resolves. Threads are warm where universes are named; else they start with the first scan.
 * `record`: the folder of the recording, beside which learnt orders are kept.
 */
export async function openScans(
  { universes, record }: { universes: Readonly<Record<string, string>>; record: string | null },
  { first, sessions }: Pick<SessionPartitions, "first" | "sessions">,
  log: (message: string) => void,
): Promise<ScanService> {
  const { scanLog } = first;
  await endInterrupted(scanLog);
  return new ScanService({
    clock: systemClock,
    universes,
    live: sessions,
    workers: availableParallelism(),
    startsWorkersLate: Object.keys(universes).length === 0,
    startThread: (listener) => new WorkThread("scan", listener),
    run: Math.floor(systemClock.nowUs() / 1000).toString(36),
    orderFile: record === null ? null : `${record.replace(/[\\/]+$/, "")}-scan-order.json`,
    log,
    scanLog,
  });
}
