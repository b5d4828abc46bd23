// runtime: either
/** One feed for several partitions: each gets its groups, and the feed runs, reports and ends once. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { divideFeeds } from "../../actors/feeds/division.ts";
import { FeedWriter } from "../../actors/feeds/feed-writer.ts";
import type { Feed, FeedSink } from "../../actors/ports/feed.ts";
import type { Frame } from "../../protocol/frame.ts";
import { channels, row } from "../support/inputs.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";
import { type CollectingSink, collectingSink } from "./collect.ts";

const BOTH = ["p0", "p1"];
/** Groups and sources that begin with b belong to p1. */
const byName = (name: string) => (name.startsWith("b") ? "p1" : "p0");

function divide(feed: Feed): { parts: Feed[]; sinks: CollectingSink[] } {
  const divided = divideFeeds([feed], BOTH, byName);
  return { parts: BOTH.map((name) => divided.get(name)![0]!), sinks: BOTH.map(() => collectingSink()) };
}

function declare(sink: FeedSink, group: string): void {
  sink.channels(channels(1, { group }));
}

function frameOf(group: string, sequence: number): Frame {
  return { ...row(sequence, [1], sequence), group };
}

test("[D1] a divided feed begins when every partition has started it, and each partition gets its own groups", async () => {
  const feed = scriptedFeed("source", "recorded");
  const { parts, sinks } = divide(feed);
  assert.equal(
    parts.map(({ source, kind }) => [source, kind]),
    BOTH.map(() => ["source", "recorded"]),
  );
  let begun = false;
  void feed.sink.then(() => {
    begun = true;
  });
  const first = parts[0]!.run(sinks[0]!);
  await Promise.resolve();
  assert.is(begun, false);
  const second = parts[1]!.run(sinks[1]!);
  const sink = await feed.sink;
  for (const group of ["a", "b"]) declare(sink, group);
  assert.is(sink.frame(frameOf("a", 1)), true);
  assert.is(sink.frame(frameOf("b", 2)), true);
  assert.is(sink.frame(frameOf("a", 3)), true);
  assert.equal(
    sinks.map(({ frames }) => frames.map(({ group, sequence }) => `${group} ${sequence}`)),
    [["a 1", "a 3"], ["b 2"]],
  );
  feed.end();
  await Promise.all([first, second]);
});

test("[D3] a report reaches one partition, and so does the error of a feed that fails", async () => {
  for (const source of ["a feed", "b feed"]) {
    const reports = source.startsWith("a") ? [1, 0] : [0, 1];
    const feed: Feed = {
      source,
      kind: "recorded",
      async run(sink) {
        new FeedWriter(source, sink).status("running");
        throw new Error("it breaks");
      },
      async stop() {},
    };
    const { parts, sinks } = divide(feed);
    const outcomes = await Promise.allSettled(parts.map((part, k) => part.run(sinks[k]!)));
    assert.equal(
      outcomes.map(({ status }) => (status === "rejected" ? 1 : 0)),
      reports,
    );
    assert.equal(
      sinks.map(({ statuses }) => statuses.length),
      reports,
    );
  }
});

test("[D3] reports go to the partition of the first group that a feed declares, from its opening on", async () => {
  const feed = scriptedFeed("a source", "recorded");
  const { parts, sinks } = divide(feed);
  const runs = parts.map((part, k) => part.run(sinks[k]!));
  const sink = await feed.sink;
  const writer = new FeedWriter("a source", sink);
  writer.status("opened", "");
  assert.equal(
    sinks.map(({ statuses }) => statuses.length),
    [0, 0],
  );
  declare(sink, "b");
  writer.status("ended", "");
  feed.end();
  await Promise.all(runs);
  assert.equal(
    sinks.map(({ statuses }) => statuses.map(({ status }) => status)),
    [[], ["opened", "ended"]],
  );
});

test("[D3] of a feed that declares nothing the reports go to the partition of its source", async () => {
  const feed = scriptedFeed("b source", "recorded");
  const { parts, sinks } = divide(feed);
  const runs = parts.map((part, k) => part.run(sinks[k]!));
  new FeedWriter("b source", await feed.sink).status("opened", "");
  feed.end();
  await Promise.all(runs);
  assert.equal(
    sinks.map(({ statuses }) => statuses.map(({ status }) => status)),
    [[], ["opened"]],
  );
});

test("[D4] a full partition makes the feed wait for that one, and the other takes its frames", async () => {
  const feed = scriptedFeed("source", "recorded");
  const { parts, sinks } = divide(feed);
  const running = parts.map((part, k) => part.run(sinks[k]!));
  const sink = await feed.sink;
  for (const group of ["a", "b"]) declare(sink, group);
  sinks[1]!.fullAfter = 1;
  assert.is(sink.frame(frameOf("b", 1)), false);
  assert.is(sink.frame(frameOf("a", 2)), true);
  let drained = false;
  const waiting = sink.drained().then(() => {
    drained = true;
  });
  await sinks[0]!.drained();
  assert.is(drained, false);
  sinks[1]!.release();
  await waiting;
  feed.end();
  await Promise.all(running);
});

test("a divided feed that is stopped before it began does not begin, and one that runs is stopped once", async () => {
  let [runs, stops] = [0, 0];
  const make = (): Feed => {
    let end = () => {};
    return {
      source: "source",
      kind: "live",
      run: () => {
        runs++;
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      },
      async stop() {
        stops++;
        end();
      },
    };
  };
  const early = divide(make());
  const waiting = early.parts[0]!.run(early.sinks[0]!);
  await Promise.all(early.parts.map((part) => part.stop()));
  await waiting;
  assert.equal([runs, stops], [0, 1]);
  const late = divide(make());
  const running = late.parts.map((part, k) => part.run(late.sinks[k]!));
  await Promise.all(late.parts.map((part) => part.stop()));
  await Promise.all(running);
  assert.is(stops, 2);
});

test.run();
