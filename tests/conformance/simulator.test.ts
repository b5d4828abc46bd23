// runtime: node
// slow
/** One seed, one world: on every runtime the same steps, by their hash. It starts the other runtimes itself. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawOptions } from "../../sim/cluster/options.ts";
import { run } from "../support/program-run.ts";
import { runtimes } from "../support/runtimes.ts";

const all = runtimes();

/** A world with the cheap detectors and one with all of them; EIGENWATCH_SEEDS=1..500 makes it a large set. */
const seeds = process.env["EIGENWATCH_SEEDS"] ?? "4..5";

test("the seeds have a world with all detectors, and one without", () => {
  const [from, to] = seeds.split("..").map(Number) as [number, number];
  const drawn = new Set<boolean>();
  for (let seed = from; seed <= to; seed++) drawn.add(drawOptions(seed, "standard", undefined).allDetectors);
  assert.is(drawn.size, 2, seeds);
});

for (const scenario of ["standard", "storm", "single"]) {
  test(`seeds ${seeds} of ${scenario} are the same worlds on ${all.map(({ name }) => name).join(", ")}`, async () => {
    const told = [];
    for (const runtime of all) {
      const args = [
        "sim",
        "--seeds",
        seeds,
        "--scenario",
        scenario,
        "--minutes",
        "0.5",
        "--jobs",
        "1",
        "--json",
      ];
      const { code, stdout, stderr } = await run(args, { runtime });
      assert.is(code, 0, `${runtime.name}: ${stdout}${stderr}`);
      const { hashes, events } = JSON.parse(stdout) as { hashes: string[]; events: number };
      assert.ok(hashes.length > 0);
      told.push({ hashes, events });
    }
    for (const [k, each] of told.entries()) assert.equal(each, told[0], all[k]!.name);
  });
}

test.run();
