// runtime: either
/** A feed of several groups in a session of several partitions: each group reaches the owner of its partition. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { partitionOf } from "../../actors/cluster/mod.ts";
import { BusFeed } from "../../actors/feeds/bus.ts";
import { publishDivided } from "../../collab/live/publish-divided.ts";
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

test.run();
