// runtime: either
/** Options that nodes must share, and names that only one may have: held by whoever was first, for as long as it runs. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { HINT_TTL_MS } from "../../actors/ports/bus.ts";
import { hold } from "../../collab/live/held-value.ts";
import { heldBucket } from "../../collab/live/node-status.ts";
import { shareOptions } from "../../collab/live/shared-options.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { createManualClock } from "../support/clock.ts";

/** Nodes that join session `s` at the same moment, and what each is told. */
async function joining(...options: Parameters<typeof shareOptions>[1][]) {
  const clock = createManualClock();
  const bus = createMemoryBus(clock);
  const said: string[] = [];
  const outcomes = options.map((each, k) =>
    shareOptions(bus, each, {
      session: "s",
      name: `n${k}`,
      clock,
      say: (message) => said.push(`n${k}: ${message}`),
    }),
  );
  const told = Promise.all(
    outcomes.map((each) =>
      each.then(
        () => "joined",
        (error: Error) => error.message,
      ),
    ),
  );
  await clock.advance(10_000);
  return { told: await told, clock, bus, outcomes, said };
}

test("of nodes that start at the same moment with other options one joins, and the other is told both values", async () => {
  const { told } = await joining(
    { partitions: 2, failover: "standard" },
    { partitions: 3, failover: "standard" },
  );
  assert.equal(told, [
    "joined",
    "Cannot join session s as n1: --partitions is 3 here and 2 in the session; expected the same on all nodes of a session",
  ]);
});

test("of nodes that start at the same moment with another failover one joins, and the other is told both kinds", async () => {
  const { told } = await joining(
    { partitions: 2, failover: "quick" },
    { partitions: 2, failover: "standard" },
  );
  assert.is(told[0], "joined");
  assert.match(told[1]!, "--failover is standard here and quick in the session");
});

test("what stands in place of the options and is none, which anybody may put there, is named", async () => {
  const clock = createManualClock();
  const bus = createMemoryBus(clock);
  const hints = bus.hints(heldBucket("s"));
  for (const junk of ["junk", "null", '{"partitions":{}}']) {
    const stands = () => hints.put("options", new TextEncoder().encode(junk));
    await stands();
    const told = shareOptions(
      bus,
      { partitions: 1, failover: "standard" },
      { session: "s", name: "n", clock, say() {} },
    ).then(
      () => "joined",
      (error: unknown) => (error instanceof EigenwatchError ? error.message : `crashed: ${error}`),
    );
    for (let ms = 0; ms < 10_000; ms += 1_000) {
      await stands();
      await clock.advance(1_000);
    }
    assert.match(await told, "what stands in the session in place of its options cannot be read", junk);
  }
});

test("nodes that offer other workflows do not share a session", async () => {
  const options = { partitions: 1, failover: "standard" } as const;
  const [check, night] = [{ name: "morning-check" }, { name: "night" }];
  const { told } = await joining(
    { ...options, workflows: [night, check] },
    { ...options, workflows: [check, night] },
    options,
  );
  assert.equal(told.slice(0, 2), ["joined", "joined"]);
  assert.match(told[2]!, "--workflow is not known here and morning-check night in the session");
});

test("nodes that assign groups to other partitions do not share a session", async () => {
  const options = { partitions: 2, failover: "standard" } as const;
  const { told } = await joining(
    { ...options, partitionByGroup: { a: "p1", b: "p0" } },
    { ...options, partitionByGroup: { b: "p0", a: "p1" } },
    options,
  );
  assert.equal(told.slice(0, 2), ["joined", "joined"]);
  assert.match(told[2]!, "--partition-of is none here and a=p1 b=p0 in the session");
});

test("nodes of the same options join together, and the options are free when the last has ended", async () => {
  const same = { partitions: 2, failover: "standard" } as const;
  const { told, clock, bus, outcomes, said } = await joining(same, same);
  assert.equal(told, ["joined", "joined"]);
  const [first, second] = await Promise.all(outcomes);
  await first!.end(false);
  const other = { partitions: 4, failover: "standard" } as const;
  const join = () => shareOptions(bus, other, { session: "s", name: "late", clock, say() {} });
  const refused = join().catch((error: Error) => error.message);
  await clock.advance(10_000);
  assert.match(String(await refused), "--partitions is 4 here and 2 in the session");
  await second!.end(false);
  const joined = join();
  await clock.advance(10_000);
  assert.ok((await joined).held);
  assert.equal(said, []);
});

test("a value is free when its holder has fallen silent, and the holder is told when it comes back", async () => {
  const clock = createManualClock();
  const bus = createMemoryBus(clock);
  const hints = bus.hints("b");
  let reachable = true;
  const lost: string[] = [];
  const held = await hold({
    hints: {
      put: (key, value) => hints.put(key, value),
      remove: (key) => hints.remove(key),
      watch: (change) => hints.watch(change),
      agree: (key, value) => (reachable ? hints.agree(key, value) : Promise.reject(new Error("cut off"))),
    },
    key: "name",
    value: "first",
    clock,
    lost: (other) => lost.push(other),
  });
  assert.ok(held.held);
  reachable = false;
  const second = hold({ hints, key: "name", value: "second", clock, lost() {} });
  await clock.advance(HINT_TTL_MS + 1_000);
  assert.ok((await second).held);
  reachable = true;
  await clock.advance(5_000);
  assert.equal(lost, ["second"]);
});

test("a value that its only holder removes is free at once", async () => {
  const clock = createManualClock();
  const hints = createMemoryBus(clock).hints("b");
  const first = await hold({ hints, key: "name", value: "1", clock, lost() {} });
  await (first as Extract<typeof first, { held: true }>).end(true);
  assert.ok((await hold({ hints, key: "name", value: "2", clock, lost() {} })).held);
});

test.run();
