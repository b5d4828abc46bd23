// runtime: either
/** What a node says of what it owns and hears: lines that others can cause are counted, and a lag is one of now. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { RemoteSession } from "../../actors/cluster/remote-session.ts";
import { publishFeed } from "../../actors/feeds/mod.ts";
import { CountedLines } from "../../actors/ports/counted-lines.ts";
import { createFrame } from "../../protocol/frame.ts";
import { escapeName, subjectOf } from "../../protocol/subjects.ts";
import { channels } from "../support/inputs.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";
import { SESSION, testCluster } from "./cluster-world.ts";

test("of each kind the first line is said, then one a minute with the number of the others", () => {
  const clock = { ms: 0, monotonicMs: () => clock.ms };
  const said: string[] = [];
  const lines = new CountedLines(clock, (message) => said.push(message));
  for (let k = 0; k <= 120; k++) {
    clock.ms = k * 1_000;
    lines.say("a", `a ${k}`);
  }
  lines.say("b", "b");
  assert.equal(said, [
    "a 0",
    "a 60 (and 59 more since the last line)",
    "a 120 (and 59 more since the last line)",
    "b",
  ]);
});

test("a flood of commands, states, gauges and heartbeats that cannot be read is a line each on a node that owns and one that serves", async () => {
  const { clock, bus, start } = testCluster(["p0"]);
  const { said, node } = start("a");
  await clock.advance(5_000);
  const served: string[] = [];
  const session = await RemoteSession.open({
    bus,
    clock,
    session: SESSION,
    partition: "p0",
    gateway: "b",
    log: (message) => served.push(message),
  });
  const hints = bus.hints(`${escapeName(SESSION)}-nodes`);
  for (let k = 0; k < 50; k++) {
    const garbage = new TextEncoder().encode(`garbage ${k}`);
    bus.request(subjectOf(SESSION, "p0", "command"), garbage, 1).catch(() => {});
    bus.publish(subjectOf(SESSION, "p0", "metrics"), garbage);
    bus.publish(subjectOf(SESSION, "p0", "state", `group ${k}`), garbage);
    await hints.put(`stranger${k}`, garbage);
    await clock.advance(20);
  }
  const about = (lines: readonly string[], what: RegExp) => lines.filter((line) => what.test(line)).length;
  assert.is(about(said, /a command is passed over/), 1);
  assert.is(about(said, /is no heartbeat/), 1);
  assert.is(about(served, /is passed over/), 1);
  session.close();
  await Promise.all([node.stop(), clock.advance(2_000)]);
});

test("the lag of a partition is none where its data are of another time than now", async () => {
  const cluster = testCluster(["p0", "p1"]);
  const { clock, bus } = cluster;
  const { node } = cluster.start("a");
  await clock.advance(5_000);
  const feed = scriptedFeed("past", "recorded");
  const ended = publishFeed(feed, { bus, session: SESSION, partition: "p0", clock });
  const sink = await feed.sink;
  sink.channels(channels(1, { group: "past", source: "past" }));
  const frame = createFrame("past", "past", 1);
  Object.assign(frame, { sequence: 1, count: 1 });
  frame.time[0] = 1_000_000;
  sink.frame(frame);
  await clock.advance(200);
  const endWalk = cluster.walk("p1");
  await clock.advance(1_000);
  assert.ok(cluster.runningOf("p0").core.now > 0);
  assert.is(cluster.runningOf("p0").lagMs(), null);
  const lag = cluster.runningOf("p1").lagMs();
  assert.ok(lag !== null && lag < 2_000, `${lag}`);
  await endWalk();
  feed.end();
  await clock.advance(1_000);
  await ended;
  await Promise.all([node.stop(), clock.advance(2_000)]);
});

test.run();
