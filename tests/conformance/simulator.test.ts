// runtime: node
// timeout: 300
/** One seed, one world: on every runtime the same steps, by their hash. It starts the other runtimes itself. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run } from "../support/program-run.ts";
import { runtimes } from "../support/runtimes.ts";

const all = runtimes();

for (const scenario of ["standard", "storm", "single"]) {
  test(`seeds 1 to 3 of ${scenario} are the same worlds on ${all.map(({ name }) => name).join(", ")}`, async () => {
    const told = [];
    for (const runtime of all) {
      const args = [
        "sim",
        "--seeds",
        "1..3",
        "--scenario",
        scenario,
        "--minutes",
        "0.7",
        "--jobs",
        "1",
        "--json",
      ];
      const { code, stdout, stderr } = await run(args, { runtime, timeoutS: 200 });
      assert.is(code, 0, `${runtime.name}: ${stdout}${stderr}`);
      const { hashes, events } = JSON.parse(stdout) as { hashes: string[]; events: number };
      assert.is(hashes.length, 3);
      told.push({ hashes, events });
    }
    for (const [k, each] of told.entries()) assert.equal(each, told[0], all[k]!.name);
  });
}

test.run();
