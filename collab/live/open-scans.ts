/** The scans that a process serves: universes of its command line, threads that stay warm. */
import { availableParallelism } from "node:os";
import { ScanService, systemClock } from "../../actors/mod.ts";
import { WorkThread } from "../../actors/workers/mod.ts";

/** Undefined where no universe is named: then there are no threads. */
export function openScans(
  universes: Readonly<Record<string, string>>,
  log: (message: string) => void,
): ScanService | undefined {
  if (Object.keys(universes).length === 0) return undefined;
  return new ScanService({
    clock: systemClock,
    universes,
    workers: availableParallelism(),
    startThread: (listener) => new WorkThread("scan", listener),
    run: Math.floor(systemClock.nowUs() / 1000).toString(36),
    log,
  });
}
