/**
 * Snapshots of the core's state in the folder of the segments: `snap-NNNNNNNNNN.snap`, named by the block they follow.
 *
 *    0  8 bytes  "EWSNAP", CR, LF
 *    8  u32      CRC-32 of bytes 12 to 56
 *   12  u32      CRC-32 of the state
 *   16  u16      version (1), u16 zero, u32 zero
 *   24  i64 × 4  block, timeUs, sequence, bytes of the state
 *   56  …        the state
 *
 * A snapshot can be made again from the log: a bad one is passed over, with a report, and the one before is used.
 */
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { errorText } from "../../protocol/errors.ts";
import type { LogPlace, StoredSnapshot } from "../ports/journal.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { readWhole, writeWhole } from "./disk.ts";
import { readI64, writeI64 } from "./record.ts";

export interface SnapshotInfo {
  file: string;
  block: number;
  timeUs: number;
  sequence: number;
  /** Size of the whole file. */
  bytes: number;
}

export type ReportBadSnapshot = (file: string, reason: string) => void;

const MAGIC = new Uint8Array([0x45, 0x57, 0x53, 0x4e, 0x41, 0x50, 0x0d, 0x0a]);
const VERSION = 1;
const HEADER_BYTES = 56;
const SNAPSHOT_NAME = /^snap-(\d{10,16})\.snap$/;

export class SnapshotStore {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #report: ReportBadSnapshot;
  /** Oldest first. */
  #kept: SnapshotInfo[] = [];

  constructor(disk: Disk, directory: string, report: ReportBadSnapshot) {
    this.#disk = disk;
    this.#directory = directory;
    this.#report = report;
  }

  get kept(): readonly SnapshotInfo[] {
    return this.#kept;
  }

  /**
   * Finds the snapshots. Those after `lastBlock` follow blocks that are not in the log: they are ignored, and a writer removes them,
   * because later blocks with the same numbers would otherwise get them.
   */
  async open(names: readonly string[], lastBlock: number, writable: boolean): Promise<void> {
    for (const name of names) {
      const match = SNAPSHOT_NAME.exec(name);
      if (match === null) continue;
      const read = await this.#readInfo(name);
      if (typeof read === "string") this.#report(name, read);
      else if (read.block !== Number(match[1]))
        this.#report(name, `it holds the state after block ${read.block}`);
      else if (read.block > lastBlock) {
        this.#report(name, `it is newer than block ${lastBlock}, the last of the log`);
        if (writable) await this.#disk.remove(join(this.#directory, name));
      } else this.#kept.push(read);
    }
    this.#kept.sort((a, b) => a.block - b.block);
  }

  async save({ block, timeUs, sequence, bytes }: StoredSnapshot): Promise<void> {
    const file = snapshotName(block);
    const whole = new Uint8Array(HEADER_BYTES + bytes.length);
    const view = new DataView(whole.buffer);
    whole.set(MAGIC, 0);
    view.setUint32(12, crc32(bytes), true);
    view.setUint16(16, VERSION, true);
    writeI64(view, 24, block);
    writeI64(view, 32, timeUs);
    writeI64(view, 40, sequence);
    writeI64(view, 48, bytes.length);
    whole.set(bytes, HEADER_BYTES);
    view.setUint32(8, crc32(whole.subarray(12, HEADER_BYTES)), true);
    await writeWhole(this.#disk, this.#directory, file, whole, true);
    this.#kept = this.#kept.filter((other) => other.block !== block);
    this.#kept.push({ file, block, timeUs, sequence, bytes: whole.length });
    this.#kept.sort((a, b) => a.block - b.block);
  }

  async load(at: LogPlace): Promise<StoredSnapshot | null> {
    const { block: maxBlock = Infinity, timeUs: maxUs = Infinity, sequence: maxSequence = Infinity } = at;
    for (;;) {
      const info = this.#kept.findLast(
        (each) => each.block <= maxBlock && each.timeUs <= maxUs && each.sequence <= maxSequence,
      );
      if (info === undefined) return null;
      const read = await this.#readState(info);
      if (typeof read !== "string") {
        const { block, timeUs, sequence } = info;
        return { block, timeUs, sequence, bytes: read };
      }
      this.#report(info.file, read);
      this.#kept = this.#kept.filter((other) => other !== info);
    }
  }

  async remove(info: SnapshotInfo): Promise<void> {
    this.#kept = this.#kept.filter((other) => other !== info);
    await this.#disk.remove(join(this.#directory, info.file));
  }

  /** The header, or why it cannot be used. */
  async #readInfo(name: string): Promise<SnapshotInfo | string> {
    let file: DiskFile;
    try {
      file = await this.#disk.open(join(this.#directory, name), "read");
    } catch (error) {
      return `it cannot be opened: ${errorText(error)}`;
    }
    try {
      const header = new Uint8Array(HEADER_BYTES);
      if ((await file.read(header, 0)) < HEADER_BYTES) return "it ends inside its header";
      const view = new DataView(header.buffer);
      if (MAGIC.some((byte, i) => header[i] !== byte)) return "it does not begin as a snapshot";
      if (crc32(header.subarray(12)) !== view.getUint32(8, true))
        return "the checksum of its header does not hold";
      if (view.getUint16(16, true) !== VERSION) return `its format has version ${view.getUint16(16, true)}`;
      const bytes = await file.size();
      if (bytes !== HEADER_BYTES + readI64(view, 48)) return `it has ${bytes} bytes`;
      return {
        file: name,
        block: readI64(view, 24),
        timeUs: readI64(view, 32),
        sequence: readI64(view, 40),
        bytes,
      };
    } finally {
      await file.close();
    }
  }

  /** The state, or why it cannot be used. */
  async #readState(info: SnapshotInfo): Promise<Uint8Array | string> {
    try {
      const whole = await readWhole(this.#disk, join(this.#directory, info.file));
      const state = new Uint8Array(whole.subarray(HEADER_BYTES));
      if (whole.length !== info.bytes) return `it has ${whole.length} bytes`;
      const stored = new DataView(whole.buffer, whole.byteOffset).getUint32(12, true);
      return crc32(state) === stored ? state : "the checksum of its state does not hold";
    } catch (error) {
      return `it cannot be read: ${errorText(error)}`;
    }
  }
}

/**
 * Which snapshot to give up so that the rest stays spread over the recording: the one whose neighbours are closest.
 * The oldest and the newest stay. Null when there are only those.
 */
export function thinnest(snapshots: readonly SnapshotInfo[]): SnapshotInfo | null {
  let found: SnapshotInfo | null = null;
  let smallest = Infinity;
  for (let i = 1; i < snapshots.length - 1; i++) {
    const gap = snapshots[i + 1]!.block - snapshots[i - 1]!.block;
    if (gap >= smallest) continue;
    smallest = gap;
    found = snapshots[i]!;
  }
  return found;
}

export function snapshotName(block: number): string {
  return `snap-${String(block).padStart(10, "0")}.snap`;
}
