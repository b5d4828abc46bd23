/**
 * Which partitions of a recording are branched: the one that has the groups and channels that the branch names, or each by itself.
 *
 *   names in one partition    that one
 *   no names                  all, from the same time on: settings and seeds are those of the session. A sweep: the first
 *   names in several          refused: the folders are named, each has a chain of its own
 */
import { report } from "../../../actors/command-line/terminal.ts";
import {
  inputs,
  openRecording,
  type PartitionFolder,
  recordedPartitions,
  SYSTEM,
} from "../../../actors/mod.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { MESSAGES } from "../../../protocol/messages.ts";
import { ROOM_PARTITION } from "../../../protocol/room-document.ts";
import { reportOtherPartitions } from "../partitions.ts";
import { type SeekPlace, timeOfPlace } from "../place.ts";
import { type RecordedRange, rangeOf } from "../seek.ts";
import type { BranchOptions } from "./branch-options.ts";

/** What a branch is about: names of groups, of channels, or GROUP/CHANNEL. */
type Names = Pick<BranchOptions, "drop" | "inject" | "command">;

/** A partition that is branched, and where. */
export interface BranchPlace {
  readonly partition: string;
  readonly directory: string;
  readonly at: SeekPlace;
}

/** At least one; `at` by sequence is a place of the first partition. Says on standard error which are not branched, where there are others. */
export async function placesOfBranch(
  recording: string,
  options: Names & Pick<BranchOptions, "dropCommand">,
  at: SeekPlace,
): Promise<BranchPlace[]> {
  const folders = await recordedPartitions(recording);
  // A command that is left out is one of a partition, too; which one it is does not say.
  const isOfAll = namesIn(options).length === 0 && options.dropCommand.length === 0;
  if (folders.length === 1 || !isOfAll)
    return [{ partition: folders[0].partition, directory: await folderOfBranch(recording, options), at }];
  const places: BranchPlace[] = [];
  let timeUs = 0;
  for (const [k, { partition, directory }] of folders.entries()) {
    if (partition === ROOM_PARTITION) continue;
    const journal = await openRecording(directory);
    try {
      if (k === 0) timeUs = await timeOfPlace(journal, at);
      const place = k === 0 ? at : placeFrom(timeUs, await rangeOf(journal, SYSTEM));
      if (place === null) report(`${partition} has nothing after that place: it is not branched`);
      else places.push({ partition, directory, at: place });
    } finally {
      await journal.close();
    }
  }
  return places;
}

/** A partition that begins later is branched at its beginning. Null for one that ended before. */
function placeFrom(timeUs: number, { fromUs, toUs, firstSequence }: RecordedRange): SeekPlace | null {
  if (timeUs > toUs) return null;
  return timeUs < fromUs ? { sequence: firstSequence } : { timeUs };
}

/** The folder of the partition. Rejects for a branch that concerns several. Says on standard error which one it is, where there are others. */
export async function folderOfBranch(recording: string, options: Names): Promise<string> {
  const folders = await recordedPartitions(recording);
  const names = namesIn(options);
  if (folders.length === 1) return recording;
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
    return recording;
  }
  report(`${recording} holds several partitions: this is ${found.partition}, in ${found.directory}`);
  return found.directory;
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
