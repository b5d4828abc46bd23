// runtime: either
/** Loss of power and of the process at any moment, on a disk that forgets what was not synced. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { FileJournal } from "../../actors/journal/file.ts";
import { openJournal } from "../../actors/journal/file.ts";
import type { DiskFaults } from "../../sim/cluster/simulated-disk.ts";
import { SimulatedDisk } from "../../sim/cluster/simulated-disk.ts";
import { block, collect, note } from "./builders.ts";

const LONG = process.env["EIGENWATCH_LONG"] === "1";
const RUNS = LONG ? 5000 : 100;

/** One life of the process: what it appends, and when it ends. */
interface Life {
  sizes: number[];
  /** Handed over without waiting in groups of so many. */
  together: number;
  snapshotEvery: number;
  /** Turns of the event queue before the end, counted from opening. */
  turns: number;
  power: boolean;
  faults?: DiskFaults;
}

const life: fc.Arbitrary<Life> = fc.record({
  sizes: fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 12 }),
  together: fc.integer({ min: 1, max: 5 }),
  snapshotEvery: fc.integer({ min: 2, max: 6 }),
  turns: fc.integer({ min: 0, max: 400 }),
  power: fc.boolean(),
});

/** Lives through it and returns what is wrong at the end, or null. */
async function ordeal(seed: number, lives: readonly Life[]): Promise<string | null> {
  let disk = new SimulatedDisk(seed);
  let acknowledged = 0;
  /** Sizes of blocks ever handed over, by number: an unacknowledged one may be there or be replaced. */
  const sizes = new Map<number, Set<number>>();
  const snapshots = new Set<number>();
  for (const each of lives) {
    Object.assign(disk.faults, each.faults);
    const living = live(disk, each, sizes, snapshots, (number) => {
      acknowledged = Math.max(acknowledged, number);
    });
    await turns(each.turns);
    disk = each.power ? disk.crash() : disk.kill();
    await living;
    const wrong = await check(disk, acknowledged, sizes, snapshots);
    if (wrong !== null) return wrong;
    disk = disk.kill();
  }
  return null;
}

async function live(
  disk: SimulatedDisk,
  { sizes: expected, together, snapshotEvery }: Life,
  sizes: Map<number, Set<number>>,
  snapshots: Set<number>,
  acknowledge: (number: number) => void,
): Promise<void> {
  const pending: Promise<unknown>[] = [];
  try {
    const journal = await openJournal("/recording", { disk, segmentBytes: 2000 });
    // Opening reports this block: after that it must not vanish.
    const before = journal.last?.number ?? 0;
    acknowledge(before);
    for (const [i, size] of expected.entries()) {
      const number = before + 1 + i;
      sizes.set(number, (sizes.get(number) ?? new Set()).add(size));
      const durable = journal.append(block(number, size)).then(() => acknowledge(number));
      journal.appendDerived(note(number));
      pending.push(durable.catch(() => {}));
      if (i % together === 0) await durable;
      if (number % snapshotEvery === 0) {
        const saved = journal.saveSnapshot(
          number,
          block(number).timeUs,
          number * 10,
          new Uint8Array(600).fill(number),
        );
        pending.push(saved.then(() => snapshots.add(number)).catch(() => {}));
      }
    }
    await Promise.all(pending);
    await journal.close();
  } catch {
    // The disk is gone; what counts is what was acknowledged before.
  }
  await Promise.all(pending);
}

async function check(
  disk: SimulatedDisk,
  acknowledged: number,
  sizes: ReadonlyMap<number, ReadonlySet<number>>,
  snapshots: ReadonlySet<number>,
): Promise<string | null> {
  let journal: FileJournal;
  try {
    journal = await openJournal("/recording", { disk, readOnly: true });
  } catch (error) {
    // The folder itself holds nothing yet.
    return acknowledged === 0 ? null : `cannot be opened: ${error}`;
  }
  const last = journal.last?.number ?? 0;
  if (last < acknowledged) return `J3: block ${acknowledged} was acknowledged, ${last} is the last`;
  let next = 1;
  for (const entry of await collect(journal)) {
    if (entry.kind === "damage") return `J4: ${entry.file} at ${entry.offset}: ${entry.reason}`;
    if (entry.kind !== "block") {
      if (!same(entry, note(entry.block))) return `note of block ${entry.block} differs`;
      continue;
    }
    const { number, bytes } = entry.block;
    if (number !== next) return `J1: block ${number} where ${next} was expected`;
    if (!sizes.get(number)?.has(bytes.length) || !same(entry.block, block(number, bytes.length)))
      return `J3: block ${number} is not as it was appended`;
    next++;
  }
  if (next !== last + 1) return `J1: ${next - 1} blocks read, ${last} is the last`;
  for (const number of snapshots) {
    const stored = await journal.loadSnapshot({ block: number });
    if (stored?.block !== number || stored.bytes.some((byte) => byte !== number % 256))
      return `snapshot of block ${number} is gone`;
  }
  return null;
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}

function same(a: unknown, b: unknown): boolean {
  try {
    assert.equal(a, b);
    return true;
  } catch {
    return false;
  }
}

test("[J3] journal that loses power or its process at any moment has every acknowledged block and a clean tail", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(life, { minLength: 1, maxLength: 5 }), async (seed, lives) => {
      assert.is(await ordeal(seed, lives), null);
    }),
    { numRuns: RUNS },
  );
});

test("[J3] journal on a disk that does not sync is caught losing acknowledged blocks", async () => {
  const steady = (power: boolean, ignoreSync: boolean): Life => ({
    faults: { ignoreSync },
    sizes: [300, 300, 300],
    together: 1,
    snapshotEvery: 6,
    turns: 400,
    power,
  });
  let caught = 0;
  for (let seed = 0; seed < 20; seed++) {
    const wrong = await ordeal(seed, [steady(true, true)]);
    if (wrong?.startsWith("J3: block 3 was acknowledged") || wrong?.startsWith("cannot be opened")) caught++;
    assert.is(await ordeal(seed, [steady(true, false)]), null, "the same on a disk that does");
    assert.is(await ordeal(seed, [steady(false, true)]), null, "the end of the process loses nothing");
  }
  assert.ok(caught >= 15, `caught in ${caught} of 20 crashes`);
});

test("[J3] journal whose process ends at any turn, with a sync failing or not, is safe when power is lost in the next life", async () => {
  // Two blocks fill a segment: the turns also fall between the making of a segment and its first block.
  const next: Life = { sizes: [900, 900, 900], together: 1, snapshotEvery: 6, turns: 600, power: true };
  for (let turnsLived = 0; turnsLived < 250; turnsLived++) {
    for (const syncsLeft of [undefined, 1 + (turnsLived % 7)]) {
      const faults = syncsLeft === undefined ? {} : { syncsLeft };
      const first: Life = { ...next, turns: turnsLived, power: false, faults };
      // The next life sees what the first left in the cache, and builds on it: in the same segment, or in further ones.
      for (const sizes of [[300], next.sizes])
        assert.is(
          await ordeal(turnsLived, [next, first, { ...next, sizes }]),
          null,
          `${turnsLived}, ${syncsLeft}`,
        );
    }
  }
});

test.run();
