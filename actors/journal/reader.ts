/** Reads a recording's entries in order across its segments, and finds places in it. */
import { join } from "node:path";
import { errorText } from "../../protocol/errors.ts";
import type { JournalEntry, LogPlace } from "../ports/journal.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { firstReaching, placeOf } from "./locate.ts";
import { RECORD } from "./record.ts";
import { SegmentScanner, SMALL_WINDOW_BYTES } from "./scanner.ts";
import type { Damage, IndexEntry, Segment } from "./segment.ts";
import { BlockOrder, damageEntry } from "./segment.ts";

/** The segments now, oldest first: retention and rolling change them between two looks. */
export type Segments = () => readonly Segment[];

/**
 * Entries from block `from` to the end as it was at the call. The caller may keep and change their bytes.
 * Damage is reported if it may have cost blocks at or after `from`.
 */
export async function* readEntries(
  disk: Disk,
  directory: string,
  segments: Segments,
  from: number,
): AsyncGenerator<JournalEntry> {
  const newest = segments().at(-1);
  if (newest === undefined) return;
  const end = { firstBlock: newest.firstBlock, size: newest.size };
  let segment = segmentOf(segments(), from) ?? segments()[0]!;
  const walk: Walk = { from, order: new BlockOrder(segment.firstBlock), held: [] };
  let start = entryBefore(segment, "number", from + 1);
  if (start !== null) walk.order = new BlockOrder(start.number);
  for (;;) {
    const to = segment.firstBlock === end.firstBlock ? end.size : segment.size;
    yield* readSegment(disk, directory, segment, start?.offset ?? segment.recordsAt, to, walk);
    const { firstBlock } = segment;
    const next =
      firstBlock >= end.firstBlock ? undefined : segments().find((each) => each.firstBlock > firstBlock);
    if (next === undefined) break;
    segment = next;
    start = null;
    const gap = walk.order.checkSegment(segment.firstBlock);
    if (gap !== null)
      walk.held.push({ kind: "damage", file: segment.file, offset: 0, length: 0, reason: gap });
    if (segment.firstBlock <= from) walk.held = [];
  }
  yield* walk.held;
}

/** Number of the first block that reaches a place, or null after the end. */
export async function locateBlock(
  disk: Disk,
  directory: string,
  segments: readonly Segment[],
  at: LogPlace,
): Promise<number | null> {
  const { field, value } = placeOf(at);
  const filled = segments.filter((segment) => segment.last !== null);
  const found = firstReaching(0, filled.length, (i) => filled[i]!.last!, field, value);
  const segment = filled[found];
  if (segment === undefined) return null;
  if (segment.first![field] >= value) return segment.first!.number;
  const start = entryBefore(segment, field === "lastSequence" ? "firstSequence" : field, value);
  const file = await disk.open(join(directory, segment.file), "read");
  try {
    const from = start?.offset ?? segment.recordsAt;
    const scanner = new SegmentScanner(file, from, segment.size, segment.firstBlock, SMALL_WINDOW_BYTES);
    for (;;) {
      const step = scanner.step();
      if (step === "end") return segment.last!.number;
      if (step === "more") await scanner.fill();
      else if (step === "record" && scanner.type === RECORD.block) {
        const position = scanner.position();
        if (position[field] >= value) return position.number;
      }
    }
  } finally {
    await file.close();
  }
}

interface Walk {
  from: number;
  order: BlockOrder;
  /** Damage that was found before the next sound block shows whether it lies at or after `from`. */
  held: Damage[];
}

async function* readSegment(
  disk: Disk,
  directory: string,
  segment: Segment,
  start: number,
  end: number,
  walk: Walk,
): AsyncGenerator<JournalEntry> {
  let file: DiskFile;
  try {
    file = await disk.open(join(directory, segment.file), "read");
  } catch (error) {
    const reason = `it cannot be opened: ${errorText(error)}`;
    walk.order.damaged();
    walk.held.push({ kind: "damage", file: segment.file, offset: 0, length: segment.size, reason });
    return;
  }
  try {
    const scanner = new SegmentScanner(file, start, end, segment.firstBlock);
    for (;;) {
      const step = scanner.step();
      if (step === "end") return;
      if (step === "more") {
        await scanner.fill();
        continue;
      }
      if (step === "damage") {
        walk.order.damaged();
        walk.held.push(damageEntry(segment.file, scanner));
        continue;
      }
      if (scanner.type === RECORD.block) {
        const odd = walk.order.check(scanner.block);
        if (odd !== null)
          walk.held.push({
            kind: "damage",
            file: segment.file,
            offset: scanner.offset,
            length: 0,
            reason: odd,
          });
        if (walk.order.accepted && scanner.block <= walk.from) walk.held = [];
      }
      if (scanner.block < walk.from) continue;
      if (walk.held.length > 0) {
        yield* walk.held;
        walk.held = [];
      }
      if (scanner.type === RECORD.block) {
        if (walk.order.accepted)
          yield { kind: "block", block: { ...scanner.position(), bytes: scanner.payload() } };
      } else if (scanner.type === RECORD.derived || scanner.type === RECORD.checkpoint) {
        const kind = scanner.type === RECORD.derived ? "derived" : "checkpoint";
        yield { kind, block: scanner.block, bytes: scanner.payload() };
      }
    }
  } finally {
    await file.close();
  }
}

/** The segment that holds a block: the last that starts at or before it. */
function segmentOf(segments: readonly Segment[], block: number): Segment | undefined {
  return segments.findLast((segment) => segment.firstBlock <= block);
}

/** The last index entry whose `field` is below `value`, or null. */
function entryBefore(segment: Segment, field: keyof IndexEntry, value: number): IndexEntry | null {
  let low = 0;
  let high = segment.index.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (segment.index[middle]![field] < value) low = middle + 1;
    else high = middle;
  }
  return segment.index[low - 1] ?? null;
}
