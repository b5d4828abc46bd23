// runtime: either
// slow
/** `eigenwatch sim` as it is used: what it says of a world, of many, and of what it cannot do. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { createFeeds } from "../../actors/feeds/session-feeds.ts";
import { SYSTEM } from "../../actors/mod.ts";
import { run, runAll } from "../support/program-run.ts";
import { recordFeeds, temporaryDirectory } from "../support/recorded-run.ts";

const folder = temporaryDirectory();
const walkFeed = () =>
  createFeeds(["walk?rate=max&channels=3&duration=1s&seed=4"], { clock: systemClock, seed: 1 })[0]!;

test("wrong options of sim give one sentence and exit code 2, and nothing is written", async () => {
  const bad = join(folder, "bad.json");
  writeFileSync(bad, '["no id"]');
  const trace = join(folder, "trace.txt");
  const cases: [args: string[], says: RegExp][] = [
    [
      ["--scenario", "strom"],
      /^error: option '--scenario <name>' argument 'strom' is invalid. Expected one of .* \(Did you mean storm\?\)\n/,
    ],
    [["--seed", "-1"], /'--seed <n>' argument '-1' is invalid. Expected a whole number/],
    [["--seeds", "5"], /'--seeds <range>' argument '5' is invalid. Expected A\.\.B/],
    [["--seeds", "9..3"], /argument '9\.\.3' is invalid. Expected A\.\.B with A ≤ B/],
    [
      ["--seed", "1", "--seeds", "1..2"],
      /Cannot simulate: --seeds and --seed were given; expected one of them/,
    ],
    [["--minutes", "0"], /'--minutes <n>' argument '0' is invalid. Expected a number from/],
    [["--seeds", "1..2", "--jobs", "0"], /'--jobs <n>' argument '0' is invalid/],
    [["--only-decisions", join(folder, "none")], /Cannot read decisions from .*none/],
    [
      ["--only-decisions", bad, "--trace", trace],
      /Cannot use the decisions in .*bad\.json: .*; expected a JSON list of ids/,
    ],
    [["--trace", join(folder, "no", "trace")], /Cannot write the trace to /],
    [["--recording", join(folder, "no recording")], /Cannot read recording .*no recording/],
    [
      ["--seeds", "1..2", "--recording", join(folder, "no recording")],
      /Cannot read recording .*no recording/,
    ],
    [
      ["--recording", folder, "--scenario", "single"],
      /Cannot simulate a recording: scenario single is a single node without a bus; expected standard, partitions/,
    ],
  ];
  const ends = await runAll(cases.map(([args]) => ["sim", ...args]));
  const wrong = cases.flatMap(([args, says], k) => {
    const { code, stdout, stderr } = ends[k]!;
    return code === 2 && stdout === "" && says.test(stderr) ? [] : [{ args, code, stdout, stderr }];
  });
  assert.equal(wrong, []);
  assert.not(existsSync(trace));
});

test("sim prints one world with its options, as text and as JSON; a second run has the same trace", async () => {
  const args = ["sim", "--seed", "2", "--minutes", "0.6"];
  const traces = [join(folder, "a.txt"), join(folder, "b.txt")];
  const [text, json] = await runAll([
    [...args, "--trace", traces[0]!],
    [...args, "--json", "--trace", traces[1]!],
  ]);
  assert.is(text!.code, 0, text!.stdout);
  assert.match(text!.stdout, /^seed 2, scenario standard, 0\.6 minutes/);
  assert.match(text!.stdout, /network .*latencyUs \d+/);
  const printed = JSON.parse(json!.stdout) as { traceHash: string; decisions: string[]; rerun: string };
  assert.ok(text!.stdout.includes(printed.traceHash));
  assert.is(printed.rerun, "eigenwatch sim --seed 2 --scenario standard --minutes 0.6");
  assert.is(readFileSync(traces[0]!, "utf8"), readFileSync(traces[1]!, "utf8"));
  const kept = join(folder, "kept.json");
  writeFileSync(kept, json!.stdout);
  const again = JSON.parse(
    (await run([...args, "--json", "--only-decisions", kept])).stdout,
  ) as typeof printed;
  assert.is(again.traceHash, printed.traceHash);
});

test("sim prints a failing world with seed, time, rule and the line that runs it again, and ends with 1", async () => {
  const { code, stdout } = await run(["sim", "--seeds", "6..7", "--scenario", "canary", "--jobs", "2"]);
  assert.is(code, 1);
  assert.match(stdout, /FAIL seed=6 time=\+\d+\.\d+ s [a-z- ]+: /);
  assert.match(stdout, /rerun: eigenwatch sim --seed 6 --scenario canary\n/);
});

test("sim --recording says what it sent, what nobody sends, and the line that runs it again, for one world and for many", async () => {
  const { directory } = await recordFeeds({ definitions: SYSTEM, feeds: [walkFeed()] });
  const args = ["sim", "--recording", directory, "--minutes", "0.6"];
  const [text, json] = await runAll([args, [...args, "--json"]]);
  assert.is(text!.code, 0, text!.stdout + text!.stderr);
  assert.match(
    text!.stdout,
    /^recorded p0: (\d+) of \1 inputs sent and durable; nobody sends 1 sessionOpened/,
  );
  const { recorded, rerun, traceHash } = JSON.parse(json!.stdout);
  assert.is(recorded[0].sent, recorded[0].inputs);
  assert.is(recorded[0].notSent.sessionOpened, 1);
  assert.is(rerun, `eigenwatch sim --seed 1 --scenario standard --minutes 0.6 --recording ${directory}`);
  const many = await run([...args, "--json", "--seeds", "1..1"]);
  assert.equal(JSON.parse(many.stdout).hashes, [traceHash]);
});

test("many worlds give the same whatever the number of processes", async () => {
  const args = ["sim", "--seeds", "11..13", "--minutes", "0.6", "--json"];
  const ends = await runAll([
    [...args, "--jobs", "1"],
    [...args, "--jobs", "2"],
  ]);
  const [one, two] = ends.map(({ stdout }) => JSON.parse(stdout) as { hashes: string[]; events: number });
  assert.is(one!.hashes.length, 3);
  assert.equal(two!.hashes, one!.hashes);
  assert.is(two!.events, one!.events);
});

test.run();
