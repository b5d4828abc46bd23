// runtime: either
/** A recording whose beginning is gone, with snapshots of which some cannot be used: every tool begins at the same place. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../actors/core/core.ts";
import { coreAt, createMemoryJournal, inputs, LogWriter, openRecording, SYSTEM } from "../../actors/mod.ts";
import type { BlockPosition, Journal, LogPlace, StoredSnapshot } from "../../actors/ports/journal.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { replay } from "../../sim/recordings/replay/replay.ts";
import { rangeOf } from "../../sim/recordings/seek.ts";
import { readScene } from "../../sim/recordings/whatif/causality.ts";
import { runWhatIf } from "../../sim/recordings/whatif/whatif.ts";
import { record } from "../support/recorded-run.ts";

const WALK = "walk?channels=4&rate=max&frame=16&seed=3&duration=20s";

const INPUTS_A_BLOCK = 4;

let whole: Journal;
let journal: Journal;
let start: StoredSnapshot;

/** The log starts at block 101; the snapshots of blocks 100 and 200 are unusable, the one of block 150 is good. */
test.before(async () => {
  const recorded = await openRecording((await record({ definitions: SYSTEM, feeds: [WALK] })).directory);
  whole = await inSmallBlocks(recorded);
  await recorded.close();
  assert.ok(whole.last!.number > 200, `${whole.last!.number} blocks`);
  const snapshots = await Promise.all([100, 150, 200].map((block) => snapshotOf(block)));
  start = snapshots[1]!;
  for (const { block, bytes } of snapshots) if (block !== 150) bytes.fill(0);
  const first = await positionOf(101);
  journal = new Proxy(whole, {
    get(target, name) {
      if (name === "first") return first;
      if (name === "loadSnapshot") return async (at: LogPlace) => newest(snapshots, at);
      if (name === "read") return (from = 101) => target.read(Math.max(from, 101));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
});

test.after(() => whole.close());

test("replay begins after the usable snapshot, and ends in the state of the whole recording", async () => {
  const report = await replay(journal, SYSTEM);
  assert.is(report.blocks, whole.last!.number - 150);
  assert.is(report.finalHash, (await replay(whole, SYSTEM)).finalHash);
});

test("the range of places begins after the usable snapshot", async () => {
  assert.is((await rangeOf(journal, SYSTEM)).firstSequence, start.sequence + 1);
});

test("a branch begins after the usable snapshot", async () => {
  const result = await runWhatIf(journal, { at: start.sequence + 1 });
  assert.equal([result.parent.block, result.sequence], [150, start.sequence + 1]);
  assert.is(result.finalHash, (await replay(whole, SYSTEM)).finalHash);
});

test("the runs of causality begin after the usable snapshot", async () => {
  const event = { id: "p0/1/1", timeUs: start.timeUs + 1_000_001 } as EventMessage;
  const scene = await readScene(journal, SYSTEM, { event, toleranceUs: 1 }, 1_000_000);
  const { core } = await coreAt(whole, SYSTEM, { sequence: start.sequence + 1 });
  assert.equal(scene.state, core.snapshot());
});

/** The same inputs, a few a block: how many a session puts into one depends on the load. */
async function inSmallBlocks(recorded: Journal): Promise<Journal> {
  const target = createMemoryJournal({});
  let writer!: LogWriter;
  const core = new Core(SYSTEM, { event: (event) => writer.event(event), state() {}, metrics() {} });
  writer = new LogWriter({ journal: target, core, partition: "p0" });
  for await (const { timeUs, bytes, input } of inputs(recorded)) {
    writer.add(timeUs, bytes);
    core.apply(core.sequence + 1, timeUs, input);
    if (writer.openInputs === INPUTS_A_BLOCK) await writer.close().durable;
  }
  return target;
}

async function snapshotOf(block: number): Promise<StoredSnapshot> {
  const { core } = await coreAt(whole, SYSTEM, { block: block + 1 });
  return { block, timeUs: core.now, sequence: core.sequence, bytes: core.snapshot() };
}

async function positionOf(block: number): Promise<BlockPosition> {
  for await (const entry of whole.read(block)) if (entry.kind === "block") return entry.block;
  throw new Error(`Cannot find block ${block}`);
}

function newest(snapshots: readonly StoredSnapshot[], at: LogPlace): StoredSnapshot | null {
  const { block = Infinity, timeUs = Infinity, sequence = Infinity } = at;
  return (
    snapshots.findLast((each) => each.block <= block && each.timeUs <= timeUs && each.sequence <= sequence) ??
    null
  );
}

test.run();
