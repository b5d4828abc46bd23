// runtime: either
/** Requests of the page to its session, against a gateway that answers when the test says so. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Controls } from "../../collab/dashboard/model/controls.ts";
import type { ReplayMark } from "../../protocol/controls.ts";
import { FROM_US, onControls, SECOND, STATUS } from "./controlled-session.ts";

test("steps during a move start from its target, and the bar shows the target at once", async () => {
  await onControls({}, async ({ controls, posts, answer }) => {
    for (let presses = 0; presses < 4; presses++) controls.moveBy(6 * SECOND);
    assert.is(controls.timeUs(), FROM_US + 24 * SECOND);
    controls.seek(controls.timeUs() + SECOND);
    await answer({ ...STATUS, timeUs: FROM_US + 6 * SECOND });
    assert.is(controls.timeUs(), FROM_US + 25 * SECOND, "not back to the end of the first move");
    await answer({ ...STATUS, timeUs: FROM_US + 25 * SECOND });
    assert.equal(posts, [
      { action: "seek", timeUs: FROM_US + 6 * SECOND },
      { action: "seek", timeUs: FROM_US + 25 * SECOND },
    ]);
    assert.is(controls.timeUs(), FROM_US + 25 * SECOND);
  });
});

const marks = [10, 20, 30, 40].map((input): ReplayMark => {
  return {
    sequence: input,
    input,
    timeUs: FROM_US + input * SECOND,
    severity: "warning",
    kind: "a",
    title: "b",
  };
});

test("the next event is that after the time which a move under way goes to", async () => {
  await onControls({ marks }, async ({ controls, posts, answer }) => {
    controls.seek(FROM_US + 25 * SECOND);
    await controls.moveToMark(1);
    await controls.moveToMark(-1);
    await controls.moveToMark(1);
    await answer({ ...STATUS, timeUs: FROM_US + 25 * SECOND });
    await answer({ ...STATUS, sequence: 31 });
    assert.equal(posts, [
      { action: "seek", timeUs: FROM_US + 25 * SECOND },
      { action: "seek", sequence: 31 },
    ]);
  });
});

test("a press before the server knows the events moves when it does", async () => {
  await onControls({ marks, readsUntilAll: 3 }, async ({ controls, posts, answer }) => {
    await controls.moveToMark(1);
    await answer(STATUS);
    assert.equal(posts, [{ action: "seek", sequence: 11 }]);
  });
});

test("a second press moves to the second event, even before the first is answered", async () => {
  await onControls({ marks }, async ({ controls, posts, answer }) => {
    for (const step of [1, 1, 1, -1] as const) await controls.moveToMark(step);
    await answer(STATUS);
    await answer({ ...STATUS, sequence: 20 });
    assert.equal(posts, [
      { action: "seek", sequence: 11 },
      { action: "seek", sequence: 21 },
    ]);
  });
});

test("a failed command shows its reason until a command succeeds", async () => {
  await onControls({}, async ({ controls, answer }) => {
    controls.changeSpeed(1);
    await answer(null);
    assert.is(controls.failure.value, "Cannot replay: it; expected that");
    controls.togglePlay();
    await answer({ ...STATUS, state: "playing" });
    assert.is(controls.failure.value, "");
    assert.is(controls.replay.value?.state, "playing");
  });
});

test("a request about a group goes to its partition, and names none where the session has one", async () => {
  const paths = async (partitions: readonly string[]): Promise<string[]> => {
    const asked: string[] = [];
    const { fetch } = globalThis;
    globalThis.fetch = ((path: string) => {
      asked.push(path);
      const sessions = partitions.map((partition) => ({ session: "s", partition, controls: ["inject"] }));
      return Promise.resolve(Response.json({ sessions, underWay: [] }));
    }) as typeof globalThis.fetch;
    const controls = new Controls();
    try {
      await controls.start("s");
      await controls.inject({ group: "g" }, "p1");
      await controls.whatIf({ at: 1 }, "p1");
    } finally {
      controls.stop();
      Object.assign(globalThis, { fetch });
    }
    return asked.filter((path) => /inject|whatif/.test(path));
  };
  assert.equal(await paths(["p1"]), ["api/inject", "api/inject", "api/whatif"]);
  assert.equal(await paths(["p0", "p1"]), [
    "api/inject?partition=p0",
    "api/inject?partition=p1",
    "api/inject?partition=p1",
    "api/whatif?partition=p1",
  ]);
});

test.run();
