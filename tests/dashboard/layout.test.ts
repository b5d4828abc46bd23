// runtime: either
/** The arrangement of the page. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Controls } from "../../collab/dashboard/model/controls.ts";
import { Layout, orderOf, shownOf } from "../../collab/dashboard/model/layout.ts";
import { Model } from "../../collab/dashboard/model/model.ts";
import { Room } from "../../collab/dashboard/model/room.ts";
import { View } from "../../collab/dashboard/model/view.ts";

function page() {
  const model = new Model();
  const view = new View(model);
  return { view, layout: new Layout(model, new Room(new Controls()), view) };
}

test("panels stand in the order of the arrangement, and those without a place where they usually are", () => {
  assert.equal(orderOf({}), ["signals", "measures", "state", "lists"]);
  assert.equal(orderOf({ lists: { order: "0" } }), ["signals", "lists", "measures", "state"]);
  assert.equal(orderOf({ lists: { order: "-1" }, state: { order: "x" } }), [
    "lists",
    "signals",
    "measures",
    "state",
  ]);
});

test("hidden panels are not shown; where all are hidden, which two people can do at once, all are shown", () => {
  assert.equal(shownOf({ state: { hidden: true } }), ["signals", "measures", "lists"]);
  const hidden = { hidden: true };
  const all = { signals: hidden, measures: hidden, state: hidden, lists: hidden };
  assert.is(shownOf(all).length, 4);
});

test("a panel moves one place, the first one not before itself, and the last one that is shown stays", () => {
  const { layout } = page();
  layout.move("lists", -1);
  layout.move("signals", -1);
  assert.equal(layout.order.value, ["signals", "measures", "lists", "state"]);
  for (const name of layout.order.value) layout.show(name, false);
  assert.equal(layout.shown.value, ["state"]);
  layout.show("signals", true);
  assert.equal(layout.shown.value, ["signals", "state"]);
});

test("the channels that a person chooses belong to the arrangement", () => {
  const { view, layout } = page();
  view.toggleChannel("g/a");
  view.toggleChannel("g/b");
  layout.share(true);
  view.choose([]);
  layout.share(false);
  assert.equal(view.chosen.value, ["g/a", "g/b"]);
});

test.run();
