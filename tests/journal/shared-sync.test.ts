// runtime: either
/** Journals that share a sync, and a loss of power at any moment: what any of them acknowledged is there. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type FileJournal, openJournal } from "../../actors/journal/file.ts";
import { restoreSegments, SharedSync } from "../../actors/journal/shared-sync.ts";
import { SimulatedDisk } from "../../sim/cluster/simulated-disk.ts";
import { block, collect } from "./builders.ts";

const LONG = process.env["EIGENWATCH_LONG"] === "1";
const RUNS = LONG ? 3_000 : 150;

const RECORDING = "/recording";
const PARTITIONS = ["room", "room-a", "room-b"];

/** One life of the process: what each partition appends, and when it ends. */
interface Life {
  readonly sizes: readonly number[];
  readonly turns: number;
  readonly power: boolean;
  /** Of the shared log, which soon begins anew; segments end too. */
  readonly logBytes: number;
  readonly segmentBytes: number;
}

const life: fc.Arbitrary<Life> = fc.record({
  sizes: fc.array(fc.integer({ min: 0, max: 1_500 }), { minLength: 4, maxLength: 16 }),
  turns: fc.integer({ min: 0, max: 900 }),
  power: fc.boolean(),
  logBytes: fc.constantFrom(1_000, 8_000, 1_000_000),
  segmentBytes: fc.constantFrom(4_000, 1_000_000),
});

test("whatever any of the journals acknowledged is there after a loss of power at any moment", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(life, { minLength: 1, maxLength: 4 }), async (seed, lives) => {
      assert.is(await ordeal(seed, lives), "");
    }),
    { numRuns: RUNS, ...(LONG ? {} : { seed: 1 }) },
  );
});

test("many journals that append at once cost one sync", async () => {
  const disk = new SimulatedDisk(1);
  const shared = await SharedSync.open(disk, RECORDING);
  const journals = await Promise.all(PARTITIONS.map((name) => opened(shared.disk, name)));
  await Promise.all(journals.map((journal) => journal.append(block(1))));
  disk.faults.syncsLeft = 1;
  await Promise.all(journals.map((journal) => journal.append(block(2))));
  assert.is(disk.faults.syncsLeft, 0);
});

test("after a sync that failed nothing is acknowledged any more, by none of the journals", async () => {
  const disk = new SimulatedDisk(1);
  const shared = await SharedSync.open(disk, RECORDING);
  const journals = await Promise.all(PARTITIONS.map((name) => opened(shared.disk, name)));
  await Promise.all(journals.map((journal) => journal.append(block(1))));
  const [first, ...others] = journals;
  disk.faults.syncsLeft = 0;
  await refuses(first!.append(block(2)));
  delete disk.faults.syncsLeft;
  for (const journal of others) await refuses(journal.append(block(2)));
});

test("a journal outside the recording is synced by itself", async () => {
  const disk = new SimulatedDisk(1);
  const shared = await SharedSync.open(disk, RECORDING);
  const journal = await openJournal("/elsewhere", { disk: shared.disk });
  await journal.append(block(1));
  const next = disk.crash();
  await restoreSegments(next, RECORDING);
  const again = await openJournal("/elsewhere", { disk: next });
  assert.is(again.last?.number, 1);
});

test("a second process does not restore what the first is writing", async () => {
  const disk = new SimulatedDisk(1);
  const shared = await SharedSync.open(disk, RECORDING);
  const journal = await opened(shared.disk, "room");
  await journal.append(block(1));
  await restoreSegments(disk, RECORDING, noWait);
  await journal.append(block(2));
  await journal.close();
  await shared.close();
  const again = await opened(disk, "room");
  assert.is(again.last?.number, 2);
});

test("when all journals are closed the log is gone", async () => {
  const disk = new SimulatedDisk(1);
  const shared = await SharedSync.open(disk, RECORDING);
  const journal = await opened(shared.disk, "room");
  await journal.append(block(1));
  await journal.close();
  await shared.close();
  assert.equal(await disk.list(`${RECORDING}/shared-sync`), []);
  const again = await opened(disk.crash(), "room");
  assert.is(again.last?.number, 1);
});

/** Lives through it and returns what is wrong, or "". */
async function ordeal(seed: number, lives: readonly Life[]): Promise<string> {
  let disk = new SimulatedDisk(seed);
  const acknowledged = new Map(PARTITIONS.map((name) => [name, 0]));
  /** By partition and number: an unacknowledged block may be there or be replaced. */
  const sizes = new Map<string, Set<number>>();
  for (const each of lives) {
    const living = live(disk, each, acknowledged, sizes);
    await turns(each.turns);
    disk = each.power ? disk.crash() : disk.kill();
    await living;
    await restoreSegments(disk, RECORDING, noWait);
    for (const name of PARTITIONS) {
      const wrong = await check(disk, name, acknowledged.get(name)!, sizes);
      if (wrong !== "") return wrong;
    }
    disk = disk.kill();
  }
  return "";
}

async function live(
  disk: SimulatedDisk,
  { sizes: lengths, logBytes, segmentBytes }: Life,
  acknowledged: Map<string, number>,
  sizes: Map<string, Set<number>>,
): Promise<void> {
  try {
    const shared = await SharedSync.open(disk, RECORDING, { logBytes, wait: noWait });
    const parts = PARTITIONS.map(async (name, k) => {
      const journal = await opened(shared.disk, name, segmentBytes);
      const first = (journal.last?.number ?? 0) + 1;
      for (const [at, size] of lengths.slice(k).entries()) {
        const number = first + at;
        const key = `${name} ${number}`;
        sizes.set(key, (sizes.get(key) ?? new Set()).add(size));
        await journal.append(block(number, size));
        acknowledged.set(name, number);
      }
    });
    await Promise.all(parts);
  } catch {
    // The end of the process.
  }
}

async function check(
  disk: SimulatedDisk,
  name: string,
  acknowledged: number,
  sizes: Map<string, Set<number>>,
): Promise<string> {
  const journal = await opened(disk, name);
  const last = journal.last?.number ?? 0;
  if (last < acknowledged) return `${name}: block ${acknowledged} was acknowledged, the last is ${last}`;
  if (journal.damage.length > 0) return `${name}: ${JSON.stringify(journal.damage)}`;
  const entries = await collect(journal);
  const blocks = entries.flatMap((entry) => (entry.kind === "block" ? [entry.block] : []));
  if (blocks.length !== last) return `${name}: ${blocks.length} of ${last} blocks`;
  for (const { number, bytes } of blocks) {
    const known = sizes.get(`${name} ${number}`)!;
    const isOne = [...known].some((size) =>
      Buffer.from(bytes).equals(Buffer.from(block(number, size).bytes)),
    );
    if (!isOne) return `${name}: block ${number} is another one`;
  }
  return "";
}

function opened(
  disk: SimulatedDisk | SharedSync["disk"],
  name: string,
  segmentBytes?: number,
): Promise<FileJournal> {
  const options = { disk, wait: noWait, ...(segmentBytes === undefined ? {} : { segmentBytes }) };
  return openJournal(`${RECORDING}/${name}`, options);
}

async function refuses(append: Promise<void>): Promise<void> {
  await append.then(
    () => assert.unreachable("nothing is acknowledged"),
    () => {},
  );
}

function noWait(): Promise<void> {
  return Promise.resolve();
}

async function turns(count: number): Promise<void> {
  for (let k = 0; k < count; k++) await Promise.resolve();
}

test.run();
