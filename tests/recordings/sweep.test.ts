// runtime: either
// slow
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SYSTEM } from "../../actors/mod.ts";
import { inWorkers } from "../../actors/workers/pool.ts";
import { type EigenwatchError, exitCodeOf } from "../../protocol/errors.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { readTruths, scoreAlarms } from "../../sim/recordings/whatif/alarm-score.ts";
import { detectorsOf, gridOf, sweepWork } from "../../sim/recordings/whatif/sweep.ts";
import { bar, table } from "../../sim/recordings/whatif/table.ts";
import { runWhatIf, runWhatIfInWorker } from "../../sim/recordings/whatif/whatif.ts";
import type { Truth } from "../../sim/worlds/model/scenario.ts";
import { MARKET_START_US, marketFeed, rowUs } from "../support/market-feed.ts";
import { recordFeeds, temporaryDirectory } from "../support/recorded-run.ts";

const DAY_US = 86_400e6;

function pair(sweep: string): [path: string, values: string] {
  return sweep.split("=") as [string, string];
}

test("values run from one end to the other by the step, both ends among them", () => {
  const values = (sweep: string) => gridOf([pair(sweep)]).map((point) => Object.values(point)[0]);
  assert.equal(values("collapse.falseAlarmsPerDay=0.1:0.5:0.1"), ["0.1", "0.2", "0.3", "0.4", "0.5"]);
  assert.equal(values("anomaly.windowSamples=512:128:-128"), ["512", "384", "256", "128"]);
  assert.equal(values("anomaly.windowSamples=64:130:32"), ["64", "96", "128"]);
  assert.equal(values("collapse.statistic=sr,cusum"), ["sr", "cusum"]);
});

test("several settings make a grid, the last running fastest", () => {
  assert.equal(gridOf([pair("collapse.statistic=sr,cusum"), pair("anomaly.warmupSamples=16,32")]), [
    { "collapse.statistic": "sr", "anomaly.warmupSamples": "16" },
    { "collapse.statistic": "sr", "anomaly.warmupSamples": "32" },
    { "collapse.statistic": "cusum", "anomaly.warmupSamples": "16" },
    { "collapse.statistic": "cusum", "anomaly.warmupSamples": "32" },
  ]);
});

test("a sweep that cannot be is refused with what would be right", () => {
  const refusals: [string, RegExp][] = [
    ["collapse.falseAlarmsPerDay=1:2", /expected path=from:to:step/],
    ["collapse.falseAlarmsPerDay=1:2:-1", /the step leading from one to the other/],
    ["collapse.falseAlarmsPerDay=1:2:0", /the step leading from one to the other/],
    ["collapse.falseAlarmsPerDay=1:2000:0.001", /expected at most 2000/],
    ["collapse.falseAlarmsPerDay=-1:1:1", /expected a number > 0/],
    ["colapse.statistic=sr", /perhaps collapse.statistic/],
    ["collapse.statistic=sr,,cusum", /a value is missing/],
  ];
  for (const [sweep, message] of refusals) assert.throws(() => gridOf([pair(sweep)]), message, sweep);
  assert.throws(() => gridOf([pair("seed=1,2"), pair("seed=3")]), /Cannot sweep seed twice/);
});

test("alarms are right, late or false by the truth they find", () => {
  const truth: Truth = {
    kind: "x",
    detectors: ["anomaly"],
    group: "g",
    channels: ["a"],
    onsetUs: 100,
    endUs: 200,
  };
  const truths = [
    truth,
    { ...truth, onsetUs: 1_000, endUs: 1_000 },
    { ...truth, detectors: ["collapse"] as const },
  ];
  const events = [
    alarm(90, "anomaly.started", "a"),
    alarm(130, "anomaly.started", "a"),
    alarm(150, "anomaly.started", "b"),
    alarm(160, "anomaly.started", "a"),
    alarm(1_051, "anomaly.started", "a"),
    alarm(140, "anomaly.ended", "a"),
    alarm(140, "collapse.declared", "b"),
  ];
  const span = { fromUs: 0, untilUs: DAY_US / 2, graceUs: 50 };
  assert.equal(scoreAlarms(events, truths, ["anomaly"], span), {
    alarms: 5,
    alarmsPerDay: 10,
    truth: { truths: 2, found: 1, recall: 0.5, delayUs: 30, falseAlarms: 3, falseAlarmsPerDay: 6 },
  });
  assert.equal(scoreAlarms(events, truths, ["collapse"], span).truth, {
    truths: 1,
    found: 1,
    recall: 1,
    delayUs: 40,
    falseAlarms: 0,
    falseAlarmsPerDay: 0,
  });
  // Began before, lasts: nobody can be early for it, and who says so is not wrong.
  const later = { fromUs: 120, untilUs: DAY_US / 2 + 120, graceUs: 50 };
  const since = scoreAlarms(events.slice(1), truths, ["anomaly"], later).truth!;
  assert.equal([since.truths, since.found, since.falseAlarms], [1, 0, 2]);
  assert.is(scoreAlarms(events, null, ["anomaly", "collapse"], span).alarms, 6);
});

test("the settings of one detector are judged by its alarms, others by all", () => {
  assert.equal(detectorsOf({ "anomaly.windowSamples": "64" }), ["anomaly"]);
  assert.equal(detectorsOf({ "collapse.statistic": "sr", "anomaly.windowSamples": "64" }), [
    "anomaly",
    "collapse",
  ]);
  assert.equal(detectorsOf({ seed: "1" }), ["anomaly", "collapse"]);
});

test("a sweep counts the alarms of each branch, whoever runs it", async () => {
  const { directory } = await recordFeeds({ definitions: SYSTEM, feeds: [marketFeed(1_300)] });
  const common = {
    branches: [{ recording: directory, request: { at: rowUs(0) }, fromUs: MARKET_START_US }],
    truths: null,
    graceUs: 1e6,
  };
  const points = gridOf([pair("collapse.falseAlarmsPerDay=0.01,1,500")]);
  const [alone, shared] = [
    await inWorkers("sweep", sweepWork, common, points, { processes: 1 }),
    await inWorkers("sweep", sweepWork, common, points, { processes: 2 }),
  ];
  assert.equal(shared, alone);
  const counts = alone.map((point) => point.score.alarms);
  assert.ok(counts[2]! > 0 && counts[0]! <= counts[2]!, counts.join());
  assert.is(new Set(alone.map(({ finalHash }) => finalHash)).size, 3);
});

test("a branch that another process runs is the same, and ends when nobody waits for it", async () => {
  const { directory } = await recordFeeds({ definitions: SYSTEM, feeds: [marketFeed(700)] });
  const request = { at: rowUs(500), set: { "collapse.falseAlarmsPerDay": 500 } };
  assert.equal(await runWhatIfInWorker(directory, request), await runWhatIf(directory, request));
  const ending = new AbortController();
  const left = runWhatIfInWorker(directory, request, { signal: ending.signal }).catch(
    (thrown: unknown) => thrown,
  );
  ending.abort(new Error("nobody waits"));
  assert.is(((await left) as Error).message, "nobody waits");
});

test("what a worker refuses is refused here in the same words", async () => {
  const branch = { recording: temporaryDirectory(), request: { at: 1 }, fromUs: 0 };
  const common = { branches: [branch], truths: null, graceUs: 1 };
  try {
    await inWorkers("sweep", sweepWork, common, [{ seed: "1" }], { alwaysSpawn: true });
    assert.unreachable("an empty folder was swept");
  } catch (error) {
    assert.match((error as Error).message, /holds no segment file/);
    assert.is(exitCodeOf((error as EigenwatchError).kind), 2);
  }
});

test("truths are read from a file, and a bad line is named", async () => {
  const truth: Truth = {
    kind: "x",
    detectors: ["anomaly"],
    group: "g",
    channels: ["a"],
    onsetUs: 1,
    endUs: 2,
  };
  const path = join(temporaryDirectory(), "truth.ndjson");
  writeFileSync(path, `${JSON.stringify(truth)}\n\n${JSON.stringify(truth)}\n`);
  assert.equal(await readTruths(path), [truth, truth]);
  for (const [line, message] of [
    ["{", /line 2: it is no JSON/],
    [JSON.stringify({ ...truth, onsetUs: "soon" }), /line 2: onsetUs is "soon"; expected number/],
  ] as const) {
    writeFileSync(path, `${JSON.stringify(truth)}\n${line}\n`);
    const error = await readTruths(path).catch((thrown: Error) => thrown);
    assert.match((error as Error).message, message);
  }
});

test("bars are as long as their share, to an eighth of a column; columns stand below each other", () => {
  assert.is(bar(0), "");
  assert.is(bar(1), "█".repeat(24));
  assert.is(bar(0.5 + 1 / 192), `${"█".repeat(12)}▏`);
  assert.is(
    table([
      ["a", "bb", ""],
      ["100", "2", "x"],
    ]),
    "  a  bb\n100   2  x",
  );
});

function alarm(timeUs: number, kind: string, channel: string): EventMessage {
  return {
    type: "event",
    sequence: timeUs,
    id: `p0/${timeUs}/1`,
    timeUs,
    kind,
    severity: "warning",
    actor: kind.split(".")[0]!,
    group: "g",
    channels: [channel],
    title: "",
    detail: {},
  };
}

test.run();
