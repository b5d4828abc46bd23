// runtime: either
/** On the one thread of a recorded session whoever waits goes first. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { Precedence } from "../../sim/recordings/replay/precedence.ts";

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

test("a move that fails leaves the background free to go on, and says why", async () => {
  const precedence = new Precedence(systemClock);
  const failed = await precedence
    .first(() => Promise.reject(new Error("the recording is damaged")))
    .catch((error: Error) => error.message);
  assert.is(failed, "the recording is damaged");
  await precedence.rest();
});

test.run();
