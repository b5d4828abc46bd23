// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { type Claim, ClaimLost, claim } from "../../actors/cluster/claim.ts";
import { GENESIS_HASH } from "../../protocol/block.ts";
import { range, rejection } from "../journal/builders.ts";
import { createManualClock } from "../support/clock.ts";
import { FaultyStream } from "../support/faulty-stream.ts";
import { PARTITION, trueBlock } from "./streamed.ts";

function world() {
  const clock = createManualClock();
  const stream = new FaultyStream();
  return {
    clock,
    stream,
    async claimOf(owner: string, log?: AdmittedLog): Promise<Claim> {
      log ??= await AdmittedLog.open(stream, PARTITION);
      return claim({ log, owner, clock, retryMs: 250, report() {} });
    },
  };
}

/** Blocks 1 to `count` in epoch 0, as their bytes. */
function blocks(count: number): Uint8Array[] {
  let previousHash = GENESIS_HASH;
  return range(1, count).map((number) => {
    const { bytes, hash } = trueBlock(number, 0, previousHash);
    previousHash = hash;
    return bytes;
  });
}

test("[A2] of two claims that the server accepted after the same entry, one gets the epoch", async () => {
  const { stream, claimOf } = world();
  stream.fault = () => "unguarded";
  const logs = [await AdmittedLog.open(stream, PARTITION), await AdmittedLog.open(stream, PARTITION)];
  stream.hold();
  const first = await claimOf("a@1", logs[0]);
  const second = await claimOf("b@1", logs[1]);
  stream.release();
  const lost = await rejection(second.settled);
  assert.is(await first.settled, 1);
  assert.instance(lost, ClaimLost);
  assert.match(lost.message, "a@1 did, with epoch 1");
});

for (const fault of ["lost", "unanswered", "twice", "refused"] as const) {
  test(`a claim that is ${fault} at first gets its epoch all the same`, async () => {
    const { clock, stream, claimOf } = world();
    let faults = 2;
    stream.fault = () => (faults-- > 0 ? fault : null);
    const { settled } = await claimOf("a@1");
    await clock.advance(2_000);
    assert.is(await settled, 1);
  });
}

test("a claim follows a block that the owner wrote just before it", async () => {
  const { clock, stream, claimOf } = world();
  const [one] = blocks(1);
  stream.hold();
  const { settled } = await claimOf("a@1");
  stream.loseTail(0, "wait");
  stream.put(one!);
  stream.release();
  await clock.advance(1);
  assert.is(await settled, 1);
  assert.equal(stream.attempts, ["p0/1/takeover/a@1/0", "p0/1/takeover/a@1/1"]);
});

test("a claim that the owner outruns without end is given up", async () => {
  const { clock, stream, claimOf } = world();
  stream.fault = () => "lost";
  const { settled } = await claimOf("a@1");
  settled.catch(() => {});
  for (const bytes of blocks(20)) {
    stream.put(bytes);
    await clock.advance(1);
  }
  assert.match((await rejection(settled)).message, "its owner wrote 20 blocks meanwhile");
});

test("a claim that was refused because of an entry that is not admitted is sent again after that entry", async () => {
  const { clock, stream, claimOf } = world();
  stream.hold();
  stream.fault = () => "lost";
  const { settled } = await claimOf("a@1");
  stream.put(Uint8Array.of(1, 2, 3));
  stream.fault = () => null;
  stream.release();
  await clock.advance(1_000);
  assert.is(await settled, 1);
});

test("a claim that was abandoned is not sent again", async () => {
  const { clock, stream, claimOf } = world();
  stream.fault = () => "lost";
  const { abandon } = await claimOf("a@1");
  await clock.advance(600);
  const sent = stream.attempts.length;
  abandon();
  await clock.advance(5_000);
  assert.is(stream.attempts.length, sent);
  assert.is(clock.pending, 0);
});

test.run();
