/** The feed of StatsD packets, over real UDP on loopback. */
import { createSocket } from "node:dgram";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LogHistogram } from "../../actors/feeds/metrics/log-histogram.ts";
import { StatsdMetrics } from "../../actors/feeds/metrics/statsd-metrics.ts";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import { createManualClock } from "../support/clock.ts";
import { uniforms } from "../support/random-streams.ts";
import { collectingSink } from "./collect.ts";

test("counters are rates by their sample rate, gauges are set and changed, sets count different values", () => {
  const { row } = taken(
    "hits:3|c\nhits:1|c|@0.1",
    "load:0.5|g\nload:+0.25|g\nlevel:-4|g",
    "users:ann|s\nusers:bob|s\nusers:ann|s",
  );
  assert.equal(row(), { hits: 1.3, load: 0.75, level: -4, users: 2 });
});

test("[S1] what nothing came for is a rate of 0, the gauge as it was, no quantiles, and no values", () => {
  const { row } = taken("hits:3|c\nload:0.5|g\nwait:7|ms\nusers:ann|s");
  row();
  assert.equal(row(), {
    hits: 0,
    load: 0.5,
    "wait p50": Number.NaN,
    "wait p99": Number.NaN,
    "wait count": 0,
    users: 0,
  });
});

test("timers are quantiles and a rate, several values in a line count each, and a sample rate counts for many", () => {
  const { row } = taken("wait:10:10:10|ms\nwait:1000|ms", "size:5|h|@0.5");
  const { "wait p50": half, "wait p99": most, "wait count": rate, "size count": sizes } = row();
  assert.ok(Math.abs(half! / 10 - 1) <= 0.01);
  assert.ok(Math.abs(most! / 1000 - 1) <= 0.01);
  assert.equal([rate, sizes], [0.4, 0.2]);
});

test("tags make a channel of their own, whatever their order", () => {
  const { row } = taken("hits:1|c|#code:200,path:/\nhits:2|c|#path:/,code:200\nhits:4|c");
  assert.equal(row(), { "hits{code:200,path:/}": 0.3, hits: 0.4 });
});

test("[U2] a line that cannot be taken is counted with the reason; the others of its packet are taken", () => {
  const { row, problems } = taken(
    "hits:1|c\nnothing\n:1|c\nhits:x|c\nhits:1|q\nhits:1|c|@2\nhits:|c\n\nhits:1|c",
  );
  assert.equal(row(), { hits: 0.2 });
  assert.is(problems.length, 6);
  assert.match(problems[0]!, /"nothing"; expected NAME:VALUE\|TYPE/);
  assert.match(problems[2]!, /the value of hits is "x"; expected a number/);
  assert.match(problems[3]!, /type "q"; expected one of c, g, ms, h, d, s/);
  assert.match(problems[4]!, /sample rate "@2"/);
});

test("[S2] a change that no number holds leaves a gauge as it was, and what only looks like a number is none", () => {
  const { row, problems } = taken("a:1e308|g\na:+1e308|g\nb: |c\nb:0x10|c\nb:1e999|g\nc:1_000|ms");
  assert.equal(row()["a"], 1e308);
  assert.is(problems.length, 5);
});

test("[S3] a line of another type than its metric is not taken", () => {
  const { row, problems } = taken("a:10|c\na:500|g\na:7|ms\na:10|c");
  assert.equal(row(), { a: 2 });
  assert.equal(problems, [
    "unparsable: a is a counter, and comes as a gauge",
    "unparsable: a is a counter, and comes as a timer",
  ]);
});

test("a name, tags or values as long as a packet are not kept, and are shown by their begin", () => {
  const long = "x".repeat(60_000);
  const { row, problems } = taken(
    `${long}:1|c\na:1|c|#${long}\na:${long}|c\na:1|${long}\n${long}\nusers:${long}1|s\nusers:${long}2|s\nb:1|c`,
  );
  assert.equal(row(), { a: 0, users: 1, b: 0.1 });
  assert.equal(
    problems.map((text) => text.split(":")[0]),
    ["nameTooLong", "nameTooLong", "unparsable", "nameTooLong", "unparsable"],
  );
  for (const problem of problems) assert.ok(problem.length < 250, problem);
});

test("metrics above the limit are left out and counted; a timer counts as the three channels that it has", () => {
  const { row, problems } = taken({ seriesMax: 4 }, "a:1|c\nwait:1|ms\nb:1|c\nb:1|c\na:1|c");
  assert.equal(Object.keys(row()).sort(), ["a", "wait count", "wait p50", "wait p99"]);
  assert.is(problems.length, 2);
  assert.match(problems[0]!, /^tooManyChannels: b is left out, above series=4/);
});

test("quantiles of a log histogram are within 1 % of those of the sorted numbers", () => {
  const uniform = uniforms(5);
  const histogram = new LogHistogram();
  const values = Array.from({ length: 20_000 }, () => 10 ** (12 * uniform() - 6));
  for (const value of values) histogram.add(value);
  values.sort((a, b) => a - b);
  for (const q of [0.001, 0.1, 0.5, 0.9, 0.99, 1]) {
    const exact = values[Math.ceil(q * values.length) - 1]!;
    assert.ok(Math.abs(histogram.quantile(q) / exact - 1) <= 0.0101, `q = ${q}`);
  }
  histogram.clear();
  assert.ok(Number.isNaN(histogram.quantile(0.5)));
  histogram.add(0);
  histogram.add(-3);
  assert.is(histogram.quantile(0.5), 0);
});

test("[U1] packets of a real socket are rows on the grid, and the port is free again when the feed has ended", async () => {
  const clock = createManualClock(1e12);
  const sink = collectingSink();
  const feed = createFeed("statsd:0?every=1s", { clock, seed: 1 });
  const running = feed.run(sink);
  await settled(() => sink.statuses.length > 0);
  const { port } = /^UDP 127\.0\.0\.1:(?<port>\d+)/.exec(sink.statuses[0]!.detail)!.groups!;
  const sender = createSocket("udp4");
  const send = (text: string) =>
    new Promise<void>((resolve) => sender.send(text, Number(port), "127.0.0.1", () => resolve()));
  await send("hits:5|c\nbroken");
  // Until the packet is taken, rows have nothing.
  await settled(
    () => sink.samples.length > 0,
    () => clock.advance(1_000),
  );
  assert.equal(
    sink.samples.map(({ channel, value, time }) => [channel, value, time % 1e6]),
    [["hits", 5, 0]],
  );
  const counts = sink.statuses.map((status) => status.counts);
  assert.equal(counts.filter(({ unparsable }) => unparsable === 1).length, 1);
  await feed.stop();
  await running;
  assert.is(sink.statuses.at(-1)!.status, "ended");
  const again = createSocket("udp4");
  await new Promise<void>((resolve) => again.bind(Number(port), "127.0.0.1", resolve));
  await Promise.all(
    [sender, again].map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
  );
});

test("a port that is taken fails with the place; one that cannot be is refused", async () => {
  const taken = createSocket("udp4");
  await new Promise<void>((resolve) => taken.bind(0, "127.0.0.1", resolve));
  const sink = collectingSink();
  const context = { clock: createManualClock(1e12), seed: 1 };
  await createFeed(`statsd:${taken.address().port}`, context).run(sink);
  assert.is(sink.statuses[0]!.status, "failed");
  assert.match(sink.statuses[0]!.detail, /Cannot listen on UDP 127\.0\.0\.1:\d+: .*(EADDRINUSE|in use)/);
  await new Promise<void>((resolve) => taken.close(() => resolve()));
  for (const place of ["70000", "here", "a:b:x"])
    assert.throws(() => createFeed(`statsd:${place}`, context), /expected PORT or HOST:PORT/);
});

/** Packets that were taken; a row is about ten seconds. */
function taken(...packets: (string | { seriesMax: number })[]) {
  const options = packets.find((packet) => typeof packet !== "string");
  const metrics = new StatsdMetrics(options?.seriesMax ?? 100);
  const problems: string[] = [];
  for (const packet of packets)
    if (typeof packet === "string")
      metrics.take(packet, ({ reason, detail }) => problems.push(`${reason}: ${detail}`));
  return {
    problems,
    row: () => Object.fromEntries(metrics.readings(10).map(({ channel, value }) => [channel, value])),
  };
}

async function settled(isSo: () => boolean, meanwhile = async (): Promise<void> => {}): Promise<void> {
  while (!isSo()) {
    await new Promise((resolve) => setImmediate(resolve));
    await meanwhile();
  }
}

test.run();
