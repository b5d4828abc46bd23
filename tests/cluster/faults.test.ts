// runtime: either
// requires: nats-server
// timeout: 600
// slow
/** Ten random faults on real processes: kill -9, a pause longer than the lease, the server killed, connections cut. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findDeno, findNode, ownRuntime } from "../../.ci/runtime.mjs";
import { FAULTS, faultRun } from "../../sim/bench/cluster/fault-run.ts";
import { programCommand } from "../support/program-run.ts";

test("[A1] after ten faults the admitted log is one chain, its events are those of one core, and nothing acknowledged is lost", async () => {
  const seed = Number(process.env["EIGENWATCH_SEED"] ?? Date.now() % 100_000);
  // Each fault at least once, in a random order.
  const faults = shuffled([...FAULTS, ...FAULTS.slice(0, 4)], seed);
  const other = [findDeno(), findNode()].find((found) => found !== null && found.kind !== ownRuntime().kind);
  const report = await faultRun({
    faults,
    failover: "quick",
    // A node on the other runtime verifies their blocks, and they verify its.
    programs: [ownRuntime(), ownRuntime(), other ?? ownRuntime()].map((runtime) => programCommand(runtime)),
  });
  const again = `EIGENWATCH_SEED=${seed}: ${faults.join(", ")}`;
  assert.equal(report.problems, [], again);
  assert.is(report.recoveredMs.length, 10);
  assert.ok(report.acknowledged >= 20, again);
  assert.ok(report.epochs > 1, again);
});

/** A linear congruence: enough for an order. */
function shuffled<T>(values: readonly T[], seed: number): T[] {
  let state = seed;
  const next = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  const left = [...values];
  return values.map(() => left.splice(next(left.length), 1)[0]!);
}

test.run();
