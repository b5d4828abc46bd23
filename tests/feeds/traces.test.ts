// runtime: either
/** The spans of a frame from where it comes in until its block is durable, whatever way it comes. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { BusFeed } from "../../actors/feeds/bus.ts";
import { OfferedFeed } from "../../actors/feeds/bus-offers.ts";
import { publishFeed } from "../../actors/feeds/bus-publisher.ts";
import { IngestFeed } from "../../actors/feeds/ingest.ts";
import type { Span, Tracer } from "../../actors/ports/trace.ts";
import { createManualClock } from "../support/clock.ts";
import { channels, row } from "../support/inputs.ts";
import { openPartition } from "../support/open-partition.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";

const PLACE = { session: "test", partition: "p0" };

/** What each feed does, and the spans of its frame, each after the one that it goes on from. */
const WAYS = {
  live: ["feed publish", "feed publish > admission", "feed publish > admission > fold"],
  once: ["feed offer", "feed offer > admission", "feed offer > admission > fold"],
};

for (const [delivery, expected] of Object.entries(WAYS))
  test(`a frame that is delivered ${delivery} is one trace, to the end of its admission`, async () => {
    const world = await traced();
    const feed = Object.assign(scriptedFeed("feed", "live"), { delivery: delivery as "live" | "once" });
    const delivered = publishFeed(feed, {
      ...PLACE,
      bus: world.bus,
      clock: world.clock,
      tracer: world.tracer,
    });
    const sink = await feed.sink;
    sink.channels(channels(1));
    sink.frame(row(1_700_000_000_000_001, [1], 1));
    await world.clock.advance(10);
    feed.end();
    await delivered;
    assert.equal(world.ended(), expected);
  });

test("of an offer of several frames the first traced one goes on, and each is ended when all are durable", async () => {
  const world = await traced();
  const feed = Object.assign(scriptedFeed("feed", "live"), { delivery: "once" as const });
  const delivered = publishFeed(feed, { ...PLACE, bus: world.bus, clock: world.clock, tracer: world.tracer });
  const sink = await feed.sink;
  sink.channels(channels(1));
  for (const k of [1, 2]) sink.frame(row(1_700_000_000_000_000 + k, [k], k));
  assert.equal(world.ended(), []);
  await world.clock.advance(10);
  feed.end();
  await delivered;
  assert.equal(world.ended(), ["feed offer", ...WAYS.once]);
});

test("a sample that another program sends begins a trace where it is received, or goes on from its own", async () => {
  const world = await traced();
  const send = async (text: string, traceparent?: string) => {
    world.bus.publish("ew.test.any.ingest.plant.boiler", new TextEncoder().encode(text), traceparent);
    await world.clock.advance(10);
    return world.ended();
  };
  const begun = await send('{"t": 20.5}');
  assert.equal(begun, ["ingest", "ingest > admission", "ingest > admission > fold"]);
  assert.equal(
    await send('{"t": 21}', "theirs"),
    begun.map((name) => `theirs > ${name}`),
  );
  assert.equal(await send("no sample"), [], "what is refused has no span");
});

/** A partition with the feeds that an owner in a cluster has, and a tracer of every frame. */
async function traced() {
  const clock = createManualClock(1_700_000_000_000_000);
  const bus = createMemoryBus(clock);
  const { tracer, ended } = spans();
  const partition = await openPartition({ clock, definitions: { session: [], group: [] } });
  const place = { ...PLACE, bus, clock, tracer };
  const { core } = partition;
  partition.startFeeds([
    new BusFeed(place),
    new OfferedFeed({ ...place, kind: "live", durable: () => partition.whenTaken() }),
    new IngestFeed({
      ...place,
      takes: () => true,
      declarationOf: (group) => core.declarationOf(group),
      declarations: () => core.declarations(),
      lastSequenceOf: (source) => core.lastSequenceOf(source),
    }),
  ]);
  await clock.advance(10);
  return { clock, bus, tracer, ended };
}

/** A tracer whose spans name those they go on from. */
function spans(): { tracer: Tracer; ended(): string[] } {
  let names: string[] = [];
  const span = (path: string): Span => ({
    traceparent: path,
    child: (name) => span(`${path} > ${name}`),
    end: () => void names.push(path),
  });
  return {
    tracer: { begin: span, resume: (name, traceparent) => span(`${traceparent} > ${name}`) },
    ended() {
      const before = names;
      names = [];
      return before.sort();
    },
  };
}

test.run();
