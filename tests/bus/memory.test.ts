import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { matches } from "../../actors/bus/subject-match.ts";
import { DEDUPE_MS } from "../../actors/ports/bus.ts";
import { busContract } from "../contracts/bus.ts";
import { createManualClock } from "../support/clock.ts";

busContract("in-process bus", async () => {
  const clock = createManualClock();
  return { bus: createMemoryBus(clock), passMs: (ms) => clock.advance(ms), dispose: async () => {} };
});

test("in-process bus forgets an id when its window is over", async () => {
  const clock = createManualClock();
  const stream = createMemoryBus(clock).stream("s");
  await stream.append(Uint8Array.of(1), { id: "x" });
  await clock.advance(DEDUPE_MS + 1);
  assert.is(await stream.append(Uint8Array.of(1), { id: "x" }), 2);
});

test("a pattern's last > wants at least one part more, and a > before the end is a part like others", () => {
  assert.not(matches("a.>", "a"));
  assert.ok(matches("a.>", "a.b"));
  assert.not(matches("a.>.c", "a.b.c"));
  assert.not(matches("a.b", "a.b.c"));
  assert.not(matches("a.*", "a"));
});

test.run();
