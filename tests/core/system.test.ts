// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../actors/core/core.ts";
import { hex } from "../../actors/core/hash.ts";
import { RandomStream } from "../../actors/core/random.ts";
import { SYSTEM } from "../../actors/system.ts";
import type { Input, StateMessage } from "../../protocol/messages.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { channels, opened, row } from "../support/inputs.ts";

const CHANNELS = 4;
const ROWS = 1200;
const silent = { event() {}, state() {}, metrics() {} };

test("[R4] every field of every real actor changes the hash", () => {
  const core = calibrated();
  const before = hex(core.hash().hash);
  const random = new RandomStream(1, "elements");
  const actors = new Set<string>();
  for (const { actor, field, value } of [...core.registered()]) {
    if (typeof value === "string" || value.length === 0) continue;
    actors.add(actor);
    const elements = [0, value.length - 1, Math.floor(random.next() * value.length)];
    for (const i of elements) {
      const old = value[i]!;
      value[i] = old === 1 ? 2 : 1;
      assert.is.not(hex(core.hash().hash), before, `${actor}.${field}[${i}]`);
      value[i] = old;
    }
  }
  assert.is(hex(core.hash().hash), before);
  for (const name of [
    "front",
    "estimator",
    "collapse",
    "anomaly",
    "changes",
    "trend",
    "patterns",
    "risk",
    "opportunity",
    "prediction",
    "measurementEffect",
    "entanglement",
    "interference",
    "arrivals",
  ])
    assert.ok(actors.has(`g/${name}`), name);
});

test("the real actors, restored from any snapshot, have the same later events, states and hash", () => {
  const whole = run(0, ROWS);
  for (const cut of [3, 70, 501, 640, 1100]) {
    const first = run(0, cut);
    const states: StateMessage[] = [...first.states];
    const events = [...first.events];
    const core = Core.restore(first.core.snapshot(), SYSTEM, {
      event: (event) => void events.push(event.id),
      state: (state) => void states.push(state),
      metrics() {},
    });
    feed(core, cut, ROWS);
    assert.equal(events, whole.events, `events, cut at row ${cut}`);
    assert.equal(states, whole.states, `states, cut at row ${cut}`);
    assert.is(hex(core.hash().hash), hex(whole.core.hash().hash), `hash, cut at row ${cut}`);
  }
});

test("the real actors publish only finite numbers", () => {
  const { states } = run(0, ROWS);
  assert.ok(states.length > 5);
  for (const state of states) {
    for (const [name, value] of Object.entries(state.measures)) assert.ok(Number.isFinite(value), name);
    for (const value of [...state.populations, ...state.spectrum, ...state.pointer, ...state.pointerPhase]) {
      assert.ok(Number.isFinite(value));
    }
  }
});

function calibrated(): Core {
  return run(0, ROWS).core;
}

function run(from: number, to: number) {
  const events: string[] = [];
  const states: StateMessage[] = [];
  const core = new Core(SYSTEM, {
    event: (event) => void events.push(event.id),
    state: (state) => void states.push(state),
    metrics() {},
  });
  const {
    changes,
    risk,
    opportunity,
    prediction,
    trend,
    patterns,
    measurementEffect,
    entanglement,
    interference,
  } = defaultSettings();
  core.apply(
    1,
    0,
    opened({
      changes: { ...changes, enabled: true },
      patterns: { ...patterns, enabled: true, averageUs: 0 },
      trend: { ...trend, enabled: true, averageUs: 0 },
      measurementEffect: { ...measurementEffect, enabled: true, windowRows: 24, placebos: 19 },
      prediction: { ...prediction, enabled: true, stepSeconds: 0.02, aheadRows: 5 },
      opportunity: {
        ...{ ...opportunity, enabled: true, channels: "c0, c1, c2", windowPeriods: 100 },
        rates: "c0=A/B@v, c1=B/C@v, c2=A/C@v",
      },
      risk: { ...risk, enabled: true, channels: "c0, c1, c3", windowReturns: 200, backtestReturns: 100 },
      entanglement: { ...entanglement, enabled: true, learnRows: 100 },
      interference: { ...interference, enabled: true },
    }),
  );
  core.apply(2, 0, channels(CHANNELS, { everyUs: 10_000, innovation: "difference" }));
  for (const row of [600, 1_000]) {
    const body = { type: "news", title: "", group: "g", channels: [], atUs: row * 10_000 };
    core.apply(core.sequence + 1, 0, {
      type: "command",
      name: "mark",
      body,
      author: { id: "ana" },
      source: "gateway",
      sequence: 0,
    });
  }
  feed(core, from, to);
  return { core, events, states };
}

/** A common factor and noise; two channels change sign at row 900, so that events occur. */
function feed(core: Core, from: number, to: number): void {
  const random = new RandomStream(7, "walk");
  const level = new Float64Array(CHANNELS);
  for (let r = 0; r < to; r++) {
    const common = random.next() - 0.5;
    for (let c = 0; c < CHANNELS; c++) {
      const sign = r > 900 && c < 2 ? -3 : 1;
      level[c] = level[c]! + sign * common + 0.5 * (random.next() - 0.5);
    }
    if (r >= from)
      core.apply(
        core.sequence + 1,
        (r + 1) * 10_000,
        row(
          (r + 1) * 10_000,
          Array.from(level, (x) => 100 + x),
          r + 1,
        ),
      );
  }
}

test("a session that goes on is not learnt again: its log is what it remembers", () => {
  const kinds: string[] = [];
  const sink = { event: ({ kind }: { kind: string }) => void kinds.push(kind), state() {}, metrics() {} };
  const host = channels(3, {
    group: "host",
    channels: ["cpu.busy", "memory.used", "own.loopDelay"].map((name) => ({ name, title: "", unit: "" })),
    everyUs: 100_000,
  });
  const first = new Core(SYSTEM, sink);
  for (const input of [opened({}), host]) first.apply(first.sequence + 1, 1_000_000, input);
  const learnt = 400_000_000;
  first.apply(first.sequence + 1, learnt, { ...row(learnt, [1, 1, 1], 1), group: "host" });
  assert.equal(kinds.splice(0), ["incident.learning", "incident.watching"]);
  const again = Core.restore(first.snapshot(), SYSTEM, sink);
  for (const input of [opened({}), host]) again.apply(again.sequence + 1, learnt + 3_600_000_000, input);
  assert.equal(kinds, []);
});

test("a changed setting of incidents does not begin their learning again, one of a detector restarts it alone", () => {
  const kinds: string[] = [];
  const sink = { event: ({ kind }: { kind: string }) => void kinds.push(kind), state() {}, metrics() {} };
  const host = channels(2, {
    group: "host",
    channels: ["cpu.busy", "memory.used"].map((name) => ({ name, title: "", unit: "" })),
    everyUs: 100_000,
  });
  const core = new Core(SYSTEM, sink);
  const enter = (timeUs: number, input: Input) => core.apply(core.sequence + 1, timeUs, input);
  enter(1_000_000, opened({}));
  enter(1_000_000, host);
  enter(2_000_000, { type: "configChanged", path: "incidents.budgetPerDay", value: 1, author: "ana" });
  enter(400_000_000, host);
  assert.equal(kinds, ["incident.learning", "config.changed", "incident.watching"]);
});

test("the program's own health is in no density matrix, and no detector looks at it", () => {
  const kinds = new Set<string>();
  const sink = {
    event: ({ kind, group }: { kind: string; group: string }) => void kinds.add(`${kind} ${group}`),
    state() {},
    metrics() {},
  };
  const core = new Core(SYSTEM, sink);
  const enter = (timeUs: number, input: Input) => core.apply(core.sequence + 1, timeUs, input);
  enter(1_000_000, opened({}));
  const health = ["own.cpu", "own.heap"].map((name) => ({ name, title: "", unit: "" }));
  enter(1_000_000, channels(2, { group: "host.own", channels: health, everyUs: 10_000 }));
  enter(1_000_000, channels(2, { group: "watched", everyUs: 10_000 }));
  for (let r = 1; r <= 1_000; r++)
    for (const group of ["host.own", "watched"])
      enter(1e6 + r * 10_000, { ...row(1e6 + r * 10_000, [Math.sin(r), Math.cos(r)]), group });
  assert.ok(kinds.has("coherence.warmed watched"), [...kinds].join());
  assert.not([...kinds].some((kind) => kind.endsWith(" host.own")));
});

test("a session continues with the actors of its new settings, also after a restore", () => {
  const settings = defaultSettings();
  for (const [before, after] of [
    [true, false],
    [false, true],
  ] as const) {
    const core = new Core(SYSTEM, silent);
    const enter = (monitor: boolean) =>
      core.apply(core.sequence + 1, 0, opened({ monitor: { ...settings.monitor, enabled: monitor } }));
    enter(before);
    enter(after);
    const actors = core.hash().parts.map(({ actor }) => actor);
    assert.is(actors.includes("/monitor"), after);
    assert.is(hex(Core.restore(core.snapshot(), SYSTEM, silent).hash().hash), hex(core.hash().hash));
  }
});

test.run();
