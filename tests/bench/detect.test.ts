// runtime: either
// slow
/** The scoring of `bench detect`, with detectors whose every alarm is scripted. */

import { join } from "node:path";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { EventMessage } from "../../protocol/messages.ts";
import { allCases, detectorsOf, scoreSeed } from "../../sim/bench/detect/case.ts";
import { crossFitted } from "../../sim/bench/detect/cross-fit.ts";
import { dataFolder } from "../../sim/bench/detect/data-folder.ts";
import { market } from "../../sim/bench/detect/market.ts";
import { reportLines, reportText } from "../../sim/bench/detect/print.ts";
import { runScenario } from "../../sim/bench/detect/run.ts";
import { type Alarm, alarmOf, type DetectorName, score, type Tally } from "../../sim/bench/detect/score.ts";
import { decimals, left, right, tableOf } from "../../sim/bench/detect/suite.ts";
import { COLUMNS, type DetectRow, summarise } from "../../sim/bench/detect/summary.ts";

import type { Scenario, Truth } from "../../sim/worlds/model/scenario.ts";

import { findScenario } from "../../sim/worlds/scenarios.ts";
import { refuseAll } from "../support/command-line.ts";
import { run } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { shared, skipWithoutData } from "../support/shared.ts";

const ALLOWED = 10;

// ---- D1 to D5 -----------------------------------------------------------------------------------------------------

test("[D1] an alarm hits from the onset to the allowed delay after the end, both included", () => {
  for (const [timeUs, hits] of [
    [99, 0],
    [100, 1],
    [150, 1],
    [210, 1],
    [211, 0],
  ] as const) {
    const tally = score("collapse", [truth(100, 200)], [alarm(timeUs)], ALLOWED);
    assert.equal([tally.hits, tally.false], [hits, 1 - hits], `at ${timeUs}`);
  }
});

test("[D1] an anomaly hits when it names one of the channels, a collapse whatever it names", () => {
  const truths = [truth(100, 200, { detectors: ["anomaly", "collapse"], channels: ["a", "b"] })];
  const alarms = (detector: DetectorName, channels: string[]) => [alarm(150, { detector, channels })];
  assert.is(score("anomaly", truths, alarms("anomaly", ["x", "b"]), ALLOWED).hits, 1);
  assert.is(score("collapse", truths, alarms("collapse", ["x"]), ALLOWED).hits, 1);
});

test("[D4] an alarm that names the wrong channel, or is of another group, is false", () => {
  const truths = [truth(100, 200, { detectors: ["anomaly"], channels: ["a"] })];
  const wrong = alarm(150, { detector: "anomaly", channels: ["b"] });
  const elsewhere = alarm(150, { detector: "anomaly", channels: ["a"], group: "h" });
  assert.equal(score("anomaly", truths, [wrong, elsewhere], ALLOWED), tallyOf({ truths: 1, false: 2 }));
});

test("[D3] a second alarm for the same truth is a repetition, neither hit nor false", () => {
  const tally = score("collapse", [truth(100, 200)], [alarm(190), alarm(120), alarm(205)], ALLOWED);
  assert.equal(tally, tallyOf({ truths: 1, hits: 1, repeats: 2, delaysUs: [20] }));
});

test("[D4] an alarm inside another detector's truth is unrelated, outside it is false", () => {
  const truths = [truth(100, 200, { detectors: ["anomaly"] })];
  const tally = score("collapse", truths, [alarm(150), alarm(300)], ALLOWED);
  assert.equal(tally, tallyOf({ unrelated: 1, false: 1 }));
});

test("[D2] of overlapping truths an alarm hits the one that ends first, so that the next can hit the other", () => {
  const long = truth(100, 1000);
  const short = truth(110, 120);
  const tally = score("collapse", [long, short], [alarm(125), alarm(500)], ALLOWED);
  assert.equal(tally, tallyOf({ truths: 2, hits: 2, delaysUs: [15, 400] }));
});

test("[D2] no matching has more hits: compared with all of them, on random truths and alarms", () => {
  const interval = fc.tuple(fc.nat(60), fc.nat(15)).map(([from, length]) => truth(from, from + length));
  fc.assert(
    fc.property(
      fc.array(interval, { maxLength: 5 }),
      fc.array(fc.nat(90), { maxLength: 5 }),
      (truths, times) => {
        const tally = score(
          "collapse",
          truths,
          times.map((t) => alarm(t)),
          ALLOWED,
        );
        assert.is(tally.hits, mostHits(truths, times));
        assert.is(tally.hits + tally.repeats + tally.unrelated + tally.false, times.length);
      },
    ),
    { seed: 11, numRuns: 300 },
  );
});

test("coherence is scored by its own kinds of truth and its own events", () => {
  const truths = [truth(100, 200, { kind: "decoherence" }), truth(300, 400, { kind: "blockFlip" })];
  const alarms = [alarm(150, { detector: "coherence" }), alarm(350, { detector: "coherence" }), alarm(160)];
  assert.equal(
    score("coherence", truths, alarms, ALLOWED),
    tallyOf({ truths: 1, hits: 1, unrelated: 1, delaysUs: [50] }),
  );
});

test("[D1] an incident finds any truth of its group", () => {
  const truths = [truth(100, 200, { detectors: [] }), truth(300, 400, { detectors: ["anomaly"] })];
  const incident = (timeUs: number, group = "g") => alarm(timeUs, { detector: "incidents", group });
  assert.equal(
    score("incidents", truths, [incident(150), incident(350), incident(360, "h")], ALLOWED),
    tallyOf({ truths: 2, hits: 2, false: 1, delaysUs: [50, 50] }),
  );
});

test("[D1] a change finds another level of a channel that it names", () => {
  const truths = [
    truth(100, 200, { kind: "levelShift", channels: ["a"] }),
    truth(300, 400, { kind: "spike" }),
  ];
  const change = (timeUs: number, channel: string) =>
    alarm(timeUs, { detector: "changes", channels: [channel] });
  assert.equal(
    score("changes", truths, [change(150, "a"), change(160, "b"), change(350, "a")], ALLOWED),
    tallyOf({ truths: 1, hits: 1, false: 1, unrelated: 1, delaysUs: [50] }),
  );
});

test("the time of an alarm is that of the deciding row; ends and warm-ups are no alarms", () => {
  const event = (kind: string, detail: EventMessage["detail"] = {}) =>
    alarmOf({ kind, timeUs: 9, group: "g", channels: ["a"], detail } as unknown as EventMessage);
  assert.equal(event("anomaly.started", { atUs: 5 }), alarm(5, { detector: "anomaly", channels: ["a"] }));
  assert.is(event("trajectory.jumped")!.timeUs, 9);
  const voided = event("collapse.declared", { guarantee: "void" })!;
  assert.equal(
    [voided.promised, event("collapse.declared", { guarantee: "holds" })!.promised],
    [false, true],
  );
  for (const kind of [
    "anomaly.ended",
    "collapse.calibrated",
    "collapse.recovered",
    "coherence.warmed",
    "constructor",
  ])
    assert.is(event(kind), null, kind);
});

// ---- sums and table -----------------------------------------------------------------------------------------------

test("a row sums over seeds: rates of all truths and alarms, delays of all hits, alarms a day of quiet runs", () => {
  const row = summarise(
    { scenario: "s", form: "", detector: "collapse" },
    [
      { tally: tallyOf({ truths: 2, hits: 1, false: 3, delaysUs: [4e6] }), quietAlarms: 4, quietPromised: 1 },
      {
        tally: tallyOf({ truths: 2, hits: 2, repeats: 5, delaysUs: [1e6, 10e6] }),
        quietAlarms: 0,
        quietPromised: 0,
      },
    ],
    43_200e6,
  );
  assert.equal([row.recall, row.precision], [3 / 4, 3 / 6]);
  assert.equal(row.delaySeconds, { median: 4, mean: 5 });
  assert.equal([row.quietDays, row.falsePerDay, row.promisedPerDay], [1, 4, 1]);
  const [head, , cells] = tableText([row]).split("\n");
  assert.is(head!.length, cells!.length);
  assert.match(cells!, / 0\.75 \| +0\.50 \|/);
});

test("there is no recall without truths, no precision without alarms, and a bound when no alarm was seen", () => {
  const row = summarise(
    { scenario: "s", form: "", detector: "anomaly" },
    [{ tally: tallyOf({}), quietAlarms: 0, quietPromised: 0 }],
    86_400e6,
  );
  assert.equal([row.recall, row.precision, row.delaySeconds], [null, null, null]);
  // 95 % that fewer than 3 a day: e^-3 = .05.
  assert.match(tableText([row]), /\| +– \| +– \| +– \| +– \| +< 3 \| +< 3 \|/);
});

// ---- runs ---------------------------------------------------------------------------------------------------------

test("a run uses the shipped core: a jump of a channel by 100 deviations is found at its row", () => {
  const scenario = scripted();
  const { truths, alarms, samples } = runScenario(scenario, { seed: 1, strength: 1 });
  assert.is(samples, 2 * 3000);
  const tally = score("anomaly", truths, alarms, 0);
  assert.equal([tally.truths, tally.hits, tally.delaysUs], [1, 1, [0]]);
  assert.is(runScenario(scenario, { seed: 1, strength: 0 }).truths.length, 0);
});

test("each case has a detector, states have their own; a seed has the same score twice", () => {
  for (const each of allCases()) {
    const states = each.form !== undefined;
    assert.is(detectorsOf(each).includes("trajectory"), states, each.scenario);
    assert.ok(detectorsOf(each).length > 0);
  }
  const each = { scenario: "quantum-ladder", form: "density" } as const;
  assert.equal(scoreSeed(each, 3), scoreSeed(each, 3));
});

test("bench detect prints a row for each detector, as JSON for programs", async () => {
  const args = [
    "bench",
    "detect",
    "--suite",
    "synthetic",
    "--seeds",
    "2",
    "--scenario",
    "quantum-ladder",
    "--json",
  ];
  const { code, stdout, stderr } = await run(args, { fromSources: true });
  assert.is(code, 0, stderr);
  const rows = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(
    rows
      .filter(({ table }) => table === "Synthetic scenarios")
      .map(({ form, detector, seeds }) => [form, detector, seeds]),
    [
      ["record", "anomaly", 2],
      ["record", "collapse", 2],
      ["record", "incidents", 2],
      ["density", "trajectory", 2],
      ["density", "incidents", 2],
      ["vector", "trajectory", 2],
      ["vector", "incidents", 2],
    ],
  );
});

test("bench detect rejects unknown values and names the expected ones", async () => {
  const bench = (name: string, ...options: string[]) => ["bench", name, ...options];
  await refuseAll([
    [bench("detect", "--suite", "synthetc"), /expected --suite synthetic/],
    [bench("detect", "--suite", "synthetic", "--data", "."), /no option --data/],
    [
      bench("detect", "--suite", "synthetic", "--only", "zemo"),
      /part of a name such as regime-switching seed 1/,
    ],
    [bench("detect", "--suite", "synthetic", "--scenario", "quantum-zemo"), /quantum-zeno/],
    [bench("detect", "--suite", "synthetic", "--seeds", "0"), /from 1 to/],
    [bench("detect", "--seeds", "3"), /no suite/],
    [bench("gateway", "--suite", "synthetic"), /bench detect --suite synthetic/],
  ]);
});

// ---- suites -------------------------------------------------------------------------------------------------------

test("a report has its tables with aligned columns, and figures beside targets and published values", () => {
  const lines = reportText(REPORT).split("\n");
  assert.equal(lines.slice(0, 5), [
    "**by file**",
    "",
    "| file |  VUS |",
    "| ---- | ---: |",
    "| a    | 0.25 |",
  ]);
  assert.ok(lines.includes("| mean   |      0.250 | ≥ 0.450, missed | PCA 0.462 |"), lines.join("\n"));
  assert.ok(lines.some((line) => /^\| alarms \| +2\.00 a day \| ≤ 3\.00 a day +\| +\|$/.test(line)));
});

test("a report as JSON has an object for each row and each figure", () => {
  const objects = reportLines(REPORT, { suite: "s" })
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(objects, [
    { suite: "s", table: "by file", file: "a", vus: 0.25 },
    {
      suite: "s",
      table: "Figures",
      figure: "mean",
      value: 0.25,
      target: { atLeast: 0.45 },
      met: false,
      published: { PCA: 0.462 },
    },
    {
      suite: "s",
      table: "Figures",
      figure: "alarms",
      value: 2,
      unit: "a day",
      target: { atMost: 3 },
      met: true,
    },
  ]);
});

test("without its data a suite names what it expects and where people get it", () => {
  const need = { folder: "detection/pumps", holds: ["labels.csv"], source: "https://example.org" };
  for (const [given, environment, expected] of [
    [
      undefined,
      {},
      /no folder with its data is given; expected --data PATH with labels\.csv \(https:\/\/example\.org\)/,
    ],
    ["/nowhere", {}, /there is no folder \/nowhere/],
    [undefined, { EIGENWATCH_DATA: "/nowhere" }, /there is no folder \/nowhere\/detection\/pumps/],
    [temporaryDirectory(), {}, /has no labels\.csv/],
  ] as const)
    assert.throws(() => dataFolder("pumps", need, given, environment), expected);
});

test("a suite that needs no data runs without, and refuses a folder that lacks what it holds", () => {
  const need = { folder: "market", holds: ["a.csv"], source: "https://example.org", optional: true };
  assert.is(dataFolder("nulls", need, undefined, {}), "");
  assert.throws(() => dataFolder("nulls", need, temporaryDirectory(), {}), /has no a\.csv/);
});

test("a threshold is chosen on the other folds than the one it is measured on", () => {
  const measured = crossFitted([1, 2, 3, 4], {
    folds: 2,
    fit: (items) => items,
    measure: (item, others) => [item, others],
  });
  assert.equal(measured, [
    [1, [2, 4]],
    [2, [1, 3]],
    [3, [2, 4]],
    [4, [1, 3]],
  ]);
  const each = crossFitted([5, 6, 7], { fit: (items) => Math.max(...items), measure: (_, most) => most });
  assert.equal(each, [7, 7, 6]);
});

test("the suite of markets counts each alarm once, inside or outside of an event", async () => {
  const file = shared("market/E_telemetry/skab_other_7.csv.gz");
  if (file === null) return skipWithoutData();
  const given = { suite: "market", data: join(file, "..", ".."), seeds: 1, scenario: null };
  const rows = await market.run({ name: "rotor", dataset: "water rig, rotor", seed: 1 }, given);
  assert.equal(
    rows.map(({ detector, expected }) => [detector, expected]),
    [
      ["anomaly", 1],
      ["collapse", 1],
      ["coherence", 1],
      ["incidents", 1],
    ],
  );
  for (const { expected, found, delaysUs, outside, outsidePromised, daysOutside } of rows) {
    assert.ok(found <= expected && delaysUs.length === found && outsidePromised <= outside);
    // 1,090 rows of a second, of which 347 are labelled.
    assert.ok(daysOutside > 600 / 86_400 && daysOutside < 1_090 / 86_400, String(daysOutside));
  }
});

// ---- given --------------------------------------------------------------------------------------------------------

const REPORT = {
  tables: [
    tableOf(
      "by file",
      [{ file: "a", vus: 0.25 }],
      [left("file", ({ file }) => file), right("VUS", ({ vus }) => decimals(vus, 2))],
    ),
  ],
  figures: [
    { name: "mean", value: 0.25, decimals: 3, target: { atLeast: 0.45 }, published: { PCA: 0.462 } },
    { name: "alarms", value: 2, unit: "a day", target: { atMost: 3 } },
  ],
};

function tableText(rows: DetectRow[]): string {
  return reportText({ tables: [tableOf("", rows, COLUMNS)] });
}

function truth(onsetUs: number, endUs: number, more: Partial<Truth> = {}): Truth {
  return { kind: "k", detectors: ["collapse"], group: "g", channels: ["a"], onsetUs, endUs, ...more };
}

function alarm(timeUs: number, more: Partial<Alarm> = {}): Alarm {
  return { detector: "collapse", timeUs, group: "g", channels: [], promised: true, ...more };
}

function tallyOf(more: Partial<Tally>): Tally {
  return { truths: 0, hits: 0, repeats: 0, unrelated: 0, false: 0, delaysUs: [], ...more };
}

/** The most hits of any one-to-one matching, by trying all. */
function mostHits(truths: readonly Truth[], times: readonly number[]): number {
  const [first, ...rest] = times;
  if (first === undefined) return 0;
  let most = mostHits(truths, rest);
  truths.forEach((each, k) => {
    if (first < each.onsetUs || first > each.endUs + ALLOWED) return;
    most = Math.max(most, 1 + mostHits([...truths.slice(0, k), ...truths.slice(k + 1)], rest));
  });
  return most;
}

/** Two channels of noise; in row 2,000 channel b is far away, unless the strength is 0. */
function scripted(): Scenario {
  const base = findScenario("spike");
  return {
    ...base,
    usualRate: 1,
    usualDurationUs: 3000e6,
    channels: { least: 2, most: 2, usual: 2 },
    create({ startUs, strength, group }) {
      let row = 0;
      const timeOf = (r: number) => startUs + r * 1e6;
      const happened: Truth = {
        kind: "far",
        detectors: ["anomaly"],
        group,
        channels: ["b"],
        onsetUs: timeOf(2000),
        endUs: timeOf(2000),
      };
      return {
        declarations: [
          {
            group,
            channels: ["a", "b"].map((name) => ({ name, title: "", unit: "" })),
            sampling: "rows",
            everyUs: 1e6,
            innovation: "ar1",
          },
        ],
        truth: strength === 0 ? [] : [happened],
        next() {
          if (row >= 3000) return null;
          const timeUs = timeOf(row);
          const noise = (k: number) => ((Math.imul(row * 2 + k + 1, 0x9e3779b1) >>> 0) % 1000) / 1000;
          const far = row === 2000 && strength > 0 ? 30 : 0;
          row++;
          return {
            type: "frame",
            group,
            source: "scripted",
            sequence: row,
            count: 2,
            time: Float64Array.of(timeUs, timeUs),
            channel: Uint16Array.of(0, 1),
            value: Float64Array.of(noise(0), noise(1) + far),
            size: null,
          };
        },
      };
    },
  };
}

test.run();
