// runtime: either
// slow
/** `whatif`, its sweeps and `causality` as a user runs them, over a recording of the market feed. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SYSTEM } from "../../actors/mod.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { readDuration } from "../../protocol/text-values.ts";
import { freeName } from "../../sim/recordings/whatif/branch-recording.ts";
import type { WhatIfResult } from "../../sim/recordings/whatif/result.ts";
import type { SweepPoint } from "../../sim/recordings/whatif/sweep.ts";

import type { Truth } from "../../sim/worlds/model/scenario.ts";
import { refuseAll } from "../support/command-line.ts";

import { marketFeed, rowUs } from "../support/market-feed.ts";
import { run, runAll } from "../support/program-run.ts";
import { recordFeeds, temporaryDirectory } from "../support/recorded-run.ts";

const recording = join(temporaryDirectory(), "recording");

test.before(async () => {
  await recordFeeds({ definitions: SYSTEM, feeds: [marketFeed(1_500)], directory: recording });
});

test("whatif writes the branch beside its parent, shows what differs side by side, and inspect names the parent", async () => {
  const asked = ["--at", iso(rowUs(900)), "--set", "collapse.enabled=false"];
  const { code, stdout } = await run(["whatif", recording, ...asked]);
  assert.is(code, 0, stdout);
  const branch = `${recording}.whatif-1`;
  assert.match(stdout, /^original +│ branch/);
  assert.match(stdout, /│ 01-05 00:01:30\.000 config\.changed +new\n/);
  assert.match(stdout, /01-05 [\d:.]+ collapse\.declared (east|west)[^\n]*│ +gone\n/);
  assert.match(stdout, /\d+ the same, \d+ moved, \d+ changed, \d+ gone, \d+ new\n/);
  assert.ok(stdout.includes(`branch written to ${branch}\n`));
  const [verified, inspected] = await runAll([
    ["replay", branch, "--verify"],
    ["inspect", branch],
  ]);
  assert.is(verified!.code, 0, verified!.stdout);
  assert.match(
    inspected!.stdout,
    /branch of +\S+recording behind block \d+, from input \d+: collapse\.enabled=false/,
  );
});

test("whatif --command gives a command as JSON, and refuses what is none", async () => {
  const body = '{"id":"hot","of":{"group":"east","channel":"a"},"direction":"above","level":90}';
  const asked = ["whatif", recording, "--at", "1000", "--no-write", "--json", "--command"];
  const [given, broken] = await runAll([
    [...asked, `threshold.set=${body}`],
    [...asked, "threshold.set={id}"],
  ]);
  assert.is(given!.code, 0, given!.stderr);
  const { events } = JSON.parse(given!.stdout) as WhatIfResult;
  assert.ok(events.some(({ kind }) => kind === "alert.fired"));
  assert.is(broken!.code, 2);
  assert.match(broken!.stderr, /The body is \{id\}; expected NAME=\{…\}, the body as JSON/);
});

test("whatif --json is the result as one object, and --no-write writes nothing", async () => {
  const before = readdirSync(dirname(recording));
  const asked = [
    "--at",
    "1000",
    "--drop",
    "a",
    "--inject",
    "spike?group=west&channels=b&strength=5&duration=10s",
  ];
  const { code, stdout } = await run(["whatif", recording, ...asked, "--no-write", "--json"]);
  assert.is(code, 0);
  const result = JSON.parse(stdout) as WhatIfResult;
  assert.is(result.branch, null);
  assert.is(result.sequence, 1000);
  assert.equal(result.parent.changes.drop, ["a"]);
  assert.equal(
    result.parent.changes.inject?.map(({ scenario, strength }) => [scenario, strength]),
    [["spike", 5]],
  );
  assert.is(
    result.differences.length,
    Object.values(result.counts).reduce((sum, count) => sum + count, 0),
  );
  assert.ok(result.events.some(({ kind }) => kind === "injection.started"));
  assert.equal(readdirSync(dirname(recording)), before);
});

/** A file with the burst of the first minute. */
function truthFile(folder: string): string {
  const truth: Truth = {
    kind: "burst",
    detectors: ["collapse"],
    group: "east",
    channels: ["a", "b", "c", "d"],
    onsetUs: rowUs(541),
    endUs: rowUs(600),
  };
  const path = join(folder, "truth.ndjson");
  writeFileSync(path, `${JSON.stringify(truth)}\n`);
  return path;
}

const OVER = "collapse.falseAlarmsPerDay=1,100";

test("a sweep is a table over the values, with recall and delay where the truth is known, and a plot", async () => {
  const folder = temporaryDirectory();
  const sweep = ["whatif", recording, "--sweep", OVER, "--truth", truthFile(folder)];
  const { code, stdout, stderr } = await run([...sweep, "--plot", join(folder, "plot.svg")]);
  assert.is(code, 0, stderr);
  const lines = stdout.trimEnd().split("\n");
  assert.match(
    lines[0]!,
    /^collapse\.falseAlarmsPerDay +alarms +alarms\/day +recall +delay +false +false\/day/,
  );
  assert.is(lines.length, 3);
  for (const [k, value] of ["1", "100"].entries()) {
    const [set, , , recall, delay] = lines[k + 1]!.trim().split(/ +/);
    assert.is(set, value);
    assert.is(recall, "1.000");
    const delayUs = readDuration(delay!)!;
    assert.ok(delayUs > 0 && delayUs < 20e6, delay);
  }
  const plot = readFileSync(join(folder, "plot.svg"), "utf8");
  assert.match(plot, /^<svg .*<\/svg>\n$/s);
  assert.is(plot.split('class="title"').length - 1, 4, "four panels");
  assert.not(plot.includes("NaN"));
});

test("causality reports how likely an event was by how far back one rewinds, the same each time", async () => {
  const event = (await eventsOf()).find(({ kind }) => kind === "collapse.declared")!;
  const asked = [
    "causality",
    recording,
    "--event",
    event.id,
    "--rewinds",
    "500ms,20s",
    "--runs",
    "20",
    "--tolerance",
    "1s",
  ];
  const [text, json] = await runAll([asked, [...asked, "--json"]]);
  assert.is(text!.code, 0, text!.stderr);
  assert.match(text!.stdout, /^rewind +happened +probability +95 %\n +500ms +\d+\/20 /m);
  const result = JSON.parse(json!.stdout) as {
    event: EventMessage;
    rewinds: { rewindUs: number; happened: number; runs: number }[];
  };
  assert.is(result.event.id, event.id);
  assert.equal(
    result.rewinds.map(({ rewindUs }) => rewindUs),
    [500_000, 20_000_000],
  );
  assert.ok(result.rewinds[0]!.happened > 0);
  for (const { happened, runs } of result.rewinds)
    assert.ok(text!.stdout.includes(` ${happened}/${runs} `), "the same of both runs");
});

test("settings over a recording are symbols of a scan: its values are those of a sweep, the rule ranks them", async () => {
  const truth = truthFile(temporaryDirectory());
  const rule = "recall >= 1 and alarms < 5";
  const [swept, scanned] = await runAll([
    ["whatif", recording, "--sweep", OVER, "--truth", truth, "--json"],
    ["scan", recording, "--over", OVER, "--truth", truth, "--rule", rule, "--json"],
  ]);
  assert.is(scanned!.code, 0, scanned!.stderr);
  const points = JSON.parse(swept!.stdout) as SweepPoint[];
  const { results, problems } = JSON.parse(scanned!.stdout) as {
    results: { symbol: string; score: number; signal: boolean; values: Record<string, number> }[];
    problems: object[];
  };
  assert.equal(problems, []);
  assert.is(results.length, points.length);
  for (const { set, incidents, score } of points) {
    const symbol = Object.entries(set).map(([path, value]) => `${path}=${value}`)[0]!;
    const { values, signal } = results.find((each) => each.symbol === symbol)!;
    const { alarms, alarmsPerDay, truth: known } = score;
    assert.equal(values, {
      ...{ incidents, alarms, alarms_per_day: alarmsPerDay, recall: known!.recall },
      ...{ delay_seconds: known!.delayUs! / 1e6, false_alarms: known!.falseAlarms },
      false_alarms_per_day: known!.falseAlarmsPerDay,
    });
    assert.is(signal, known!.recall! >= 1 && alarms < 5);
  }
  assert.ok(results[0]!.score >= results[1]!.score, "the best is first");
});

test("what cannot be is refused with exit code 2 and what would be right, and nothing is written", async () => {
  const before = readdirSync(dirname(recording));
  const { code, stderr, stdout } = await run(["whatif", recording, "--at", "1999-01-01"]);
  assert.is(code, 2, stderr);
  assert.match(stderr, /outside of the recording; expected 2026-01-05T00:00:00\.000Z to/);
  assert.is(stdout, "");
  const lacking = join(dirname(recording), "none", "plot.svg");
  const whatIf = (...options: string[]) => ["whatif", recording, "--no-write", ...options];
  const sweep = (...options: string[]) => whatIf("--sweep", "seed=1,2", ...options);
  const scan = (rule: string, ...options: string[]) => ["scan", recording, "--rule", rule, ...options];
  const causality = (...options: string[]) => [
    ...["causality", recording, "--event", "p0/1/7", "--runs", "10", "--seed", "1", "--noise", "1"],
    ...options,
  ];
  await refuseAll([
    [whatIf(), /expected --at TIME/],
    [whatIf("--at", "9", "--plot", "x.svg"), /Cannot use --plot: there is one branch/],
    [whatIf("--at", "noon"), /'--at <place>' argument 'noon' is invalid/],
    [whatIf("--at", "9", "--set", "seed"), /'seed' is invalid. Expected path=value/],
    [whatIf("--at", "9", "--inject", "spike?grup=west"), /expected perhaps group/],
    [whatIf("--at", "9", "--inject", "spike?toString=1"), /expected one of strength/],
    [whatIf("--at", "9", "--inject", "spike?group=%E0%A4%A"), /%E0%A4%A is not percent-encoded text/],
    [sweep("--truth", "none"), /Cannot read --truth none/],
    [sweep("--to", "x"), /Cannot sweep --to a folder/],
    [sweep("--plot", lacking), /Cannot write the plot to/],
    [sweep("--sweep", "anomaly.enabled=true", "--plot", "x.svg"), /Cannot plot seed and/],
    [
      sweep("--sweep", "collapse.falseAlarmSamples=500,900", "--plot", "x.svg"),
      /Cannot plot seed and collapse\.falseAlarmSamples: a plot has one horizontal axis/,
    ],
    [whatIf("--sweep", "collapse.falseAlarmsPerDay"), /Expected path=value/],
    [scan("alarms < 2", "--over", "sed=1,2"), /expected perhaps seed/],
    [scan("recall > 0", "--over", "seed=1,2"), /no column or function recall/],
    [scan("alarms < 2", "--over", "seed=1,2", "--order", "learned"), /--order given or random/],
    [scan("close > 1", "--truth", "x"), /Cannot use --truth: symbols have none/],
    [causality(), /the recording has none/],
    [causality("--runs", "99999999999"), /from 1 to 1000000/],
    [causality("--noise", "Infinity"), /Expected a number from 0 to/],
    [causality("--plot", lacking), /Cannot write the plot to/],
  ]);
  assert.equal(readdirSync(dirname(recording)), before);
});

test("a branch lies beside the recording, however that is named", () => {
  const here = join(dirname(recording), "session");
  for (const name of [here, `${here}/`, join(here, "x", ".."), `${here}/.`])
    assert.is(freeName(name), `${here}.whatif-1`, name);
});

async function eventsOf(): Promise<EventMessage[]> {
  const { stdout } = await run(["inspect", recording, "--events", "--json"]);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as EventMessage);
}

function iso(timeUs: number): string {
  return new Date(timeUs / 1000).toISOString();
}

test.run();
