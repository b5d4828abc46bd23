/** What a watcher of hints makes of what it hears, and when: without a server. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { HintWatcher } from "../../actors/bus/nats-hints.ts";
import { HINT_TTL_MS } from "../../actors/ports/bus.ts";
import { HEARING_MS } from "../../actors/ports/clock.ts";
import { createManualClock } from "../support/clock.ts";

function watched() {
  const clock = createManualClock(1_000_000);
  const changes: (readonly [string, boolean])[] = [];
  const watcher = new HintWatcher(clock, "$KV.b.", (key, value) => changes.push([key, value !== null]));
  let sequence = 0;
  return {
    clock,
    changes,
    hear: (key: string) =>
      watcher.take({
        sequence: ++sequence,
        message: { subject: `$KV.b.${key}` },
        bytes: Uint8Array.of(1),
      }),
  };
}

test("a value that is not put again ends after its time", async () => {
  const { clock, changes, hear } = watched();
  hear("n1");
  await clock.advance(HINT_TTL_MS - 1);
  assert.equal(changes, [["n1", true]]);
  await clock.advance(1);
  assert.equal(changes, [
    ["n1", true],
    ["n1", false],
  ]);
});

test("a watcher that was busy for longer than a value lives hears first what was put meanwhile", async () => {
  const { clock, changes, hear } = watched();
  hear("n1");
  await clock.jump(HINT_TTL_MS + 1_000);
  assert.equal(changes, [["n1", true]]);
  hear("n1");
  await clock.advance(HEARING_MS);
  assert.equal(changes, [
    ["n1", true],
    ["n1", true],
  ]);
});

test("a watcher that was busy, and hears nothing after it, lets the value end", async () => {
  const { clock, changes, hear } = watched();
  hear("n1");
  await clock.jump(HINT_TTL_MS + 1_000);
  await clock.advance(HEARING_MS);
  assert.equal(changes.at(-1), ["n1", false]);
});

test.run();
