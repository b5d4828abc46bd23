/**
 * One sync for many journals of one process: what they wrote goes into one log besides, and that alone is synced.
 *
 *   journal ─write─► its segment, in the system's cache
 *           ─sync──► shared log: what all wrote meanwhile, in one write and one fdatasync
 *   log is full ─► every segment is synced ─► the log begins anew
 *   after a loss of power ─► restoreSegments: what the log has is written into the segments again
 *
 * A sync costs a tenth of a millisecond of the processor, whatever it makes last; a hundred documents that people edit ask for five thousand a second.
 *
 * Y1  After `sync` of a segment its bytes survive a loss of power: whoever opens the recording for writing calls `restoreSegments` first.
 * Y2  The log begins anew only when all that it holds lasts in the segments. What is left of it behind new entries changes nothing in them.
 * Y3  Only segments take part: they are written at their end and never renamed. All else is synced by itself.
 * Y4  After a failed write or sync of the log nothing is acknowledged any more.
 */
import { Buffer } from "node:buffer";
import { join, relative, sep } from "node:path";
import { crc32 } from "node:zlib";
import { type Disk, type DiskFile, type OpenMode, readWhole } from "./disk.ts";
import { JournalLocked } from "./errors.ts";
import { type Lock, lockDirectory } from "./lock.ts";

/** Sub-folder of the recording: a log and the lock of its writer. No partition lies there. */
const FOLDER = "shared-sync";
const LOG = "shared.log";

/** What a start after a loss of power reads and writes: a tenth of a second. */
const LOG_BYTES = 32 << 20;

/** A segment as the log names it: of the recording's folder itself, or of a sub-folder. */
const SEGMENT = /^(?:[^/\\]+\/)?\d{10,16}\.seg$/;

/**
 * An entry:
 *
 *   0  u32  bytes after this and the next field
 *   4  u32  their CRC-32
 *   8  u16  length of the name
 *  10  f64  offset in the segment
 *  18       name, bytes
 */
const CHECKED_FROM = 8;
const NAME_LENGTH_AT = 8;
const OFFSET_AT = 10;
const HEADER_BYTES = 18;

interface Written {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What is written at once, and acknowledged together. */
class Round {
  readonly entries: Uint8Array[] = [];
  readonly files = new Set<SharedFile>();
  length = 0;
  readonly durable: Promise<void>;
  resolve: () => void = () => {};
  reject: (error: unknown) => void = () => {};

  constructor() {
    this.durable = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Those who wait hear of it; a round may have nobody who waits.
    this.durable.catch(() => {});
  }
}

export interface SharedSyncOptions {
  readonly logBytes?: number;
  /** Resolves after so many ms; default: the system's time. */
  wait?(ms: number): Promise<unknown>;
}

export class SharedSync {
  /** The disk for journals of this recording. */
  readonly disk: Disk;
  readonly #recording: string;
  readonly #log: DiskFile;
  readonly #lock: Lock;
  readonly #logBytes: number;
  /** Segments of which the log has what they may not have. */
  readonly #dirty = new Set<SharedFile>();
  #size = 0;
  #gathering = new Round();
  #isRunning = false;
  #failed: unknown = null;

  /** Rejects with JournalLocked when another process has it. What an earlier one left must have been restored. */
  static async open(
    disk: Disk,
    recording: string,
    { logBytes = LOG_BYTES, wait }: SharedSyncOptions = {},
  ): Promise<SharedSync> {
    const folder = join(recording, FOLDER);
    await disk.makeDirectory(folder);
    const lock = await lockDirectory(disk, folder, wait);
    try {
      await restoreUnder(disk, recording);
      const log = await disk.open(join(folder, LOG), "create");
      await disk.syncDirectory(folder);
      return new SharedSync(disk, recording, log, lock, logBytes);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  private constructor(disk: Disk, recording: string, log: DiskFile, lock: Lock, logBytes: number) {
    this.#recording = recording;
    this.#log = log;
    this.#lock = lock;
    this.#logBytes = logBytes;
    this.disk = {
      makeDirectory: (path) => disk.makeDirectory(path),
      list: (directory) => disk.list(directory),
      open: async (path, mode) => this.#opened(await disk.open(path, mode), path, mode),
      rename: (from, to) => disk.rename(from, to),
      remove: (path) => disk.remove(path),
      syncDirectory: (path) => disk.syncDirectory(path),
      freeBytes: (directory) => disk.freeBytes(directory),
      stat: (path) => disk.stat(path),
      raiseSign: (path) => disk.raiseSign(path),
      isSignAlive: (path) => disk.isSignAlive(path),
      isLocal: (directory) => disk.isLocal(directory),
    };
  }

  /** After the journals: everything lasts without the log, which is removed. */
  async close(): Promise<void> {
    await this.#log.close();
    if (this.#failed === null && this.#dirty.size === 0) {
      // Where that fails, the next start writes once more what is there already.
      await this.disk.remove(join(this.#recording, FOLDER, LOG)).catch(() => {});
    }
    await this.#lock.release();
  }

  #opened(file: DiskFile, path: string, mode: OpenMode): DiskFile {
    const name = relative(this.#recording, path).split(sep).join("/");
    return mode === "read" || !SEGMENT.test(name) ? file : new SharedFile(file, name, this);
  }

  /** Resolves when these writes last. */
  commit(file: SharedFile, writes: readonly Written[]): Promise<void> {
    if (this.#failed !== null) return Promise.reject(this.#failed);
    const round = this.#gathering;
    round.files.add(file);
    for (const each of writes) {
      const entry = encodeEntry(file.name, each);
      round.entries.push(entry);
      round.length += entry.length;
    }
    if (!this.#isRunning) {
      this.#isRunning = true;
      // What is asked for in the rest of this turn shares the first sync.
      queueMicrotask(() => void this.#run());
    }
    return round.durable;
  }

  /** It lasts by itself from now on. */
  forget(file: SharedFile): void {
    this.#dirty.delete(file);
  }

  async #run(): Promise<void> {
    while (this.#gathering.entries.length > 0 && this.#failed === null) {
      const round = this.#gathering;
      this.#gathering = new Round();
      try {
        if (this.#size > 0 && this.#size + round.length > this.#logBytes) await this.#beginAnew();
        const bytes = Buffer.concat(round.entries, round.length);
        for (const file of round.files) this.#dirty.add(file);
        await this.#log.write(bytes, this.#size);
        await this.#log.sync();
        this.#size += bytes.length;
        round.resolve();
      } catch (error) {
        this.#failed = error;
        round.reject(error);
        this.#gathering.reject(error);
      }
    }
    this.#isRunning = false;
  }

  async #beginAnew(): Promise<void> {
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    await Promise.all(dirty.map((file) => file.makeLast()));
    this.#size = 0;
  }
}

/** A segment whose sync is that of the shared log. */
class SharedFile implements DiskFile {
  readonly name: string;
  readonly #file: DiskFile;
  readonly #shared: SharedSync;
  #unsynced: Written[] = [];
  #isClosed = false;

  constructor(file: DiskFile, name: string, shared: SharedSync) {
    this.#file = file;
    this.name = name;
    this.#shared = shared;
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  id(): Promise<string> {
    return this.#file.id();
  }

  read(into: Uint8Array, offset: number): Promise<number> {
    return this.#file.read(into, offset);
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    const copy = bytes.slice();
    await this.#file.write(bytes, offset);
    this.#unsynced.push({ offset, bytes: copy });
  }

  truncate(size: number): Promise<void> {
    this.#unsynced = [];
    return this.#file.truncate(size);
  }

  async sync(): Promise<void> {
    const writes = this.#unsynced;
    this.#unsynced = [];
    // Nothing was written, or something was cut off: the log has no entry for that.
    if (writes.length === 0) await this.#file.sync();
    else await this.#shared.commit(this, writes);
  }

  /** Without the log. */
  async makeLast(): Promise<void> {
    if (!this.#isClosed) await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.sync();
    this.#isClosed = true;
    this.#shared.forget(this);
    await this.#file.close();
  }
}

/** Writes into the segments what a shared log has that was not begun anew, or does nothing: there is none, or its writer is alive. */
export async function restoreSegments(
  disk: Disk,
  recording: string,
  wait?: (ms: number) => Promise<unknown>,
): Promise<void> {
  const folder = join(recording, FOLDER);
  if ((await disk.stat(join(folder, LOG))) === null) return;
  let lock: Lock;
  try {
    lock = await lockDirectory(disk, folder, wait);
  } catch (error) {
    if (error instanceof JournalLocked) return;
    throw error;
  }
  try {
    await restoreUnder(disk, recording);
  } finally {
    await lock.release();
  }
}

/** The caller has the lock. */
async function restoreUnder(disk: Disk, recording: string): Promise<void> {
  const path = join(recording, FOLDER, LOG);
  if ((await disk.stat(path)) === null) return;
  const files = new Map<string, DiskFile | null>();
  try {
    for (const { name, offset, bytes } of entriesOf(await readWhole(disk, path))) {
      if (!files.has(name)) files.set(name, await disk.open(join(recording, name), "write").catch(removed));
      await files.get(name)?.write(bytes, offset);
    }
    for (const file of files.values()) await file?.sync();
  } finally {
    for (const file of files.values()) await file?.close();
  }
  await disk.remove(path);
  await disk.syncDirectory(join(recording, FOLDER));
}

/** A segment that the limits of what is kept have taken away since. */
function removed(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}

function encodeEntry(name: string, { offset, bytes }: Written): Uint8Array {
  const text = Buffer.from(name);
  const entry = Buffer.allocUnsafe(HEADER_BYTES + text.length + bytes.length);
  entry.writeUInt32LE(entry.length - CHECKED_FROM, 0);
  entry.writeUInt16LE(text.length, NAME_LENGTH_AT);
  entry.writeDoubleLE(offset, OFFSET_AT);
  entry.set(text, HEADER_BYTES);
  entry.set(bytes, HEADER_BYTES + text.length);
  entry.writeUInt32LE(crc32(entry.subarray(CHECKED_FROM)), 4);
  return entry;
}

/** The entries from the beginning, as far as they are whole. */
function* entriesOf(log: Uint8Array): Generator<Written & { readonly name: string }> {
  const bytes = Buffer.from(log.buffer, log.byteOffset, log.byteLength);
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const end = at + CHECKED_FROM + bytes.readUInt32LE(at);
    if (end < at + HEADER_BYTES || end > bytes.length) return;
    if (crc32(bytes.subarray(at + CHECKED_FROM, end)) !== bytes.readUInt32LE(at + 4)) return;
    const contentAt = at + HEADER_BYTES + bytes.readUInt16LE(at + NAME_LENGTH_AT);
    const name = bytes.toString("utf8", at + HEADER_BYTES, contentAt);
    if (contentAt > end || !SEGMENT.test(name)) return;
    yield { name, offset: bytes.readDoubleLE(at + OFFSET_AT), bytes: bytes.subarray(contentAt, end) };
    at = end;
  }
}
