// runtime: either
/** On the one thread of a recorded session whoever waits goes first. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { Precedence } from "../../sim/recordings/replay/precedence.ts";
import { createManualClock } from "../support/clock.ts";

test("what is read in the background rests while somebody waits, also for the second of two, and then goes on", async () => {
  const precedence = new Precedence(systemClock);
  const done: string[] = [];
  const ends: (() => void)[] = [];
  const waited = ["seek", "past"].map((name) =>
    precedence.first(async () => {
      await new Promise<void>((resolve) => ends.push(resolve));
      done.push(name);
    }),
  );
  const rested = precedence.rest().then(() => done.push("background"));
  ends[0]!();
  await waited[0];
  // Turns enough for whatever does not wait.
  for (let turn = 0; turn < 10; turn++) await new Promise<void>((resolve) => systemClock.soon(resolve));
  ends[1]!();
  await Promise.all([...waited, rested]);
  assert.equal(done, ["seek", "past", "background"]);
});

test("it is calm when nobody has waited for a while; who waits on and on is waited for no longer than that is of use", async () => {
  const clock = createManualClock();
  const precedence = new Precedence(clock);
  let calm = 0;
  const begin = (over = new AbortController().signal) =>
    void precedence.calm(100, 400, over).then(() => calm++);
  begin();
  await clock.advance(60);
  await precedence.first(async () => {});
  await clock.advance(99);
  assert.is(calm, 0);
  await clock.advance(1);
  assert.is(calm, 1);
  const ends: (() => void)[] = [];
  const waited = precedence.first(() => new Promise<void>((resolve) => ends.push(resolve)));
  begin();
  await clock.advance(399);
  assert.is(calm, 1);
  await clock.advance(1);
  assert.is(calm, 2);
  const over = new AbortController();
  begin(over.signal);
  over.abort();
  await clock.advance(0);
  assert.equal([calm, clock.pending], [3, 0]);
  ends[0]!();
  await waited;
});

test("a move that fails leaves the background free to go on, and says why", async () => {
  const precedence = new Precedence(systemClock);
  const failed = await precedence
    .first(() => Promise.reject(new Error("the recording is damaged")))
    .catch((error: Error) => error.message);
  assert.is(failed, "the recording is damaged");
  await precedence.rest();
});

test.run();
