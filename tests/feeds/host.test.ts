import { writeFileSync } from "node:fs";
import { platform } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { kernelMeter } from "../../actors/feeds/host/linux-kernel.ts";
import type { Meter } from "../../actors/feeds/host/meter.ts";
import { Rates } from "../../actors/feeds/host/meter.ts";
import { type Meters, openMeters } from "../../actors/feeds/host/meters.ts";
import { createHostFeed } from "../../actors/feeds/host.ts";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import type { FeedSink } from "../../actors/ports/feed.ts";
import { MAX_GROUP_CHANNELS } from "../../protocol/limits.ts";
import { createManualClock } from "../support/clock.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { skip } from "../support/skip.ts";
import { collectingSink } from "./collect.ts";

/** Of this machine: enough for every meter that reports a rate. */
const ROWS = 6;

/** One gauge that counts its readings. */
function countingMeters(): Meters {
  let readings = 0;
  const meter: Meter = {
    channels: [{ name: "readings", title: "", unit: "" }],
    missing: ["other"],
    read(into, at) {
      into[at] = readings++;
    },
    close() {
      readings = Number.NaN;
    },
  };
  return { meters: [meter], missing: ["other"] };
}

function hostFeed(clock: ReturnType<typeof createManualClock>) {
  return createHostFeed({ source: "host", group: "host", everyUs: 100_000, clock, meters: countingMeters });
}

test("[H1] rows are due on a grid", async () => {
  const clock = createManualClock(1e12);
  const sink = collectingSink();
  const feed = hostFeed(clock);
  const running = feed.run(sink);
  await clock.advance(1000);
  assert.equal(
    sink.samples
      .filter(({ channel }) => channel === "readings")
      .map(({ time, value }) => [time - 1e12, value]),
    Array.from({ length: 10 }, (_, k) => [(k + 1) * 100_000, k + 1]),
  );
  await feed.stop();
  await running;
  assert.is(clock.pending, 0);
  assert.is(sink.statuses.at(-1)!.status, "ended");
});

test("[H1] a late row is taken once, and the grid continues", async () => {
  const clock = createManualClock(1e12);
  const sink = collectingSink();
  const feed = hostFeed(clock);
  const running = feed.run(sink);
  await clock.jump(230);
  await clock.advance(200);
  const of = (name: string) =>
    sink.samples.filter(({ channel }) => channel === name).map(({ time, value }) => [time - 1e12, value]);
  assert.equal(of("readings"), [
    [230_000, 1],
    [300_000, 2],
    [400_000, 3],
  ]);
  await clock.jump(90);
  await clock.advance(800);
  // Own health is a group of its own, once a second: how late a row was at most.
  assert.equal(of("own.loopDelay"), [
    [230_000, 130],
    [1_100_000, 20],
  ]);
  assert.equal(
    [...sink.groups.values()].map(({ group, everyUs }) => [group, everyUs]),
    [
      ["host", 100_000],
      ["host.own", 1_000_000],
    ],
  );
  assert.not(sink.statuses.some(({ status }) => status === "gap"));
  await feed.stop();
  await running;
});

test("[H2] a row more than three periods late is a gap", async () => {
  const clock = createManualClock(1e12);
  const sink = collectingSink();
  const feed = hostFeed(clock);
  const running = feed.run(sink);
  await clock.jump(1050);
  const gap = sink.statuses.find(({ status }) => status === "gap")!;
  assert.equal(gap.counts, { gap: 1 });
  assert.match(gap.detail, /9 rows not taken/);
  assert.is(sink.samples.filter(({ channel }) => channel === "readings").length, 1);
  await feed.stop();
  await running;
});

test("host feed names what the machine lacks when it opens", async () => {
  const clock = createManualClock();
  const sink = collectingSink();
  const feed = hostFeed(clock);
  const running = feed.run(sink);
  await clock.advance(0);
  assert.is(sink.statuses[0]!.detail, "2 channels; not on this machine: other");
  await feed.stop();
  await running;
});

test("rates are differences per second, and NaN after a counter went back", () => {
  const rates = new Rates(1);
  assert.ok(Number.isNaN(rates.rate(0, 100, 0)));
  assert.is(rates.rate(0, 150, 0.5), 100);
  assert.is(rates.rate(0, 150, 0.5), 0);
  assert.ok(Number.isNaN(rates.rate(0, 20, 0.5)));
  assert.is(rates.rate(0, 30, 1), 10);
});

test("other platforms have the meters of the runtime", () => {
  const { meters, missing } = openMeters("darwin");
  const names = meters.flatMap(({ channels }) => channels.map(({ name }) => name));
  for (const name of ["cpu0.busy", "memory.used", "own.cpu", "own.memory"])
    assert.ok(names.includes(name), name);
  assert.ok(missing.includes("disk.*"));
  const row = new Float64Array(names.length);
  let at = 0;
  for (const meter of meters) {
    meter.read(row, at, 1);
    at += meter.channels.length;
    meter.close();
  }
  assert.ok(row[names.indexOf("memory.used")]! > 0);
});

test("[H3] host feed of this machine has at least 24 channels with plausible values of one time", async () => {
  if (platform() !== "linux") return skip("no Linux: this machine has fewer channels");
  const sink = collectingSink();
  const feed = createFeed("host?every=100ms", { clock: systemClock, seed: 1 });
  const before = process.cpuUsage();
  let running = Promise.resolve();
  await new Promise<void>((resolve) => {
    const enough: FeedSink = {
      ...sink,
      frame(frame) {
        if (sink.frames.length + 1 === ROWS) resolve();
        return sink.frame(frame);
      },
    };
    running = feed.run(enough);
  });
  await feed.stop();
  await running;
  const { user, system } = process.cpuUsage(before);
  console.log(
    `host feed: ${((user + system) / 1000 / ROWS).toFixed(1)} ms of CPU a row, with the test around it`,
  );

  const group = sink.groups.get("host")!;
  assert.equal([group.sampling, group.innovation, group.everyUs], ["rows", "ar1", 100_000]);
  assert.ok(
    group.channels.length >= 24 && group.channels.length <= MAX_GROUP_CHANNELS,
    String(group.channels.length),
  );
  assert.is(new Set(group.channels.map(({ name }) => name)).size, group.channels.length);
  assert.ok(group.channels.every(({ title }) => title.length > 0));
  assert.ok(sink.frames.length >= ROWS);

  const rows = groupedByTime(sink.samples);
  assert.is(rows.size, sink.frames.filter((frame) => frame.group === "host").length);
  const seen = new Set(sink.samples.map(({ channel }) => channel));
  const own = sink.groups.get("host.own")!;
  assert.equal(
    own.channels.map(({ name }) => name),
    ["own.cpu", "own.memory", "own.heap", "own.loopDelay"],
  );
  assert.equal(
    [...group.channels, ...own.channels].map(({ name }) => name).filter((name) => !seen.has(name)),
    [],
  );
  for (const { channel, value } of sink.samples) {
    assert.ok(value >= 0, `${channel} ${value}`);
    if (/^cpu/.test(channel)) assert.ok(value <= 100, `${channel} ${value}`);
  }
  const memory = sink.samples.filter(({ channel }) => channel === "own.memory");
  assert.ok(memory.every(({ value }) => value > 1e7 && value < 1e11));
});

test("shares of processor time stay between 0 and 100 when the kernel's time of waiting runs backward", () => {
  const path = join(temporaryDirectory(), "stat");
  const reading = (busy: number, idle: number, waiting: number) => {
    const line = (name: string) => `${name} ${busy} 0 ${busy} ${idle} ${waiting} 0 0 0 0 0\n`;
    writeFileSync(path, line("cpu ") + line("cpu0"));
  };
  reading(1000, 5000, 800);
  const meter = kernelMeter(path);
  const names = meter.channels.map(({ name }) => name);
  const row = new Float64Array(names.length);
  const shown = (name: string) => row[names.indexOf(name)];
  meter.read(row, 0, 1);
  reading(1010, 5020, 860);
  meter.read(row, 0, 1);
  assert.is(shown("cpu.busy"), 20);
  assert.is(shown("cpu0.iowait") ?? 60, 60);
  // 30 units of waiting are taken back; of the rest, 20 of 40 are busy.
  reading(1020, 5040, 830);
  meter.read(row, 0, 1);
  assert.is(shown("cpu.busy"), 50);
  assert.is(shown("cpu0.user") ?? 25, 25);
  assert.is(shown("cpu0.iowait") ?? 0, 0);
  // The next difference is from the lower value.
  reading(1020, 5040, 840);
  meter.read(row, 0, 1);
  assert.is(shown("cpu.busy"), 0);
  assert.is(shown("cpu0.iowait") ?? 100, 100);
  meter.close();
});

test("up to 24 cores have three channels each, more have one, and at most 80 cores are shown", () => {
  const path = join(temporaryDirectory(), "stat");
  writeFileSync(path, "");
  for (const [cores, perCore, shown] of [
    [1, 3, 1],
    [24, 3, 24],
    [25, 1, 25],
    [200, 1, 80],
  ] as const) {
    const meter = kernelMeter(path, cores);
    const names = meter.channels.map(({ name }) => name);
    assert.is(names.length, 1 + shown * perCore + 5, `${cores} cores`);
    assert.ok(names.length <= MAX_GROUP_CHANNELS);
    const ofCore = names.filter((name) => name.startsWith(`cpu${shown - 1}.`));
    const expected = perCore === 1 ? ["busy"] : ["user", "system", "iowait"];
    assert.equal(
      ofCore,
      expected.map((what) => `cpu${shown - 1}.${what}`),
    );
    const shares = meter.channels.filter(({ name }) => name.startsWith("cpu"));
    assert.ok(shares.every(({ unit }) => unit === "%"));
    meter.close();
  }
});

test("counters of the kernel are rates, a core is busy with what is neither idle nor waiting, and one without a line has no value", () => {
  const path = join(temporaryDirectory(), "stat");
  // user nice system idle iowait irq softirq steal
  const write = (core0: string, core30: string, counters: readonly number[]) => {
    const [intr, ctxt, forks, running, blocked] = counters;
    const lines = [`cpu  ${core0}`, `cpu0 ${core0}`, `cpu30 ${core30}`, `intr ${intr} 1 2`, `ctxt ${ctxt}`];
    const more = [`btime 5`, `processes ${forks}`, `procs_running ${running}`, `procs_blocked ${blocked}`];
    writeFileSync(path, `${[...lines, ...more].join("\n")}\n`);
  };
  write("100 0 100 1000 50 0 0 0", "0 0 0 100 0 0 0 0", [1_000, 2_000, 10, 3, 1]);
  const meter = kernelMeter(path, 31);
  const row = new Float64Array(meter.channels.length);
  const values = () => Object.fromEntries(meter.channels.map(({ name }, k) => [name, row[k]]));
  meter.read(row, 0, 1);
  assert.ok(Number.isNaN(values()["cpu.busy"]) && Number.isNaN(values()["kernel.interrupts"]));
  // 10 of 40 ticks are idle, 6 wait; core 30 is idle for 3 of 4.
  write("108 1 110 1010 56 2 2 1", "0 0 1 103 0 0 0 0", [1_600, 2_400, 14, 5, 2]);
  meter.read(row, 0, 2);
  const found = values();
  assert.equal(
    ["cpu.busy", "cpu0.busy", "cpu30.busy", "cpu1.busy"].map((name) => found[name]),
    [60, 60, 25, Number.NaN],
  );
  assert.equal(
    ["kernel.switches", "kernel.interrupts", "processes.forks", "processes.running", "processes.blocked"].map(
      (name) => found[name],
    ),
    [200, 300, 2, 5, 2],
  );
  meter.close();
});

function groupedByTime<T extends { time: number }>(samples: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const sample of samples) groups.set(sample.time, [...(groups.get(sample.time) ?? []), sample]);
  return groups;
}

test.run();
