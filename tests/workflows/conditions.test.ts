// runtime: either
/** What automatic steps make of a session as it stands. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { standingOf } from "../../collab/workflows/conditions.ts";
import type { SessionStanding } from "../../protocol/controls.ts";
import type { Automatic } from "../../protocol/workflow.ts";

const feed = (source: string, status: string, detail = "") => ({ source, status, detail });

function standing(automatic: Automatic, session: Partial<SessionStanding>, rows = 0) {
  const empty = { feeds: [], groups: [], incidents: 0 };
  return standingOf(automatic, { standing: { ...empty, ...session }, rows });
}

test("a step waits for as long as the session's partitions do not say how they stand", () => {
  for (const automatic of [{ until: "calm" }, { until: "warm" }, { rows: 1 }] as const)
    assert.equal(standingOf(automatic, null), {
      state: "running",
      note: "waits for the owners of the session's partitions",
    });
});

test("feeds are connected when each of them brings samples or has brought all", () => {
  const of = (...feeds: ReturnType<typeof feed>[]) => standing({ until: "connected" }, { feeds });
  assert.is(of().state, "running");
  assert.equal(of(feed("a", "running"), feed("b", "stalled")), {
    state: "running",
    note: "waits for b",
    progress: { done: 1, of: 2 },
  });
  assert.equal(of(feed("a", "opened"), feed("b", "ended")), { state: "done", note: "2 feeds are connected" });
  assert.equal(of(feed("a", "running"), feed("b", "failed", "no such file")), {
    state: "failed",
    note: "feed b has failed: no such file",
  });
});

test("a session is warm when it has groups and none is learning; it never will be when the feeds have ended before", () => {
  const of = (learning: boolean[], status = "running") =>
    standing(
      { until: "warm" },
      {
        feeds: [feed("a", status)],
        groups: learning.map((isLearning, k) => ({ group: `g${k}`, isLearning, rows: 0 })),
      },
    );
  assert.is(of([]).state, "running");
  assert.equal(of([false, true]), {
    state: "running",
    note: "still learning: g1",
    progress: { done: 1, of: 2 },
  });
  assert.equal(of([false, false]), { state: "done", note: "2 groups have learnt what is usual" });
  assert.equal(of([true], "ended"), { state: "failed", note: "the feeds have ended, still learning: g0" });
});

test("a session is calm when no incident is open", () => {
  assert.equal(standing({ until: "calm" }, { incidents: 1 }), {
    state: "running",
    note: "1 incident is open",
  });
  assert.equal(standing({ until: "calm" }, {}), { state: "done", note: "no incident is open" });
});

test("rows are waited for until they have come, or nothing more comes", () => {
  const ended = { feeds: [feed("a", "ended"), feed("b", "failed")] };
  assert.equal(standing({ rows: 10 }, {}, 4), {
    state: "running",
    note: "4 of 10 rows",
    progress: { done: 4, of: 10 },
  });
  assert.equal(standing({ rows: 10 }, ended, 4), {
    state: "failed",
    note: "the feeds have ended after 4 of 10 rows",
  });
  assert.equal(standing({ rows: 10 }, ended, 12), { state: "done", note: "12 rows" });
});

test.run();
