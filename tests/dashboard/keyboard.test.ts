// runtime: either
/** What the keys do, with a recorded session and with a live one. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { shortcutsByKey } from "../../collab/dashboard/keyboard/keyboard.ts";
import { shortcutsOf } from "../../collab/dashboard/keyboard/shortcuts.ts";
import { Controls } from "../../collab/dashboard/model/controls.ts";
import { Model } from "../../collab/dashboard/model/model.ts";
import { Presence } from "../../collab/dashboard/model/presence.ts";
import { Room } from "../../collab/dashboard/model/room.ts";
import { View } from "../../collab/dashboard/model/view.ts";
import { FROM_US, onControls, SECOND, STATUS } from "./controlled-session.ts";

const SPAN_US = 60 * SECOND;

/** A picture of a minute that ends a quarter of an hour after FROM_US, and what each key does to it. */
function keyboardOf(controls: Controls) {
  const model = new Model();
  model.headUs = FROM_US + 900 * SECOND;
  const view = new View(model);
  const room = new Room(controls);
  const page = { model, view, controls, room, presence: new Presence(room, view) };
  const byKey = shortcutsByKey(shortcutsOf(page, () => {}));
  const press = (key: string, shiftKey = false) => byKey.get(key)!.run({ key, shiftKey } as KeyboardEvent);
  return { view, press };
}

test("arrow keys move a recorded session by a tenth of the picture, with Shift by half", async () => {
  await onControls({}, async ({ controls, posts, answer }) => {
    const { view, press } = keyboardOf(controls);
    const moves: [key: string, shift: boolean, toUs: number][] = [
      ["ArrowRight", true, 30 * SECOND],
      ["ArrowRight", false, 36 * SECOND],
      ["ArrowLeft", false, 30 * SECOND],
      ["ArrowLeft", true, 0],
    ];
    for (const [key, shift, afterUs] of moves) {
      press(key, shift);
      await answer({ ...STATUS, timeUs: FROM_US + afterUs });
      assert.equal(posts.at(-1), { action: "seek", timeUs: FROM_US + afterUs }, `${key} ${shift}`);
    }
    assert.is(posts.length, moves.length);
    assert.is(view.frozenEndUs.value, null, "the picture follows the session");
  });
});

test("arrow keys move only the picture of a live session", () => {
  const { view, press } = keyboardOf(new Controls());
  const headUs = FROM_US + 900 * SECOND;
  press("ArrowLeft");
  assert.is(view.frozenEndUs.value, headUs - SPAN_US / 10);
  press("ArrowLeft", true);
  assert.is(view.frozenEndUs.value, headUs - SPAN_US / 10 - SPAN_US / 2);
  press("ArrowRight", true);
  assert.is(view.frozenEndUs.value, headUs - SPAN_US / 10);
  press("ArrowRight");
  assert.is(view.frozenEndUs.value, null, "back at the newest sample");
});

test("a key that is pressed before the session has said what it supports opens its dialog when it has", async () => {
  const controls = new Controls();
  const { view, press } = keyboardOf(controls);
  press("i");
  assert.is(view.dialog.value, null);
  const { fetch } = globalThis;
  globalThis.fetch = (async () =>
    Response.json({ sessions: [{ session: "s", controls: ["inject"] }] })) as typeof fetch;
  try {
    await controls.start("s");
    assert.is(view.dialog.value, "inject");
    view.dialog.value = null;
    press("w");
    assert.is(view.dialog.value, null, "the session does not support it");
  } finally {
    globalThis.fetch = fetch;
  }
});

test("the space bar plays and pauses a recorded session, and brackets change its speed", async () => {
  await onControls({}, async ({ controls, posts, answer }) => {
    const { view, press } = keyboardOf(controls);
    press(" ");
    await answer({ ...STATUS, state: "playing" });
    press(" ");
    await answer(STATUS);
    press("]");
    await answer({ ...STATUS, speed: 2 });
    press("[");
    await answer(STATUS);
    assert.equal(posts, [
      { action: "play" },
      { action: "pause" },
      { action: "speed", speed: 2 },
      { action: "speed", speed: 1 },
    ]);
    assert.ok(view.following.value);
  });
});

test("the space bar stops the picture of a live session, and End follows it again", () => {
  const { view, press } = keyboardOf(new Controls());
  press(" ");
  assert.not(view.following.value);
  press("End");
  assert.ok(view.following.value);
});

test("plus and minus zoom, and numbers choose the stretch of time that is shown", () => {
  const { view, press } = keyboardOf(new Controls());
  press("+");
  assert.is(view.spanUs.value, SPAN_US / 1.5);
  press("-");
  assert.is(Math.round(view.spanUs.value), SPAN_US);
  const spans = ["1", "2", "3", "4", "5"].map((key) => {
    press(key);
    return view.spanUs.value / SECOND;
  });
  assert.equal(spans, [10, 60, 300, 900, 3600]);
});

test.run();
