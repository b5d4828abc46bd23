/** Recordings as the commands use them: opened by path, with reports as lines for people. */
import process from "node:process";
import { EigenwatchError } from "../../protocol/errors.ts";
import { visibleText } from "../../protocol/visible-text.ts";
import { realDisk } from "./disk.ts";
import type { FileJournal, JournalOptions, JournalReport } from "./file.ts";
import { openJournal } from "./file.ts";
import { type PartitionFolder, partitionFolder, partitionFolders } from "./partition-folders.ts";
import { restoreSegments, SharedSync } from "./shared-sync.ts";

export type { RecordingDescription } from "./describe.ts";
export { describeRecording } from "./describe.ts";
export {
  FIRST_PARTITION,
  type PartitionFolder,
  partitionFolder,
  partitionFolders,
} from "./partition-folders.ts";
export type { SharedSync } from "./shared-sync.ts";

/** One sync for many partitions of a recording. Rejects with JournalLocked when another process has it. */
export function shareSync(recording: string): Promise<SharedSync> {
  return SharedSync.open(realDisk, recording);
}

export interface RecordingOptions extends Omit<JournalOptions, "readOnly" | "onReport"> {
  log?: (message: string) => void;
}

/** The partitions of an existing recording and their folders, at least one: the first one first. Rejects when there is none. */
export async function recordedPartitions(
  recording: string,
): Promise<[first: PartitionFolder, ...others: PartitionFolder[]]> {
  const [first, ...others] = await partitionFolders(recording);
  if (first === undefined) throw holdsNothing(recording);
  return [first, ...others];
}

/**
 * Opens a partition of an existing recording for reading, the first one unless `partition` names another; its writer may go on. Rejects when
 * there is no such recording or partition.
 */
export async function openRecording(
  recording: string,
  { log, partition, ...options }: RecordingOptions = {},
): Promise<FileJournal> {
  const { directory } = await recordedPartition(recording, partition);
  const journal = await openJournal(directory, { ...options, ...reporting(log), readOnly: true });
  if (journal.segments.length > 0) return journal;
  await journal.close();
  throw holdsNothing(directory);
}

async function recordedPartition(recording: string, partition: string | undefined): Promise<PartitionFolder> {
  const folders = await recordedPartitions(recording);
  if (partition === undefined) return folders[0];
  const found = folders.find((each) => each.partition === partition);
  if (found !== undefined) return found;
  throw new EigenwatchError({
    action: `read partition ${partition} of recording ${recording}`,
    value: "it has no such partition",
    expected: folders.map((each) => each.partition).join(" or "),
    kind: "notFound",
  });
}

function holdsNothing(directory: string): EigenwatchError {
  return new EigenwatchError({
    action: `read recording ${directory}`,
    value: "it holds no segment file",
    expected: "0000000001.seg …",
    kind: "input",
  });
}

/** Opens or creates one partition of a recording to go on writing it: each has a lock of its own. */
export async function openPartitionForWriting(
  recording: string,
  partition: string,
  options: Omit<RecordingOptions, "partition"> = {},
): Promise<FileJournal> {
  // Who brings a disk shares its sync, and has restored what there was when it was opened.
  if (options.disk === undefined) await restoreSegments(realDisk, recording);
  return openRecordingForWriting(await partitionFolder(recording, partition), { ...options, partition });
}

/** Opens or creates a recording of one partition, which lies in the folder itself, to go on writing it. */
export function openRecordingForWriting(
  directory: string,
  options: RecordingOptions = {},
): Promise<FileJournal> {
  const { log, ...rest } = options;
  return openJournal(directory, { ...rest, ...reporting(log) });
}

/** One line of a report. */
export function reportLine(report: JournalReport): string {
  switch (report.kind) {
    case "recovered":
      return `${report.file}: cut off ${report.droppedBytes} bytes of an unfinished write at byte ${report.offset} (${report.reason})`;
    case "damage":
      return `${report.file}: damaged at byte ${report.offset}, ${report.length} bytes: ${report.reason}`;
    case "badSnapshot":
      return `${report.file}: snapshot passed over: ${report.reason}`;
    case "staleLock":
      return `took over the lock of process ${report.pid}, which is gone`;
    case "retention":
      return `removed ${report.removed.join(", ")}; kept from block ${report.firstBlock}, ${report.bytes} bytes`;
    case "overLimit":
      return `keeps ${report.bytes} bytes, more than its limits ask for: ${report.heldBy}`;
    case "diskLow":
      return `the disk has ${report.freeBytes} bytes left`;
    default:
      return unreachable(report);
  }
}

/** Without a log of their own, commands still say that a snapshot was passed over: damage of the log is an error, this is not. */
function reporting(log: ((message: string) => void) | undefined): Pick<JournalOptions, "onReport"> {
  if (log !== undefined) return { onReport: (report) => log(`journal: ${reportLine(report)}`) };
  return {
    onReport(report) {
      if (report.kind === "badSnapshot")
        process.stderr.write(`eigenwatch: ${visibleText(reportLine(report))}\n`);
    },
  };
}

function unreachable(report: never): never {
  throw new TypeError(`Cannot report ${JSON.stringify(report)}: expected a known report`);
}
