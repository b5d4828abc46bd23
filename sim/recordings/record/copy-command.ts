/** `eigenwatch record copy`: a back-up of a recording, also while it is written. */
import { Command } from "@commander-js/extra-typings";
import { byteSize } from "../../../actors/command-line/byte-size.ts";
import { manual } from "../../../actors/command-line/manual.ts";
import { exitWith } from "../../../actors/command-line/program.ts";
import { startProgress } from "../../../actors/command-line/progress.ts";
import { print, printJson } from "../../../actors/command-line/terminal.ts";
import { timeText } from "../../../protocol/text-values.ts";
import { type CopiedPartition, copyRecording } from "./copy-recording.ts";

const MEGABYTE = 1e6;

export const copyCommand = new Command("copy")
  .summary("copy a recording, also while it is written")
  .description(
    "Copies a recording to a new folder, also while `up` writes it: the copy is the recording as it was at a moment, with all its partitions. It verifies, replays, and can be gone on with. Whole or not at all.",
  )
  .argument("<dir>", "a recording: the folder given to --record")
  .requiredOption("--to <dir>", "a new folder")
  .option("--json", "print what was copied as one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "the copy is on the disk", 1: "it could not be written" },
      examples: [
        ["eigenwatch record copy recordings/today --to /backup/today", "a back-up of what is recorded now"],
        ["eigenwatch verify /backup/today", "check it"],
      ],
    }),
  )
  .action(
    exitWith(async (path, { to, json }) => {
      const bar = startProgress("copy", 0, "MB", json === true);
      try {
        const partitions = await copyRecording(path, to, {
          progress: (bytes, total) => bar.update(Math.round(bytes / MEGABYTE), Math.round(total / MEGABYTE)),
        });
        bar.stop();
        if (json) printJson({ what: "copied", recording: path, to, partitions });
        else print(...partitions.map((each) => `${to}: ${lineOf(each)}`));
        return 0;
      } finally {
        bar.stop();
      }
    }),
  );

function lineOf({ partition, segments, bytes, lastBlock, lastSequence, lastUs }: CopiedPartition): string {
  const size = `${segments} segments, ${byteSize(bytes)}`;
  const end =
    lastBlock === null
      ? "no block yet"
      : `to block ${lastBlock}, input ${lastSequence}, ${timeText(lastUs!)}`;
  return `${partition || "p0"}  ${size}, ${end}`;
}
