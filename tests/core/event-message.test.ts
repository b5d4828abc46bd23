// runtime: either
/** An event fits the wire whatever an actor says: texts of a thousand characters, numbers that JSON has. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { eventMessage } from "../../actors/core/event-message.ts";
import type { Announcement } from "../../actors/ports/detector.ts";

function messageOf(more: Partial<Announcement>) {
  const announcement: Announcement = { kind: "toy.said", severity: "info", title: "", ...more };
  return eventMessage(announcement, { sequence: 3, id: "p0/2/1", timeUs: 5, actor: "toy", group: "g" });
}

test("an announcement without channels and detail is an event with none", () => {
  assert.equal(messageOf({}), {
    type: "event",
    sequence: 3,
    id: "p0/2/1",
    timeUs: 5,
    kind: "toy.said",
    severity: "info",
    actor: "toy",
    group: "g",
    channels: [],
    title: "",
    detail: {},
  });
});

test("a text of a thousand characters is kept, a longer one is cut to as many", () => {
  const exact = "x".repeat(1_000);
  for (const [text, expected] of [
    [exact, exact],
    [`${exact}y`, `${exact}…`],
    [`${exact.slice(1)}\u{1F600}`, `${exact.slice(1)}…`],
    [`${exact.slice(2)}\u{1F600}y`, `${exact.slice(2)}\u{1F600}…`],
  ] as const) {
    const { title, detail } = messageOf({ title: text, detail: { text } });
    assert.equal([title, detail["text"]], [expected, expected]);
  }
});

test("a number that is not finite is null in the detail, and so is what is missing", () => {
  const odd = { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: 0, d: false, e: null, f: undefined };
  const detail = odd as unknown as NonNullable<Announcement["detail"]>;
  assert.equal(messageOf({ detail }).detail, { a: null, b: null, c: 0, d: false, e: null, f: null });
});

test("an event has channels of its own", () => {
  const channels = ["a"];
  const event = messageOf({ channels });
  channels.push("b");
  assert.equal(event.channels, ["a"]);
});

test.run();
