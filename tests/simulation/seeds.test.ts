// timeout: 600
// slow
/** Worlds of all scenarios break no rule: some of them on each runtime, and with --long more, all on each. `sim --seeds` runs any number. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownRuntime } from "../../.ci/runtime.mjs";
import { run } from "../../sim/cluster/run.ts";

const LONG = process.env["EIGENWATCH_LONG"] === "1";
/** Twelve of each scenario. */
const SEEDS = LONG ? 420 : 84;
/** A third: Node takes twice the time of Deno. */
const ON_NODE = SEEDS / 3;
/** Half of it under faults, half of it calm: a quarter of a second of work. */
const MINUTES = 1;
const SCENARIOS = ["standard", "single", "rooms", "storm", "partitions", "document", "scans"] as const;

const [first, last] = seedsOf(ownRuntime().kind);

test(`the worlds of seeds ${first} to ${last} break no rule`, async () => {
  for (let seed = first; seed <= last; seed++) {
    const scenario = SCENARIOS[seed % SCENARIOS.length]!;
    const { violation } = await run({ seed, scenario, minutes: MINUTES });
    const rerun = `eigenwatch sim --seed ${seed} --scenario ${scenario} --minutes ${MINUTES}`;
    assert.is(violation, null, `${violation?.rule}: ${violation?.what}\nrerun: ${rerun}`);
  }
});

/** A world takes the same decisions on both runtimes (tests/conformance/simulator.test.ts), so that one of them suffices for each. */
function seedsOf(runtime: "node" | "deno"): [first: number, last: number] {
  if (LONG) return [1, SEEDS];
  return runtime === "node" ? [1, ON_NODE] : [ON_NODE + 1, SEEDS];
}

test.run();
