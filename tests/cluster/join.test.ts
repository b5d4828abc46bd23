// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { FAILOVER } from "../../actors/cluster/cluster-timing.ts";
import { Presence } from "../../actors/cluster/heartbeat.ts";
import { nodesBucket } from "../../collab/live/node-status.ts";
import { checkOthers } from "../../collab/live/run-node.ts";
import { createManualClock } from "../support/clock.ts";

/** What a node of these options is told when node `a` of two partitions, with the standard times, runs in session `s`. */
async function joining(options: { name: string; partitions: number; failover: keyof typeof FAILOVER }) {
  const clock = createManualClock();
  const bus = createMemoryBus(clock);
  const presence = new Presence({
    node: "a",
    hints: bus.hints(nodesBucket("s")),
    clock,
    timing: FAILOVER.standard,
    owns: () => [],
    partitions: 2,
    changed() {},
    log() {},
  });
  presence.start();
  // Anybody may put something there.
  const hints = bus.hints(nodesBucket("s"));
  for (const key of ["a.b", "zzz", "%ZZ"]) await hints.put(key, Uint8Array.of(1, 2));
  await clock.advance(10);
  const said = checkOthers(bus, { session: "s", ...options }, clock).then(
    () => "joined",
    (error: Error) => error.message,
  );
  await clock.advance(2_000);
  await presence.stop();
  return said;
}

test("a node joins others of the same options under a name of its own", async () => {
  assert.is(await joining({ name: "b", partitions: 2, failover: "standard" }), "joined");
  assert.match(
    await joining({ name: "a", partitions: 2, failover: "standard" }),
    "a node of this name is running",
  );
});

test("a node with other partitions than those that run is refused, with both numbers", async () => {
  assert.match(
    await joining({ name: "b", partitions: 3, failover: "standard" }),
    "--partitions is 3 here and 2 on node a; expected the same number on all nodes of a session",
  );
});

test("a node with another time of failover is refused, with both kinds", async () => {
  assert.match(
    await joining({ name: "b", partitions: 2, failover: "quick" }),
    "--failover is quick here and standard on node a",
  );
});

test.run();
