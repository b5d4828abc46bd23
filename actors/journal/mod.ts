/** The public face of actors/journal/ beyond actors/mod.ts: journals on any disk, and the segments, indexes and snapshots of a recording. */
export {
  type Disk,
  type DiskFile,
  type FileState,
  type OpenMode,
  realDisk,
  TEMPORARY_SUFFIX,
  writeWhole,
} from "./disk.ts";
export { JournalHalted, LogRewound } from "./errors.ts";
export { type FileJournal, openJournal } from "./file.ts";
export { encodeIndex, indexName, orphanedIndexes } from "./index-file.ts";
export type { LifeSign } from "./life-sign.ts";
export { isBeingWritten, isLockFile, LOCK_FILE } from "./lock.ts";
export { listRecording } from "./open-segments.ts";
export { partitionOfSegments } from "./partition-folders.ts";
export { BLOCK_FIELDS_BYTES, BODY_BYTES_MIN, RECORD, RECORD_HEADER_BYTES } from "./record.ts";
export { SegmentScanner } from "./scanner.ts";
export {
  gapBetween,
  readSegmentHeader,
  type Segment,
  scanSegment,
  segmentFirstBlock,
  segmentName,
} from "./segment.ts";
export { type SnapshotInfo, SnapshotStore, snapshotName } from "./snapshots.ts";
export { RecordingTail, type TailOptions } from "./tail.ts";
