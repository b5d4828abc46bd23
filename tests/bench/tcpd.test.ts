// runtime: either
/** The scores of TCPD beside another implementation, and what the detector of changes reaches on its development series. */
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { changesOf } from "../../sim/bench/detect/rows.ts";
import { tcpd } from "../../sim/bench/detect/tcpd.ts";
import { scoreChanges } from "../../sim/bench/detect/tcpd-score.ts";
import { gaussian, seeded } from "../kernels/builders.ts";
import { shared, skipWithoutData } from "../support/shared.ts";

const near = (value: number, expected: number) =>
  assert.ok(Math.abs(value - expected) < 1e-12, `${value}; expected ${expected}`);

const development = shared("detection/tcpd/annotations.json");
const tool = shared("../tools/tcpd_score.mjs");

test("F1 and covering are those of another implementation", async () => {
  if (tool === null) return skipWithoutData();
  const other = (await import(pathToFileURL(tool).href)) as {
    f1(annotations: object, found: readonly number[]): { f1: number };
    covering(annotations: object, found: readonly number[], rows: number): number;
  };
  const random = seeded(3);
  const rows = 90;
  const some = () =>
    Array.from({ length: Math.floor(random() * 6) }, () => 1 + Math.floor(random() * (rows - 1)));
  for (let k = 0; k < 300; k++) {
    const people = { a: some(), b: some(), c: some() };
    const found = some();
    const { f1, cover } = scoreChanges(people, found, rows);
    near(f1, other.f1(people, found).f1);
    near(cover, other.covering(people, found, rows));
  }
});

test("the development series are split better than the target, with the configuration of the command", async () => {
  if (development === null) return skipWithoutData();
  const given = { suite: "tcpd", data: dirname(development), seeds: 1, scenario: null };
  const jobs = await tcpd.jobs(given);
  assert.is(jobs.length, 10);
  const scored = [];
  for (const job of jobs) scored.push({ job, result: await tcpd.run(job, given) });
  const { figures } = tcpd.report(scored, given);
  const [f1, cover] = ["F1, mean", "cover, mean"].map((begin) =>
    figures!.find(({ name }) => name.startsWith(begin) && !name.includes("cross-fitted")),
  );
  assert.ok(f1!.value! >= 0.72, `F1 ${f1!.value}`);
  assert.ok(cover!.value! >= 0.67, `cover ${cover!.value}`);
});

test("channels that change together have changed once", () => {
  const random = seeded(4);
  const [n, count] = [4, 300];
  const found = changesOf("changes", {
    columns: ["a", "b", "c", "d"],
    count,
    timeUs: Float64Array.from({ length: count }, (_, t) => t * 1e6),
    values: Float64Array.from(
      { length: n * count },
      (_, k) => (k < n * 150 ? 0 : 4 + (k % n)) + gaussian(random),
    ),
    labels: new Uint8Array(0),
  });
  assert.is(found.length, 1);
  assert.ok(Math.abs(found[0]! - 150) <= 2, `at ${found[0]}`);
});

test.run();
