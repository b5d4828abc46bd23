// runtime: either
/** Injections, moved recordings and what-if questions in the page, without a browser. */
import * as fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { joinBands } from "../../collab/charts/hatch.ts";
import {
  type Injection,
  injectionsAfter,
  injectionsUpTo,
  injectionsWith,
  isActive,
} from "../../collab/dashboard/model/injections.ts";
import { Model } from "../../collab/dashboard/model/model.ts";
import { View } from "../../collab/dashboard/model/view.ts";
import { EMPTY_FORM, localTime, requestOf } from "../../collab/dashboard/panels/what-if/form.ts";
import { pairsOf } from "../../collab/dashboard/panels/what-if/pairs.ts";
import { eventsAfter } from "../../collab/dashboard/sources/partition-stream.ts";
import type { WhatIfAnswer } from "../../protocol/controls.ts";
import type { Channels, EventMessage } from "../../protocol/messages.ts";

const T = 1_767_225_600_000_000;
const SECOND = 1_000_000;
const inP0 = () => "p0";

test("an injection is active from the event of its begin to that of its end", () => {
  const begun = injectionsAfter([], injected(1, "started"));
  assert.is(begun.length, 1);
  assert.is(begun[0]!.what, "spike ×2");
  assert.equal([...begun[0]!.channels], ["x"]);
  assert.ok(isActive(begun[0]!, T + 5 * SECOND));
  const ended = injectionsAfter(begun, injected(2, "ended"));
  assert.is(ended.length, 1);
  assert.not.ok(isActive(ended[0]!, T + 5 * SECOND));
  assert.equal([ended[0]!.fromUs, ended[0]!.untilUs], [T, T + 10 * SECOND]);
});

test("an injection without an event of its end is over some seconds after its last sample", () => {
  const [injection] = injectionsAfter([], injected(1, "started"));
  assert.ok(isActive(injection!, T + 12 * SECOND));
  assert.not.ok(isActive(injection!, T + 16 * SECOND));
});

test("a page that gets only the event of its end still marks an injection", () => {
  const [injection] = injectionsAfter([], injected(9, "ended"));
  assert.equal([injection!.fromUs, injection!.untilUs, injection!.endSequence], [T, T + 10 * SECOND, 9]);
});

test("an injection that was active when the page opened is marked once, whichever of its events arrive, in any order", () => {
  const { group, channels, detail } = injected(1, "started");
  const underWay = [{ group, channels, detail }];
  const started = injected(4, "started");
  const ended = injected(9, "ended");
  const alone = injectionsWith([], underWay, inP0);
  assert.ok(isActive(alone[0]!, T + 5 * SECOND));
  assert.equal(injectionsAfter(alone, started), [{ ...alone[0]!, sequence: 4 }]);
  assert.equal(injectionsWith(injectionsAfter([], started), underWay, inP0), injectionsAfter([], started));
  const [closed, ...others] = injectionsAfter(alone, ended);
  assert.equal([closed!.endSequence, others.length], [9, 0]);
  assert.equal(injectionsWith([closed!], underWay, inP0), [closed!]);
});

test("overlapping injections hatch each pixel once", () => {
  const span = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 20 }));
  fc.assert(
    fc.property(fc.array(span, { maxLength: 8 }), (spans) => {
      const bands = spans.map(([left, width]) => ({ left, right: left + width, top: 3, height: 9 }));
      const times = (of: readonly { left: number; right: number }[]) =>
        Array.from({ length: 80 }, (_, x) => of.filter(({ left, right }) => x >= left && x < right).length);
      assert.equal(
        times(joinBands(bands)),
        times(bands).map((count) => Math.min(1, count)),
      );
    }),
  );
});

test("a recording that moves to any place has the injections known at that place", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("started", "ended", "other"), { maxLength: 12 }),
      fc.nat(13),
      (kinds, at) => {
        const events = kinds.map((kind, k) => injected(k + 1, kind, k));
        const after = (some: readonly EventMessage[]) =>
          some
            .reduce(injectionsAfter, [] as readonly Injection[])
            .map(comparable)
            .sort();
        const moved = injectionsUpTo(events.reduce(injectionsAfter, [] as readonly Injection[]), at, "p0");
        assert.equal(moved.map(comparable).sort(), after(events.filter(({ sequence }) => sequence <= at)));
      },
    ),
  );
});

test("a moved recording drops samples and states, and the events after the new place", () => {
  const model = new Model();
  const view = new View(model);
  declare(model);
  feed(model, T + 60 * SECOND, 1);
  for (const sequence of [1, 2, 3]) model.event(injected(sequence, "other"));
  model.flush();
  view.jumpTo(T);
  model.eventsRewound(2, "p0");
  assert.equal(
    model.events.value.map(({ sequence }) => sequence),
    [2, 1],
  );
  assert.is(model.headUs, T + 60 * SECOND, "until its samples come again, those of before are shown");
  model.samplesRewound("p0");
  assert.ok(view.following.value, "the frozen moment is gone");
  feed(model, T + 10 * SECOND, 7);
  assert.is(model.headUs, T + 10 * SECOND);
  assert.is(model.channelsByKey.get("g/x")!.series.written, 1);
  model.event(injected(3, "other"));
  model.flush();
  assert.is(model.events.value[0]!.sequence, 3);
});

test("the list of events begins again only where the page has too few events, or others", () => {
  // The page has all events: no request for a move back, or a little forward.
  assert.is(eventsAfter({ after: 0, upTo: 300 }, 20), 0);
  assert.is(eventsAfter({ after: 0, upTo: 300 }, 400), 0);
  // Far forward: the events in between are not requested.
  assert.is(eventsAfter({ after: 0, upTo: 300 }, 5_000), 4_500);
  // The page has the last of many: a move back would leave too few.
  assert.is(eventsAfter({ after: 1_500, upTo: 2_000 }, 1_600), 1_100);
  assert.is(eventsAfter({ after: 1_500, upTo: 2_000 }, 100), 0);
  assert.is(eventsAfter({ after: 1_500, upTo: 2_300 }, 2_100), 1_500);
});

test("a session that is further back after a break has moved, one that continues has not", () => {
  const model = new Model();
  const session = { session: "a", partition: "p0", partitions: ["p0"] };
  model.session({ ...session, timeUs: T });
  declare(model);
  feed(model, T + 60 * SECOND, 1);
  model.session({ ...session, timeUs: T + 59 * SECOND });
  assert.is(model.rewinds.value, 0);
  model.session({ ...session, timeUs: T + 5 * SECOND });
  assert.is(model.rewinds.value, 1);
});

test("a what-if comparison pairs events by their ids and describes how they differ", () => {
  const original = [injected(1, "other"), { ...injected(2, "other"), id: "p0/2/1" }];
  const branch = [
    { ...injected(1, "other"), timeUs: T + 2_500_000 },
    { ...injected(3, "other"), id: "p0/9/1" },
  ];
  const answer: WhatIfAnswer = {
    atUs: T,
    sequence: 1,
    untilUs: T + 60 * SECOND,
    original,
    events: branch,
    differences: [
      {
        type: "moved",
        original: original[0]!.id,
        branch: branch[0]!.id,
        byUs: 2_500_000,
        fields: ["detail.sum"],
      },
      { type: "gone", original: "p0/2/1" },
      { type: "new", branch: "p0/9/1" },
    ],
    counts: { same: 0, moved: 1, changed: 0, gone: 1, new: 1 },
  };
  const [moved, gone, fresh] = pairsOf(answer);
  assert.equal([moved!.original, moved!.branch, moved!.how], [original[0], branch[0], "2.50 s later; sum"]);
  assert.equal([gone!.original?.id, gone!.branch], ["p0/2/1", null]);
  assert.equal([fresh!.original, fresh!.branch?.id], [null, "p0/9/1"]);
  assert.is(moved!.timeUs, original[0]!.timeUs);
});

test("a completed form becomes the request that the gateway expects", () => {
  const at = localTime(T + 1_000);
  assert.equal(
    requestOf({
      ...EMPTY_FORM,
      at,
      until: localTime(T + 60 * SECOND),
      set: [
        { path: " collapse.falseAlarmsPerDay ", value: "0.5" },
        { path: "collapse.statistic", value: "cusum" },
        { path: "anomaly.enabled", value: "false" },
        { path: "", value: "7" },
      ],
      drop: ["g/x"],
      scenario: "spike",
      strength: 2,
      group: "g",
    }),
    {
      at: T + 1_000,
      untilUs: T + 60 * SECOND,
      set: { "collapse.falseAlarmsPerDay": 0.5, "collapse.statistic": "cusum", "anomaly.enabled": false },
      drop: ["g/x"],
      inject: [{ scenario: "spike", strength: 2, group: "g" }],
    },
  );
});

test("a form without a moment, or without a change, is refused", () => {
  assert.throws(() => requestOf({ ...EMPTY_FORM, drop: ["g/x"] }), /moment/);
  assert.throws(() => requestOf({ ...EMPTY_FORM, at: localTime(T) }), /at least one change/);
});

function comparable({ sequence, endSequence, fromUs }: Injection): string {
  return `${sequence} ${endSequence} ${fromUs}`;
}

/** `which`: injections differ in their begin, so that an end finds its own. */
function injected(sequence: number, kind: string, which = 0): EventMessage {
  const fromUs = T + 100 * SECOND * Math.floor(which / 2);
  return {
    type: "event",
    sequence,
    id: `p0/${sequence}/1`,
    timeUs: fromUs + sequence,
    kind: kind === "other" ? "test.happened" : `injection.${kind}`,
    severity: "notice",
    actor: "runtime",
    group: "g",
    channels: ["x"],
    title: "something",
    detail: { scenario: "spike", strength: 2, fromUs, untilUs: fromUs + 10 * SECOND, author: "me" },
  };
}

function declare(model: Model): void {
  const declaration: Channels = {
    type: "channels",
    group: "g",
    source: "s",
    channels: [{ name: "x", title: "", unit: "" }],
    sampling: "rows",
    everyUs: 1,
    innovation: "difference",
  };
  model.channels(declaration, "p0");
}

function feed(model: Model, timeUs: number, value: number): void {
  model.frame({
    type: "frame",
    group: "g",
    source: "s",
    sequence: 1,
    count: 1,
    time: Float64Array.of(timeUs),
    channel: Uint16Array.of(0),
    value: Float64Array.of(value),
    size: null,
  });
}

test.run();
