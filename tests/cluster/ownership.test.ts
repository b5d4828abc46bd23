// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { CLUSTER_TIMING } from "../../actors/cluster/cluster-timing.ts";
import { Ownership } from "../../actors/cluster/ownership.ts";
import { restMs } from "../../actors/cluster/takeover.ts";
import { createManualClock } from "../support/clock.ts";

/** An ownership whose reading of the log ends when the test says so. */
function world(owner: "none" | "opening" | "owning" = "none") {
  const clock = createManualClock();
  const reads: { give(log: AdmittedLog): void; fail(): void; atMs: number }[] = [];
  const ownership = new Ownership({
    partition: "p",
    clock,
    timing: CLUSTER_TIMING,
    owner: () => "me@1",
    readLog: () =>
      new Promise((resolve, reject) => {
        const fail = () => reject(new Error("no connection"));
        reads.push({ give: resolve, fail, atMs: clock.monotonicMs() });
      }),
    openJournal: () => {
      throw new Error("not reached");
    },
    openPartition: async () => {
      throw new Error("not reached");
    },
    isFree: () => owner === "none",
    opened() {},
    fenced() {},
    left() {},
    isOpening: () => owner === "opening",
    full() {},
    changed() {},
    log() {},
  });
  return { clock, ownership, reads };
}

test("[W4] a log that arrives for an abandoned attempt is closed, and the new attempt waits for its own", async () => {
  const { clock, ownership, reads } = world();
  ownership.dispatch("assigned");
  ownership.dispatch("unassigned");
  assert.is(ownership.state, "idle");
  ownership.dispatch("assigned");
  assert.is(ownership.state, "reading");
  assert.is(reads.length, 2);
  let ended = false;
  const late = {
    end() {
      ended = true;
    },
  } as unknown as AdmittedLog;
  reads[0]!.give(late);
  await clock.advance(1);
  assert.is(ownership.state, "reading");
  assert.ok(ended);
});

test("[W4] a failure of a try that was given up does not disturb the next", async () => {
  const { clock, ownership, reads } = world();
  ownership.dispatch("assigned");
  ownership.dispatch("unassigned");
  ownership.dispatch("assigned");
  reads[0]!.fail();
  await clock.advance(1);
  assert.is(ownership.state, "reading");
});

test("[W3] a log that cannot be read is tried again, after longer and longer rests", async () => {
  const { clock, ownership, reads } = world();
  ownership.dispatch("assigned");
  for (let failures = 1; failures <= 8; failures++) {
    reads.at(-1)!.fail();
    await clock.advance(9_000);
    assert.is(reads.length, failures + 1);
    const rested = reads.at(-1)!.atMs - reads.at(-2)!.atMs;
    const since = failures === 1 ? 0 : 9_000 - restMs(CLUSTER_TIMING.retryMs, failures - 1);
    assert.ok(
      Math.abs(rested - since - restMs(CLUSTER_TIMING.retryMs, failures)) < 5,
      `rest ${failures}: ${rested} ms`,
    );
  }
});

test("[W2] a partition that its owner is still opening is waited for longer than one that it has", async () => {
  for (const [owner, waitedMs] of [
    ["owning", CLUSTER_TIMING.patienceMs],
    ["opening", CLUSTER_TIMING.openingMs],
  ] as const) {
    const { clock, ownership, reads } = world(owner);
    ownership.dispatch("assigned");
    await clock.advance(waitedMs - 1);
    assert.is(reads.length, 0, owner);
    await clock.advance(1);
    assert.is(reads.length, 1, owner);
  }
});

test.run();
