/** How much a recording holds, and its bounds, as the page's monitor shows them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openJournal } from "../../actors/journal/file.ts";
import { figuresOf } from "../../collab/dashboard/model/health.ts";
import { OwnPartition } from "../../collab/live/own-partition.ts";
import type { PartitionPlan } from "../../collab/live/session-partition.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { block, range, withFolder } from "./builders.ts";

/** Hears nothing. */
const DEAF = { frame() {}, event() {}, state() {}, metrics() {}, channels() {}, flush() {} };

test("a journal says how many bytes and how long it keeps, of segments and snapshots, and after retention what is left", async () => {
  await withFolder(async (directory) => {
    const journal = await openJournal(directory, { segmentBytes: 10_000, retainBytes: 35_000 });
    assert.equal(journal.keeps, { bytes: 0, spanUs: 0, limits: { retainBytes: 35_000, retainUs: Infinity } });
    for (const number of range(1, 9)) await journal.append(block(number, 1000));
    const before = journal.keeps;
    assert.is(before.spanUs, block(9).timeUs - block(1).timeUs);
    assert.is(
      before.bytes,
      journal.segments.reduce((sum, { size }) => sum + size, 0),
    );
    await journal.saveSnapshot(9, block(9).timeUs, 90, new Uint8Array(500));
    assert.ok(journal.keeps.bytes > before.bytes);
    for (const number of range(10, 100)) {
      await journal.append(block(number, 1000));
      if (number % 9 === 0)
        await journal.saveSnapshot(number, block(number).timeUs, number * 10, new Uint8Array(10));
    }
    const { bytes, spanUs } = journal.keeps;
    assert.ok(bytes < 50_000);
    assert.is(spanUs, block(100).timeUs - block(journal.first!.number).timeUs);
    await journal.close();
  });
});

test("what opens a session has no time, and a recording is not as long as time itself for it", async () => {
  await withFolder(async (directory) => {
    const journal = await openJournal(directory, { segmentBytes: 1 << 20 });
    await journal.append(block(1, 1000, 0));
    assert.is(journal.keeps.spanUs, 0);
    for (const number of range(2, 200)) await journal.append(block(number, 1000));
    const { spanUs } = journal.keeps;
    assert.ok(spanUs > 0 && spanUs <= block(200).timeUs - block(2).timeUs, `${spanUs} µs`);
    await journal.close();
  });
});

test("the monitor shows them with their bounds, and a recording that is above its bound as strained", () => {
  const shown = (gauges: Record<string, number>) =>
    figuresOf(gauges).map(({ label, value, isStrained }) => [label, value, isStrained]);
  assert.equal(shown({ recordingBytes: 12_300_000, recordingSpanUs: 3 * 3_600e6 }), [
    ["Recording", "12.3 MB", false],
    ["Recorded time", "3 h", false],
  ]);
  assert.equal(
    shown({
      ...{ recordingBytes: 1_100_000_000, recordingBytesMax: 1_000_000_000 },
      ...{ recordingSpanUs: 90_000e6, recordingSpanUsMax: 86_400e6 },
    }),
    [
      ["Recording", "1.10 GB of 1.00 GB", true],
      ["Recorded time", "25 h of 24 h", false],
    ],
  );
});

test("a session that records has them among its gauges", async () => {
  const plan: PartitionPlan = {
    ...{ session: "s", partitions: 1, settings: defaultSettings(), requested: [], shadow: false },
    ...{
      record: temporaryDirectory(),
      durability: "file" as const,
      retainBytes: 1_000_000_000,
      retainHours: 24,
    },
  };
  const own = await OwnPartition.open({ name: "p0", plan, listener: DEAF, log() {} });
  own.session.measure();
  await own.session.whenTaken();
  const gauges = own.session.gauges();
  assert.ok(gauges["recordingBytes"]! >= 0);
  assert.is(gauges["recordingBytesMax"], 1_000_000_000);
  assert.is(gauges["recordingSpanUsMax"], 86_400e6);
  await own.close();
});

test.run();
