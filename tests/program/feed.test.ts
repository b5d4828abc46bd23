// timeout: 300
/** `feed` as people use it: tables that other commands read, their truth beside them, and plain refusals. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { CommandError } from "../../actors/mod.ts";
import { feedCommand } from "../../sim/feed-command/command.ts";
import type { FeedFlags } from "../../sim/feed-command/flags.ts";
import type { Truth } from "../../sim/feeds/scenario.ts";
import { SCENARIOS } from "../../sim/feeds/scenarios.ts";
import { run, runAll, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const folder = temporaryDirectory();

function linesOf(path: string): string[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text.trimEnd().split("\n");
}

test("feed list shows every scenario with its line, a plot and what happens; --json the same for programs", async () => {
  const [text, json] = await runAll([
    ["feed", "list"],
    ["feed", "list", "--json"],
  ]);
  const listed = JSON.parse(json!.stdout) as { name: string; title: string; source: string }[];
  assert.equal(
    listed.map(({ name }) => name),
    SCENARIOS.map(({ name }) => name),
  );
  for (const { name, title } of listed) {
    const at = `\n${text!.stdout}`.indexOf(`\n${name} `);
    const entry = text!.stdout.slice(at).split("\n\n")[0]!;
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
  const commands = [
    ["flash-crash", "rows.csv"],
    ["flash-crash", "rows.ndjson.gz"],
    ["hawkes-trades", "ticks.csv.gz"],
    ["hawkes-trades", "ticks.jsonl"],
  ].map(([name, file]) => [
    ...["feed", name!, "--seed", "2", "--duration", "5m"],
    ...["--to", `file:${join(folder, file!)}`, "--json"],
  ]);
  const reports = (await runAll(commands)).map(({ code, stdout, stderr }) => {
    assert.is(code, 0, stderr);
    return JSON.parse(stdout) as { rows: number; samples: number };
  });
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

  const back = await run([
    ...["up", "--once", "--json", "--port", "0"],
    ...["--feed", `file:${join(folder, "rows.csv")}`, "--feed", `file:${join(folder, "ticks.csv.gz")}`],
  ]);
  assert.is(back.code, 0, back.stderr);
  const stopped = JSON.parse(back.stdout.trimEnd().split("\n").at(-1)!) as { samples: number };
  assert.is(stopped.samples, reports[0]!.samples + reports[2]!.samples);
});

test("up --feed synth is a session that says it is synthetic, with its truth where asked for", async () => {
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
  const program = start(["feed", "spike", "--rate", "50", "--to", "session", "--json"]);
  try {
    await program.said("listening");
  } finally {
    program.kill("SIGINT");
  }
  assert.is((await program.ended).code, 0);
});

test("what cannot be fed is answered by one sentence and exit code 2, and nothing is written", async () => {
  const cases: [args: string[], says: RegExp][] = [
    [["feed"], /missing required argument 'scenario'/],
    [
      ["feed", "flash-crahs"],
      /Cannot find scenario flash-crahs: there is none; wanted perhaps flash-crash\n$/,
    ],
    [["feed", "spike", "--form", "wave"], /Allowed choices are record, vector, density/],
  ];
  const ends = await runAll(cases.map(([args]) => args));
  const wrong = cases.flatMap(([args, says], k) => {
    const { code, stdout, stderr } = ends[k]!;
    return code === 2 && stdout === "" && says.test(stderr) ? [] : [{ args, code, stdout, stderr }];
  });
  assert.equal(wrong, []);
});

test("each flag that cannot be is named with what it takes, before a file is touched", async () => {
  const target = join(folder, "none.csv");
  const cases: [flags: Partial<FeedFlags>, says: RegExp][] = [
    [{ to: "nats:x" }, /Cannot feed to nats:x: this comes with the cluster; wanted stdout/],
    [{ to: "file:x.parquet" }, /its ending says no format; wanted \.csv, \.ndjson/],
    [{ to: `file:${join(folder, "no", "x.csv")}` }, /Cannot write to .*its folder is not there/],
    [{ truth: join(folder, "no", "x") }, /Cannot write to .*its folder is not there/],
    [{ channels: "0" }, /0 channels; wanted 1 to 128/],
    [{ seed: "-1" }, /--seed -1: wanted a whole number/],
    [{ seed: "1.5" }, /--seed 1.5: wanted a whole number/],
    [{ rate: "0" }, /--rate 0: wanted samples a second/],
    [{ rate: "1e9" }, /rate 1000000000; wanted above 0, at most 1000000/],
    [{ strength: "many" }, /--strength many: wanted a number, 0 to 100/],
    [{ duration: "soon" }, /for soon: wanted a duration such as/],
    [{ duration: "1s" }, /wanted at least one sample/],
    [{ speed: "0" }, /--speed 0: wanted a number above 0, or max/],
    [{ form: "density" }, /spike with form density; wanted no form/],
    [{ start: "then" }, /Cannot read --start then/],
  ];
  for (const [flags, says] of cases)
    try {
      await feedCommand("spike", { speed: "max", to: `file:${target}`, ...flags });
      assert.unreachable(JSON.stringify(flags));
    } catch (error) {
      assert.match((error as Error).message, says);
      assert.is((error as CommandError).exitCode, 2);
    }
  const states = { speed: "max", form: "density" as const, to: `file:${target}` };
  await feedCommand("quantum-zeno", states).then(
    () => assert.unreachable(),
    (error: Error) =>
      assert.match(error.message, /form density to file:.*none.csv: wanted .ndjson for states/),
  );
  assert.not.ok(existsSync(target));
});

test.run();
