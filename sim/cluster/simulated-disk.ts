/**
 * A disk in memory that loses data like a real one: synced content is kept separately from content that was only written.
 *
 *   write, truncate ──► the system's cache ──sync──► the platter
 *   create, rename, remove ──► cached names ──syncDirectory──► names on the platter
 *
 * `crash()` is a loss of power: any part of the cache survives, chosen by the seed. Writes survive by sectors, in any order, because disks
 * reorder them. Changes of names survive up to some point in their order, because file systems log them.
 * `kill()` is the end of the process: the cache survives. Both close every open file and return the disk as the next process sees it.
 */
import { basename, dirname } from "node:path";
import type { Disk, DiskFile, FileState, LifeSign, OpenMode } from "../../actors/journal/mod.ts";
import { uniforms } from "../../actors/kernels/uniforms.ts";

/** The unit that a disk writes completely or not at all. */
const SECTOR_BYTES = 512;

export interface DiskFaults {
  /** Bytes that can be written before writes fail with ENOSPC. The failing write stores as much as fits. */
  bytesLeft?: number;
  /** Number of `sync` calls that succeed before they fail with EIO. */
  syncsLeft?: number;
  /** `sync` and `syncDirectory` report success and do nothing: a journal on such a disk breaks its promises. */
  ignoreSync?: boolean;
}

type Change = { kind: "write"; bytes: Uint8Array; offset: number } | { kind: "truncate"; size: number };

interface Content {
  id: string;
  durable: Uint8Array;
  cached: Uint8Array;
  /** Changes between `durable` and `cached`, in order. */
  changes: Change[];
}

interface NameChange {
  directory: string;
  removed: string | null;
  added: { path: string; content: Content } | null;
}

interface Platter {
  durableNames: Map<string, Content>;
  cachedNames: Map<string, Content>;
  nameChanges: NameChange[];
  /** Signs of life, with the disk of the process that raised each. */
  signs: Map<string, SimulatedDisk>;
}

let contents = 0;

export class SimulatedDisk implements Disk {
  readonly faults: DiskFaults;
  readonly #random: () => number;
  #platter: Platter;
  /** False after the process that used it has ended. */
  #powered = true;

  constructor(seed: number, faults: DiskFaults = {}) {
    this.#random = uniforms(seed);
    this.faults = faults;
    this.#platter = { durableNames: new Map(), cachedNames: new Map(), nameChanges: [], signs: new Map() };
  }

  /** Loses power. The returned disk has no faults unless given. */
  crash(faults: DiskFaults = {}): SimulatedDisk {
    const { durableNames, nameChanges } = this.#platter;
    const survivingNames = Math.floor(this.#random() * (nameChanges.length + 1));
    for (const change of nameChanges.slice(0, survivingNames)) applyName(durableNames, change);
    const contents = new Set([...durableNames.values()]);
    for (const content of contents) {
      for (const change of content.changes) content.durable = this.#survivor(content.durable, change);
      content.cached = content.durable.slice();
      content.changes = [];
    }
    this.#platter.nameChanges = [];
    this.#platter.cachedNames = new Map(durableNames);
    return this.kill(faults);
  }

  /** Ends the process; everything written is kept. */
  kill(faults: DiskFaults = {}): SimulatedDisk {
    this.#powered = false;
    const next = new SimulatedDisk(Math.floor(this.#random() * 0x1_0000_0000), faults);
    next.#platter = this.#platter;
    return next;
  }

  /** Flips a bit of a file, in the cache and on the platter, at a share of its length (0 to 1). */
  flipBit(path: string, share: number, bit: number): void {
    const content = this.#platter.cachedNames.get(path);
    if (content === undefined || content.cached.length === 0) return;
    const at = Math.floor(share * content.cached.length);
    for (const bytes of [content.cached, content.durable]) if (at < bytes.length) bytes[at]! ^= 1 << bit;
  }

  async makeDirectory(): Promise<void> {}

  async list(directory: string): Promise<string[]> {
    this.#checkPower();
    return [...this.#platter.cachedNames.keys()]
      .filter((path) => dirname(path) === directory)
      .map((path) => basename(path));
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    this.#checkPower();
    const { cachedNames } = this.#platter;
    let content = cachedNames.get(path);
    if (mode === "create") {
      if (content !== undefined) throw fault("EEXIST", `create ${path}`);
      content = { id: `${contents++}`, durable: new Uint8Array(0), cached: new Uint8Array(0), changes: [] };
      this.#change({ directory: dirname(path), removed: null, added: { path, content } });
    }
    if (content === undefined) throw fault("ENOENT", `open ${path}`);
    return this.#file(content);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#checkPower();
    const content = this.#platter.cachedNames.get(from);
    if (content === undefined) throw fault("ENOENT", `rename ${from}`);
    this.#change({ directory: dirname(to), removed: from, added: { path: to, content } });
  }

  async remove(path: string): Promise<void> {
    this.#checkPower();
    if (!this.#platter.cachedNames.has(path)) return;
    this.#change({ directory: dirname(path), removed: path, added: null });
  }

  async syncDirectory(path: string): Promise<void> {
    this.#checkPower();
    if (this.faults.ignoreSync === true) return;
    const { durableNames, nameChanges } = this.#platter;
    this.#platter.nameChanges = nameChanges.filter((change) => {
      if (change.directory !== path) return true;
      applyName(durableNames, change);
      return false;
    });
  }

  async freeBytes(): Promise<number | null> {
    return this.faults.bytesLeft ?? null;
  }

  async stat(path: string): Promise<FileState | null> {
    this.#checkPower();
    const content = this.#platter.cachedNames.get(path);
    return content === undefined ? null : { id: content.id, size: content.cached.length, changedNs: 0n };
  }

  async raiseSign(path: string): Promise<LifeSign> {
    this.#checkPower();
    const { signs } = this.#platter;
    signs.set(path, this);
    return { close: async () => void signs.delete(path) };
  }

  async isSignAlive(path: string): Promise<boolean> {
    this.#checkPower();
    const owner = this.#platter.signs.get(path);
    return owner !== undefined && owner.#powered;
  }

  async isLocal(): Promise<boolean> {
    return true;
  }

  #change(change: NameChange): void {
    applyName(this.#platter.cachedNames, change);
    this.#platter.nameChanges.push(change);
  }

  #file(content: Content): DiskFile {
    const { faults } = this;
    const check = () => this.#checkPower();
    return {
      async size() {
        check();
        return content.cached.length;
      },
      async id() {
        check();
        return content.id;
      },
      async read(into, offset) {
        check();
        const found = content.cached.subarray(offset, offset + into.length);
        into.set(found);
        return found.length;
      },
      async write(bytes, offset) {
        check();
        const stored = Math.min(bytes.length, faults.bytesLeft ?? Infinity);
        if (faults.bytesLeft !== undefined) faults.bytesLeft -= stored;
        if (stored > 0)
          changeContent(content, { kind: "write", bytes: new Uint8Array(bytes.subarray(0, stored)), offset });
        if (stored < bytes.length) throw fault("ENOSPC", "write");
      },
      async truncate(size) {
        check();
        changeContent(content, { kind: "truncate", size });
      },
      async sync() {
        check();
        if (faults.ignoreSync === true) return;
        const { changes } = content;
        content.changes = [];
        // Like operating systems: after a failed sync the cache keeps the bytes but no longer marks them as unwritten.
        if (faults.syncsLeft !== undefined && faults.syncsLeft-- <= 0) throw fault("EIO", "fdatasync");
        for (const change of changes) content.durable = changed(content.durable, change);
      },
      async close() {},
    };
  }

  /** Content of the platter when power is lost during a change: some sectors of the change are written. */
  #survivor(durable: Uint8Array, change: Change): Uint8Array {
    if (change.kind === "truncate") return this.#random() < 0.5 ? durable : resized(durable, change.size);
    const { bytes, offset } = change;
    let survivor = durable;
    for (let from = 0; from < bytes.length; ) {
      const to = Math.min(bytes.length, from + SECTOR_BYTES - ((offset + from) % SECTOR_BYTES));
      if (this.#random() < 0.5) survivor = written(survivor, bytes.subarray(from, to), offset + from);
      from = to;
    }
    return survivor;
  }

  #checkPower(): void {
    if (!this.#powered) throw fault("EIO", "use a disk after its process ended");
  }
}

function changeContent(content: Content, change: Change): void {
  content.changes.push(change);
  content.cached = changed(content.cached, change);
}

function changed(content: Uint8Array, change: Change): Uint8Array {
  return change.kind === "truncate"
    ? resized(content, change.size)
    : written(content, change.bytes, change.offset);
}

/** A write after the end fills the gap with zeros. */
function written(content: Uint8Array, bytes: Uint8Array, offset: number): Uint8Array {
  const grown =
    offset + bytes.length > content.length ? resized(content, offset + bytes.length) : content.slice();
  grown.set(bytes, offset);
  return grown;
}

function resized(content: Uint8Array, size: number): Uint8Array {
  const other = new Uint8Array(size);
  other.set(content.subarray(0, size));
  return other;
}

function applyName(names: Map<string, Content>, { removed, added }: NameChange): void {
  if (removed !== null) names.delete(removed);
  if (added !== null) names.set(added.path, added.content);
}

function fault(code: string, action: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${action}`), { code });
}
