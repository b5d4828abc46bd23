// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { thinned } from "../../collab/dashboard/model/thinned-events.ts";
import type { EventMessage, Severity } from "../../protocol/messages.ts";

const SECOND_US = 1e6;
/** A pixel is a second wide. */
const time = { columnUs: SECOND_US };

function event(second: number, severity: Severity = "info", id = `e${second}`): EventMessage {
  const about = { kind: "test", actor: "", group: "", channels: [], title: "", detail: {} };
  return { type: "event", sequence: second, id, timeUs: second * SECOND_US, severity, ...about };
}

const ids = (events: readonly EventMessage[]) => events.map(({ id }) => id).sort();

test("of events that would cover each other the severest is marked, of those the first", () => {
  const events = [
    event(119),
    event(115, "warning"),
    event(112, "warning"),
    event(110),
    event(109),
    event(101, "critical"),
  ];
  assert.equal(ids(thinned(events, time, 10)), ["e101", "e112"]);
});

test("however many events there are, marks are not closer than asked for on average, and stay where they are when more come", () => {
  const newest = (count: number) => Array.from({ length: count }, (_, k) => event(10_000 + count - k));
  const marks = ids(thinned(newest(6_000), time, 12));
  assert.is(marks.length, 501);
  const later = new Set(ids(thinned(newest(6_100), time, 12)));
  assert.ok(marks.every((id) => later.has(id)));
});

test("the event that is open is marked, whatever is beside it", () => {
  const events = [event(105, "critical"), event(104)];
  assert.equal(ids(thinned(events, time, 10, "e104")), ["e104"]);
});

test.run();
