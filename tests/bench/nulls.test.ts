// runtime: either
/** Suite `nulls` of `bench detect`: what it counts; the figures are in docs/detection.md. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { nulls } from "../../sim/bench/detect/nulls.ts";

const GIVEN = { suite: "nulls", data: "", seeds: 2, scenario: null };
/** Four channels, 250,000 rows a second apart, one a day for each. */
const PROMISED = (4 * 250_000) / 86_400;

test("of each law, announced anomalies of all views are counted per promised one, with the standard error over seeds", async () => {
  const jobs = (await nulls.jobs(GIVEN)).filter(({ law }) => law === "normal");
  assert.equal(
    jobs.map(({ seed }) => seed),
    [1, 2],
  );
  const results = [{ level: 10, joint: 2 }, { level: 18 }];
  const { tables = [], figures = [] } = nulls.report(
    jobs.map((job, k) => ({ job, result: results[k]! })),
    GIVEN,
  );
  assert.is(tables[0]!.rows.length, 1, "laws that did not run have no row");
  const { announced, perPromised, error, views } = tables[0]!.rows[0]!.data as {
    announced: number;
    perPromised: number;
    error: number;
    views: object;
  };
  assert.is(announced, 30);
  assert.equal(views, { level: 28, joint: 2 });
  // A mean of 15; the two differ from it by 3, so its error is 3.
  assert.ok(Math.abs(perPromised - 15 / PROMISED) < 1e-12, `${perPromised}`);
  assert.ok(Math.abs(error - 3 / PROMISED) < 1e-12, `${error}`);
  assert.ok(Math.abs(figures[0]!.value! - 15 / PROMISED) < 1e-12);
});

test("plain noise has no more anomalies than promised, and one seed has the same each time", async () => {
  const [job] = await nulls.jobs(GIVEN);
  const first = await nulls.run(job!, GIVEN);
  const announced = Object.values(first).reduce((sum, count) => sum + count, 0);
  // Three standard deviations of a Poisson number above what is promised.
  assert.ok(announced > 0 && announced <= PROMISED + 3 * Math.sqrt(PROMISED), `${announced} announced`);
  assert.equal(await nulls.run(job!, GIVEN), first);
});

test.run();
