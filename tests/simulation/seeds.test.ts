// timeout: 600
/** Two hundred worlds of all scenarios break no rule. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run } from "../../sim/cluster/run.ts";

const SEEDS = 200;
/** Half of it under faults, half of it calm: a quarter of a second of work. */
const MINUTES = 1;
const SCENARIOS = ["standard", "single", "standard", "storm", "partitions", "disk"] as const;

test("the worlds of seeds 1 to 200 break no rule", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const scenario = SCENARIOS[seed % SCENARIOS.length]!;
    const { violation } = await run({ seed, scenario, minutes: MINUTES });
    const rerun = `eigenwatch sim --seed ${seed} --scenario ${scenario} --minutes ${MINUTES}`;
    assert.is(violation, null, `${violation?.rule}: ${violation?.what}\nrerun: ${rerun}`);
  }
});

test.run();
