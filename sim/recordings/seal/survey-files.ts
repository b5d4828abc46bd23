/** What stands beside the records of segments: indexes, snapshots, headers, the lock. */
import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  encodeIndex,
  indexName,
  realDisk,
  type Segment,
  type SnapshotInfo,
  SnapshotStore,
} from "../../../actors/journal/mod.ts";

/** A segment's index is what reading the segment gives; a damaged segment has none. */
export async function surveyIndex(directory: string, segment: Segment, findings: Finding[]): Promise<void> {
  if (segment.damage.length > 0 || segment.first === null) return;
  const file = indexName(segment.file);
  const found = await readFile(join(directory, file));
  const expected = encodeIndex(segment);
  const length = Math.max(found.length, expected.length);
  for (let offset = 0; offset < length; offset++) {
    if (found[offset] === expected[offset]) continue;
    findings.push(at(file, offset, 1, "it is not what its segment gives"));
    return;
  }
}

/** Snapshots whose checksums hold; the others are findings. */
export async function snapshotsOf(
  directory: string,
  names: readonly string[],
  findings: Finding[],
): Promise<SnapshotInfo[]> {
  const store = new SnapshotStore(realDisk, directory, (file, reason) => {
    findings.push(at(file, 0, sizeOf(join(directory, file)), reason));
  });
  await store.open(names, Number.POSITIVE_INFINITY, false);
  for (const { block } of [...store.kept]) await store.load({ block });
  return [...store.kept];
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** What a look at a recording's files finds. */

/** Bytes that do not hold, and why. */
export interface Finding {
  file: string;
  offset: number;
  /** 0 where the place is known and not the extent. */
  length: number;
  reason: string;
}

export function findingOf({ file, offset, length, reason }: Finding): Finding {
  return { file, offset, length, reason };
}

export function at(file: string, offset: number, length: number, reason: string): Finding {
  return { file, offset, length, reason };
}
