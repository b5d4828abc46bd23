// timeout: 300
/** Worlds of every scenario, as many as fit into the time that tests have: each holds every rule. */
import { performance } from "node:perf_hooks";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run } from "../../sim/cluster/run.ts";

/** Together about half a minute; at least so many worlds, however slow the machine. */
const BUDGET_MS = 30_000;
const SEEDS_LEAST = 8;
const SEEDS_MOST = 200;

test("worlds of seeds 1, 2, 3 … hold every rule", async () => {
  const scenarios = ["standard", "single", "standard", "storm", "partitions", "disk"] as const;
  const startedMs = performance.now();
  let seed = 1;
  for (; seed <= SEEDS_MOST; seed++) {
    if (seed > SEEDS_LEAST && performance.now() - startedMs > BUDGET_MS) break;
    const scenario = scenarios[seed % scenarios.length]!;
    const { violation } = await run({ seed, scenario });
    const rerun = `eigenwatch sim --seed ${seed} --scenario ${scenario}`;
    assert.is(violation, null, `${violation?.rule}: ${violation?.what}\nrerun: ${rerun}`);
  }
  console.log(`  ${seed - 1} worlds in ${Math.round((performance.now() - startedMs) / 1000)} s`);
});

test.run();
