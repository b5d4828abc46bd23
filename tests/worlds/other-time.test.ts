// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { refuseOtherTime } from "../../sim/worlds/command/other-time.ts";

const NOW = Date.UTC(2026, 5, 1) * 1000;
const PAST = { fromUs: Date.UTC(2024, 0, 1) * 1000, toUs: Date.UTC(2024, 0, 2) * 1000 };

test("a world of long ago is refused in a live session, and one of now in a session of long ago, with both times", () => {
  const told = (recorded: typeof PAST | null, data: (typeof PAST & { isLive: boolean }) | null) => {
    try {
      refuseOtherTime("bring x to session s", recorded, data, NOW);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const live = { isLive: true, fromUs: NOW, toUs: NOW };
  assert.is(
    told(PAST, live),
    "Cannot bring x to session s: the samples of this world are from 2024-01-01T00:00:00.000Z to 2024-01-02T00:00:00.000Z, " +
      "those of the session of now, 2026-06-01T00:00:00.000Z; expected another --session, or a live world: without --speed and --start",
  );
  assert.match(told(null, { ...PAST, isLive: false })!, "expected another --session");
  assert.is(told(null, live), null);
  assert.is(told(PAST, { ...PAST, isLive: false }), null);
  assert.is(told(PAST, null), null);
  assert.is(told({ fromUs: NOW - 3_600_000_000, toUs: NOW }, live), null);
});

test.run();
