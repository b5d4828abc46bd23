/**
 * Snapshots of a streamed log, in a store that every node reaches. The name says what a snapshot follows, so that choosing one reads
 * names only:
 *
 *   <partition>.<block>.<timeUs>.<input sequence>.<first bytes of the block's hash>.<entry>.<records>        4 bytes CRC-32, then the state
 *
 * `entry` is the place of the block in the stream, and `records` the number of derived records in its epoch before it: whoever takes over begins to
 * read there (`logStarts`). Names without them are of an earlier version.
 *
 * H1  A snapshot is used only if its block is in the log: a snapshot of an owner that was refused, or of an end that the
 *     servers lost, is not of this log even if its number fits.
 * H2  A bad one is passed over with a report, and so is a store that cannot be reached: states can be made again from the log.
 */
import { crc32 } from "node:zlib";
import { escapeName } from "../../protocol/subjects.ts";
import type { SnapshotStore } from "../ports/bus.ts";
import type { LogPlace, StoredSnapshot } from "../ports/journal.ts";
import type { AdmittedLog } from "./admitted-log.ts";
import type { LogStart } from "./log-reader.ts";

/** The newest are for take-overs, the others for the case that these are bad; seeking far back reads the log. */
const KEPT = 8;

const CRC_BYTES = 4;

/** A snapshot as its name says. */
export interface NamedSnapshot extends Omit<StoredSnapshot, "bytes"> {
  readonly name: string;
  /** First bytes of its block's hash, as the index has them. */
  readonly hash: string;
  readonly start: LogStart | null;
}

/** Where the snapshots of a session lie. */
export function snapshotsBucket(session: string): string {
  return `${escapeName(session)}-snapshots`;
}

/** The blocks of a partition's snapshots, at which a reader of its log may begin, the newest first. None when the store cannot be reached. */
export async function logStarts(
  store: SnapshotStore,
  partition: string,
  report: (message: string) => void,
): Promise<LogStart[]> {
  try {
    const named = await namedSnapshots(store, partition);
    return named.flatMap(({ start }) => start ?? []).reverse();
  } catch (error) {
    report(`snapshots cannot be reached, the log is read from its beginning: ${error}`);
    return [];
  }
}

export class StreamSnapshots {
  readonly #store: SnapshotStore;
  readonly #log: AdmittedLog;
  readonly #report: (message: string) => void;

  constructor(store: SnapshotStore, log: AdmittedLog, report: (message: string) => void) {
    this.#store = store;
    this.#log = log;
    this.#report = report;
  }

  /** The block must be in the log. */
  async save({ block, timeUs, sequence, bytes }: StoredSnapshot): Promise<void> {
    const { index, partition } = this.#log;
    const place = block === 0 ? [] : [index.get(block).streamSequence, index.get(block).derivedRecords];
    const name = prefixOf(partition) + [block, timeUs, sequence, index.hashPrefix(block), ...place].join(".");
    const sum = new Uint8Array(CRC_BYTES);
    new DataView(sum.buffer).setUint32(0, crc32(bytes), true);
    await this.#store.save(name, sum, bytes);
    await this.#thin();
  }

  async load({
    block = Infinity,
    timeUs = Infinity,
    sequence = Infinity,
  }: LogPlace): Promise<StoredSnapshot | null> {
    try {
      const before = (await this.#list()).filter(
        (each) => each.block <= block && each.timeUs <= timeUs && each.sequence <= sequence,
      );
      for (const each of before.reverse()) {
        // Whether an older one is of this log is not known before its beginning was read.
        if (this.#isBeforeIndex(each)) await this.#log.complete();
        const bytes = this.#belongs(each) ? await loadSnapshot(this.#store, each.name, this.#report) : null;
        if (bytes !== null) return { block: each.block, timeUs: each.timeUs, sequence: each.sequence, bytes };
      }
    } catch (error) {
      this.#report(`snapshots cannot be reached, the log is read instead: ${error}`);
    }
    return null;
  }

  /** Removes the oldest, and those of another log. Newer ones stay: another owner may know more of the log. */
  async #thin(): Promise<void> {
    const all = await this.#list();
    const ours = all.filter((each) => this.#isBeforeIndex(each) || this.#belongs(each));
    const strangers = all.filter((each) => each.block <= this.#log.index.count && !ours.includes(each));
    for (const { name } of [...strangers, ...ours.slice(0, -KEPT)]) await this.#store.remove(name);
  }

  #list(): Promise<NamedSnapshot[]> {
    return namedSnapshots(this.#store, this.#log.partition);
  }

  #isBeforeIndex({ block }: NamedSnapshot): boolean {
    return block > 0 && block < this.#log.index.first;
  }

  #belongs({ block, hash }: NamedSnapshot): boolean {
    return block <= this.#log.index.count && this.#log.index.hashPrefix(block) === hash;
  }
}

/** The state, or null where it is gone or its checksum does not hold. */
export async function loadSnapshot(
  store: SnapshotStore,
  name: string,
  report: (message: string) => void,
): Promise<Uint8Array | null> {
  const value = await store.load(name);
  if (value === null) return null;
  const bytes = new Uint8Array(value.subarray(CRC_BYTES));
  const sound =
    value.length >= CRC_BYTES &&
    crc32(bytes) === new DataView(value.buffer, value.byteOffset).getUint32(0, true);
  if (sound) return bytes;
  report(`snapshot ${name} is passed over: its checksum does not hold`);
  return null;
}

/** Snapshots of a partition, oldest first. */
export async function namedSnapshots(store: SnapshotStore, partition: string): Promise<NamedSnapshot[]> {
  const prefix = prefixOf(partition);
  return (await store.list())
    .filter((name) => name.startsWith(prefix))
    .flatMap((name) => {
      const match = /^(\d+)\.(-?\d+)\.(\d+)\.([0-9a-f]{16})(?:\.(\d+)\.(\d+))?$/.exec(
        name.slice(prefix.length),
      );
      if (match === null) return [];
      const [block, timeUs, sequence] = match.slice(1, 4).map(Number) as [number, number, number];
      const hash = match[4]!;
      const [streamSequence, derivedRecords] = [Number(match[5]), Number(match[6])];
      const start = match[5] === undefined ? null : { block, hash, streamSequence, derivedRecords };
      return [{ name, block, timeUs, sequence, hash, start }];
    })
    .sort((a, b) => a.block - b.block);
}

function prefixOf(partition: string): string {
  return `${escapeName(partition)}.`;
}
