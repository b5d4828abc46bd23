// runtime: either
/** Named readings as rows: which get a channel, and what is kept of the others. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BadSamples } from "../../actors/feeds/bad-samples.ts";
import { FeedWriter } from "../../actors/feeds/feed-writer.ts";
import type { Reading } from "../../actors/feeds/metrics/reading.ts";
import { READING_NAME_MAX } from "../../actors/feeds/metrics/reading.ts";
import { LEFT_OUT_NAMES_MAX, ReadingRows } from "../../actors/feeds/reading-rows.ts";
import { collectingSink, totalCounts } from "./collect.ts";

function world(seriesMax: number) {
  const sink = collectingSink();
  const writer = new FeedWriter("test", sink);
  const badSamples = new BadSamples((status, detail, counts) => writer.status(status, detail, counts));
  const rows = new ReadingRows(writer, badSamples, { group: "test", everyUs: 1_000_000, seriesMax });
  const give = (...names: string[]): void => {
    const readings = names.map((channel): Reading => ({ channel, value: 1, labels: [], unit: "" }));
    rows.declare(readings);
    rows.take(readings, 1_000_000);
    badSamples.total();
  };
  return { sink, give, counts: () => totalCounts(sink) };
}

test("[R3] a reading with a name that is too long gets no channel and counts each time, and those beside it are taken", () => {
  const { sink, give, counts } = world(10);
  const longest = "x".repeat(READING_NAME_MAX);
  for (let k = 0; k < 3; k++) give("a", longest, `${longest}${k}`);
  assert.equal(counts(), { nameTooLong: 3 });
  assert.match(
    sink.statuses[0]!.detail,
    `${"x".repeat(64)}… has 4097 characters; expected at most 4096 (READING_NAME_MAX)`,
  );
  assert.is([...sink.groups.values()][0]!.channels.length, 2);
  assert.is(sink.samples.length, 6);
});

test("[R4] a name without a place counts once while it is known again, and ever new names are not kept", () => {
  const { give, counts } = world(1);
  const names = Array.from({ length: LEFT_OUT_NAMES_MAX + 5 }, (_, k) => `n${k}`);
  give("first", ...names);
  assert.equal(counts(), { tooManyChannels: LEFT_OUT_NAMES_MAX + 5 });
  give("first", ...names);
  assert.equal(counts(), { tooManyChannels: LEFT_OUT_NAMES_MAX + 10 });
});

test.run();
