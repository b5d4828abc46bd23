/**
 * Which partitions of a recording are branched: the one that has the groups and channels that the branch names, or each by itself.
 *
 *   names in one partition    that one
 *   no names                  all, from the same time on: settings and seeds are those of the session
 *   names in several          refused: the folders are named, each has a chain of its own
 */
import { report } from "../../../actors/command-line/terminal.ts";
import { inputs, openRecording, type PartitionFolder, recordedPartitions } from "../../../actors/mod.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { MESSAGES } from "../../../protocol/messages.ts";
import { ROOM_PARTITION } from "../../../protocol/room-document.ts";
import { type PartitionPlace, placesIn } from "../partition-places.ts";
import { reportOtherPartitions } from "../partitions.ts";
import type { SeekPlace } from "../place.ts";
import type { BranchOptions } from "./branch-options.ts";

/** What a branch is about: names of groups, of channels, or GROUP/CHANNEL. */
type Names = Pick<BranchOptions, "drop" | "inject" | "command">;

/**
 * At least one; `at` by sequence is a place of the first partition, and null the first data. Says on standard error which are not branched, where there
 * are others.
 */
export async function placesOfBranch(
  recording: string,
  options: Names & Pick<BranchOptions, "dropCommand">,
  at: SeekPlace | null,
): Promise<PartitionPlace[]> {
  const folders = await recordedPartitions(recording);
  // A command that is left out is one of a partition, too; which one it is does not say.
  const isOfAll = namesIn(options).length === 0 && options.dropCommand.length === 0;
  const branched =
    folders.length === 1
      ? folders
      : isOfAll
        ? folders.filter(({ partition }) => partition !== ROOM_PARTITION)
        : [await folderOfBranch(recording, folders, options)];
  return placesIn(branched, at, { action: "branch", done: "branched" });
}

/** The folder of the partition. Rejects for a branch that concerns several. Says on standard error which one it is, where there are others. */
async function folderOfBranch(
  recording: string,
  folders: readonly [PartitionFolder, ...PartitionFolder[]],
  options: Names,
): Promise<PartitionFolder> {
  const names = namesIn(options);
  const concerned: PartitionFolder[] = [];
  if (names.length > 0)
    for (const folder of folders) {
      const declared = await declaredIn(folder.directory);
      if (names.some((name) => declared.has(name))) concerned.push(folder);
    }
  if (concerned.length > 1)
    throw new EigenwatchError({
      action: `branch ${recording}`,
      value: `${names.join(", ")} are in partitions ${concerned.map(({ partition }) => partition).join(" and ")}`,
      expected: "groups and channels of one: a branch is of one chain",
    });
  const [found] = concerned;
  if (found === undefined || found.directory === folders[0].directory) {
    await reportOtherPartitions(recording);
    return folders[0];
  }
  report(`${recording} holds several partitions: this is ${found.partition}, in ${found.directory}`);
  return found;
}

function namesIn({ drop, inject, command }: Names): string[] {
  return [
    ...drop,
    ...inject.flatMap(({ group, channels = [] }) =>
      group === undefined
        ? channels
        : channels.length > 0
          ? channels.map((name) => `${group}/${name}`)
          : [group],
    ),
    ...command.flatMap(({ body }) => groupOf(body)),
  ];
}

/** The group that a command is about, where its body names one. */
function groupOf(body: unknown): string[] {
  const { of } = (body ?? {}) as { of?: { group?: unknown } };
  return typeof of?.group === "string" ? [of.group] : [];
}

/** Groups, channels, and GROUP/CHANNEL. */
async function declaredIn(directory: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  const journal = await openRecording(directory);
  try {
    for await (const each of inputs(journal)) {
      // Frames are most of a recording: they are not decoded.
      if (each.bytes[2] !== MESSAGES.channels.code) continue;
      const { input } = each;
      if (input.type !== "channels") continue;
      names.add(input.group);
      for (const { name } of input.channels) names.add(name).add(`${input.group}/${name}`);
    }
  } finally {
    await journal.close();
  }
  return names;
}
