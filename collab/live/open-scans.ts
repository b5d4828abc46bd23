/** The scans that a process serves: universes of its command line, threads that stay warm, and the log of the session's first partition. */
import { availableParallelism } from "node:os";
import { endInterrupted, type ScanLog, ScanService, systemClock } from "../../actors/mod.ts";
import { WorkThread } from "../../actors/workers/mod.ts";

/**
 * Scans of an earlier run that were under way are over when it resolves. Undefined where no universe is named and the log has no scan: then there are no
 * threads. `record`: the folder of the recording, beside which learnt orders are kept.
 */
export async function openScans(
  { universes, record }: { universes: Readonly<Record<string, string>>; record: string | null },
  scanLog: ScanLog,
  log: (message: string) => void,
): Promise<ScanService | undefined> {
  await endInterrupted(scanLog);
  const isServed = Object.keys(universes).length > 0;
  if (!isServed && scanLog.list().length === 0) return undefined;
  return new ScanService({
    clock: systemClock,
    universes,
    workers: isServed ? availableParallelism() : 0,
    startThread: (listener) => new WorkThread("scan", listener),
    run: Math.floor(systemClock.nowUs() / 1000).toString(36),
    orderFile: record === null ? null : `${record.replace(/[\\/]+$/, "")}-scan-order.json`,
    log,
    scanLog,
  });
}
