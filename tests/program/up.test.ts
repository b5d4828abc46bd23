// slow
/** `up` over a file, to its end: what it prints, what it leaves, what it reads its configuration from. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Ended, type OutputLine, run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { START_S, walkCsv, walkFile } from "../support/walk-table.ts";

const ROWS = 1_600;
const folder = temporaryDirectory();
const table = walkFile(join(folder, "walk.csv"), ROWS);

test("up --once reads a file to its end, prints its events and totals, and leaves a recording that verifies", async () => {
  const record = join(folder, "once");
  const args = ["up", "--feed", `file:${table}`, "--once", "--record", record, "--port", "0", "--json"];
  const { code, stdout, stderr } = await run(args);
  assert.is(code, 0, stderr);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as OutputLine);
  assert.is(lines[0]!.what, "listening");
  assert.is(lines[0]!["recording"], record);
  const events = lines.filter(({ what }) => what === "event");
  assert.equal(
    events.map(({ sequence }) => sequence),
    events.map((_, k) => k + 1),
  );
  const kinds = events.map(({ kind }) => kind);
  assert.ok(kinds.includes("coherence.warmed") && kinds.includes("collapse.declared"), String(kinds));
  assert.is(kinds.at(-1), "feed.ended");
  const stopped = lines.at(-1)!;
  assert.is(stopped.what, "stopped");
  assert.is(stopped["samples"], 3 * ROWS);
  assert.is(stopped["events"], events.length);
  assert.equal(stopped["failedFeeds"], []);

  const verified = await run(["replay", record, "--verify"]);
  assert.is(verified.code, 0, verified.stderr);
  const { inputs, hash } = stopped;
  assert.match(verified.stdout, `verified ${inputs} inputs, ${events.length} events, final hash ${hash}\n`);
});

test("up prints incidents and what people do; with --evidence and with --json also what the detectors found", async () => {
  const up = ["up", "--feed", `file:${table}`, "--once", "--port", "0"];
  const [brief, full, json] = await Promise.all([
    run(up),
    run([...up, "--evidence"]),
    run([...up, "--json"]),
  ]);
  // Whether the machine is slow meanwhile is another matter.
  const printed = ({ stdout }: Ended) =>
    stdout.split("\n").filter((line) => /^\d{4}-/.test(line) && !line.includes("  Eigenwatch "));
  const events = json.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as OutputLine)
    .filter(({ what, title }) => what === "event" && !String(title).startsWith("Eigenwatch "));
  const isFinding = ({ kind }: OutputLine) => /^(anomaly|coherence|collapse)\./.test(String(kind));
  const ends = (all: readonly OutputLine[]) => all.map(({ title }) => `  ${title}`);
  const checkEnds = (ended: Ended, expected: readonly OutputLine[]) => {
    const found = printed(ended);
    assert.is(found.length, expected.length, found.join("\n"));
    for (const [k, end] of ends(expected).entries())
      assert.ok(found[k]!.endsWith(end), `${found[k]}: ${end}`);
  };
  assert.ok(events.filter(isFinding).length >= 3 && events.some(({ kind }) => kind === "incident.opened"));
  checkEnds(full, events);
  checkEnds(
    brief,
    events.filter((event) => !isFinding(event)),
  );
});

test("up on a branch of an older recording goes on with what was learnt there, in a folder of its own that verifies", async () => {
  const older = join(folder, "older");
  const later = join(folder, "later");
  const [header, ...rows] = walkCsv(ROWS).trimEnd().split("\n");
  const half = (name: string, of: readonly string[]) => {
    writeFileSync(join(folder, name), [header, ...of, ""].join("\n"));
    return `file:${join(folder, name)}?group=walk`;
  };
  const up = async (feed: string, record: string) => {
    const ended = await run(["up", "--feed", feed, "--once", "--port", "0", "--json", "--record", record]);
    assert.is(ended.code, 0, ended.stderr);
    const lines = ended.stdout.trimEnd().split("\n");
    return lines.map((line) => (JSON.parse(line) as OutputLine).kind);
  };
  const learns = await up(half("first.csv", rows.slice(0, ROWS / 2)), older);
  assert.ok(learns.includes("collapse.calibrated") && learns.includes("coherence.warmed"), String(learns));
  const end = new Date((START_S + ROWS / 2 - 1) * 1000).toISOString();
  const branched = await run(["whatif", older, "--at", end, "--to", later]);
  assert.is(branched.code, 0, branched.stderr);
  const knows = await up(half("second.csv", rows.slice(ROWS / 2)), later);
  assert.ok(knows.includes("collapse.declared"), String(knows));
  assert.not.ok(knows.includes("collapse.calibrated") || knows.includes("coherence.warmed"), String(knows));
  const verified = await run(["replay", later, "--verify"]);
  assert.is(verified.code, 0, verified.stderr);
});

test("up --once with a file that is not there names it and ends with 1", async () => {
  const missing = join(folder, "nothing.csv");
  const { code, stdout, stderr } = await run(["up", "--feed", `file:${missing}`, "--once", "--port", "0"]);
  assert.is(code, 1);
  assert.match(stderr, `feed failed: file:nothing.csv: Cannot read ${missing}: there is no such file`);
  assert.not.match(stdout, "1970");
});

test("a table of more columns than there can be channels is refused by up and detect alike, before anything starts", async () => {
  const wide = join(folder, "wide.csv.gz");
  const names = Array.from({ length: 20_000 }, (_, k) => `c${k}`);
  const rows = Array.from({ length: 20 }, (_, row) => `${row + 1},${names.map(() => row).join(",")}`);
  writeFileSync(wide, gzipSync(`ts,${names.join(",")}\n${rows.join("\n")}\n`));
  const record = join(folder, "too-wide");
  const up = ["up", "--port", "0", "--record", record, "--feed", `file:${wide}`];
  const refusals: [args: string[], expected: string][] = [
    [up, "at most 8192, or columns=NAMES to choose some of them"],
    // Among others, which are merged with it.
    [[...up, "--feed", `file:${table}`, "--once"], "at most 8192, or columns=NAMES to choose some of them"],
    [["detect", wide], "at most 128, or --columns NAMES to choose some of them"],
  ];
  for (const [args, expected] of refusals) {
    const { code, stdout, stderr } = await run(args);
    assert.equal([code, stdout], [2, ""], stderr);
    assert.match(stderr, `Cannot read ${wide}: it has 20000 columns of values; expected ${expected}\n`);
  }
  assert.not.ok(existsSync(record));
});

test("up --once ends with its file while a live feed runs too", async () => {
  const feeds = ["--feed", "walk?rate=1000", "--feed", `file:${table}`];
  const { code, stdout, stderr } = await run(["up", ...feeds, "--once", "--port", "0", "--json"]);
  assert.is(code, 0, stderr);
  assert.match(stdout, `Feed file:walk.csv ended: ${ROWS} rows`);
});

test("up takes everything from a config file, and flags win over it", async () => {
  const config = join(folder, "config.json");
  const record = join(folder, "configured");
  const settings = { collapse: { enabled: false } };
  writeFileSync(
    config,
    JSON.stringify({ session: "lab", feeds: [`file:${table}`], port: 0, record, settings }),
  );
  const { code, stdout, stderr } = await run([
    "up",
    "--config",
    config,
    "--session",
    "flag",
    "--once",
    "--json",
  ]);
  assert.is(code, 0, stderr);
  const listening = JSON.parse(stdout.split("\n")[0]!) as OutputLine;
  assert.is(listening["session"], "flag");
  assert.is(listening["recording"], record);
  assert.match(stdout, "coherence.warmed");
  assert.not.match(stdout, "collapse.declared");

  const again = await run([
    "up",
    "--config",
    config,
    "--set",
    "collapse.enabled=true",
    "--record",
    `${record}2`,
    "--once",
    "--json",
  ]);
  assert.match(again.stdout, "collapse.declared");
});

test("up of a second session on one recording is refused, and the first goes on", async () => {
  const record = join(folder, "shared");
  const first = start(["up", "--feed", "walk?rate=1000", "--record", record, "--port", "0", "--json"]);
  await first.line("listening");
  const second = await run(["up", "--feed", "walk?rate=1000", "--record", record, "--port", "0"]);
  assert.is(second.code, 2);
  assert.match(second.stderr, record);
  assert.match(second.stderr, `process ${first.pid}`);
  first.kill("SIGTERM");
  const { code } = await first.ended;
  assert.is(code, 0);
  const { code: verified, stdout } = await run(["replay", record, "--verify"]);
  assert.is(verified, 0, stdout);
});

test("up whose output nobody reads any more closes its recording and ends", async () => {
  const record = join(folder, "unread");
  const program = start([
    "up",
    "--feed",
    `file:${table}?speed=400`,
    "--record",
    record,
    "--port",
    "0",
    "--json",
  ]);
  await program.line("listening");
  program.closeOutput();
  assert.is((await program.ended).code, 0);
  const { code, stdout } = await run(["inspect", record]);
  assert.is(code, 0);
  assert.match(stdout, /writer +none/);
});

test.run();
