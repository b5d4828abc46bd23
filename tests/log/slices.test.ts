// runtime: either
/** A long log is read and folded in slices: others have turns of the event loop meanwhile, counted here by turns and not by time. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { hex } from "../../actors/core/hash.ts";
import { SLICE_MS, SLICE_STEPS, Slices } from "../../actors/log/slices.ts";
import { recover } from "../../actors/partition/recovery.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { createManualClock } from "../support/clock.ts";
import { TOYS } from "../support/toy-actors.ts";
import { writtenLog } from "../support/written-log.ts";

/** A clock that counts the turns it gives, and whose time goes on by `stepMs` whenever it is read. */
function countingClock(stepMs: number) {
  let nowMs = 0;
  let turns = 0;
  const clock: Clock = {
    ...createManualClock(),
    monotonicMs: () => {
      nowMs += stepMs;
      return nowMs;
    },
    soon(act) {
      turns++;
      setImmediate(act);
    },
  };
  return { clock, turns: () => turns };
}

/** Counts the turns of the event loop that somebody else gets until `work` is done. */
async function turnsOfOthers(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let done = false;
  const again = () => {
    turns++;
    if (!done) setImmediate(again);
  };
  setImmediate(again);
  await work;
  done = true;
  return turns;
}

test("[V3] a long log is folded in slices of SLICE_STEPS inputs, and others have a turn after each", async () => {
  const { journal, core } = await writtenLog({ blocks: 4 * (SLICE_STEPS / 2) });
  const { clock, turns } = countingClock(0);
  const recovery = recover(journal, TOYS, clock, () => {});
  const others = await turnsOfOthers(recovery);
  const recovered = await recovery;
  assert.is(turns(), Math.floor(core.sequence / SLICE_STEPS));
  assert.ok(turns() >= 3 && others >= turns(), `${others} of ${turns()}`);
  assert.is(hex(recovered.core.hash().hash), hex(core.hash().hash));
});

test("[V3] inputs that take long make slices of SLICE_MS", async () => {
  const { journal, core } = await writtenLog({ blocks: 51 });
  const { clock, turns } = countingClock(SLICE_MS / 4);
  await recover(journal, TOYS, clock, () => {});
  assert.ok(turns() >= core.sequence / 5, `${turns()} turns for ${core.sequence} inputs`);
});

test("a stream of many entries is read in slices", async () => {
  const { clock, turns } = countingClock(0);
  const stream = createMemoryBus(clock).stream("log");
  for (let k = 1; k <= 2.5 * SLICE_STEPS; k++) await stream.append(Uint8Array.of(1), { id: `${k}` });
  const log = await AdmittedLog.open(stream, "p0", null, [], new Slices(clock));
  assert.is(turns(), 2);
  log.end();
});

test.run();
