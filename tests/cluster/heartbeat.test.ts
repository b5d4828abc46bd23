// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CLUSTER_TIMING } from "../../actors/cluster/cluster-timing.ts";
import { Presence } from "../../actors/cluster/heartbeat.ts";
import type { Hints } from "../../actors/ports/bus.ts";
import { HEARING_MS } from "../../actors/ports/clock.ts";
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import { createManualClock } from "../support/clock.ts";

/** A lease that does not end in the moment of a heartbeat. */
const TIMING = { ...CLUSTER_TIMING, leaseMs: 2_500 };
const { heartbeatMs, leaseMs, memberTtlMs } = TIMING;

/** A presence on hints that do what the test says. */
function world() {
  const clock = createManualClock(1_700_000_000_000_000);
  const put: Uint8Array[] = [];
  const said: string[] = [];
  const removed: string[] = [];
  let reachable = true;
  let answerMs = 0;
  let living: Uint8Array | null = null;
  let hear: (key: string, value: Uint8Array | null) => void = () => {};
  const hints: Hints = {
    put: async (_, value) => {
      if (!reachable) throw new Error("no connection");
      put.push(value);
      if (answerMs > 0) await new Promise<void>((resolve) => void clock.after(answerMs, resolve));
    },
    agree: async (_, value) => {
      if (!reachable) throw new Error("no connection");
      return living ?? value;
    },
    remove: async (key) => void removed.push(key),
    watch(change) {
      hear = change;
      return () => {};
    },
  };
  let changes = 0;
  const presence = new Presence({
    node: "me",
    hints,
    clock,
    timing: TIMING,
    owns: () => [{ partition: "p", epoch: 7 }],
    partitions: 2,
    changed: () => void changes++,
    succeeded: () => said.push("succeeded"),
    log: (message) => said.push(message),
  });
  return {
    clock,
    put,
    said,
    removed,
    presence,
    changes: () => changes,
    reach: (can: boolean) => {
      reachable = can;
    },
    answerAfter: (ms: number) => {
      answerMs = ms;
    },
    announce(node: string, ...owns: { partition: string; epoch: number }[]) {
      hear(node, encodeMessage({ type: "heartbeat", node, sinceUs: 1, owns }));
    },
    /** What stands under its name is of another life, and not heard yet. */
    stands(sinceUs: number) {
      living = encodeMessage({ type: "heartbeat", node: "me", sinceUs, owns: [] });
    },
    /** A heartbeat of another life of this node's name. */
    announceSelf(sinceUs: number) {
      hear("me", encodeMessage({ type: "heartbeat", node: "me", sinceUs, owns: [] }));
    },
    hear: (key: string, value: Uint8Array | null) => hear(key, value),
  };
}

test("a node announces itself and what it owns at once, and again before it is counted out", async () => {
  const { clock, put, presence } = world();
  presence.start();
  await clock.advance(memberTtlMs);
  assert.ok(put.length >= 3);
  assert.equal(decodeAs("heartbeat", put[0]!), {
    type: "heartbeat",
    node: "me",
    sinceUs: 1_700_000_000_000_000,
    owns: [{ partition: "p", epoch: 7 }],
    partitions: 2,
    memberTtlMs,
  });
});

test("a member is counted out when its time is over, even without a report that it ended", async () => {
  const { clock, presence, announce } = world();
  presence.start();
  await clock.advance(10);
  announce("other", { partition: "q", epoch: 1 });
  assert.equal(presence.members(), ["me", "other"]);
  assert.not(presence.isFree("q"));
  await clock.advance(memberTtlMs - 500);
  assert.equal(presence.members(), ["me", "other"]);
  await clock.advance(500 + heartbeatMs);
  assert.equal(presence.members(), ["me"]);
  assert.ok(presence.isFree("q"));
});

test("a member that left is gone at once, and the change is reported", async () => {
  const { presence, announce, hear, changes } = world();
  presence.start();
  announce("other");
  const before = changes();
  hear("other", null);
  assert.equal(presence.members(), ["me"]);
  assert.is(changes(), before + 1);
});

test("a value that is no heartbeat is reported once and changes nothing", async () => {
  const { presence, hear, said } = world();
  presence.start();
  hear("odd", Uint8Array.of(1, 2));
  hear("odd", Uint8Array.of(1, 2));
  hear("me", null);
  assert.equal(presence.members(), ["me"]);
  assert.is(said.length, 1);
  assert.match(said[0]!, "what stands under odd is no heartbeat");
});

test("the lease counts from when an answered heartbeat was sent; its loss and its return are reported", async () => {
  const { clock, presence, reach, changes } = world();
  presence.start();
  assert.not(presence.leased);
  await clock.advance(heartbeatMs * 2 + 1);
  assert.ok(presence.leased);
  reach(false);
  await clock.advance(leaseMs - 2);
  assert.ok(presence.leased);
  const before = changes();
  await clock.advance(1);
  assert.not(presence.leased);
  assert.is(changes(), before + 1);
  reach(true);
  const lost = changes();
  await clock.advance(heartbeatMs);
  assert.ok(presence.leased);
  // Once as every second, and once because the lease is back.
  assert.is(changes(), lost + 2);
});

test("a node that was busy for longer than its lease keeps it when the servers still answer", async () => {
  const { clock, presence, answerAfter, changes } = world();
  presence.start();
  await clock.advance(10);
  answerAfter(5);
  await clock.jump(2 * leaseMs);
  assert.ok(presence.leased);
  const before = changes();
  await clock.advance(HEARING_MS + 1);
  assert.ok(presence.leased);
  assert.is(changes(), before);
});

test("a node that was busy loses its lease when no answer comes after it", async () => {
  const { clock, presence, reach } = world();
  presence.start();
  await clock.advance(10);
  reach(false);
  await clock.jump(2 * leaseMs);
  assert.ok(presence.leased);
  await clock.advance(HEARING_MS);
  assert.not(presence.leased);
});

test("an answer that comes after its lease would have ended gives none", async () => {
  const { clock, presence, answerAfter } = world();
  answerAfter(leaseMs + 1);
  presence.start();
  await clock.advance(leaseMs + 2);
  assert.not(presence.leased);
});

test("a node that was busy does not count others out before it has heard what they said meanwhile", async () => {
  const { clock, presence, announce } = world();
  presence.start();
  announce("other", { partition: "q", epoch: 1 });
  await clock.jump(memberTtlMs + heartbeatMs / 2);
  assert.not(presence.isFree("q"));
  announce("other", { partition: "q", epoch: 1 });
  await clock.advance(heartbeatMs);
  assert.not(presence.isFree("q"));
});

test("what others did not say while a node was busy counts one heartbeat later", async () => {
  const { clock, presence, announce } = world();
  presence.start();
  announce("other", { partition: "q", epoch: 1 });
  await clock.jump(memberTtlMs + heartbeatMs / 2);
  await clock.advance(heartbeatMs);
  assert.ok(presence.isFree("q"));
});

test("a node whose name a later process has taken is heard of no more, and never has a lease again", async () => {
  const { clock, put, presence, announceSelf, said, removed } = world();
  presence.start();
  await clock.advance(10);
  assert.ok(presence.leased);
  announceSelf(presence.sinceUs + 1);
  assert.not(presence.leased);
  await clock.advance(heartbeatMs);
  assert.not(presence.leased);
  announceSelf(presence.sinceUs + 1);
  const { length } = put;
  await clock.advance(2 * memberTtlMs);
  assert.not(presence.leased);
  assert.is(put.length, length);
  assert.equal(said, ["succeeded"]);
  await presence.stop();
  assert.equal(removed, [], "it would sign the other one off");
});

test("a node that was stopped for longer than its lease looks whether another has its name before it says anything", async () => {
  const { clock, put, presence, stands, announceSelf, said } = world();
  presence.start();
  await clock.advance(10);
  const { length } = put;
  stands(presence.sinceUs + 1);
  await clock.jump(2 * leaseMs);
  assert.not(presence.leased);
  await clock.advance(heartbeatMs);
  assert.not(presence.leased);
  assert.is(put.length, length, "the heartbeat of the other one was overwritten");
  announceSelf(presence.sinceUs + 1);
  assert.equal(said, ["succeeded"]);
});

test("a last heartbeat of a life that is over delays the lease of the next one, whose clock is behind", async () => {
  const { clock, presence, announceSelf, said } = world();
  presence.start();
  announceSelf(presence.sinceUs + 1);
  await clock.advance(memberTtlMs - 1);
  assert.not(presence.leased);
  await clock.advance(heartbeatMs + 1);
  assert.ok(presence.leased);
  assert.equal(said, []);
});

test("a process that began later does not yield to an earlier one of its name", async () => {
  const { clock, presence, announceSelf, said } = world();
  presence.start();
  await clock.advance(10);
  for (let k = 0; k < 5; k++) announceSelf(presence.sinceUs - 1);
  assert.ok(presence.leased);
  assert.equal(said, []);
});

test("a presence that was stopped leaves no timer", async () => {
  const { clock, presence } = world();
  presence.start();
  await clock.advance(5_000);
  await presence.stop();
  assert.is(clock.pending, 0);
});

test.run();
