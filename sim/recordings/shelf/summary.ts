/**
 * What a recording is, read from its heads, indexes and newest segments: never all of it.
 *
 *   DIR/0000000001.seg ─head─► channels, begin       *.idx ─► bytes       newest segment (64 MiB at most) ─► end
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type FileJournal, openJournal } from "../../../actors/journal/mod.ts";
import { inputs, type PartitionFolder } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { isOwnHealth } from "../../../actors/ports/own-health.ts";
import type { ListedRecording } from "../../../protocol/controls.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { ROOM_PARTITION } from "../../../protocol/room-document.ts";
import { SEAL_FILE } from "../seal/seal.ts";

/** Feeds declare their channels before their first data: of several feeds, within these inputs. At most 16 MiB are read. */
const HEAD_INPUTS = 256;

/** What changes only with the files of the recording. */
export type Summary = Omit<ListedRecording, "name" | "isLive">;

/** Rejects when a partition cannot be read. */
export async function summaryOf(folders: readonly PartitionFolder[]): Promise<Summary> {
  const parts: Part[] = [];
  for (const folder of folders) {
    // The shared document has neither channels nor a time of its own.
    const isData = folders.length === 1 || folder.partition !== ROOM_PARTITION;
    const journal = await openJournal(folder.directory, { readOnly: true, onReport() {} });
    try {
      parts.push(await partOf(journal, isData));
    } finally {
      await journal.close();
    }
  }
  const begins = parts.flatMap(({ fromUs }) => fromUs ?? []);
  const ends = parts.flatMap(({ toUs }) => toUs ?? []);
  const counts = parts.flatMap(({ channels }) => channels ?? []);
  return {
    fromUs: begins.length === 0 ? null : Math.min(...begins),
    toUs: ends.length === 0 ? null : Math.max(...ends),
    channels: counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    partitions: folders.length,
    isSealed: folders.every(({ directory }) => existsSync(join(directory, SEAL_FILE))),
    isDamaged: parts.some(({ isDamaged }) => isDamaged),
    problem: "",
  };
}

interface Part {
  readonly fromUs: number | null;
  readonly toUs: number | null;
  readonly channels: number | null;
  readonly bytes: number;
  readonly isDamaged: boolean;
}

async function partOf(journal: FileJournal, isData: boolean): Promise<Part> {
  const { first, last, segments, snapshots } = journal;
  const bytes =
    segments.reduce((sum, { size }) => sum + size, 0) + snapshots.reduce((sum, each) => sum + each.bytes, 0);
  const isDamaged = journal.damage.length > 0;
  if (!isData) return { fromUs: null, toUs: null, channels: null, bytes, isDamaged };
  if (first === null || last === null)
    throw new EigenwatchError({
      action: "read the recording",
      value: "no block in it can be read",
      kind: "input",
    });
  const { fromUs, channels } =
    // Retention removed the beginning.
    first.number > 1 ? { fromUs: first.timeUs, channels: null } : await headOf(journal);
  return { fromUs: fromUs ?? last.timeUs, toUs: last.timeUs, channels, bytes, isDamaged };
}

/** Time of the first data, null without any, and how many channels were declared. */
async function headOf(journal: Journal): Promise<{ fromUs: number | null; channels: number }> {
  const channelsByGroup = new Map<string, number>();
  let fromUs: number | null = null;
  let read = 0;
  for await (const { timeUs, input } of inputs(journal)) {
    if (timeUs > 0) fromUs ??= timeUs;
    if (input.type === "channels" && !isOwnHealth(input.channels))
      channelsByGroup.set(input.group, input.channels.length);
    if (++read === HEAD_INPUTS) break;
  }
  return { fromUs, channels: [...channelsByGroup.values()].reduce((sum, count) => sum + count, 0) };
}
