// runtime: node
/**
 * A recording with states and records in it, verified on all runtimes. It starts the other runtimes itself, so it need not run on
 * each.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FeedWriter } from "../../actors/feeds/feed-writer.ts";
import { openRecordingForWriting } from "../../actors/journal/recording.ts";
import type { Feed } from "../../actors/ports/feed.ts";
import { float64Bytes } from "../../protocol/columns.ts";
import type { QuantumInput } from "../../protocol/messages.ts";
import type { Scenario, ScenarioOptions } from "../../sim/worlds/model/scenario.ts";
import { quantumShelving } from "../../sim/worlds/quantum/shelving.ts";
import { quantumZeno } from "../../sim/worlds/quantum/zeno.ts";
import { finalState } from "../support/final-state.ts";
import { openPartition } from "../support/open-partition.ts";
import { run } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { runtimes } from "../support/runtimes.ts";

const START = 1_700_000_000_000_000;

test("a recording of density matrices, state vectors and measurement records verifies on all runtimes", async () => {
  const directory = temporaryDirectory();
  const partition = await openPartition({
    journal: await openRecordingForWriting(directory, { partition: "p0" }),
    recording: directory,
  });
  partition.startFeeds([
    feed(quantumShelving, { group: "atom", form: "density", durationUs: 300e6 }),
    feed(quantumZeno, { group: "qubit", form: "vector", durationUs: 20e6 }),
    feed(quantumZeno, { group: "current", form: "record", durationUs: 10e6 }),
  ]);
  await partition.feedsEnded();
  await partition.close();
  const { sequence, eventSequence } = partition.core;
  assert.ok(eventSequence > 10, `${eventSequence} events`);
  for (const runtime of runtimes()) {
    const { code, stdout, stderr } = await run(["replay", directory, "--verify"], { runtime });
    assert.is(code, 0, `${runtime.name}: ${stdout}${stderr}`);
    const said = `verified ${sequence} inputs, ${eventSequence} events, final hash ${partition.stateHash()}\n`;
    assert.match(stdout, said, runtime.name);
  }
  const { fields, states, events } = await finalState(directory);
  const actors = new Set([...fields.keys()].map((key) => key.split(".")[0]));
  for (const actor of ["atom/trajectory", "qubit/trajectory", "current/anomaly"])
    assert.ok(actors.has(actor), actor);
  assert.not(actors.has("current/trajectory"));
  assert.ok(states.every(({ group, source }) => (group === "current") === (source === "estimated")));
  assert.ok(events.some(({ kind, group }) => kind === "trajectory.jumped" && group === "atom"));
});

/** A scenario as a recorded feed; the record of one leaves as measurement records. */
function feed(scenario: Scenario, options: Pick<ScenarioOptions, "group" | "form" | "durationUs">): Feed {
  const { group } = options;
  const world = scenario.create({
    seed: 1,
    channels: 1,
    rate: scenario.usualRate,
    startUs: START,
    strength: 1,
    ...options,
  });
  return {
    source: group,
    kind: "recorded",
    async run(sink) {
      const writer = new FeedWriter(group, sink);
      for (const declaration of world.declarations) writer.channels(declaration);
      for (let piece = world.next(); piece !== null; piece = world.next()) {
        const quantum: QuantumInput = piece.type === "frame" ? recordOf(piece, scenario.usualRate) : piece;
        if (!writer.quantum(quantum)) await writer.drained();
      }
    },
    stop: () => Promise.resolve(),
  };
}

function recordOf(
  frame: { group: string; count: number; time: Float64Array; value: Float64Array },
  rate: number,
): QuantumInput {
  const { group, count, time, value } = frame;
  return {
    type: "measurementRecord",
    group,
    source: group,
    sequence: 0,
    timeUs: time[0]!,
    everyUs: 1e6 / rate,
    operator: "sz",
    efficiency: 0.5,
    current: float64Bytes(value, count),
  };
}

test.run();
