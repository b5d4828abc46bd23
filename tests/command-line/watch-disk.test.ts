/** The forecast of when the disk of a recording is full. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { watchDisk } from "../../collab/live/watch-disk.ts";
import { createManualClock } from "../support/clock.ts";

const GIGABYTE = 1e9;

/** What is said in each hour. `free`: bytes at a minute. */
async function said(hours: number, free: (minute: number) => number | null): Promise<string[][]> {
  const clock = createManualClock();
  const startMs = clock.monotonicMs();
  const titles: string[][] = Array.from({ length: hours }, () => []);
  let hour = 0;
  const end = watchDisk({
    clock,
    folder: "recordings/today",
    freeBytes: async () => free((clock.monotonicMs() - startMs) / 60_000),
    announce: ({ severity, title }) => titles[hour]!.push(`${severity}: ${title}`),
  });
  for (hour = 0; hour < hours; hour++)
    for (let minute = 0; minute < 60; minute++) await clock.advance(60_000);
  end();
  return titles;
}

test("a disk that fills is said when less than a day is left, and again at half of the time", async () => {
  const perHour = 2 * GIGABYTE;
  const lines = await said(40, (minute) => 42.5 * perHour - (minute / 60) * perHour);
  assert.equal(
    lines.flatMap((each, hour) => each.map((line) => `${hour} ${line}`)),
    [
      [18, "24 hours"],
      [30, "12 hours"],
      [36, "6 hours"],
      [39, "3 hours"],
    ].map(
      ([hour, left]) =>
        `${hour} warning: The disk of the recording will be full in about ${left}, as it fills now`,
    ),
  );
});

test("a disk that does not become fuller, a large file that was copied there, and a disk that says nothing are not said", async () => {
  const steady = (minute: number) => 50 * GIGABYTE + (minute % 7) * 1e6;
  assert.equal((await said(12, steady)).flat(), []);
  const copied = (minute: number) => (minute < 200 ? 50 : 10) * GIGABYTE;
  assert.equal((await said(12, copied)).flat(), []);
  assert.equal((await said(2, () => null)).flat(), []);
});

test("a disk that is full within the first hour is said at half of that time, and again at a quarter", async () => {
  const [lines = []] = await said(1, (minute) => Math.max(0, 40 - minute) * GIGABYTE);
  assert.equal(
    lines,
    ["20 minutes", "9 minutes", "4 minutes", "a minute", "a minute"].map(
      (left) => `critical: The disk of the recording will be full in about ${left}, as it fills now`,
    ),
  );
});

test("when there is room again it is over, and a later shortage is said anew", async () => {
  // It fills within a day; at the tenth hour somebody makes room, and it fills again.
  const left = (hour: number) => (hour < 10 ? 20 - hour : 350 - 15 * hour);
  const lines = await said(23, (minute) => left(minute / 60) * GIGABYTE);
  assert.is(lines.slice(0, 2).flat().length, 1);
  assert.ok(lines.slice(11).flat().length >= 1);
});

test.run();
