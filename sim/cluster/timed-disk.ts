/**
 * The disk of a simulated machine: a SimulatedDisk whose operations take time and may fail.
 *
 *   journal ──write · sync · rename …──► this ──after a latency──► SimulatedDisk (cache and platter)
 *                                           └──power lost: the machine goes down during the operation
 *
 * An operation of an ended process never returns to it. Whether it was carried out depends on the latency.
 */
import type { Disk, DiskFile, FileState, LifeSign, OpenMode } from "../../actors/journal/mod.ts";
import type { Fault } from "./decisions.ts";
import type { Process } from "./process.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import type { DiskFaults, SimulatedDisk } from "./simulated-disk.ts";

/** A long write takes longer, and is more likely to be the one during which power is lost. */
const PAGE_BYTES = 4_096;

/** How long a disk stays full. */
const FULL_MS = 3_000;

export class TimedDisk implements Disk {
  readonly #world: SimulatedCluster;
  readonly #owner: Process;
  readonly #inner: SimulatedDisk;
  readonly #powerLost: () => void;
  readonly #random: { next(): number };
  readonly #faults: Record<"slow" | "syncFails" | "full" | "power", Fault>;
  readonly #what: number;

  /** `powerLost` is called during an operation. */
  constructor(world: SimulatedCluster, owner: Process, inner: SimulatedDisk, powerLost: () => void) {
    this.#world = world;
    this.#owner = owner;
    this.#inner = inner;
    this.#powerLost = powerLost;
    this.#random = world.random(`disk of ${owner.name}`);
    const of = (kind: string): Fault => world.decisions.of(`disk of ${owner.name}`, kind);
    this.#faults = {
      slow: of("disk slow"),
      syncFails: of("sync failed"),
      full: of("disk full"),
      power: of("power lost"),
    };
    this.#what = world.trace.intern(`disk of ${owner.name}`);
    this.#fillUp();
  }

  makeDirectory(): Promise<void> {
    return this.#after(() => this.#inner.makeDirectory());
  }

  list(directory: string): Promise<string[]> {
    return this.#after(() => this.#inner.list(directory));
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await this.#after(() => this.#inner.open(path, mode));
    return {
      size: () => this.#after(() => file.size()),
      id: () => this.#after(() => file.id()),
      read: (into, offset) => this.#after(() => file.read(into, offset)),
      write: (bytes, offset) => this.#write(file, bytes, offset),
      truncate: (size) => this.#after(() => file.truncate(size)),
      sync: () => this.#sync(() => file.sync()),
      close: () => this.#after(() => file.close()),
    };
  }

  rename(from: string, to: string): Promise<void> {
    return this.#after(() => this.#inner.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#after(() => this.#inner.remove(path));
  }

  syncDirectory(path: string): Promise<void> {
    return this.#sync(() => this.#inner.syncDirectory(path));
  }

  freeBytes(): Promise<number | null> {
    return this.#after(() => this.#inner.freeBytes());
  }

  stat(path: string): Promise<FileState | null> {
    return this.#after(() => this.#inner.stat(path));
  }

  raiseSign(path: string): Promise<LifeSign> {
    return this.#after(() => this.#inner.raiseSign(path));
  }

  isSignAlive(path: string): Promise<boolean> {
    return this.#after(() => this.#inner.isSignAlive(path));
  }

  isLocal(): Promise<boolean> {
    return this.#after(() => this.#inner.isLocal());
  }

  /** The caller may reuse `bytes` after it returns. Power may be lost during the write. */
  #write(file: DiskFile, bytes: Uint8Array, offset: number): Promise<void> {
    const takes = 1 + bytes.length / PAGE_BYTES;
    if (!this.#faults.power.happens(takes * this.#world.options.disk.powerLost))
      return this.#after(() => file.write(bytes, offset));
    const part = Math.floor(this.#faults.power.size(0, bytes.length + 1));
    // Some bytes reach the cache; the write never returns.
    void file.write(bytes.subarray(0, part), offset).catch(() => {});
    this.#powerLost();
    return new Promise(() => {});
  }

  #sync(act: () => Promise<void>): Promise<void> {
    const { slowSync, syncFails, syncUs, powerLost } = this.#world.options.disk;
    const { faults } = this.#inner;
    if (this.#faults.power.happens(powerLost)) {
      this.#powerLost();
      return new Promise(() => {});
    }
    if (this.#faults.syncFails.happens(syncFails)) faults.syncsLeft = 0;
    const delayUs = this.#faults.slow.happens(slowSync) ? this.#faults.slow.tail(20_000, 2_000_000) : syncUs;
    return this.#after(async () => {
      try {
        await act();
      } finally {
        delete faults.syncsLeft;
      }
    }, delayUs);
  }

  #after<Result>(act: () => Promise<Result>, delayUs = this.#world.options.disk.writeUs): Promise<Result> {
    return new Promise((resolve, reject) => {
      const takesUs = delayUs * (0.5 + this.#random.next());
      this.#world.queue.after(takesUs, this.#owner, this.#what, () => act().then(resolve, reject));
    });
  }

  #fillUp(): void {
    const world = this.#world;
    world.every(1000, this.#owner, `disk second of ${this.#owner.name}`, () => {
      if (world.decisions.healed) return false;
      if (!this.#faults.full.happens(world.options.disk.full)) return true;
      const faults: DiskFaults = this.#inner.faults;
      faults.bytesLeft = Math.floor(this.#faults.full.size(0, 2_000));
      world.after(FULL_MS, null, `disk of ${this.#owner.name} has room`, () => delete faults.bytesLeft);
      return true;
    });
  }
}
