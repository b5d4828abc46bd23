/** `eigenwatch record follow`: the session of a cluster as a recording. */
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../../actors/command-line/manual.ts";
import { exitWith } from "../../../actors/command-line/program.ts";
import { startProgress } from "../../../actors/command-line/progress.ts";
import { stopSignal } from "../../../actors/command-line/stop-signal.ts";
import { print, printJson, report } from "../../../actors/command-line/terminal.ts";
import { systemClock } from "../../../actors/mod.ts";
import { connectBus, type NatsFlags, withNatsOptions } from "../../../collab/live/nats-flags.ts";
import { type RecordedPartition, recordSession } from "./record-session.ts";

export const followCommand = withNatsOptions(
  new Command("follow")
    .summary("record the session of a cluster")
    .description(
      "Records the session of a cluster to a folder, from the beginning of its log or from where the folder ends, and follows it until Ctrl-C. The recording is as one of `up --record`.",
    )
    .argument("<dir>", "folder of the recording, new or recorded from this session")
    .option("--nats <url>", "address of a NATS server (default: NATS_URL, or nats://127.0.0.1:4222)")
    .option("--session <name>", "name of the session", "local")
    .option("--once", "end where the log ends now")
    .option("--json", "print one JSON object per line: at the present end of the log, and at the end")
    .addHelpText(
      "after",
      manual({
        exitCodes: {
          0: "everything up to the present end, or until Ctrl-C, is recorded",
          1: "the servers cannot be reached, they lost a part of the log, the folder is damaged or cannot be written, or --once was interrupted",
        },
        examples: [
          ["eigenwatch record follow recordings/plant --session plant", "record what a cluster does"],
          ["eigenwatch record follow recordings/plant --session plant --once", "only what there is now"],
          ["eigenwatch replay recordings/plant --verify", "check it"],
        ],
      }),
    ),
).action(exitWith(follow));

interface FollowOptions extends NatsFlags {
  session: string;
  once?: true | undefined;
  json?: true | undefined;
}

async function follow(directory: string, options: FollowOptions): Promise<number> {
  const { session } = options;
  const once = options.once === true;
  const json = options.json === true;
  const bus = await connectBus(options, "record", (message) => report(message));
  const bar = startProgress("record", 0, "entries", json);
  const stopping = new AbortController();
  void stopSignal().then(() => stopping.abort());
  let isPresent = false;
  try {
    const partitions = await recordSession({
      bus,
      clock: systemClock,
      session,
      directory,
      once,
      signal: stopping.signal,
      report: (message) => report(message),
      progress: (entries, total) => isPresent || bar.update(entries, total),
      present(reached) {
        isPresent = true;
        bar.stop();
        if (json) printJson({ what: "present", session, recording: directory, partitions: reached });
        else if (!once) print(`recorded to ${directory}, and going on until Ctrl-C: ${summary(reached)}`);
      },
    });
    if (json) printJson({ what: "recorded", session, recording: directory, partitions });
    else print(`recorded to ${directory}: ${summary(partitions)}`, ...partitions.map(line));
    return isPresent || !once ? 0 : 1;
  } finally {
    bar.stop();
    await bus.close();
  }
}

function summary(partitions: readonly RecordedPartition[]): string {
  const blocks = partitions.reduce((sum, each) => sum + each.blocks, 0);
  const names = partitions.map(({ partition }) => partition).join(", ");
  return `${blocks} new blocks of ${names}`;
}

function line({ partition, firstBlock, lastBlock, lastSequence, lastHash }: RecordedPartition): string {
  if (lastBlock === null) return `${partition}  empty`;
  return `${partition}  blocks ${firstBlock} to ${lastBlock}, inputs to ${lastSequence}, hash of the last block ${lastHash}`;
}
