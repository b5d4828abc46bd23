// slow
/** `scan` as a person and as a program uses it: real threads, results as a plain loop over the same kernels has them. */
import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { relativeStrengthIndex } from "../../actors/kernels/indicators/relative-strength.ts";
import { seeded } from "../kernels/builders.ts";
import { run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const SYMBOLS = 12;
const ROWS = 300;
const table = join(temporaryDirectory(), "walks.csv");
const closes = walks();

/** Random walks of SYMBOLS symbols, rows sorted by time. */
function walks(): number[][] {
  const random = seeded(11);
  const columns = Array.from({ length: SYMBOLS }, () => [100]);
  for (const column of columns)
    while (column.length < ROWS) column.push(column.at(-1)! * (0.98 + 0.04 * random()));
  const lines = ["ts,symbol,close,volume"];
  for (let i = 0; i < ROWS; i++)
    lines.push(...columns.map((column, k) => `${1_700_000_000 + 60 * i},S${k},${column[i]},100`));
  writeFileSync(table, `${lines.join("\n")}\n`);
  return columns;
}

interface Told {
  results: {
    symbol: string;
    signal: boolean;
    score: number;
    values: Record<string, number>;
    index: number;
  }[];
  problems: { symbol: string; reason: string }[];
  stats: { processed: number; total: number; signals: number; state: string; reason: string };
}

test("every symbol has the value that a plain loop has, best first", async () => {
  const { code, stdout, stderr } = await run([
    "scan",
    table,
    "--rule",
    "rsi(14) < 45",
    "--json",
    "--symbols",
    names().concat("NONE").join(","),
  ]);
  assert.is(code, 0, stderr);
  const { results, problems, stats } = JSON.parse(stdout) as Told;
  assert.is(results.length, SYMBOLS);
  for (const { symbol, signal, values } of results) {
    const expected = relativeStrengthIndex(
      Float64Array.from(closes[Number(symbol.slice(1))]!),
      14,
      new Float64Array(ROWS),
    ).at(-1)!;
    assert.is(values["rsi(14)"], expected);
    assert.is(signal, expected < 45);
  }
  const scores = results.map(({ signal, score }) => (signal ? 10 : 0) + score);
  assert.equal(
    scores,
    [...scores].sort((a, b) => b - a),
  );
  assert.equal(problems, [
    { index: 1, symbol: "NONE", reason: "the universe has no such symbol", evaluated: false },
  ]);
  assert.equal([stats.processed, stats.state, stats.reason], [SYMBOLS + 1, "done", "finished"]);
});

const names = () => closes.map((_, k) => `S${k}`);

test("results come as rows of CSV and NDJSON, each symbol once", async () => {
  const csv = await run(["scan", table, "--rule", "sma(3) > 0", "--out", "csv", "--order", "random"]);
  const [header, ...rows] = csv.stdout.trimEnd().split("\n");
  assert.is(header, "index,symbol,time,signal,score,sma(3)");
  assert.equal(rows.map((row) => row.split(",")[1]).sort(), names().sort());
  const ndjson = await run(["scan", table, "--rule", "sma(3) > 0", "--out", "ndjson", "--max-signals", "3"]);
  const lines = ndjson.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Told["results"][number]);
  assert.is(lines.filter(({ signal }) => signal).length, 3);
  assert.match(ndjson.stderr, "ended early: enough signals");
});

test("a rule that cannot be read is marked at its place, and nothing is loaded", async () => {
  const { code, stderr } = await run(["scan", "none.csv", "--rule", "rsi(14) < 30 andd close > 1"]);
  assert.is(code, 2);
  assert.equal(stderr.split("\n").slice(0, 2), ["rsi(14) < 30 andd close > 1", `${" ".repeat(13)}^^^^`]);
  assert.match(stderr, "column 14");
});

test("an interrupted scan ends with what it found", async () => {
  // The collapse detector takes long enough over this many rows to be interrupted in the middle.
  const long = join(temporaryDirectory(), "long.csv");
  const columns = Array.from({ length: 100 }, (_, k) => `c${k}`);
  const random = seeded(5);
  const rows = Array.from({ length: 2_000 }, (_, i) =>
    [1_700_000_000 + i, ...columns.map(() => 1 + random())].join(","),
  );
  writeFileSync(long, `ts,${columns.join(",")}\n${rows.join("\n")}\n`);
  const program = start(["scan", long, "--rule", "collapse() > 0.5", "--out", "ndjson"]);
  await program.matched(/"symbol"/);
  program.kill("SIGINT");
  const { code, stdout, stderr } = await program.ended;
  assert.is(code, 1, stderr);
  const found = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  assert.ok(found.length >= 1 && found.length < columns.length, `${found.length} results`);
  assert.match(stderr, "interrupted: these are the results until then");
});

test("with --watch a scan is made anew when the data change, also after they were away for a moment", async () => {
  const program = start(["scan", table, "--rule", "close > 1000", "--watch", "--out", "ndjson"]);
  const until = async (count: number) => {
    await program.matched(new RegExp(`(.*"symbol".*\\n){${count}}`));
  };
  await until(SYMBOLS);
  appendFileSync(table, `1800000000,S3,5000,100\n`);
  await until(2 * SYMBOLS);
  const away = `${table}.away`;
  renameSync(table, away);
  await program.matched(/there is no such file/, "stderr");
  renameSync(away, table);
  await until(3 * SYMBOLS);
  program.kill("SIGINT");
  const { code, stdout } = await program.ended;
  assert.is(code, 0);
  const last = stdout
    .trimEnd()
    .split("\n")
    .slice(2 * SYMBOLS)
    .map((line) => JSON.parse(line) as Told["results"][number]);
  assert.equal(
    last.filter(({ signal }) => signal).map(({ symbol }) => symbol),
    ["S3"],
  );
});

test("a learned order is kept from scan to scan, shown, and forgotten on request; a rule can be tuned", async () => {
  const learnt = ["--learnt", join(temporaryDirectory(), "order.json")];
  const scanned = await run(["scan", table, "--rule", "rsi(14) < 45", "--order", "learned", ...learnt]);
  assert.is(scanned.code, 0, scanned.stderr);
  assert.match(scanned.stderr, /order: .* on average in a random order/);
  const show = async (...more: string[]) =>
    JSON.parse((await run(["scan", "order", table, "--json", ...learnt, ...more])).stdout) as {
      scans: number;
      symbols: number;
      weights: { of: string }[];
      oftenSignals: { symbol: string; rate: number }[];
    };
  const { scans, symbols, weights, oftenSignals } = await show();
  const often = oftenSignals.map(({ symbol, rate }) => `${symbol} ${Math.round(100 * rate)} %`);
  assert.ok(often.length > 0);
  const shown = await run(["scan", "order", table, ...learnt]);
  assert.is(shown.stdout.trimEnd().split("\n").at(-1), `signals in most scans: ${often.join(", ")}`);
  assert.equal([scans, symbols, weights.map(({ of }) => of)], [1, SYMBOLS, ["all rules", "rsi low"]]);
  assert.is((await show("--reset")).scans, 0);
  const tuned = await run(["scan", "tune", "rsi(14) < 45", table, "--over", "rsi.period=7:21:7"]);
  assert.is(tuned.code, 0, tuned.stderr);
  assert.match(tuned.stdout, /^given: rsi\(14\)\ntuned: /);
  assert.match(tuned.stdout, /(Nothing is gained|Gained on the later dates)/);
});

test("up serves scans of a universe and of its own channels on threads of its own, and ends with them", async () => {
  const feed = "walk?channels=2&rate=100&frame=2&seed=1";
  const program = start(["up", "--feed", feed, "--port", "0", "--json", "--universe", `walks=${table}`]);
  const { url } = await program.line("listening");
  const scan = async (order: object) => {
    const response = await fetch(`${url}scan/stream?wait=1`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ rule: "sma(3) > 0", ...order }),
    });
    return { status: response.status, ...((await response.json()) as Partial<Told>) };
  };
  const { status, results, stats } = await scan({
    universe: "walks",
    termination_criteria: { max_signals: 4 },
  });
  assert.equal([status, stats!.signals, stats!.reason], [200, 4, "signals"]);
  assert.ok(results!.length >= 4);
  // The feed may have brought less than three rows.
  let live = await scan({ universe: "live:walk" });
  while (live.results?.length !== 2) live = await scan({ universe: "live:walk" });
  assert.equal(live.results.map(({ symbol }) => symbol).sort(), ["walk/walk1", "walk/walk2"]);
  program.kill("SIGINT");
  assert.is((await program.ended).code, 0);
});

test("up refuses a universe that is not there, or that takes the name of its channels, before anything starts", async () => {
  const refused = (universe: string) => run(["up", "--port", "0", "--universe", universe]);
  const [absent, named] = await Promise.all([refused("walks=none.csv"), refused(`live:walk=${table}`)]);
  assert.equal([absent.code, named.code], [2, 2]);
  assert.match(absent.stderr, "Cannot serve universe walks: there is no none.csv");
  assert.match(named.stderr, "Cannot serve universe live:walk: the session's own channels have this name");
});

test.run();
