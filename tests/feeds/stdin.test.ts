import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import { createManualClock } from "../support/clock.ts";
import { collectingSink, collectSpec, pieces } from "./collect.ts";

/** A stream whose bytes the test writes. */
function pipe() {
  const waiting: Uint8Array[] = [];
  let wake = (): void => {};
  let ended = false;
  return {
    write(text: string) {
      waiting.push(new TextEncoder().encode(text));
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
      for (;;) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
        else if (ended) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    },
  };
}

test("stdin is read like a file", async () => {
  const { samples, groups, statuses } = await collectSpec("stdin", {
    stdin: pieces("ts,a\n1,", "10\n2,20\n"),
  });
  assert.equal(
    samples.map(({ time, value }) => [time, value]),
    [
      [1_000_000, 10],
      [2_000_000, 20],
    ],
  );
  assert.is(groups.get("stdin")!.source, "stdin");
  assert.match(statuses[0]!.detail, /^standard input: 1 channels/);
});

test("live stdin sends rows as they arrive, with the time of arrival if they have none", async () => {
  const clock = createManualClock(1e12);
  const stdin = pipe();
  const sink = collectingSink();
  const feed = createFeed("stdin?live=1", { clock, seed: 1, stdin });
  assert.is(feed.kind, "live");
  const running = feed.run(sink);
  stdin.write("a,b\n1,2\n");
  await clock.advance(10);
  assert.equal(
    sink.samples.map(({ time, value }) => [time - 1e12, value]),
    [
      [0, 1],
      [0, 2],
    ],
  );
  stdin.write("3,4\n");
  await clock.advance(0);
  assert.equal(
    sink.samples.slice(2).map(({ time, value }) => [time - 1e12, value]),
    [
      [10_000, 3],
      [10_000, 4],
    ],
  );
  stdin.end();
  await running;
  assert.is(sink.statuses.at(-1)!.status, "ended");
});

test("live stdin does not take rows that waited when it was opened for the spacing of rows, and finds a gap by what it learns", async () => {
  const clock = createManualClock(1e12);
  const stdin = pipe();
  const sink = collectingSink();
  // Each row takes a moment.
  let looks = 0;
  const moving = { ...clock, nowUs: () => clock.nowUs() + 21 * looks++ };
  const running = createFeed("stdin?live=1", { clock: moving, seed: 1, stdin }).run(sink);
  const gaps = () =>
    sink.statuses.filter(({ detail }) => /no rows for/.test(detail)).map(({ detail }) => detail);
  // Five rows are there already; then one comes each tenth of a second, now and then two at once.
  stdin.write(`a\n${Array.from({ length: 5 }, (_, k) => `${k}\n`).join("")}`);
  for (let k = 0; k < 40; k++) {
    await clock.advance(100);
    stdin.write(k % 7 === 6 ? "1\n2\n" : "1\n");
    await clock.advance(0);
  }
  assert.is([...sink.groups.values()][0]!.everyUs, 0);
  assert.equal(gaps(), []);
  await clock.advance(3_000);
  stdin.write("1\n");
  await clock.advance(0);
  assert.is(gaps().length, 1);
  assert.match(gaps()[0]!, /no rows for 30 spacings/);
  stdin.end();
  await running;
});

test("live stdin keeps the times of a time column", async () => {
  const { samples } = await collectSpec("stdin?live=1", { stdin: pieces("ts,a\n1381336201994,2\n") });
  assert.is(samples[0]!.time, 1381336201994000);
});

test("live stdin whose first row has no number waits for rows that have", async () => {
  const { samples, statuses } = await collectSpec("stdin?live=1", {
    stdin: pieces("ts,a\n1000000000,starting\n", "1000000001,4\n"),
  });
  assert.equal(
    samples.map(({ value }) => value),
    [4],
  );
  assert.equal(statuses.find(({ status }) => status === "running")?.counts, { unparsable: 1 });
});

test("live stdin reports bad samples about once a second", async () => {
  const clock = createManualClock(1e12);
  const stdin = pipe();
  const sink = collectingSink();
  const running = createFeed("stdin?live=1", { clock, seed: 1, stdin }).run(sink);
  stdin.write("a\n1\nx\n");
  await clock.advance(100);
  for (let k = 0; k < 20; k++) {
    stdin.write("y\n");
    await clock.advance(100);
  }
  stdin.end();
  await running;
  const reports = sink.statuses.filter(({ status }) => status === "running");
  assert.is(reports.length, 3);
  const total = sink.statuses.reduce((sum, { counts }) => sum + (counts["unparsable"] ?? 0), 0);
  assert.is(total, 21);
});

test("stopped stdin ends although nothing arrives, before and after the first row", async () => {
  for (const text of ["", "ts,a\n1,2\n"]) {
    const clock = createManualClock();
    const stdin = pipe();
    const sink = collectingSink();
    const feed = createFeed("stdin?live=1", { clock, seed: 1, stdin });
    const running = feed.run(sink);
    if (text !== "") stdin.write(text);
    await clock.advance(0);
    await feed.stop();
    await running;
    assert.is(sink.statuses.at(-1)!.status, "ended");
    assert.is(sink.samples.length, text === "" ? 0 : 1);
  }
});

test.run();
