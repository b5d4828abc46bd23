// runtime: either
// slow
/** `feed` as people use it: tables that other commands read, their truth, and errors. */

import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { EigenwatchError, exitCodeOf } from "../../protocol/errors.ts";
import { type FeedReport, writeWorld } from "../../sim/worlds/command/command.ts";
import { type FeedOptions, feedTarget, STDOUT, sessionSpec } from "../../sim/worlds/command/feed-options.ts";
import { listText } from "../../sim/worlds/command/list.ts";
import type { Truth } from "../../sim/worlds/model/scenario.ts";
import { SCENARIOS } from "../../sim/worlds/scenarios.ts";
import { refuseAll } from "../support/command-line.ts";
import { run, start } from "../support/program-run.ts";
import { record, temporaryDirectory } from "../support/recorded-run.ts";
import { TOYS } from "../support/toy-actors.ts";

const folder = temporaryDirectory();

function linesOf(path: string): string[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text.trimEnd().split("\n");
}

test("feed list shows every scenario with its line, a plot and what happens; --json the same for programs", async () => {
  const { stdout } = await run(["feed", "list", "--json"]);
  const listed = JSON.parse(stdout) as { name: string; title: string; source: string }[];
  assert.equal(
    listed.map(({ name }) => name),
    SCENARIOS.map(({ name }) => name),
  );
  const text = listText();
  for (const { name, title } of listed) {
    const at = `\n${text}`.indexOf(`\n${name} `);
    const entry = text.slice(at).split("\n\n")[0]!;
    assert.ok(entry.includes(title), name);
    assert.match(entry, /[▁▂▃▄▅▆▇█]{20}/, name);
    assert.match(entry, /▔/, name);
  }
});

test("a world in a pipe to detect: the channel's odd samples are found where its truth says", async () => {
  const truthFile = join(folder, "truth.ndjson");
  const feed = start(["feed", "level-shift", "--seed", "3", "--strength", "3", "--truth", truthFile]);
  const detect = start(["detect", "-", "--out", "ndjson"]);
  let passed = 0;
  const pass = (): void => {
    detect.write(feed.stdout.slice(passed));
    passed = feed.stdout.length;
  };
  // One process's output goes on to the other while both run.
  await feed.matched(/\n/);
  pass();
  const { code } = await feed.ended;
  pass();
  detect.endInput();
  const ends = await detect.ended;
  assert.equal([code, ends.code, ends.stderr], [0, 0, ""]);
  const [truth] = linesOf(truthFile).map((line) => JSON.parse(line) as Truth);
  const rows = ends.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { timestamp: string; anomaly_score: number });
  assert.is(rows.length, 4320);
  const scored = (fromUs: number, untilUs: number): number =>
    Math.max(
      ...rows
        .filter(({ timestamp }) => Number(timestamp) >= fromUs && Number(timestamp) < untilUs)
        .map(({ anomaly_score }) => anomaly_score),
    );
  assert.ok(scored(truth!.onsetUs, truth!.onsetUs + 600e6) > scored(0, truth!.onsetUs));
});

test("rows are one line a time, ticks one line a sample, and both come back as they were through the file feed", async () => {
  const reports: FeedReport[] = [];
  for (const [name, file] of [
    ["flash-crash", "rows.csv"],
    ["flash-crash", "rows.ndjson.gz"],
    ["hawkes-trades", "ticks.csv.gz"],
    ["hawkes-trades", "ticks.jsonl"],
  ] as const)
    reports.push(await written(name, file, { seed: 2, duration: 300e6 }));
  const [rowsCsv, rowsJson, ticksCsv, ticksJson] = [
    "rows.csv",
    "rows.ndjson.gz",
    "ticks.csv.gz",
    "ticks.jsonl",
  ].map((file) => linesOf(join(folder, file))) as [string[], string[], string[], string[]];
  assert.is(rowsCsv[0], "ts_us,A01,A02,A03,A04,A05,A06,A07,A08");
  assert.is(ticksCsv[0], "ts_us,symbol,price,size");
  assert.equal([reports[0]!.rows, reports[0]!.samples], [300, 2400]);
  // The same numbers in either format.
  const cells = (line: string): string[] =>
    Object.values(JSON.parse(line) as Record<string, unknown>).map(String);
  assert.equal(
    rowsJson.map((line) => cells(line).join(",")),
    rowsCsv.slice(1),
  );
  assert.equal(
    ticksJson.map((line) => cells(line).join(",")),
    ticksCsv.slice(1),
  );
  assert.is(ticksJson.length, reports[3]!.samples);

  const feeds = ["rows.csv", "ticks.csv.gz"].map((file) => `file:${join(folder, file)}`);
  const back = await record({ definitions: TOYS, feeds });
  assert.is(back.samples, reports[0]!.samples + reports[2]!.samples);
});

test("a world that is stopped early is a whole table of what came before", async () => {
  const stopping = new AbortController();
  const flags = { speed: 1, rate: 200, duration: 3600e6 };
  const writing = written("spike", "stopped.csv.gz", flags, stopping.signal);
  // Whenever that is.
  setTimeout(() => stopping.abort(), 20);
  const { rows } = await writing;
  assert.is(linesOf(join(folder, "stopped.csv.gz")).slice(1).length, rows);
  assert.ok(rows < 3600 * 200);
});

test("where nothing more can be written one sentence says so, and no half of a table is left", async () => {
  // What /dev/full takes never arrives, as on a full disk.
  if (!existsSync("/dev/full")) return;
  for (const name of ["full.csv", "full.csv.gz", "full.truth"]) symlinkSync("/dev/full", join(folder, name));
  const cases: [file: string, flags: Partial<FeedOptions>, broken: string][] = [
    ["full.csv", {}, "full.csv"],
    ["full.csv.gz", {}, "full.csv.gz"],
    ["half.csv", { truth: join(folder, "full.truth") }, "full.truth"],
  ];
  for (const [file, flags, broken] of cases) {
    const { message, kind } = await refused(() => written("flash-crash", file, flags));
    assert.ok(message.startsWith(`Cannot write to ${join(folder, broken)}: `), message);
    assert.is(exitCodeOf(kind), 1);
  }
  assert.not.ok(existsSync(join(folder, "half.csv")));
  const { code, stderr } = await run(["feed", "spike", "--to", `file:${join(folder, "full.csv")}`]);
  assert.equal([code, stderr.split("\n").length], [1, 2], stderr);
});

test("up --feed synth is a session that says it is synthetic, with its truth on request", async () => {
  const { code, stdout, stderr } = await run([
    ...["up", "--once", "--json", "--port", "0"],
    ...["--feed", "synth:level-shift?speed=max&duration=1h&truth=1&seed=4"],
  ]);
  assert.is(code, 0, stderr);
  const said = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { what: string; kind?: string; title?: string });
  const events = said.filter(({ what }) => what === "event");
  assert.is(events.filter(({ kind }) => kind === "synth.truth").length, 1);
  assert.ok(events.some(({ title }) => title!.includes("synthetic: level-shift")));
});

test("feed --to session is up with that feed", async () => {
  const program = start(["feed", "spike", "--rate", "50", "--to", "session", "--port", "0", "--json"]);
  try {
    await program.line("listening");
  } finally {
    program.kill("SIGINT");
  }
  assert.is((await program.ended).code, 0);
});

test("what cannot be fed is answered by one sentence and exit code 2, and nothing is written", async () => {
  const { code, stdout, stderr } = await run(["feed", "flash-crahs"]);
  assert.equal([code, stdout], [2, ""]);
  assert.match(stderr, /Cannot find scenario flash-crahs: there is none; expected perhaps flash-crash\n$/);
});

test("each flag that cannot be is named with what it takes, before a file is touched", async () => {
  const target = join(folder, "none.csv");
  const feed = (...options: string[]) => ["feed", "spike", "--to", `file:${target}`, ...options];
  await refuseAll([
    [feed("--to", "kafka:x"), /'kafka:x' is invalid. Expected stdout, file:PATH, session or nats:URL/],
    [feed("--to", "file:x.parquet"), /Expected a file ending in \.csv, \.ndjson/],
    [feed("--to", `file:${join(folder, "no", "x.csv")}`), /Cannot write to .*its folder does not exist/],
    [feed("--truth", join(folder, "no", "x")), /Cannot write to .*its folder does not exist/],
    [feed("--truth", folder), /Cannot write to .*it is a folder; expected the name of a file/],
    [feed("--truth", target), /Cannot write --truth to .*none.csv: the table goes there/],
    [feed("--channels", "0"), /0 channels; expected 1 to 128/],
    [feed("--seed=-1"), /'--seed <n>' argument '-1' is invalid. Expected a whole number/],
    [feed("--seed", "1.5"), /argument '1.5' is invalid. Expected a whole number/],
    [feed("--rate", "0"), /rate 0; expected above 0/],
    [feed("--rate", "1e9"), /rate 1000000000; expected above 0, at most 1000000/],
    [feed("--strength", "many"), /argument 'many' is invalid. Expected a number from 0 to 100/],
    [feed("--duration", "soon"), /argument 'soon' is invalid. Expected a duration such as/],
    [feed("--duration", "1s"), /expected at least one sample/],
    [feed("--speed", "0"), /argument '0' is invalid. Expected a number above 0, or max/],
    [feed("--form", "density"), /spike: form density; expected no form/],
    [feed("--port", "0"), /Cannot use --port 0: a table goes to file:.*none.csv; expected --to session/],
    [feed("--name", "x"), /Cannot use --name x: the world goes to file:.*none.csv; expected --to nats:URL/],
    [feed("--start", "then"), /argument 'then' is invalid. Expected ISO 8601/],
  ]);
  const states = await refused(() => written("quantum-zeno", "none.csv", { form: "density" }));
  assert.match(states.message, /form density to file:.*none.csv: a CSV row holds no state; expected .ndjson/);
  const truth = join(folder, "truth.none");
  assert.throws(() => sessionSpec("spike", { ...DEFAULTS, truth }), /expected .*truth=1/);
  assert.not.ok(existsSync(target));
});

const DEFAULTS: FeedOptions = {
  seed: 1,
  strength: 1,
  speed: Number.POSITIVE_INFINITY,
  to: STDOUT,
  session: "local",
  partition: "p0",
};

/** A world as a file of the folder. */
function written(
  name: string,
  file: string,
  options: Partial<FeedOptions>,
  stop?: AbortSignal,
): Promise<FeedReport> {
  return writeWorld(name, { ...DEFAULTS, to: feedTarget(`file:${join(folder, file)}`), ...options }, stop);
}

async function refused(act: () => Promise<unknown>): Promise<EigenwatchError> {
  try {
    await act();
  } catch (error) {
    assert.instance(error, EigenwatchError);
    return error as EigenwatchError;
  }
  return assert.unreachable("it was not refused") as never;
}

test.run();
