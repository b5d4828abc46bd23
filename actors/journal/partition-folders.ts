/**
 * Which partitions a recording holds, and where. Each has a folder of its own, with its own chain, lock and seal.
 *
 *   DIR/0000000001.seg …            segments in the folder itself: one partition; of a new recording the first, p0
 *   DIR/room/0000000001.seg …       each further partition, in a sub-folder of its escaped name
 *
 * F1  A sub-folder is a part of the recording unless its segments name another partition than it does: recordings may lie in one another.
 * F2  A partition that lies in the folder itself is not looked for in a sub-folder.
 * F3  Nothing is ever moved: a partition goes on where it lies.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { MalformedSubject } from "../../protocol/errors.ts";
import { escapeName, unescapeName } from "../../protocol/subjects.ts";
import { realDisk } from "./disk.ts";
import { listRecording } from "./open-segments.ts";
import { readSegmentHeader, segmentFirstBlock } from "./segment.ts";

/** Every session has it, and its folder is the recording's own: a recording of one partition has no sub-folder. */
export const FIRST_PARTITION = "p0";

export interface PartitionFolder {
  /** As its segments say; "" where no header of a segment in the folder itself can be read. */
  readonly partition: string;
  readonly directory: string;
}

/** The one in the folder itself first, then by name (UTF-16). Empty where no segment is. Rejects when there is no such folder. */
export async function partitionFolders(recording: string): Promise<PartitionFolder[]> {
  const names = await listRecording(realDisk, recording);
  const own = await partitionOfSegments(recording, names, "");
  const folders: PartitionFolder[] = own === null ? [] : [{ partition: own, directory: recording }];
  for (const { name, directory } of await subFolders(recording)) {
    if (name === own) continue;
    const found = await partitionOfSegments(directory, await listRecording(realDisk, directory), name);
    if (found === name) folders.push({ partition: name, directory });
  }
  return folders;
}

/** Where a partition lies, or begins. */
export async function partitionFolder(recording: string, partition: string): Promise<string> {
  const found = await realDisk.stat(recording);
  const folders = found === null ? [] : await partitionFolders(recording);
  const folder = folders.find((each) => each.partition === partition);
  if (folder !== undefined) return folder.directory;
  return partition === FIRST_PARTITION ? recording : join(recording, escapeName(partition));
}

/** Folders that have the form of a partition's name, in the order of these. */
async function subFolders(recording: string): Promise<{ name: string; directory: string }[]> {
  const folders: { name: string; directory: string }[] = [];
  for (const entry of await readdir(recording, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const name = nameOf(entry.name);
    if (name !== null) folders.push({ name, directory: join(recording, entry.name) });
  }
  return folders.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function nameOf(folder: string): string | null {
  try {
    return unescapeName(folder);
  } catch (error) {
    if (error instanceof MalformedSubject) return null;
    throw error;
  }
}

/** The partition of the segments among some names of a folder: by the oldest header that can be read, `unread` where none can; null without segments. */
export async function partitionOfSegments(
  directory: string,
  names: readonly string[],
  unread: string,
): Promise<string | null> {
  const segments = names.filter((name) => segmentFirstBlock(name) !== null).sort(byFirstBlock);
  if (segments.length === 0) return null;
  for (const name of segments) {
    const file = await realDisk.open(join(directory, name), "read").catch(gone);
    if (file === null) continue;
    try {
      const start = await readSegmentHeader(file, name);
      if (start !== null) return start.header.partition;
    } finally {
      await file.close();
    }
  }
  return unread;
}

function byFirstBlock(a: string, b: string): number {
  return segmentFirstBlock(a)! - segmentFirstBlock(b)!;
}

/** The writer's retention may remove old segments while the folder is read. */
function gone(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
