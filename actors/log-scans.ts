/** The log of a session's first partition, as its scans use it. */
import type { Partition } from "./partition/partition.ts";
import { loggedScans, type ScanLog } from "./scan/scan-log.ts";

/** Names scans among the sources of commands. Their facts say themselves what they follow on. */
const SOURCE = "scans";

export function scanLogOf(partition: Partition): ScanLog {
  return {
    enter: (name, body, by) =>
      partition.command({ name, body, author: { id: by }, source: SOURCE, sequence: 0 }),
    list: () => loggedScans(partition.core),
  };
}
