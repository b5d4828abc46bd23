// runtime: either
/** Snapshots of a streamed log: which one a place gets, which ones are kept, and what is passed over. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { BlockIndex } from "../../actors/cluster/block-index.ts";
import { StreamSnapshots } from "../../actors/cluster/stream-snapshots.ts";
import type { SnapshotStore } from "../../actors/ports/bus.ts";
import { joinedBytes } from "../../protocol/joined-bytes.ts";

const PARTITION = "p 0";
/** Its name in a store. */
const ESCAPED = "p%200";

function given({ blocks = 20 } = {}) {
  const index = new BlockIndex();
  for (let number = 1; number <= blocks; number++) {
    const hash = new Uint8Array(32).fill(number);
    index.add({ number, firstSequence: number, lastSequence: number, timeUs: number, hash }, number, 0);
  }
  const kept = new Map<string, Uint8Array>();
  const store: SnapshotStore = {
    save: async (name, ...parts) => void kept.set(name, joinedBytes(parts)),
    load: async (name) => kept.get(name) ?? null,
    list: async () => [...kept.keys()],
    remove: async (name) => void kept.delete(name),
  };
  const reports: string[] = [];
  const log = { partition: PARTITION, index } as unknown as AdmittedLog;
  const snapshots = new StreamSnapshots(store, log, (message) => reports.push(message));
  return {
    snapshots,
    store,
    kept,
    reports,
    /** After block n: time 10 n, input 100 n, bytes n. */
    async save(...numbers: number[]) {
      for (const block of numbers)
        await snapshots.save({
          block,
          timeUs: 10 * block,
          sequence: 100 * block,
          bytes: Uint8Array.of(block),
        });
    },
    blocks: () => [...kept.keys()].map((name) => Number(name.split(".")[1])),
  };
}

test("a snapshot is read back with the place that it follows", async () => {
  const { snapshots, save, kept } = given();
  await save(3);
  assert.equal([...kept.keys()], [`${ESCAPED}.3.30.300.0303030303030303.3.0`]);
  assert.equal(await snapshots.load({}), { block: 3, timeUs: 30, sequence: 300, bytes: Uint8Array.of(3) });
});

test("a place gets the newest snapshot that is not after it", async () => {
  const { snapshots, save } = given();
  await save(2, 10, 4);
  const found = async (place: Parameters<typeof snapshots.load>[0]) => (await snapshots.load(place))?.block;
  assert.equal(
    [await found({ block: 10 }), await found({ block: 9 }), await found({ block: 1 })],
    [10, 4, undefined],
  );
  assert.equal([await found({ timeUs: 100 }), await found({ timeUs: 99 })], [10, 4]);
  assert.equal([await found({ sequence: 1_000 }), await found({ sequence: 999 })], [10, 4]);
});

test("times before 1970 are read", async () => {
  const { snapshots } = given();
  await snapshots.save({ block: 1, timeUs: -5, sequence: 1, bytes: new Uint8Array() });
  assert.is((await snapshots.load({ timeUs: -5 }))?.timeUs, -5);
});

test("the eight newest are kept", async () => {
  const { save, blocks } = given();
  await save(1, 2, 3, 4, 5, 6, 7, 8);
  assert.equal(blocks(), [1, 2, 3, 4, 5, 6, 7, 8]);
  await save(9);
  assert.equal(blocks(), [2, 3, 4, 5, 6, 7, 8, 9]);
});

test("a snapshot of another log is not used, and removed where this log has the block", async () => {
  const { snapshots, save, kept, blocks } = given({ blocks: 5 });
  const sound = (number: number) => Uint8Array.of(0, 0, 0, 0, number);
  kept.set(`${ESCAPED}.4.40.400.ffffffffffffffff`, sound(4));
  kept.set(`${ESCAPED}.5.50.500.eeeeeeeeeeeeeeee`, sound(5));
  kept.set(`${ESCAPED}.9.90.900.0909090909090909`, sound(9));
  assert.is(await snapshots.load({}), null);
  await save(2);
  assert.equal(blocks(), [9, 2], "an owner that knows more of the log may have written a later one");
  assert.is((await snapshots.load({}))?.block, 2);
});

test("names of other partitions, and those that are no names of snapshots, are left alone", async () => {
  const { snapshots, save, kept } = given();
  const foreign = [
    "p1.3.30.300.0303030303030303",
    `${ESCAPED}.x`,
    `${ESCAPED}.3.30.300`,
    `${ESCAPED}.3.30.300.03030303030303030`,
  ];
  for (const name of foreign) kept.set(name, Uint8Array.of(1));
  assert.is(await snapshots.load({}), null);
  await save(1);
  assert.equal([...kept.keys()].slice(0, 4), foreign);
});

test("a snapshot whose bytes are damaged is passed over with a report, and the one before it is used", async () => {
  for (const damage of [
    (bytes: Uint8Array) => bytes.map((byte, i) => (i === 4 ? byte ^ 1 : byte)),
    (bytes: Uint8Array) => bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
    (bytes: Uint8Array) => bytes.slice(0, 4),
    () => Uint8Array.of(1, 2, 3),
    () => new Uint8Array(),
  ]) {
    const { snapshots, save, kept, reports } = given();
    await save(1, 2);
    const name = `${ESCAPED}.2.20.200.0202020202020202.2.0`;
    kept.set(name, damage(kept.get(name)!));
    assert.is((await snapshots.load({}))?.block, 1);
    assert.equal(reports, [`snapshot ${name} is passed over: its checksum does not hold`]);
  }
});

test("a snapshot that lies within a larger buffer, or that was removed meanwhile, is no matter", async () => {
  const { snapshots, store, save, kept, reports } = given();
  await save(1, 2);
  const load = store.load.bind(store);
  store.load = async (name) => {
    if (name.includes(".2.")) return null;
    const bytes = (await load(name))!;
    const larger = new Uint8Array(bytes.length + 3);
    larger.set(bytes, 3);
    return larger.subarray(3);
  };
  assert.equal((await snapshots.load({}))?.bytes, Uint8Array.of(1));
  assert.is(kept.size, 2);
  assert.equal(reports, []);
});

test("a store that cannot be reached is reported, and the log is read instead", async () => {
  const { snapshots, store, reports } = given();
  store.list = () => Promise.reject(new Error("no route"));
  assert.is(await snapshots.load({}), null);
  assert.equal(reports, ["snapshots cannot be reached, the log is read instead: Error: no route"]);
});

test.run();
