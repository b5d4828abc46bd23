// runtime: either
/** A feed of several groups in a session of several partitions: each group reaches the owner of its partition. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { ClusterNode, partitionOf, placementOf } from "../../actors/cluster/mod.ts";
import { BusFeed } from "../../actors/feeds/bus.ts";
import { SYSTEM } from "../../actors/system.ts";
import { publishDivided } from "../../collab/live/publish-divided.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { collectingSink } from "../feeds/collect.ts";
import { createManualClock } from "../support/clock.ts";
import { channels, row } from "../support/inputs.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";

const BOTH = ["p0", "p1"];
const GROUPS = ["amber", "birch", "cedar", "dune", "elm"];
const IN = BOTH.map((partition) => GROUPS.find((group) => partitionOf(group, BOTH) === partition)!);

test("a node sends each group of a feed to its partition, and the owners miss nothing", async () => {
  const clock = createManualClock(1_700_000_000_000_000);
  const bus = createMemoryBus(clock);
  const place = { bus, session: "s", clock };
  const owners = BOTH.map((partition) => {
    const sink = collectingSink();
    const feed = new BusFeed({ ...place, partition });
    return { sink, feed, ended: feed.run(sink) };
  });
  const feed = scriptedFeed("plant", "live");
  const parts = publishDivided([feed], BOTH, place);
  const sink = await feed.sink;
  for (const group of IN) sink.channels(channels(1, { group, source: "plant" }));
  for (let k = 1; k <= 6; k++)
    sink.frame({ ...row(clock.nowUs() + k, [k], k), source: "plant", group: IN[k % 2]! });
  await clock.advance(10);
  feed.end();
  await Promise.all(parts.map(({ ended }) => ended));
  for (const { feed: owner } of owners) await owner.stop();
  await Promise.all(owners.map(({ ended }) => ended));
  assert.equal(
    owners.map(({ sink: { frames } }) => frames.map(({ group }) => group)),
    IN.map((group) => [group, group, group]),
  );
  // An owner reports numbers of a source that it did not receive.
  for (const { sink: taken } of owners)
    assert.equal(
      taken.statuses.filter(({ counts }) => (counts.lost ?? 0) > 0),
      [],
    );
});

test("a group that is assigned to a partition goes there, and the others by their names", () => {
  const [inP0, inP1] = IN as [string, string];
  const placement = placementOf(BOTH, { [inP0]: "p1" });
  assert.equal([placement(inP0), placement(inP1)], ["p1", "p1"]);
  assert.is(placementOf(BOTH)(inP0), "p0");
  assert.is(placement("constructor"), partitionOf("constructor", BOTH));
});

test("samples of other programs reach the partition that their group is assigned to", async () => {
  const clock = createManualClock(1_700_000_000_000_000);
  const bus = createMemoryBus(clock);
  const [inP0] = IN as [string, string];
  const node = new ClusterNode({
    name: "a",
    session: "s",
    partitions: BOTH,
    placement: placementOf(BOTH, { [inP0]: "p1" }),
    bus,
    clock,
    definitions: SYSTEM,
    settings: parseSettings({}),
    versions: {},
    memory: () => ({ rss: 1, heapUsed: 1 }),
    log() {},
  });
  node.start();
  await clock.advance(5_000);
  const samples = new TextEncoder().encode(JSON.stringify({ hall: 20.1 }));
  bus.publish(subjectOf("s", "any", "ingest", "greenhouse", inP0), samples);
  await clock.advance(1_000);
  assert.equal(
    BOTH.map((partition) => node.owned().get(partition)!.core.declarationOf(inP0) !== undefined),
    [false, true],
  );
  await Promise.all([node.stop(), clock.advance(5_000)]);
});

test.run();
