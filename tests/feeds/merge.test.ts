// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FeedWriter } from "../../actors/feeds/feed-writer.ts";
import { createMerge } from "../../actors/feeds/merge.ts";
import { createFeeds } from "../../actors/feeds/session-feeds.ts";
import type { Feed } from "../../actors/ports/feed.ts";
import { createFrame } from "../../protocol/frame.ts";
import { createManualClock } from "../support/clock.ts";
import { vector } from "../support/quantum.ts";
import { type Collected, collect, collectingSink, withFile } from "./collect.ts";

const MAX = Number.POSITIVE_INFINITY;

/** A recorded feed of one channel, in frames of these times; its value is the sample's number. */
function recorded(source: string, frames: number[][], log: string[] = []): Feed {
  let stopped = false;
  return {
    source,
    kind: "recorded",
    async run(sink) {
      const writer = new FeedWriter(source, sink);
      writer.channels({
        group: source,
        channels: [{ name: source, title: "", unit: "" }],
        sampling: "rows",
        everyUs: 0,
        innovation: "difference",
      });
      writer.status("opened");
      let number = 0;
      const frame = createFrame(source, source, 64);
      for (const times of frames) {
        if (stopped) break;
        frame.count = times.length;
        for (const [k, time] of times.entries()) {
          frame.time[k] = time;
          frame.value[k] = number++;
        }
        log.push(source);
        if (!writer.frame(frame)) await writer.drained();
      }
      writer.status("ended");
    },
    stop() {
      stopped = true;
      return Promise.resolve();
    },
  };
}

function merged(feeds: Feed[], speed = MAX): Feed {
  return createMerge(feeds, { clock: createManualClock(), speed });
}

function shown({ samples }: Collected): string {
  return samples.map(({ source, time }) => `${source}${time}`).join(" ");
}

test("[G1] merged samples leave in order of time", async () => {
  const result = await collect(merged([recorded("a", [[1, 4, 5], [9]]), recorded("b", [[2, 3, 6, 10]])]));
  assert.is(shown(result), "a1 b2 b3 a4 a5 b6 a9 b10");
});

test("[G1] samples of equal time leave in the order of the feeds", async () => {
  const result = await collect(
    merged([recorded("a", [[1, 2, 2, 3]]), recorded("b", [[2, 2, 3]]), recorded("c", [[2]])]),
  );
  assert.is(shown(result), "a1 a2 a2 b2 b2 c2 a3 b3");
});

test("[G1] a sample that goes back in time keeps its place in its feed", async () => {
  const result = await collect(merged([recorded("a", [[1, 7, 2, 8]]), recorded("b", [[3, 7, 9]])]));
  assert.is(shown(result), "a1 b3 a7 a2 b7 a8 b9");
});

test("[G2] frames are split only where another feed has an earlier sample, and get new numbers", async () => {
  const result = await collect(merged([recorded("a", [[1, 2, 3, 10, 11]]), recorded("b", [[5, 6]])]));
  assert.equal(
    result.frames.map(({ source, sequence, count }) => [source, sequence, count]),
    [
      ["a", 1, 3],
      ["b", 1, 2],
      ["a", 2, 2],
    ],
  );
});

test("[G3] a feed that is ahead in time is held back", async () => {
  const log: string[] = [];
  let release = (): void => {};
  const late: Feed = {
    ...recorded("late", []),
    async run(sink) {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      await recorded("late", [[1]], log).run(sink);
    },
  };
  const many = Array.from({ length: 100 }, (_, k) => [10 + k]);
  const running = collect(merged([recorded("many", many, log), late]));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.is(log.length, 8);
  release();
  const result = await running;
  assert.is(result.samples[0]!.source, "late");
  assert.is(result.samples.length, 101);
});

test("[G1][G2] any feeds are merged in the order of a sort by time, each in its own order", async () => {
  const times = fc.array(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 12 }), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(times, { minLength: 1, maxLength: 4 }), fc.boolean(), async (feeds, sorted) => {
      const frames = feeds.map((feed) => (sorted ? inOrder(feed) : feed));
      const result = await collect(merged(frames.map((feed, k) => recorded(`f${k}`, feed))));
      assert.is(shown(result), sortedByTime(frames));
      for (const [k] of frames.entries()) {
        const own = result.samples.filter(({ source }) => source === `f${k}`).map(({ value }) => value);
        assert.equal(
          own,
          own.map((_, i) => i),
        );
        const sequences = result.frames
          .filter(({ source }) => source === `f${k}`)
          .map(({ sequence }) => sequence);
        assert.equal(
          sequences,
          sequences.map((_, i) => i + 1),
        );
      }
    }),
    { numRuns: 200 },
  );
});

/** The same frames with all times sorted. */
function inOrder(frames: number[][]): number[][] {
  const all = frames.flat().sort((a, b) => a - b);
  let at = 0;
  return frames.map((frame) => {
    at += frame.length;
    return all.slice(at - frame.length, at);
  });
}

/** The slow obvious merge: sort by (latest time so far in the own feed, feed, place). */
function sortedByTime(feeds: number[][][]): string {
  const all = feeds.flatMap((frames, feed) => {
    let latest = Number.NEGATIVE_INFINITY;
    return frames.flat().map((time, place) => {
      latest = Math.max(latest, time);
      return { time, latest, feed, place };
    });
  });
  all.sort((a, b) => a.latest - b.latest || a.feed - b.feed || a.place - b.place);
  return all.map(({ feed, time }) => `f${feed}${time}`).join(" ");
}

test("[G4] merged feeds are paced by one clock", async () => {
  const clock = createManualClock(5e9);
  const sink = collectingSink();
  const a = recorded("a", [[1_000_000, 2_000_000, 3_000_000]]);
  const b = recorded("b", [[1_500_000, 4_000_000]]);
  const running = createMerge([a, b], { clock, speed: 2 }).run(sink);
  const counts: number[] = [];
  for (let k = 0; k < 7; k++) {
    await clock.advance(k === 0 ? 0 : 250);
    counts.push(sink.samples.length);
  }
  await running;
  assert.equal(counts, [1, 2, 3, 3, 4, 4, 5]);
});

test("[G5] paced feeds have the same frames for any delay of timers", async () => {
  const cut = async (stepMs: number): Promise<unknown> => {
    const clock = createManualClock(1e12);
    const sink = collectingSink();
    const a = recorded("a", [Array.from({ length: 60 }, (_, k) => k * 300)]);
    const b = recorded("b", [Array.from({ length: 10 }, (_, k) => 100 + k * 2000)]);
    let ended = false;
    void createMerge([a, b], { clock, speed: 1 })
      .run(sink)
      .then(() => {
        ended = true;
      });
    while (!ended) await clock.jump(stepMs);
    return sink.frames;
  };
  assert.equal(await cut(9), await cut(0.25));
});

test("merged feeds that are stopped end, with their reports", async () => {
  const sink = collectingSink();
  sink.fullAfter = 1;
  const endless = Array.from({ length: 1000 }, (_, k) => [k]);
  const feed = merged([recorded("a", endless), recorded("b", endless)]);
  const running = feed.run(sink);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  await feed.stop();
  await running;
  assert.equal(
    sink.statuses.filter(({ status }) => status === "ended").map(({ source }) => source),
    ["a", "b"],
  );
});

test("two files are merged by time, and one that is missing does not end the other", async () => {
  await withFile("a.csv", "ts,x\n10,1\n30,3\n50,5\n", (a) =>
    withFile("b.csv", "ts,y\n20,2\n30,4\n40,6\n", async (b) => {
      const context = { clock: createManualClock(), seed: 1 };
      const [feed] = createFeeds([`file:${a}`, `file:${b}`, "file:/no/such.csv"], context);
      const result = await collect(feed!);
      assert.is(
        shown(result).replaceAll("000000", "").replaceAll("file:", "").replaceAll(".csv", ""),
        "a10 b20 a30 b30 b40 a50",
      );
      assert.equal([...result.groups.keys()], ["a", "b"]);
      const failed = result.statuses.filter(({ status }) => status === "failed");
      assert.equal(
        failed.map(({ source }) => source),
        ["file:such.csv"],
      );
    }),
  );
});

test("[G1] states are merged whole by their times, and numbered with the frames of their source", async () => {
  const states: Feed = {
    source: "q",
    kind: "recorded",
    async run(sink) {
      const writer = new FeedWriter("q", sink);
      // More than a merge holds at once.
      for (let k = 0; k < 20; k++) if (!writer.quantum(vector(2 * k + 1, [1, 0]))) await writer.drained();
    },
    stop: () => Promise.resolve(),
  };
  const times = Array.from({ length: 20 }, (_, k) => 2 * k);
  const result = await collect(merged([recorded("a", [times]), states]));
  assert.equal(
    result.order.filter((what) => what === "frame 1" || what === "stateVector"),
    times.flatMap(() => ["frame 1", "stateVector"]),
  );
  assert.equal(
    result.quanta.map(({ source, sequence, timeUs }) => [source, sequence, timeUs]),
    times.map((time, k) => ["q", k + 1, time + 1]),
  );
});

test.run();
