// runtime: either
// slow
/** What `up` makes of its options, of its configuration file and of what it is given: the same on each runtime. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { defaultSettings } from "../../protocol/settings.ts";
import { type Ended, type OutputLine, run } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { START_S, walkCsv, walkFile } from "../support/walk-table.ts";

const ROWS = 1_600;
const folder = temporaryDirectory();
const table = walkFile(join(folder, "walk.csv"), ROWS);

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
    [["detect", wide], "at most 1024, or --columns NAMES to choose some of them"],
  ];
  for (const [args, expected] of refusals) {
    const { code, stdout, stderr } = await run(args);
    assert.equal([code, stdout], [2, ""], stderr);
    assert.match(stderr, `Cannot read ${wide}: it has 20000 columns of values; expected ${expected}\n`);
  }
  assert.not.ok(existsSync(record));
});

test("up takes everything from a config file, and flags win over it", async () => {
  const config = join(folder, "config.yaml");
  const record = join(folder, "configured");
  const lines = ["# of the laboratory", "session: lab", `feeds: ["file:${table}"]`, "port: 0"];
  writeFileSync(
    config,
    [...lines, `record: ${record}`, "settings:", "  collapse: {enabled: false}", ""].join("\n"),
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

  const checked = await run(["config", "check", config, "--json"]);
  assert.is(checked.code, 0, checked.stderr);
  const whole = JSON.parse(checked.stdout) as { session: string; settings: Record<string, unknown> };
  assert.is(whole.session, "lab");
  assert.is((whole.settings["collapse"] as { enabled: boolean }).enabled, false);
  assert.equal(Object.keys(whole.settings), Object.keys(defaultSettings()));
  assert.match((await run(["config", "check", config])).stdout, "settings    collapse.enabled=false\n");
});

test("config check finds what up would stumble over, and the schema has every key and setting", async () => {
  const wrong = join(folder, "wrong.yaml");
  const cases: [text: string, says: RegExp][] = [
    ["feeds: [hots]\n", /Cannot use feed "hots"/],
    ["port: 1\nprot: 2\n", /wrong\.yaml:2:1: there is no key prot; expected perhaps port/],
    [
      "notify:\n  webhooks: [{url: 'https://example.org/', secretVariable: EIGENWATCH_NO_SUCH}]\n",
      /nothing in variable EIGENWATCH_NO_SUCH/,
    ],
  ];
  for (const [text, says] of cases) {
    writeFileSync(wrong, text);
    const { code, stdout, stderr } = await run(["config", "check", wrong]);
    assert.equal([code, stdout], [2, ""], stderr);
    assert.match(stderr, says);
  }
  const { code, stdout } = await run(["config", "schema"]);
  assert.is(code, 0);
  type Schema = { properties: Record<string, Schema>; additionalProperties: boolean; description: string };
  const schema = JSON.parse(stdout) as Schema;
  assert.is(schema.additionalProperties, false);
  assert.ok(schema.properties["feeds"]!.description.length > 0);
  assert.equal(Object.keys(schema.properties["settings"]!.properties), Object.keys(defaultSettings()));
});

test.run();
