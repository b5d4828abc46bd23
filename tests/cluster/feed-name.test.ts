// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { checkSourceName } from "../../actors/mod.ts";
import { holdFeedName } from "../../collab/live/feed-name.ts";
import { rejection } from "../journal/builders.ts";
import { createManualClock } from "../support/clock.ts";

/** A session, and feeds that ask for a name there. */
function given() {
  const clock = createManualClock();
  const bus = createMemoryBus(clock);
  let holders = 0;
  return {
    clock,
    ask: (source: string, partition = "p0") =>
      holdFeedName({
        bus,
        session: "s",
        partition,
        source,
        holder: `h${++holders}`,
        clock,
        lost: (error) => assert.unreachable(error.message),
      }),
  };
}

test("a second feed of a name is refused with the name and how to choose another, however long the first one runs", async () => {
  const { clock, ask } = given();
  await ask("synth:spike");
  await clock.advance(60_000);
  const second = rejection(ask("synth:spike"));
  await clock.advance(10_000);
  assert.is(
    (await second).message,
    "Cannot bring synth:spike to partition p0 of session s: another feed has the name synth:spike there; expected another --name, or the end of that feed",
  );
});

test("a name is free at once when its feed has ended, and others are free all the time", async () => {
  const { ask } = given();
  const first = await ask("synth:spike");
  await ask("another");
  await ask("synth:spike", "p1");
  await first.end(true);
  assert.ok((await ask("synth:spike")).held);
});

test("a feed has a name that is no name of ingestion", () => {
  for (const name of ["", "ingest:x", "n".repeat(129)])
    assert.throws(() => checkSourceName(name), /Cannot name a feed: .*expected 1 to 128 bytes of text/);
  checkSourceName("second feed.1");
});

test.run();
