/**
 * Everything in a recording's folder, read from the first byte to the last, and what does not hold.
 *
 *   segments ──► CRC of each record ──► chain of blocks, notes (record-checks.ts)
 *   indexes  ──► equal to what the segment gives
 *   snapshots ─► checksums, and their place in the log
 *   beginning ─► the first block, or the one after what the log says it begins after
 *
 * A change of any byte of these files is found and named with its file and offset, as far as it was no one who mends checksums and hashes:
 * against that there are seals (seal.ts).
 */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  BLOCK_FIELDS_BYTES,
  BODY_BYTES_MIN,
  gapBetween,
  indexName,
  isBeingWritten,
  isLockFile,
  orphanedIndexes,
  partitionOfSegments,
  RECORD,
  RECORD_HEADER_BYTES,
  realDisk,
  type Segment,
  SegmentScanner,
  type SnapshotInfo,
  scanSegment,
  segmentFirstBlock,
  segmentName,
  snapshotName,
} from "../../../actors/journal/mod.ts";
import type { BlockPosition } from "../../../actors/ports/journal.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { RecordChecks } from "./record-checks.ts";
import { at, type Finding, findingOf, snapshotsOf, surveyIndex } from "./survey-files.ts";

export interface MissingFile {
  /** First block of an index, the block before a snapshot. */
  block: number;
  finding: Finding;
}

/**
 * Why a recording begins with its first block. `noted`: the log says that it begins there, because retention removed what was before or
 * because it was made without it. `unknown`: it was written by a program that did not note that.
 */
export type Beginning = "first" | "noted" | "unknown";

export interface Survey {
  partition: string;
  blocks: number;
  inputs: number;
  events: number;
  checkpoints: number;
  snapshots: readonly SnapshotInfo[];
  first: BlockPosition | null;
  beginning: Beginning;
  last: BlockPosition | null;
  before: Uint8Array | null;
  /** Bytes of each segment that hold: a running session may be writing after them. */
  segments: readonly { file: string; bytes: number; lastBlock: number }[];
  /** Indexes and snapshots that should be there. Without them the log is whole: a seal may be made, and then says what there is. */
  missing: readonly MissingFile[];
  /** All names in the folder but those of further folders, which are no part of it. */
  names: readonly string[];
  /** A process is writing the recording now. */
  written: boolean;
  findings: Finding[];
}

/** `hashAt`: called with each block in order. */
export async function surveyRecording(
  directory: string,
  progress: (bytes: number) => void = () => {},
  hashAt: (block: BlockPosition) => void = () => {},
): Promise<Survey> {
  const found = (await readdir(directory, { withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const orphans = orphanedIndexes(found);
  const names = found.filter((name) => !orphans.includes(name));
  const firstBlocks = names.map(segmentFirstBlock).filter((block) => block !== null);
  firstBlocks.sort((a, b) => a - b);
  if (firstBlocks.length === 0)
    throw new EigenwatchError({
      action: `verify ${directory}`,
      value: "it holds no segment file",
      expected: "0000000001.seg …",
      kind: "input",
    });
  const written = await isBeingWritten(realDisk, directory);
  const findings: Finding[] = [];
  const partition = (await partitionOfSegments(directory, names, "")) ?? "";
  const checks = new RecordChecks(partition);
  const snapshots = await snapshotsOf(directory, names, findings);
  const stored = new Set<number>();
  const notes = { isKept: false, beginsAfter: 0 };
  const missing: MissingFile[] = [];
  const segments: Segment[] = [];
  let bytes = 0;
  for (const firstBlock of firstBlocks) {
    const newest = firstBlock === firstBlocks.at(-1);
    const segment = await surveySegment(directory, firstBlock, {
      newest,
      written,
      checks,
      snapshots,
      stored,
      notes,
      findings,
      hashAt,
    });
    const gap = gapBetween(segments.at(-1), segment);
    if (gap !== null) findings.push(findingOf(gap));
    if (names.includes(indexName(segment.file))) await surveyIndex(directory, segment, findings);
    else if (!newest && !written && hasIndex(segment))
      missing.push({
        block: segment.firstBlock,
        finding: at(indexName(segment.file), 0, 0, "it is not there: opening for writing makes it again"),
      });
    segments.push(segment);
    bytes += segment.size;
    progress(bytes);
  }
  for (const name of names) {
    if (/^\d{10,16}\.idx$/.test(name) && !names.includes(name.replace(".idx", ".seg")))
      findings.push({
        file: name,
        offset: 0,
        length: 0,
        reason: "it is the index of a segment that is not there",
      });
  }
  const { last } = checks;
  const beginning = beginningOf(firstBlocks[0]!, notes, findings);
  for (const block of stored) {
    // Retention removes those before the first block.
    if (written || block < (checks.first?.number ?? 0) - 1 || names.includes(snapshotName(block))) continue;
    missing.push({
      block,
      finding: at(snapshotName(block), 0, 0, "it is not there: the log says that it was stored"),
    });
  }
  for (const { file, block } of snapshots) {
    if (block > (last?.number ?? 0) && !written)
      findings.push({
        file,
        offset: 0,
        length: 0,
        reason: `it is newer than block ${last?.number ?? 0}, the last of the log`,
      });
  }
  return {
    partition,
    blocks: checks.blocks,
    inputs: checks.inputs,
    events: checks.events,
    checkpoints: checks.checkpoints,
    snapshots,
    first: checks.first,
    beginning,
    last,
    before: checks.before,
    segments: segments.map(({ file, size, last }) => ({ file, bytes: size, lastBlock: last?.number ?? 0 })),
    names,
    written,
    findings,
    missing,
  };
}

/** What the log says of its beginning. */
interface BeginningNotes {
  /** The oldest segment was written by a program that makes such notes. */
  isKept: boolean;
  /** Blocks up to this one are not expected. */
  beginsAfter: number;
}

function beginningOf(
  firstBlock: number,
  { isKept, beginsAfter }: BeginningNotes,
  findings: Finding[],
): Beginning {
  if (firstBlock <= 1) return "first";
  if (beginsAfter >= firstBlock - 1) return "noted";
  if (!isKept) return "unknown";
  const given =
    beginsAfter === 0 ? "nothing before was given up" : `only those up to ${beginsAfter} were given up`;
  const blocks =
    beginsAfter + 2 === firstBlock
      ? `block ${firstBlock - 1} is`
      : `blocks ${beginsAfter + 1} to ${firstBlock - 1} are`;
  findings.push(at(segmentName(firstBlock), 0, 0, `${blocks} missing before it: the log says that ${given}`));
  return "unknown";
}

interface Walk {
  newest: boolean;
  written: boolean;
  checks: RecordChecks;
  snapshots: readonly SnapshotInfo[];
  /** Blocks whose snapshots the log says are there. */
  stored: Set<number>;
  notes: BeginningNotes;
  findings: Finding[];
  hashAt(block: BlockPosition): void;
}

async function surveySegment(directory: string, firstBlock: number, walk: Walk): Promise<Segment> {
  const file = await realDisk.open(join(directory, segmentName(firstBlock)), "read");
  try {
    const { segment, header, tornBytes, tornReason } = await scanSegment(file, firstBlock, walk.newest);
    for (const damage of segment.damage) walk.findings.push(findingOf(damage));
    if (header !== null && header.firstBlock !== firstBlock)
      walk.findings.push(
        at(segment.file, 20, 8, `its header says that it begins with block ${header.firstBlock}`),
      );
    if (walk.checks.first === null) walk.notes.isKept ||= header?.notesBeginning === true;
    if ((await file.size()) === 0 && !walk.written)
      walk.findings.push(
        at(segment.file, 0, 0, "it is empty: an unfinished beginning, or all of it was removed"),
      );
    // Of a session that runs it is the write under way.
    if (tornBytes > 0 && !walk.written)
      walk.findings.push(
        at(
          segment.file,
          segment.size,
          tornBytes,
          `${tornReason}: an unfinished write, or a change to the last one`,
        ),
      );
    await surveyRecords(
      new SegmentScanner(file, segment.recordsAt, segment.size, firstBlock),
      segment.file,
      walk,
    );
    return segment;
  } finally {
    await file.close();
  }
}

/** The scan before has reported damage. */
async function surveyRecords(scanner: SegmentScanner, file: string, walk: Walk): Promise<void> {
  const { checks, findings } = walk;
  for (;;) {
    const step = scanner.step();
    if (step === "end") return;
    if (step === "more") await scanner.fill();
    else if (step === "damage") checks.forget();
    else {
      const { offset, type, block } = scanner;
      const payload = scanner.payload();
      const fields = type === RECORD.block ? BLOCK_FIELDS_BYTES : BODY_BYTES_MIN;
      const length = RECORD_HEADER_BYTES + fields + payload.length;
      const report = (reason: string) => void findings.push(at(file, offset, length, reason));
      if (type === RECORD.block) {
        const position = scanner.position();
        checks.block(position, payload, report);
        walk.hashAt(position);
        for (const snapshot of walk.snapshots)
          if (snapshot.block === block)
            checks.endsAt(block, snapshot, "snapshot", (reason) =>
              findings.push(at(snapshot.file, 24, 32, reason)),
            );
      } else if (type === RECORD.derived) checks.derived(block, payload, report);
      else if (type === RECORD.checkpoint) checks.checkpoint(block, payload, report);
      else if (type === RECORD.snapshotStored) walk.stored.add(block);
      else if (type === RECORD.snapshotGivenUp) walk.stored.delete(block);
      else if (type === RECORD.beginsAfter) walk.notes.beginsAfter = Math.max(walk.notes.beginsAfter, block);
      else if (type === RECORD.closed && block !== (checks.last?.number ?? block))
        report(`it says that the log was closed after block ${block}, behind block ${checks.last?.number}`);
    }
  }
}

/** As when it was sealed: `writeIndex` gives a damaged segment none. */
function hasIndex(segment: Segment): boolean {
  return segment.damage.length === 0 && segment.first?.number === segment.firstBlock;
}

/** Names that come and go beside the recording itself. */
export function isPassing(name: string): boolean {
  return isLockFile(name) || name.endsWith(".tmp");
}
