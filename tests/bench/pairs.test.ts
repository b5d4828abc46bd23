// runtime: either
/** Suite `pairs` of `bench detect`: what it counts, on a few worlds and one seed; the figures are in docs/detection.md. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { QUIET } from "../../sim/bench/detect/pair-worlds.ts";
import { pairs } from "../../sim/bench/detect/pairs.ts";
import type { Scored, SuiteJob } from "../../sim/bench/detect/suite.ts";

const GIVEN = { suite: "pairs", data: "", seeds: 1, scenario: null };
type Job = Parameters<typeof pairs.run>[0];
type Result = Awaited<ReturnType<typeof pairs.run>>;

async function runOf(parts: readonly string[]): Promise<Scored<Job, Result>[]> {
  const jobs = (await pairs.jobs(GIVEN)).filter(({ name }) => parts.some((part) => name.startsWith(part)));
  assert.is(jobs.length, parts.length, jobs.map(({ name }: SuiteJob) => name).join());
  return Promise.all(jobs.map(async (job) => ({ job, result: await pairs.run(job, GIVEN) })));
}

test("pairs of channels that are silent, stand still or have spikes are announced no more often than promised", async () => {
  const scored = await runOf([
    "entanglement correlation 0.5, channels silent",
    "entanglement independent, channels stand still",
    "entanglement correlation 0.5, a spike",
    "interference correlation 0.5, channels silent",
  ]);
  const { figures = [], tables = [] } = pairs.report(scored, GIVEN);
  assert.equal(
    figures.map(({ value }) => value! <= 1),
    [true, true],
  );
  assert.equal(
    tables.map(({ rows }) => rows.length),
    [3, 1],
  );
});

test("pairs that begin or cease are found, and steps from the change are the delay", async () => {
  const scored = await runOf([
    "entanglement begins: 0.9 seed",
    "entanglement ceases: 0.9",
    "interference phases lock, noise 0.3",
  ]);
  for (const { job, result } of scored) {
    assert.is(result.announced, 0, job.name);
    assert.ok(result.delay! > 5 && result.delay! < 400, `${job.name}: ${result.delay}`);
  }
});

test("announcements of a world that is not quiet count as more than promised", async () => {
  // Correlated for 300 rows, then for 900 rows not.
  const changing = {
    name: "comes and goes",
    n: 2,
    start(v: { normal(): number }) {
      let row = 0;
      return (x: Float64Array) => {
        x[0] = v.normal();
        x[1] = row++ % 1200 < 300 ? x[0] : v.normal();
      };
    },
  };
  (QUIET as (typeof changing)[]).push(changing as never);
  try {
    const scored = await runOf(["entanglement comes and goes"]);
    const { figures = [] } = pairs.report(scored, GIVEN);
    assert.ok(figures[0]!.value! > 1, `${figures[0]!.value} per promised`);
  } finally {
    (QUIET as (typeof changing)[]).pop();
  }
});

test.run();
