// runtime: either
/** What people show of themselves, and following one of them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Controls } from "../../collab/dashboard/model/controls.ts";
import { Model } from "../../collab/dashboard/model/model.ts";
import { companionsOf, Presence } from "../../collab/dashboard/model/presence.ts";
import { Room } from "../../collab/dashboard/model/room.ts";
import { View } from "../../collab/dashboard/model/view.ts";

const HEAD_US = 1_000_000_000;

function page() {
  const model = new Model();
  model.headUs = HEAD_US;
  const view = new View(model);
  const room = new Room(new Controls());
  const presence = new Presence(room, view);
  const shows = (id: string, shown: object) => {
    room.presences.value = new Map([
      ...room.presences.value,
      [id.length + 9, { user: { id, name: id }, ...shown }],
    ]);
  };
  return { view, room, presence, shows };
}

test("a presence that says nothing that fits is somebody who shows nothing, and one without a name is nobody", () => {
  const found = companionsOf(
    [
      [1, { user: { id: "a", name: "Ana\n" }, spanUs: "1", cursorUs: 4 }],
      [
        2,
        {
          user: { id: "b", name: "Ben" },
          spanUs: 9,
          cursorUs: Number.NaN,
          draft: { threshold: "t", level: "x" },
        },
      ],
      [3, { spanUs: 9 }],
      [4, { user: { id: "me", name: "Me" }, spanUs: 9 }],
    ],
    4,
  );
  assert.equal(
    found.map(({ id, shown }) => [id, shown]),
    [
      ["a", null],
      ["b", { spanUs: 9, endUs: null, cursorUs: null, draft: null }],
    ],
  );
});

test("who follows a person sees their stretch of time, and what they change", () => {
  const { view, presence, shows } = page();
  shows("ben", { spanUs: 5e6, endUs: 7e6, cursorUs: null });
  presence.follow("ben");
  assert.equal([view.spanUs.value, view.frozenEndUs.value], [5e6, 7e6]);
  shows("ben", { spanUs: 6e6, endUs: null, cursorUs: 1 });
  assert.equal([view.spanUs.value, view.frozenEndUs.value], [6e6, null]);
  assert.is(presence.following.value, "ben");
});

test("a movement of one's own ends following, and the other's next movement changes nothing", () => {
  for (const move of ["zoom", "pan", "span", "pause", "jump"] as const) {
    const { view, presence, shows } = page();
    shows("ben", { spanUs: 5e6, endUs: null });
    presence.follow("ben");
    if (move === "zoom") view.zoom(2);
    else if (move === "pan") view.panUs(-1e6);
    else if (move === "span") view.setSpan(60e6);
    else if (move === "pause") view.pause();
    else view.jumpTo(HEAD_US - 9e6);
    assert.is(presence.following.value, null, move);
    const spanUs = view.spanUs.value;
    shows("ben", { spanUs: 7e6, endUs: null });
    assert.is(view.spanUs.value, spanUs, move);
  }
});

test("following ends when the person leaves", () => {
  const { room, presence, shows } = page();
  shows("ben", { spanUs: 5e6, endUs: null });
  presence.follow("ben");
  room.presences.value = new Map();
  assert.is(presence.following.value, null);
});

test("levels that others are moving are known by threshold, with who does", () => {
  const { presence, shows } = page();
  shows("ben", { spanUs: 5e6, endUs: null, draft: { threshold: "t", level: 3, clearLevel: 2 } });
  assert.equal([...presence.drafts.value], [["t", { threshold: "t", level: 3, clearLevel: 2, name: "ben" }]]);
});

test.run();
