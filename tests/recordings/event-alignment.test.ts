// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { EventMessage } from "../../protocol/messages.ts";
import type { EventDifference } from "../../sim/recordings/alignment-round.ts";
import {
  differencesOf,
  EventAligner,
  inOrder,
  type TimedDifference,
  timed,
} from "../../sim/recordings/event-alignment.ts";

const TOLERANCE_US = 10;

test("two equal lists have only events that are the same", () => {
  const list = [event(1, "a", 5), event(2, "b", 5), event(3, "a", 5), event(4, "a", 900)];
  assert.equal(
    differencesOf(list, list, TOLERANCE_US).map(({ type }) => type),
    ["same", "same", "same", "same"],
  );
});

test("an event at another time within the tolerance is moved, one beyond it is gone and new", () => {
  const original = [event(1, "a", 100), event(2, "b", 100)];
  const branch = [event(1, "a", 110), event(2, "b", 111)];
  assert.equal(differencesOf(original, branch, TOLERANCE_US), [
    { type: "moved", original: "o/1/1", branch: "o/1/1", byUs: 10, fields: [] },
    { type: "gone", original: "o/2/1" },
    { type: "new", branch: "o/2/1" },
  ]);
});

test("an event at its time with other words or numbers is changed, and the fields are named", () => {
  const before = event(1, "a", 100);
  const after: EventMessage = { ...before, severity: "critical", detail: { evidence: 4, row: 7 } };
  assert.equal(differencesOf([before], [after], TOLERANCE_US), [
    { type: "changed", original: "o/1/1", branch: "o/1/1", byUs: 0, fields: ["severity", "detail.evidence"] },
  ]);
});

test("events of other actors, groups, kinds or channels are never a pair", () => {
  const one = event(1, "a", 100);
  const others: Partial<EventMessage>[] = [
    { actor: "x" },
    { group: "x" },
    { kind: "x" },
    { channels: ["x"] },
  ];
  for (const other of others) {
    const found = differencesOf([one], [{ ...one, ...other }], TOLERANCE_US);
    assert.equal(found.map(({ type }) => type).sort(), ["gone", "new"], JSON.stringify(other));
  }
});

test("alarms of many channels that name some others beside are a pair, and the channels are among what differs", () => {
  const one = { ...event(1, "a", 100), channels: ["x", "y", "z"] };
  const other = { ...event(1, "a", 103), channels: ["z", "w"] };
  assert.equal(differencesOf([one], [other], TOLERANCE_US), [
    { type: "moved", original: "o/1/1", branch: "o/1/1", byUs: 3, fields: ["channels"] },
  ]);
});

test("the very channels come before others that are nearer in time", () => {
  const original = [{ ...event(1, "a", 100), channels: ["x", "y"] }];
  const branch = [
    { ...event(1, "a", 101), channels: ["x"] },
    { ...event(2, "a", 105), channels: ["x", "y"] },
  ];
  assert.equal(
    differencesOf(original, branch, TOLERANCE_US).map(({ type, branch: id }) => [type, id]),
    [
      ["moved", "o/2/1"],
      ["new", "o/1/1"],
    ],
  );
});

test("the nearest is the pair, not the first: one event more before it does not push the rest along", () => {
  const original = [event(1, "a", 100), event(2, "a", 105)];
  const branch = [event(1, "a", 97), event(2, "a", 101), event(3, "a", 106)];
  assert.equal(differencesOf(original, branch, TOLERANCE_US), [
    { type: "new", branch: "o/1/1" },
    { type: "moved", original: "o/1/1", branch: "o/2/1", byUs: 1, fields: [] },
    { type: "moved", original: "o/2/1", branch: "o/3/1", byUs: 1, fields: [] },
  ]);
});

test("[A1] [A2] every event stands in one difference; pairs agree, are near, and do not cross", () => {
  fc.assert(
    fc.property(lists(), ([original, branch]) => {
      const found = differencesOf(original, branch, TOLERANCE_US);
      assert.equal(ids(found, "original"), original.map(({ id }) => id).sort());
      assert.equal(ids(found, "branch"), branch.map(({ id }) => id).sort());
      const last = new Map<string, number>();
      for (const { original: o, branch: b, byUs } of found.filter((d) => d.original && d.branch)) {
        const [a, c] = [byId(original, o!), byId(branch, b!)];
        assert.is(a.kind, c.kind);
        assert.ok(Math.abs(a.timeUs - c.timeUs) <= TOLERANCE_US);
        assert.is(byUs ?? 0, c.timeUs - a.timeUs);
        assert.ok(c.sequence > (last.get(a.kind) ?? 0), "order is kept within a kind");
        last.set(a.kind, c.sequence);
      }
    }),
  );
});

test("[A3] the alignment costs as little as the best of all alignments", () => {
  fc.assert(
    fc.property(lists(), ([original, branch]) => {
      const found = differencesOf(original, branch, TOLERANCE_US);
      let expected = 0;
      for (const kind of ["a", "b"]) {
        const [x, y] = [original, branch].map((list) => list.filter((e) => e.kind === kind));
        expected += leastCost(x!, y!);
      }
      assert.is(costOf(found), expected);
    }),
  );
});

test("[A4] deciding while the lists are read gives an alignment of the same cost", () => {
  fc.assert(
    fc.property(lists(), ([original, branch]) => {
      const found: TimedDifference[] = [];
      const aligner = new EventAligner(TOLERANCE_US, (...reported) => found.push(timed(...reported)));
      const times = [...original, ...branch].map(({ timeUs }) => timeUs);
      for (let now = 0; now <= Math.max(0, ...times) + 1; now++) {
        // The branch comes first: it may be ahead of what is known of the original.
        for (const each of branch) if (each.timeUs === now) aligner.branch(each);
        for (const each of original) if (each.timeUs === now) aligner.original(each);
        aligner.passed(now + 1);
      }
      aligner.finish();
      assert.is(costOf(inOrder(found)), costOf(differencesOf(original, branch, TOLERANCE_US)));
      assert.is(found.length, new Set(found.map(({ difference }) => JSON.stringify(difference))).size);
    }),
  );
});

test("a difference is reported as soon as both lists are further on than the tolerance", () => {
  const reported: EventDifference[] = [];
  const aligner = new EventAligner(TOLERANCE_US, (difference) => reported.push(difference));
  aligner.original(event(1, "a", 100));
  aligner.passed(110);
  assert.equal(reported, []);
  aligner.passed(111);
  assert.equal(reported, [{ type: "gone", original: "o/1/1" }]);
});

test("a list that is thousands of events ahead is not decided before the other has come as far", () => {
  const list = Array.from({ length: 3_000 }, (_, i) => event(i + 1, "a", 5 * i));
  const types = new Set<string>();
  const aligner = new EventAligner(TOLERANCE_US, ({ type }) => types.add(type));
  for (const each of list) aligner.branch(each);
  for (const each of list) {
    aligner.passed(each.timeUs);
    aligner.original(each);
  }
  aligner.finish();
  assert.equal([...types], ["same"]);
});

test("thousands of events of one kind that never pause are aligned in bounded pieces", () => {
  const original = Array.from({ length: 4000 }, (_, i) => event(i + 1, "a", 5 * i));
  const branch = original.map((e) => ({ ...e, timeUs: e.timeUs + 1 }));
  const found = differencesOf(original, branch, TOLERANCE_US);
  assert.is(found.length, 4000);
  assert.ok(found.every(({ type, byUs }) => type === "moved" && byUs === 1));
});

function event(sequence: number, kind: string, timeUs: number): EventMessage {
  return {
    type: "event",
    sequence,
    id: `o/${sequence}/1`,
    timeUs,
    kind,
    severity: "info",
    actor: "anomaly",
    group: "host",
    channels: ["cpu"],
    title: kind,
    detail: { evidence: 3, row: 7 },
  };
}

/** Two lists of up to seven events of two kinds, times rising. */
function lists() {
  const list = fc
    .array(fc.tuple(fc.constantFrom("a", "b"), fc.nat(80)), { maxLength: 7 })
    .map((drawn) => drawn.sort((x, y) => x[1] - y[1]).map(([kind, at], i) => event(i + 1, kind, at)));
  return fc.tuple(list, list);
}

/** By trying everything: each event alone, or the heads together. */
function leastCost(x: EventMessage[], y: EventMessage[]): number {
  if (x.length === 0 || y.length === 0) return (TOLERANCE_US / 2) * (x.length + y.length);
  const apart = Math.abs(x[0]!.timeUs - y[0]!.timeUs);
  return Math.min(
    leastCost(x.slice(1), y) + TOLERANCE_US / 2,
    leastCost(x, y.slice(1)) + TOLERANCE_US / 2,
    apart <= TOLERANCE_US ? leastCost(x.slice(1), y.slice(1)) + apart : Number.POSITIVE_INFINITY,
  );
}

function costOf(found: EventDifference[]): number {
  let cost = 0;
  for (const { type, byUs } of found)
    cost += type === "gone" || type === "new" ? TOLERANCE_US / 2 : Math.abs(byUs ?? 0);
  return cost;
}

function ids(found: EventDifference[], list: "original" | "branch"): string[] {
  return found.flatMap((difference) => difference[list] ?? []).sort();
}

function byId(list: EventMessage[], id: string): EventMessage {
  return list.find((each) => each.id === id)!;
}

test.run();
