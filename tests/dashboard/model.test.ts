// runtime: either
/** The model and the view of the page, without a browser. */
import { effect } from "@preact/signals";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Columns } from "../../collab/charts/columns.ts";
import { type Shortcut, shortcutsByKey } from "../../collab/dashboard/keyboard/keyboard.ts";
import { stalledAfterMs } from "../../collab/dashboard/model/ended.ts";
import { MEASURES, measuresOf, measuresShown, seriesOf } from "../../collab/dashboard/model/measures.ts";
import { Model, measureAt, momentOf } from "../../collab/dashboard/model/model.ts";
import { View } from "../../collab/dashboard/model/view.ts";
import { intervalFor } from "../../collab/dashboard/sources/partition-stream.ts";
import type { PastAnswer } from "../../collab/dashboard/sources/source.ts";
import { float32Bytes, float64Bytes, uint16Bytes, uint32Bytes } from "../../protocol/columns.ts";
import type { Channels, EventMessage, StateMessage } from "../../protocol/messages.ts";

const T = 1_767_225_600_000_000;

test("samples of a frame reach the channels they name", () => {
  const model = modelWith(["a", "b"]);
  feed(model, [
    [0, 0, 1],
    [0, 1, 2],
    [10, 0, 3],
  ]);
  assert.is(series(model, "a").lastValue, 3);
  assert.is(series(model, "b").lastValue, 2);
  assert.is(model.headUs, T + 10);
  assert.is(model.samples, 3);
});

test("samples of an undeclared group or channel are left out", () => {
  const model = modelWith(["a"]);
  feed(model, [[0, 7, 1]]);
  model.frame({ ...frameOf([[0, 0, 1]]), group: "other" });
  assert.is(series(model, "a").written, 0);
});

test("an interval of decimated samples keeps its extremes and its last value", () => {
  const model = modelWith(["a"]);
  model.decimated({
    type: "decimated",
    id: 1,
    inputSequence: 1,
    group: "g",
    fromUs: T,
    everyUs: 1000,
    interval: uint32Bytes([0, 2]),
    channel: uint16Bytes([0, 0]),
    min: float64Bytes([-5, 1]),
    max: float64Bytes([9, 1]),
    last: float64Bytes([2, 1]),
    samples: uint32Bytes([20, 1]),
  });
  const own = series(model, "a");
  assert.is(own.written, 4);
  const extremes = new Columns(100_000, 1);
  own.fill(extremes, T, T + 100_000);
  assert.is(extremes.low(Math.floor(T / 100_000)), -5);
  assert.is(extremes.high(Math.floor(T / 100_000)), 9);
  assert.is(own.lastValue, 1);
});

test("a group that is declared again with more channels keeps its data", () => {
  const model = modelWith(["a"]);
  feed(model, [[0, 0, 1]]);
  model.channels(declaration(["a", "b"]), "p0");
  assert.is(series(model, "a").written, 1);
  assert.is(model.groups.value[0]?.channels.length, 2);
});

test("what all titles of a group end with is said once, and not in each name", () => {
  const model = new Model();
  const titled = (titles: string[]) => {
    const { channels, ...rest } = declaration(titles);
    model.channels({ ...rest, channels: channels.map((each) => ({ ...each, title: each.name })) }, "p0");
    const [group] = model.groups.value;
    return [group!.remark, ...group!.channels.map(({ title }) => title)];
  };
  assert.equal(titled(["Disk (synthetic)", "Net (synthetic)"]), ["synthetic", "Disk", "Net"]);
  assert.equal(titled(["Disk (sda)", "Disk (sdb)"]), [null, "Disk (sda)", "Disk (sdb)"]);
  assert.equal(titled(["Disk (sda)"]), [null, "Disk (sda)"]);
  assert.equal(titled(["Disk", "Net (synthetic)"]), [null, "Disk", "Net (synthetic)"]);
});

test("rows of a minute are not missed after seconds, and of several groups the fastest counts", () => {
  const waits = [[100_000], [10_000_000], [10_000_000, 60_000_000], [0]].map((all) =>
    stalledAfterMs(all.map((everyUs) => ({ everyUs }))),
  );
  assert.equal(waits, [3_000, 30_000, 30_000, 3_000]);
});

test("a group that is declared again with other channels loses its data", () => {
  const model = modelWith(["a"]);
  feed(model, [[0, 0, 1]]);
  model.channels(declaration(["x", "a"]), "p0");
  assert.equal(
    model.groups.value[0]?.channels.map(({ name }) => name),
    ["x", "a"],
  );
  assert.is(series(model, "a").written, 0);
});

test("titles of channels and events are shown without characters that are not seen", () => {
  const model = modelWith(["a\u202eb\n"]);
  model.event({ ...event(1), title: "high\u001b[2J\u2066" });
  model.flush();
  assert.is(model.groups.value[0]?.channels[0]?.title, "a\\u202eb\\n");
  assert.is(model.events.value[0]?.title, "high\\u001b[2J\\u2066");
});

test("events are newest first, each once", () => {
  const model = modelWith(["a"]);
  for (const sequence of [1, 2, 2, 1, 3]) model.event(event(sequence));
  model.flush();
  assert.equal(
    model.events.value.map(({ sequence }) => sequence),
    [3, 2, 1],
  );
});

test("events of several partitions stand in the order of time, each once, also one that comes late", () => {
  const model = modelWith(["a"]);
  model.channels({ ...declaration(["z"]), group: "h" }, "p1");
  const ids = () => model.events.value.map(({ id }) => id);
  for (const sequence of [1, 3]) model.event(event(sequence));
  model.event(event(4, "p1"));
  model.flush();
  const version = model.eventsVersion;
  for (const sequence of [2, 4]) model.event(event(sequence, "p2"));
  model.event(event(4, "p1"));
  model.flush();
  assert.equal(ids(), ["p2/4/0", "p1/4/0", "p0/3/0", "p2/2/0", "p0/1/0"]);
  assert.is.not(model.eventsVersion, version);
});

test("what happens to one partition leaves the events, samples and times of the others", () => {
  const model = modelWith(["a"]);
  model.channels({ ...declaration(["z"]), group: "h" }, "p1");
  feed(model, [[50, 0, 1]]);
  model.frame({ ...frameOf([[80, 0, 1]]), group: "h" });
  for (const partition of ["p0", "p1"])
    for (const sequence of [1, 2]) model.event(event(sequence, partition));
  model.flush();
  model.eventsRewound(1, "p1");
  model.samplesRewound("p1");
  assert.equal(
    model.events.value.map(({ id }) => id),
    ["p0/2/0", "p1/1/0", "p0/1/0"],
  );
  assert.is(model.headUs, T + 50);
  assert.equal([series(model, "a").written, model.channelsByKey.get("h/z")!.series.written], [1, 0]);
  model.restarted("p0");
  assert.equal(
    model.events.value.map(({ id }) => id),
    ["p1/1/0"],
  );
  const session = { session: "s", partitions: ["p0", "p1"] };
  const rewinds = model.rewinds.value;
  // A partition that is behind the others has not moved.
  model.session({ ...session, partition: "p0", timeUs: T + 50 });
  model.session({ ...session, partition: "p1", timeUs: T - 60_000_000 });
  assert.is(model.rewinds.value, rewinds);
  assert.is(model.sessionInfo.value!.partition, "p0");
});

test("gauges of several partitions are added up or, as latencies, the highest", () => {
  const model = new Model();
  const gauges = { samplesPerSecond: 100, shed: 1, latencyP99Us: 500 };
  model.metrics({ type: "metrics", timeUs: T, gauges }, "p0");
  assert.equal(model.gauges.value, gauges);
  model.metrics({ type: "metrics", timeUs: T, gauges: { ...gauges, latencyP99Us: 900 } }, "p1");
  assert.equal(model.gauges.value, { samplesPerSecond: 200, shed: 2, latencyP99Us: 900 });
});

test("after a restart of the server with a new log its first events count", () => {
  const model = modelWith(["a"]);
  model.event(event(7));
  model.flush();
  model.restarted("p0");
  model.event(event(1));
  model.flush();
  assert.equal(
    model.events.value.map(({ sequence }) => sequence),
    [1],
  );
});

test("a joint state is remembered, with its measures", () => {
  const model = modelWith(["a", "b"]);
  model.state(state(0, 0.7));
  model.state(state(100, 0.4));
  const joint = model.group("g")?.joint;
  assert.is(joint?.history?.indexBefore(T + 50), 0);
  assert.is(joint?.measures.get("purity")?.valueBefore(T + 50), 0.7);
  assert.is(joint?.measures.get("purity")?.lastValue, 0.4);
});

test("measures of a detector that was added stand after those of the program, whose own are left to their places", () => {
  const model = modelWith(["a", "b"]);
  const { measures, ...rest } = state(0, 0.7);
  model.state({ ...rest, measures: { ...measures, "risk.turbulence": 2, "gap.score": 3 } });
  const { joint } = model.groups.peek()[0]!;
  const shown = measuresOf(joint);
  assert.equal(
    shown.slice(MEASURES.length).map(({ title }) => title),
    ["gap.score"],
  );
  assert.is(seriesOf(joint, shown.at(-1)!)!.lastValue, 3);
  assert.is(measuresShown(joint, true), MEASURES.length + 1);
  assert.is(measuresOf(undefined), MEASURES);
});

test("the view follows the newest sample until it is paused", () => {
  const model = modelWith(["a"]);
  const view = new View(model);
  feed(model, [[0, 0, 1]]);
  assert.is(view.endUs, T);
  view.pause();
  feed(model, [[5000, 0, 1]]);
  assert.is(view.endUs, T);
  view.follow();
  assert.is(view.endUs, T + 5000);
});

test("a moment that a link names before the first state is there is looked up once it is", () => {
  const model = modelWith(["a", "b"]);
  const view = new View(model);
  view.frozenEndUs.value = T - 60_000_000;
  const lacks: boolean[] = [];
  const end = effect(() => void lacks.push(view.lacksMoment));
  model.state(state(0, 0.7));
  model.flush();
  end();
  assert.is(lacks[0], false);
  assert.is(lacks[lacks.length - 1], true);
});

test("zooming while paused keeps the time under the pointer where it is", () => {
  const model = modelWith(["a"]);
  const view = new View(model);
  feed(model, [[0, 0, 1]]);
  view.pause();
  const share = 0.25;
  const under = () => view.endUs - view.spanUs.value * (1 - share);
  const before = under();
  view.zoom(0.5, share);
  assert.is(under(), before);
});

test("the window of slow rows is as long as its data, up to a hundred rows; a moment that is kept, and a chosen length, stay", () => {
  const model = new Model();
  model.channels({ ...declaration(["a"]), everyUs: 15_000_000 }, "p0");
  const view = new View(model);
  const spanAfter = (row: number) => {
    feed(model, [[row * 15_000_000, 0, row]]);
    model.flush();
    return view.spanUs.value / 15_000_000;
  };
  assert.is(view.soughtUs.value, 3600e6, "the past of all of it is asked for");
  assert.equal([0, 3, 20, 100, 240, 1_000].map(spanAfter), [4, 4, 20, 100, 240, 240]);
  model.samplesRewound("p0");
  assert.is(view.spanUs.value, 3600e6, "nothing is known yet");
  assert.is(spanAfter(30), 4, "a recording that moved to where less is before it");
  view.pause();
  assert.is(spanAfter(60), 4);
  view.follow();
  assert.is(spanAfter(70), 40);
  view.setSpan(300e6);
  assert.equal([spanAfter(200), view.soughtUs.value], [20, 300e6]);
});

test("what is known of the past counts as data of the window", () => {
  const model = new Model();
  model.channels({ ...declaration(["a"]), everyUs: 86_400_000_000 }, "p0");
  const view = new View(model);
  assert.is(view.soughtUs.value, 30 * 86_400e6, "at most a month");
  model.past(pastOf({ fromUs: T - 3600e6, toUs: Number.POSITIVE_INFINITY }), "p0", true);
  feed(model, [[2 * 3600e6, 0, 1]]);
  model.flush();
  assert.is(Math.round(view.spanUs.value / 60e6), 120);
});

test("panning into the past stops following, panning to the newest sample follows again", () => {
  const model = modelWith(["a"]);
  const view = new View(model);
  feed(model, [[0, 0, 1]]);
  view.panUs(-1000);
  assert.not(view.following.value);
  view.panUs(2000);
  assert.ok(view.following.value);
});

test("the default choice is a few channels of the first units, and a person's choice stays", () => {
  const model = modelWith(["a", "b", "c", "d", "e", "f"]);
  const view = new View(model);
  assert.equal(view.chosen.value, ["g/a", "g/b", "g/c", "g/d"]);
  view.toggleChannel("g/b");
  model.channels({ ...declaration(["z"]), group: "h" }, "p0");
  assert.equal(view.chosen.value, ["g/a", "g/c", "g/d"]);
});

test("the page takes every sample of slow channels, and intervals shorter than a pixel of fast ones", () => {
  assert.is(intervalFor(5_000, 60e6), 0);
  assert.is(intervalFor(64_000, 2e6), 0);
  for (const spanUs of [15e6, 60e6, 300e6, 3600e6]) {
    const interval = intervalFor(64_000, spanUs);
    assert.ok(
      interval > 0 && interval <= Math.max(4000, spanUs / 2400) && interval <= 100_000,
      `${interval}`,
    );
  }
});

test("two shortcuts cannot use the same key", () => {
  const shortcut = (label: string, ...keys: string[]): Shortcut => ({ keys, group: "Look", label, run() {} });
  assert.throws(
    () => shortcutsByKey([shortcut("one", "a", "b"), shortcut("two", "b")]),
    /bind b to "two".*"one"/,
  );
  assert.is(shortcutsByKey([shortcut("one", "a"), shortcut("two", "b")]).size, 2);
});

function declaration(names: string[]): Channels {
  return {
    type: "channels",
    group: "g",
    source: "s",
    channels: names.map((name) => ({ name, title: "", unit: "" })),
    sampling: "rows",
    everyUs: 10,
    innovation: "difference",
  };
}

function modelWith(names: string[]): Model {
  const model = new Model();
  model.channels(declaration(names), "p0");
  return model;
}

function frameOf(samples: [afterUs: number, channel: number, value: number][]) {
  return {
    type: "frame" as const,
    group: "g",
    source: "s",
    sequence: 0,
    count: samples.length,
    time: Float64Array.from(samples, ([after]) => T + after),
    channel: Uint16Array.from(samples, ([, channel]) => channel),
    value: Float64Array.from(samples, ([, , value]) => value),
    size: null,
  };
}

function feed(model: Model, samples: [number, number, number][]): void {
  model.frame(frameOf(samples));
}

function series(model: Model, name: string) {
  const channel = model.channelsByKey.get(`g/${name}`);
  if (channel === undefined) throw new Error(`no channel ${name}`);
  return channel.series;
}

function event(sequence: number, partition = "p0"): EventMessage {
  return {
    type: "event",
    sequence,
    id: `${partition}/${sequence}/0`,
    timeUs: T + sequence,
    kind: "feed.gap",
    severity: "notice",
    actor: "feed",
    group: "g",
    channels: [],
    title: "A gap",
    detail: {},
  };
}

function state(afterUs: number, purity: number): StateMessage {
  return {
    type: "state",
    group: "g",
    timeUs: T + afterUs,
    n: 2,
    modes: ["a", "b"],
    source: "estimated",
    reading: "single-excitation",
    norm: "unit",
    re: float32Bytes([0.5, 0, 0, 0.5]),
    im: float32Bytes([0, 0, 0, 0]),
    populations: [0.5, 0.5],
    spectrum: [0.5, 0.5],
    pointer: [0.5, 0.5],
    pointerPhase: [0, 0],
    measures: { purity },
    significant: true,
  };
}

test("a past that begins a session puts samples and measures before those that follow, and forgets those of before", () => {
  const model = modelWith(["a"]);
  feed(model, [[0, 0, 99]]);
  model.past(pastOf({ fromUs: T, toUs: Number.POSITIVE_INFINITY }), "p0", true);
  feed(model, [[5_000_000, 0, 7]]);
  const own = series(model, "a");
  assert.is(own.written, 1);
  assert.is(own.valueBefore(T + 1_500_000), 4);
  assert.is(own.lastValue, 7);
  assert.is(model.groups.value[0]?.joint.measures.get("purity")?.valueBefore(T + 500_000), 0.5);
});

test("a long past comes in several messages for a group, and all of it is there", () => {
  const model = modelWith(["a"]);
  const first = pastOf({ fromUs: T, toUs: Number.POSITIVE_INFINITY });
  const next = { interval: uint32Bytes([7, 8]), last: float64Bytes([70, 80]) };
  const further = {
    decimated: first.decimated.map((each) => ({ ...each, ...next })),
    measures: first.measures.map((each) => ({ ...each, ...next })),
  };
  const both = {
    ...first,
    decimated: [...first.decimated, ...further.decimated],
    measures: [...first.measures, ...further.measures],
  };
  model.past(both, "p0", true);
  feed(model, [[20_000_000, 0, 7]]);
  const own = series(model, "a");
  const purity = model.groups.value[0]!.joint.measures.get("purity")!;
  assert.equal(
    [1.5e6, 7.5e6, 8.5e6].map((us) => own.valueBefore(T + us)),
    [4, 70, 80],
  );
  assert.equal(
    [1.5e6, 7.5e6, 8.5e6].map((us) => purity.valueBefore(T + us)),
    [4, 70, 80],
  );
});

test("a recording that moved has the state of its place with the past, until its actors publish one", () => {
  const model = modelWith(["a"]);
  const { joint } = model.groups.value[0]!;
  model.state(stateOf(T + 100_000_000, 0.9));
  model.samplesRewound("p0");
  const moved = model.groups.value[0]!.joint;
  assert.is(momentOf(moved, null), null);
  const begin = pastOf({ fromUs: T, toUs: Number.POSITIVE_INFINITY });
  model.past({ ...begin, states: [stateOf(T + 8_000_000, 0.25)] }, "p0", false);
  assert.equal([momentOf(moved, null)?.timeUs, momentOf(moved, null)?.past], [T + 8_000_000, false]);
  model.state(stateOf(T + 9_000_000, 0.5));
  assert.is(momentOf(moved, null)?.timeUs, T + 9_000_000);
  model.past({ ...begin, states: [stateOf(T + 8_000_000, 0.25)] }, "p0", false);
  assert.is(momentOf(moved, null)?.timeUs, T + 9_000_000, "what was published stays");
  assert.is.not(joint, moved);
});

test("a past that was waited for is drawn at once, as what a person changed; samples that arrive wait for their turn", () => {
  const model = modelWith(["a"]);
  const view = new View(model);
  const version = () => view.window.version();
  const before = version();
  feed(model, [[0, 0, 1]]);
  assert.is(version(), before);
  model.past(pastOf({ fromUs: T, toUs: Number.POSITIVE_INFINITY }), "p0", false);
  assert.is.not(version(), before);
});

test("channels of a group come in intervals of other lengths, and each has its own", () => {
  const model = modelWith(["a", "b"]);
  const fine = pastOf({ fromUs: T, toUs: Number.POSITIVE_INFINITY });
  const coarse = { everyUs: 4_000_000, channel: uint16Bytes([1, 1]) };
  const decimated = [...fine.decimated, ...fine.decimated.map((each) => ({ ...each, ...coarse }))];
  model.past({ ...fine, decimated }, "p0", true);
  const values = (name: string) =>
    [0.5e6, 1.5e6, 3.5e6, 7.5e6].map((us) => series(model, name).valueBefore(T + us));
  assert.equal(values("a"), [0.5, 4, 4, 4]);
  assert.equal(values("b"), [0.5, 0.5, 0.5, 4]);
});

test("a chart shows the chosen channels, and of bars that are candles all their parts", () => {
  const model = modelWith(["A.open", "A.close", "B.close", "rate"]);
  const view = new View(model);
  view.choose(["g/A.close", "g/rate"]);
  assert.equal(view.charted.value, ["g/A.close", "g/rate"]);
  view.isCandles.value = true;
  assert.equal(view.charted.value, ["g/A.close", "g/rate", "g/A.open"]);
});

test("a moment shows the state that was looked up for it, with its measures, and none where none is known", () => {
  const model = modelWith(["a"]);
  const { joint } = model.groups.value[0]!;
  model.state(stateOf(T + 100_000_000, 0.9));
  assert.is(momentOf(joint, T + 10_000_000), null);
  const known = stateOf(T + 8_000_000, 0.25);
  model.past({ ...pastOf({ fromUs: T, toUs: T + 10_000_000 }), states: [known] }, "p0", false);
  const moment = momentOf(joint, T + 10_000_000)!;
  assert.is(moment.timeUs, T + 8_000_000);
  assert.is(measureAt(joint, moment, "purity"), 0.25);
  assert.is(momentOf(joint, T + 7_000_000), null, "before that state");
  assert.is(momentOf(joint, T + 11_000_000), null, "after the moment that was asked for");
  assert.is(momentOf(joint, null)?.timeUs, T + 100_000_000);
});

function pastOf({ fromUs, toUs }: { fromUs: number; toUs: number }): PastAnswer {
  const rows = {
    group: "g",
    fromUs: T,
    everyUs: 1_000_000,
    interval: uint32Bytes([0, 1]),
    min: float64Bytes([1, 0.5]),
    max: float64Bytes([2, 4]),
    last: float64Bytes([0.5, 4]),
    samples: uint32Bytes([1, 1]),
  };
  return {
    fromUs,
    toUs,
    decimated: [{ type: "decimated", id: 0, inputSequence: 1, channel: uint16Bytes([0, 0]), ...rows }],
    measures: [{ type: "measures", names: ["purity"], measure: uint16Bytes([0, 0]), ...rows }],
    states: [],
  };
}

function stateOf(timeUs: number, purity: number): StateMessage {
  return {
    type: "state",
    group: "g",
    timeUs,
    n: 1,
    modes: ["a"],
    source: "estimated",
    reading: "single-excitation",
    norm: "unit",
    re: float32Bytes([1]),
    im: float32Bytes([0]),
    populations: [1],
    spectrum: [1],
    pointer: [1],
    pointerPhase: [0],
    measures: { purity },
    significant: true,
  };
}

test.run();
