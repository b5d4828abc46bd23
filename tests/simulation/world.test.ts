// runtime: either
// slow
/** Whole simulated worlds: a seed determines every step, and a known bug is caught. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type RunRequest, run } from "../../sim/cluster/run.ts";

/** Short enough for a test, long enough for faults. */
const SHORT = { seed: 3, scenario: "storm", minutes: 0.7 } as const;

async function traced(request: RunRequest): Promise<{ lines: string[]; hash: string }> {
  const lines: string[] = [];
  const { traceHash } = await run({ ...request, write: (line) => lines.push(line) });
  return { lines, hash: traceHash };
}

/** Of a world in which nodes run all detectors. */
const ALL_DETECTORS = { ...SHORT, override: { allDetectors: true } };

test("the same seed gives the same world, line by line", async () => {
  const [first, second] = [await traced(ALL_DETECTORS), await traced(ALL_DETECTORS)];
  assert.ok(first.lines.length > 2_000, `${first.lines.length} lines`);
  assert.is(first.lines.join("\n"), second.lines.join("\n"));
  assert.is(first.hash, second.hash);
});

test("running promise reactions by a checkpoint or by a turn of the event loop gives the same world", async () => {
  for (const scenario of ["storm", "single"] as const) {
    const request = { ...SHORT, scenario };
    const [checkpoints, turns] = [await run(request), await run({ ...request, byTurns: true })];
    assert.is(turns.traceHash, checkpoints.traceHash);
    assert.is(turns.events, checkpoints.events);
  }
});

test("writing the trace does not change the world", async () => {
  const { traceHash } = await run(SHORT);
  assert.is((await traced(SHORT)).hash, traceHash);
});

test("another seed, scenario or length is another world", async () => {
  const hashes = new Set<string>();
  for (const change of [{}, { seed: 4 }, { scenario: "standard" as const }, { minutes: 0.71 }])
    hashes.add((await run({ ...SHORT, ...change })).traceHash);
  assert.is(hashes.size, 4);
});

test("a run limited to its own decisions is the same run; without decisions there are no faults", async () => {
  const whole = await run(SHORT);
  assert.ok(whole.decisions.length > 50, `${whole.decisions.length} decisions`);
  const again = await run({ ...SHORT, only: new Set(whole.decisions) });
  assert.is(again.traceHash, whole.traceHash);
  const calm = await run({ ...SHORT, only: new Set() });
  assert.equal(calm.decisions, []);
  assert.is(calm.violation, null);
});

test("in a calm world clients receive every announced event", async () => {
  const { delivered, options, violation } = await run({
    seed: 5,
    scenario: "standard",
    minutes: 0.7,
    only: new Set(),
  });
  assert.is(violation, null);
  // Each client follows all partitions, and the witness of each group announces an event every sixteen frames.
  const beats = Math.floor(((0.7 * 60 - 8) * options.framesPerSecond) / 16);
  const expected = beats * options.partitions * options.feedsOfPartition * options.clients;
  assert.ok(delivered >= expected, `${delivered} delivered; expected ${expected}`);
});

test("the canary, a disk that acknowledges what it has not stored, is caught", async () => {
  const caught: string[] = [];
  for (let seed = 1; seed <= 6; seed++) {
    const { violation } = await run({ seed, scenario: "canary" });
    if (violation !== null) caught.push(violation.rule);
  }
  assert.ok(caught.length >= 4, `${caught.length} of 6`);
  assert.ok(caught.includes("acknowledged-survives"), caught.join(", "));
});

test.run();
