// runtime: either
/** What the sequencer makes of quantum feeds: admitted, counted, or refused, and then in the log. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import type { Partition } from "../../actors/partition/partition.ts";
import type { FeedSink } from "../../actors/ports/feed.ts";
import type { FrameOverlay } from "../../actors/ports/overlay.ts";
import { decodeBlock } from "../../protocol/block.ts";
import { decodeMessage } from "../../protocol/codec.ts";
import { float64Bytes } from "../../protocol/columns.ts";
import { MAX_FRAME_SAMPLES, MAX_FRAME_SPAN_US } from "../../protocol/limits.ts";
import type { QuantumInput, Shed, StateMessage } from "../../protocol/messages.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";
import { channels } from "../support/inputs.ts";
import { openPartition } from "../support/open-partition.ts";
import { currents, density, mixture, vector } from "../support/quantum.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";

const NOW = 1_700_000_000_000_000;

test("states and records are admitted in order, and are in the log unchanged", async () => {
  const world = await given("recorded");
  const inputs = [
    vector(NOW, [0.6, 0.8], 1),
    mixture(NOW + 1, [0.5, 0.5], 2),
    currents(NOW + 2, [1, 2], { sequence: 3 }),
  ];
  for (const input of inputs) assert.ok(world.sink.quantum(input));
  await turns();
  assert.equal(await world.logged(), inputs);
  // Logical time is that of the last sample.
  assert.is(world.partition.core.now, NOW + 2 + 1000);
});

test("a state leaves as a published state of its group", async () => {
  const world = await given("live");
  world.sink.quantum(mixture(NOW, [0.25, 0.75], 1));
  await turns();
  assert.equal(
    world.states.map(({ group, populations }) => [group, populations]),
    [["g", [0.25, 0.75]]],
  );
});

const MALFORMED: [what: string, input: QuantumInput][] = [
  ["of an undeclared group", { ...mixture(NOW, [0.5, 0.5]), group: "h" }],
  ["with more levels than the group has channels", mixture(NOW, [0.5, 0.25, 0.25])],
  ["whose trace is not 1", mixture(NOW, [0.5, 0.4])],
  ["with a negative probability", mixture(NOW, [1.5, -0.5])],
  ["that is not Hermitian", density(NOW, [0.5, 0.1, 0.2, 0.5])],
  ["with an entry that is not a number", mixture(NOW, [Number.NaN, 0.5])],
  ["with the wrong number of entries", { ...mixture(NOW, [0.5, 0.5]), im: float64Bytes([0]) }],
  ["that is a vector of another norm", vector(NOW, [1, 1])],
  ["that is a vector with an infinite amplitude", vector(NOW, [Number.POSITIVE_INFINITY, 0])],
  ["at a time that is not whole", mixture(NOW + 0.5, [0.5, 0.5])],
  ["that is a record of an operator which is no channel", currents(NOW, [1], { operator: "sz" })],
  ["that is a record with a gap in its values", currents(NOW, [1, Number.NaN])],
  ["that is an empty record", currents(NOW, [])],
  ["that is a record of many samples at one time", currents(NOW, [1, 2], { everyUs: 0 })],
  ["that is a record longer than a frame", currents(NOW, new Array<number>(MAX_FRAME_SAMPLES + 1).fill(0))],
  ["that is a record over more time than a frame", currents(NOW, [1, 2], { everyUs: MAX_FRAME_SPAN_US + 1 })],
  ["that is a record of an impossible efficiency", currents(NOW, [1], { efficiency: 1.5 })],
];

for (const [what, input] of MALFORMED) {
  test(`[P2] an input ${what} is shed as malformed, and the log counts it`, async () => {
    const world = await given("live");
    assert.not(world.sink.quantum(input));
    await world.clock.advance(1_100);
    assert.equal(await world.logged(), []);
    const shed = (await world.inputs()).find(({ type }) => type === "shed") as Shed;
    assert.equal([shed.shed, shed.reason], [1, "malformed"]);
    assert.is(shed.offered, shed.admitted + shed.shed + shed.duplicates);
  });
}

test("[P2] a state whose sequence was seen before is a duplicate, whatever its content", async () => {
  const world = await given("recorded");
  world.sink.quantum(mixture(NOW, [0.5, 0.5], 1));
  assert.ok(world.sink.quantum(vector(NOW + 1, [1, 0], 1)));
  await world.clock.advance(1_100);
  assert.is((await world.logged()).length, 1);
  const shed = (await world.inputs()).find(({ type }) => type === "shed") as Shed;
  assert.equal([shed.shed, shed.duplicates], [0, 1]);
});

test("a group that is given states takes no injection: nothing of it would change", async () => {
  const world = await given("live");
  world.sink.quantum(mixture(NOW, [0.5, 0.5]));
  const mark = {
    kind: "…",
    severity: "notice" as const,
    group: "g",
    channels: [],
    title: "…",
    detail: {},
    author: "ana",
  };
  const times = { fromUs: NOW, untilUs: NOW + 1e9 };
  const overlay: FrameOverlay = {
    name: "drift",
    group: "g",
    ...times,
    begin: mark,
    end: mark,
    apply: (frame) => frame,
  };
  const refused: Error | null = await world.partition.inject(overlay).then(
    () => null,
    (error) => error,
  );
  assert.match(refused?.message ?? "", /drift into group g: a group of states/);
  await turns();
  assert.is((await world.inputs()).filter(({ type }) => type === "notice").length, 0);
});

test("a live state from the future is one of at most a second ahead; logical time never goes back", async () => {
  const world = await given("live");
  world.sink.quantum(vector(NOW + 3_600_000_000, [1, 0], 1));
  world.sink.quantum(vector(NOW - 5_000_000, [1, 0], 2));
  world.sink.quantum(currents(NOW + 3_600_000_000, [1, 2, 3], { sequence: 3 }));
  await turns();
  const [ahead, late, record] = (await world.logged()) as QuantumInput[];
  assert.is(ahead!.timeUs, world.clock.nowUs() + 1_000_000);
  assert.is(late!.timeUs, NOW - 5_000_000);
  // Its last sample is 2 ms after its first.
  assert.is(record!.timeUs, ahead!.timeUs - 2000);
  assert.is(world.partition.core.now, ahead!.timeUs);
});

// ---- given --------------------------------------------------------------------------------------------------------

interface World {
  partition: Partition;
  clock: ManualClock;
  sink: FeedSink;
  states: StateMessage[];
  inputs(): Promise<{ type: string }[]>;
  /** States and records in the log. */
  logged(): Promise<QuantumInput[]>;
}

async function given(kind: "live" | "recorded"): Promise<World> {
  const journal = createMemoryJournal({});
  const clock = createManualClock(NOW);
  const partition = await openPartition({
    journal,
    clock,
  });
  const feed = scriptedFeed("feed", kind);
  partition.startFeeds([feed]);
  const sink = await feed.sink;
  sink.channels(channels(2));
  await turns();
  const states: StateMessage[] = [];
  partition.subscribe({
    state: (state) => void states.push(state),
  });
  const inputs = async () => {
    const found: { type: string }[] = [];
    for await (const entry of journal.read()) {
      if (entry.kind !== "block") continue;
      decodeBlock(entry.block.bytes).forEach((_sequence, _timeUs, bytes) => {
        found.push(structuredClone(decodeMessage(bytes)));
      });
    }
    return found;
  };
  const quantum = new Set(["stateVector", "densityMatrix", "measurementRecord"]);
  return {
    partition,
    clock,
    sink,
    states,
    inputs,
    logged: async () => (await inputs()).filter(({ type }) => quantum.has(type)) as QuantumInput[],
  };
}

/** Lets promises and immediates that are due have their turn. */
async function turns(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

test.run();
