// runtime: either
/** What a process that publishes a live feed learns of how much of it is in the log. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { publishFeed } from "../../actors/feeds/mod.ts";
import { SentSamples } from "../../collab/live/sent-samples.ts";
import { createManualClock } from "../support/clock.ts";
import { channels, row } from "../support/inputs.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";
import { SESSION, testCluster } from "./cluster-world.ts";

/** An owner that answers as the test says, and a feed of frames of two samples. */
async function given(ofEarlierFeeds = 0) {
  const clock = createManualClock();
  const owner = { epoch: 1, samplesOfSource: ofEarlierFeeds };
  const said: [samples: number, offered: number][] = [];
  const sent = await SentSamples.begin({
    clock,
    ask: async () => ({ ...owner }),
    leftOut: (samples, offered) => said.push([samples, offered]),
  });
  const feed = scriptedFeed("feed", "live");
  const running = sent.counting(feed).run({
    channels() {},
    frame: () => true,
    quantum: () => true,
    status() {},
    drained: async () => {},
  });
  const sink = await feed.sink;
  return {
    clock,
    owner,
    said,
    sent,
    send(frames: number) {
      for (let k = 0; k < frames; k++) sink.frame(row(k, [1, 2]));
    },
    async end() {
      feed.end();
      await running;
      const ended = sent.end();
      await clock.advance(5_000);
      await ended;
    },
  };
}

test("samples that the owner did not admit are said a second later, again when they are more, and at the end", async () => {
  const { clock, owner, said, sent, send, end } = await given(100);
  send(50);
  owner.samplesOfSource = 100 + 100;
  await clock.advance(2_500);
  assert.equal(said, []);
  send(50);
  owner.samplesOfSource += 40;
  await clock.advance(5_000);
  assert.equal(said, [[60, 200]]);
  send(10);
  await clock.advance(5_000);
  assert.equal(said, [
    [60, 200],
    [80, 220],
  ]);
  await end();
  assert.equal([sent.missing, sent.offered], [80, 220]);
});

test("a new owner counts from zero, and what the one before it admitted is not forgotten", async () => {
  const { clock, owner, sent, send, end } = await given(7);
  send(10);
  owner.samplesOfSource = 27;
  await clock.advance(1_500);
  Object.assign(owner, { epoch: 2, samplesOfSource: 0 });
  send(10);
  owner.samplesOfSource = 20;
  await end();
  assert.equal([sent.missing, sent.offered], [0, 40]);
});

test("an owner counts the samples of each source from another process that are in its log", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, bus } = cluster;
  const { node } = cluster.start("a");
  await clock.advance(5_000);
  const feed = scriptedFeed("far", "live");
  const ended = publishFeed(feed, { bus, session: SESSION, partition: "p0", clock });
  const sink = await feed.sink;
  sink.channels(channels(2, { group: "far", source: "far" }));
  for (let k = 1; k <= 5; k++)
    sink.frame({ ...row(clock.nowUs() + k, [1, 2], k), source: "far", group: "far" });
  await clock.advance(100);
  const running = cluster.runningOf("p0");
  assert.equal([running.samplesOf("far"), running.samplesOf("another")], [10, 0]);
  feed.end();
  await ended;
  await Promise.all([node.stop(), clock.advance(5_000)]);
});

test.run();
