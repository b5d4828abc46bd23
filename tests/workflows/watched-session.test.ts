// runtime: either
/** What workflows see of partitions that other nodes own. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { watchOwners } from "../../collab/workflows/watched-session.ts";
import type { SessionStanding } from "../../protocol/controls.ts";
import { createManualClock } from "../support/clock.ts";

const ASK_MS = 500;

/** Two owners, each of one group, and what was asked and logged. */
function owners() {
  const clock = createManualClock();
  const rows = { a: 10, b: 0 };
  const state = { isAway: false, asked: 0 };
  const logged: string[] = [];
  const source = (group: "a" | "b") => ({
    async standing(): Promise<SessionStanding> {
      state.asked++;
      if (state.isAway && group === "b") throw new Error("no node owns p1");
      return { feeds: [], groups: [{ group, isLearning: false, rows: rows[group] }], incidents: 1 };
    },
  });
  const session = watchOwners([source("a"), source("b")], { clock, log: (line) => void logged.push(line) });
  return { clock, rows, state, logged, watch: () => session.watch() };
}

test("nothing is known before all owners have answered, then what they say together", async () => {
  const { clock, watch } = owners();
  const watched = watch();
  assert.is(watched.look(), null);
  await clock.advance(0);
  const { standing, rows } = watched.look()!;
  assert.equal([standing.groups.map(({ group }) => group), standing.incidents, rows], [["a", "b"], 2, 0]);
  watched.stop();
});

test("rows count from the first answer, and go on where a new owner counts from zero", async () => {
  const { clock, rows, watch } = owners();
  const watched = watch();
  await clock.advance(0);
  rows.a = 15;
  await clock.advance(ASK_MS);
  assert.is(watched.look()!.rows, 5);
  rows.a = 3;
  await clock.advance(ASK_MS);
  assert.is(watched.look()!.rows, 8);
  watched.stop();
});

test("nothing is known while an owner does not answer, which is said once, and all is again when it does", async () => {
  const { clock, state, logged, watch } = owners();
  const watched = watch();
  await clock.advance(0);
  state.isAway = true;
  await clock.advance(3 * ASK_MS);
  assert.is(watched.look(), null);
  assert.equal(logged, ["workflows wait for a partition: Error: no node owns p1"]);
  state.isAway = false;
  await clock.advance(ASK_MS);
  assert.is(watched.look()!.standing.incidents, 2);
  watched.stop();
});

test("owners are asked nothing more when a watch is over", async () => {
  const { clock, state, watch } = owners();
  const watched = watch();
  await clock.advance(ASK_MS);
  watched.stop();
  const { asked } = state;
  await clock.advance(10 * ASK_MS);
  assert.is(state.asked, asked);
  assert.is(clock.pending, 0);
});

test.run();
