// runtime: either
// timeout: 600
// slow
/**
 * Worlds of all scenarios break no rule; with --long more of them. `sim --seeds` runs any number. A world takes the same decisions on both runtimes
 * (tests/conformance/simulator.test.ts), so that one of them suffices.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run } from "../../sim/cluster/run.ts";

const LONG = process.env["EIGENWATCH_LONG"] === "1";
/** Twelve of each scenario. */
const SEEDS = LONG ? 420 : 84;
/** Half of it under faults, half of it calm: a quarter of a second of work. */
const MINUTES = 1;
const SCENARIOS = ["standard", "single", "rooms", "storm", "partitions", "document", "scans"] as const;

test(`the worlds of seeds 1 to ${SEEDS} break no rule`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const scenario = SCENARIOS[seed % SCENARIOS.length]!;
    const { violation } = await run({ seed, scenario, minutes: MINUTES });
    const rerun = `eigenwatch sim --seed ${seed} --scenario ${scenario} --minutes ${MINUTES}`;
    assert.is(violation, null, `${violation?.rule}: ${violation?.what}\nrerun: ${rerun}`);
  }
});

test.run();
