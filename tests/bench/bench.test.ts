// runtime: either
/** What every benchmark keeps to: no figure without its checks, none without a limit or a peer. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { check } from "../../sim/bench/measure.ts";
import { type Bench, runBenches } from "../../sim/bench/mod.ts";
import { checkRatios } from "../../sim/bench/regression.ts";
import { compared, limited, ratioOf, rowText } from "../../sim/bench/row.ts";
import { inTurns } from "../../sim/bench/turns.ts";
import { refuseAll } from "../support/command-line.ts";
import { run } from "../support/program-run.ts";

// ---- checks -------------------------------------------------------------------------------------------------------

test("a bench whose check fails prints no figure, names the check and ends with 1", async () => {
  const fast = limited({ name: "messages", unit: "messages/s", runs: [1e9] }, { atLeast: 5 });
  const lossy: Bench = {
    async run() {
      check(false, "every frame that was sent, in order", "the client received 9 of 10 frames");
      return [fast];
    },
  };
  const { code, stdout, stderr } = await printed({ lossy, sound: { run: async () => [fast] } });
  assert.is(code, 1);
  assert.is(
    stderr,
    "bench lossy failed: Cannot report a figure: the client received 9 of 10 frames; " +
      "expected every frame that was sent, in order\n",
  );
  const benches = lines(stdout).map((line) => line.bench);
  assert.equal([...new Set(benches)], ["sound"]);
});

test("a program reads each row as an object with its limit, its peers and the spread of its runs", async () => {
  const row = compared(
    { name: "dispatch", unit: "messages/s", runs: [10, 30, 20, 50, 40], note: "n" },
    { nact: [5, 6, 4, 5, 8] },
    { atLeast: 25 },
  );
  const { code, stdout } = await printed({ core: { run: async () => [row] } });
  assert.is(code, 0);
  const [calibration, { runtime, ...rest }] = lines(stdout) as [Line, Line];
  assert.match(calibration.name, /^core: calibration/);
  assert.match(runtime, /^(Node|Deno) \d/);
  assert.equal(rest, {
    bench: "core",
    name: "dispatch",
    value: 30,
    unit: "messages/s",
    spread: { least: 10, most: 50, runs: 5 },
    note: "n",
    limit: { atLeast: 25 },
    peers: [{ name: "nact", value: 5, ratio: 5 }],
  });
});

test("a missed target is marked, for rates, times and 99th percentiles", () => {
  const text = (runs: number[], limit: Parameters<typeof limited>[1], p99?: number[]) =>
    rowText(limited({ name: "x", unit: "u", runs, p99 }, limit));
  assert.match(text([9], { atLeast: 10 }), /target ≥ 10 MISSED$/);
  assert.not.match(text([10], { atLeast: 10 }), /MISSED/);
  assert.match(text([11], { atMost: 10 }), /target ≤ 10 MISSED$/);
  assert.not.match(text([1], { atMost: 10 }, [11]), /MISSED/);
  assert.match(text([1], { atMost: 10, rank: "p99" }, [11]), /target for p99 ≤ 10 MISSED$/);
});

// ---- turns --------------------------------------------------------------------------------------------------------

test("contenders are warmed up and then take turns; each begins a round at times", async () => {
  const calls: string[] = [];
  const contender = (name: string) => () => {
    calls.push(name);
    return calls.length;
  };
  const results = await inTurns({ a: contender("a"), b: contender("b") }, { runs: 3, warmUpMs: 0 });
  assert.is(calls.join(""), "ab" + "ab" + "ba" + "ab");
  assert.equal(results, { a: [3, 6, 7], b: [4, 5, 8] });
});

test("a ratio is the median of the ratios of the runs: one disturbed run does not change it", () => {
  assert.is(ratioOf([10, 20, 1], [1, 2, 3]), 10);
});

// ---- regression ---------------------------------------------------------------------------------------------------

test("a ratio fails beyond one and a half times the committed one, and when it is no longer measured", () => {
  checkRatios({ encode: 1.49, decode: 0.1, added: 99 }, { encode: 1, decode: 1 });
  assert.throws(
    () => checkRatios({ encode: 1.51, decode: 1 }, { encode: 1, decode: 1 }),
    /: encode 1\.51, committed 1; expected at most 1\.5 × the ratios/,
  );
  assert.throws(
    () => checkRatios({ encode: 1 }, { encode: 1, decode: 1 }),
    /: decode undefined, committed 1/,
  );
});

// ---- command line -------------------------------------------------------------------------------------------------

test("an option of one benchmark is refused by the others, with the one that has it", async () => {
  await refuseAll([
    [
      ["bench", "core", "--clients", "3"],
      /bench core: it has no option --clients; expected `bench latency --clients`/,
    ],
    [["bench", "latency", "--commit"], /no option --commit; expected `bench regression --commit`/],
    [["bench", "latency", "--clients", "129"], /from 1 to 128/],
    [["bench", "latency", "--durability", "tape"], /memory, file/],
    [["bench", "lateness"], /no benchmark has this in its name/],
  ]);
});

test("--list names the benchmarks; the regression runs by its name only", async () => {
  const all = await run(["bench", "--list"], { fromSources: true });
  assert.ok(all.stdout.includes("latency\n") && !all.stdout.includes("regression"));
  assert.is((await run(["bench", "regr", "--list"], { fromSources: true })).stdout, "regression\n");
});

// ---- given --------------------------------------------------------------------------------------------------------

interface Line {
  bench: string;
  name: string;
  runtime: string;
}

function lines(stdout: string): Line[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

/** What these benches print as JSON, on both streams. */
async function printed(
  benches: Record<string, Bench>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr") => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const output = { stdout: stream("stdout"), stderr: stream("stderr") };
  return { code: await runBenches(benches, { json: true }, output), ...written };
}

test.run();
