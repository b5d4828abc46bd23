/** Requests of the page to its session, against a gateway that answers when the test says so. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Controls } from "../../collab/dashboard/model/controls.ts";
import type { ReplayMark, ReplayStatus } from "../../protocol/controls.ts";

const SECOND = 1_000_000;
const FROM_US = 1_767_225_600 * SECOND;

const STATUS: ReplayStatus = {
  state: "paused",
  reason: "",
  speed: 1,
  timeUs: FROM_US,
  sequence: 5,
  fromUs: FROM_US,
  toUs: FROM_US + 100 * SECOND,
  firstSequence: 1,
  lastSequence: 100,
  recording: null,
};

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

test("a second press moves to the second event, even before the first is answered", async () => {
  const marks = [10, 20, 30, 40].map((input): ReplayMark => {
    return { sequence: input, input, timeUs: FROM_US, severity: "warning", kind: "a", title: "b" };
  });
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

interface Session {
  controls: Controls;
  /** Bodies of all POST requests. */
  posts: object[];
  /** Answers the oldest open POST; null: refuses it. */
  answer(status: ReplayStatus | null): Promise<void>;
}

async function onControls(
  { marks = [] }: { marks?: readonly ReplayMark[] },
  act: (session: Session) => Promise<void>,
): Promise<void> {
  const posts: object[] = [];
  const waiting: ((status: ReplayStatus | null) => void)[] = [];
  const { fetch, document } = globalThis;
  globalThis.fetch = ((path: string, { body }: { body?: string } = {}) => {
    if (body !== undefined) {
      posts.push(JSON.parse(body) as object);
      return new Promise<Response>((resolve) => {
        waiting.push((status) => resolve(status === null ? REFUSED.clone() : Response.json(status)));
      });
    }
    if (path === "api/replay") return Promise.resolve(Response.json(STATUS));
    if (path === "api/replay/marks") return Promise.resolve(Response.json({ marks, complete: true }));
    return Promise.resolve(Response.json({ sessions: [{ session: "s", controls: ["replay"] }] }));
  }) as typeof globalThis.fetch;
  globalThis.document = { hidden: false } as Document;
  const controls = new Controls();
  try {
    await controls.start("s");
    await act({
      controls,
      posts,
      async answer(status) {
        await turns();
        waiting.shift()!(status);
        await turns();
      },
    });
  } finally {
    controls.stop();
    Object.assign(globalThis, { fetch, document });
  }
}

const REFUSED = Response.json(
  { error: { action: "replay", value: "it", expected: "that" } },
  { status: 400 },
);

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

test.run();
