/** Recordings as the commands use them: opened by path, with reports as lines for people. */
import process from "node:process";
import { EigenwatchError } from "../../protocol/errors.ts";
import { visibleText } from "../../protocol/visible-text.ts";
import type { FileJournal, JournalOptions, JournalReport } from "./file.ts";
import { openJournal } from "./file.ts";

export type { RecordingDescription } from "./describe.ts";
export { describeRecording } from "./describe.ts";

export interface RecordingOptions extends Omit<JournalOptions, "readOnly" | "onReport"> {
  log?: (message: string) => void;
}

/** Opens an existing recording for reading; its writer may go on. Rejects when there is none. */
export async function openRecording(directory: string, options: RecordingOptions = {}): Promise<FileJournal> {
  const { log, ...rest } = options;
  const journal = await openJournal(directory, { ...rest, ...reporting(log), readOnly: true });
  if (journal.segments.length > 0) return journal;
  await journal.close();
  throw new EigenwatchError({
    action: `read recording ${directory}`,
    value: "it holds no segment file",
    expected: "0000000001.seg …",
    kind: "input",
  });
}

/** Opens or creates a recording to go on writing it. */
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
