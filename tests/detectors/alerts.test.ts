// runtime: either
/** Thresholds that people set, and their alerts: when they fire and resolve, what people do with them, and what they are told. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { setup } from "xstate";
import { hex } from "../../actors/core/hash.ts";
import { alerts, MAX_THRESHOLDS } from "../../actors/detectors/alerts/detector.ts";
import { alertsStatus } from "../../actors/detectors/alerts/status.ts";
import type { ActorDefinition } from "../../actors/ports/detector.ts";
import type { ThresholdRequest } from "../../protocol/alert-commands.ts";
import { type LoggedCommandName, readCommand } from "../../protocol/commands.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { EventMessage, Input, StateMessage } from "../../protocol/messages.ts";
import { toy, toyCore } from "../core/toy-core.ts";
import { channels, row } from "../support/inputs.ts";

const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;

test("an alert fires when its value is above the level, and resolves at the level that clears", () => {
  const world = given().set({ level: 90, clearLevel: 80 });
  world.rows([1, 89], [2, 91], [3, 85], [4, 95], [5, 80]);
  assert.equal(world.told(), ["alert.fired at 2", "alert.resolved at 5"]);
  assert.match(world.events.at(-2)!.title, "Channel 0 is 91.00, above 90.00");
  assert.match(world.events.at(-1)!.title, "Channel 0 is 80.00 again, after 3.0 s above 90.00");
  assert.is(world.status("a").state, "resolved");
});

test("a threshold below a level is the mirror image", () => {
  const world = given().set({ direction: "below", level: 10, clearLevel: 20 });
  world.rows([1, 11], [2, 9], [3, 15], [4, 20]);
  assert.equal(world.told(), ["alert.fired at 2", "alert.resolved at 4"]);
});

test("[T1] a value must be beyond the level in every row for the dwell time", () => {
  const world = given().set({ level: 90, dwellSeconds: 3 });
  world.rows([1, 91], [2, 92], [3, 90], [4, 91], [5, 91], [6, 91]);
  assert.is(world.status("a").state, "pending");
  world.rows([7, 99]);
  assert.equal(world.told(), ["alert.fired at 7"]);
  assert.is(world.events.at(-1)!.detail["sinceUs"], 4 * SECOND);
});

test("[D2] the dwell time is that of the rows, however many rows a frame has, and a silent feed fires nothing", () => {
  const one = given().set({ level: 90, dwellSeconds: 3 });
  one.frame([1, 91], [2, 91], [3, 91], [4, 91], [5, 0], [6, 91]);
  assert.equal(one.told(), ["alert.fired at 4", "alert.resolved at 5"]);
  one.notice(3_600);
  assert.is(one.status("a").state, "pending");
});

test("a level that is met exactly is not beyond it, and clears", () => {
  const world = given().set({ level: 90 });
  world.rows([1, 90], [2, 91], [3, 90]);
  assert.equal(world.told(), ["alert.fired at 2", "alert.resolved at 3"]);
});

test("[T2] the first person to acknowledge an alert did", () => {
  const world = given().set({ level: 90 });
  world.rows([1, 91]).send("alert.acknowledged", { id: "a", note: "on it" }, "ana");
  world.send("alert.acknowledged", { id: "a" }, "ben");
  assert.equal(world.status("a").acknowledged, { by: "ana", atUs: SECOND, note: "on it" });
  assert.equal(world.kinds("alert.acknowledged"), ["ana acknowledged Channel 0: on it"]);
  world.rows([2, 0], [3, 91]);
  assert.is(world.status("a").acknowledged, null, "it fires anew");
});

test("an alert is assigned to one person, and to nobody", () => {
  const world = given().set({ level: 90 });
  world.send("alert.assigned", { id: "a", to: "ben" }, "ana");
  assert.equal(world.status("a").assigned, { by: "ana", to: "ben" });
  world.send("alert.assigned", { id: "a", to: "" }, "ana");
  assert.is(world.status("a").assigned, null);
});

test("a snoozed alert is not told; when the snooze is over and it still fires, it is", () => {
  const world = given().set({ level: 90 }).send("alert.snoozed", { id: "a", seconds: 60 });
  world.rows([1, 91], [2, 92]);
  assert.equal(world.fates(), ["a snoozed"]);
  world.rows([61, 93]);
  assert.equal(world.fates(), ["a snoozed", "a told"]);
  assert.match(world.events.at(-1)!.title, /no longer snoozed/);
});

test("a snooze that ends on an acknowledged alert, or early, tells nobody", () => {
  const world = given().set({ level: 90 });
  world.rows([1, 91]).send("alert.snoozed", { id: "a", seconds: 60 }).send("alert.acknowledged", { id: "a" });
  world.rows([100, 91]);
  assert.equal(world.fates(), ["a told"]);
  world.send("alert.snoozed", { id: "a", seconds: 60 }).send("alert.snoozed", { id: "a", seconds: 0 });
  assert.is(world.status("a").snoozedUntilUs, null);
  world.rows([300, 91]);
  assert.equal(world.fates(), ["a told"]);
});

test("[G1] alerts of one group within the window are told once, and again only for a more severe one", () => {
  const world = given({ n: 3 });
  for (const [k, severity] of (["warning", "notice", "critical"] as const).entries())
    world.set({ id: `t${k}`, of: { group: "g", channel: `c${k}` }, level: k, severity });
  world.row(1, [9, 9, 9]);
  assert.equal(world.fates(), ["t0 told", "t1 joined", "t2 told"]);
  const causes = world.fired().map(({ detail }) => detail["cause"]);
  assert.is(new Set(causes).size, 1);
  world.row(2, [0, 0, 0]).row(400, [9, 9, 9]);
  assert.equal(
    world.fates().slice(3),
    ["t0 told", "t1 joined", "t2 told"],
    "after the window it is another cause",
  );
});

test("[G1] an alert about a channel of an open incident joins it, unless it is more severe", () => {
  const world = given({ n: 2, session: [teller("incidents"), alerts] });
  world.set({ id: "a", level: 5, severity: "warning" });
  world.set({ id: "b", level: 7, severity: "critical" });
  world.incident("incident.opened", ["c0"]).row(1, [6, 0]);
  assert.equal(world.fates(), ["a joined"]);
  assert.is(world.fired()[0]!.detail["cause"], "incident 1");
  world.row(2, [8, 0]);
  assert.equal(world.fates(), ["a joined", "b told"]);
  world.row(3, [0, 0]).incident("incident.closed", ["c0"]).row(4_000, [6, 0]);
  assert.equal(world.fates(), ["a joined", "b told", "a told"]);
});

test("[G2] beyond the budget the least severe alerts are held back and counted, critical ones spend a day in advance", () => {
  const world = given({ settings: { alerts: { perDay: 2, windowSeconds: 0 } } });
  for (const severity of ["notice", "warning", "critical"] as const)
    world.set({ id: severity, level: { notice: 1, warning: 10, critical: 100 }[severity], severity });
  let second = 0;
  const peak = (value: number) => world.rows([++second, value], [++second, 0]);
  peak(2);
  assert.equal(world.fates(), ["notice told"]);
  peak(2);
  assert.equal(world.fates().slice(1), ["notice held"], "the rest of the day is for more severe ones");
  world.rows([++second, 0]);
  peak(11);
  assert.equal(world.fates().slice(2), ["notice held", "warning told"]);
  peak(101);
  peak(101);
  peak(101);
  const critical = world.fates().filter((fate) => fate.startsWith("critical"));
  assert.equal(critical, ["critical told", "critical told", "critical held"]);
  assert.ok(world.heldBack() > 0);
  const held = world.events.find(({ kind }) => kind === "alert.held")!;
  assert.is(held.severity, "info");
  assert.match(held.title, /^Held back, the budget of 2 alerts a day is spent/);
});

test("[G3] an alert that was held back is told as soon as the budget allows, while it still fires", () => {
  const world = given({ settings: { alerts: { perDay: 1, windowSeconds: 0 } } });
  world.set({ level: 1, id: "a" }).rows([1, 2], [2, 0], [3, 2]);
  assert.equal(world.fates(), ["a told", "a held"]);
  world.notice((DAY / SECOND) * 0.9);
  assert.equal(world.fates(), ["a told", "a held"]);
  world.notice((DAY / SECOND) * 1.1);
  assert.equal(world.fates(), ["a told", "a held", "a told"]);
  assert.is(world.heldBack(), 0);
});

test("a larger budget tells what was held back at once", () => {
  const world = given({ settings: { alerts: { perDay: 1, windowSeconds: 0 } } });
  world.set({ level: 1, id: "a" }).rows([1, 2], [2, 0], [3, 2]);
  world.apply(4, { type: "configChanged", path: "alerts.perDay", value: 1_000_000, author: "ana" });
  world.notice(60);
  assert.equal(world.fates(), ["a told", "a held", "a told"]);
});

test("a threshold on a channel that is not there says so at once, and works when it comes", () => {
  const world = given();
  world
    .set({ of: { group: "g", channel: "c7" } })
    .set({ id: "b", of: { group: "h", channel: "c0" }, level: 1 });
  assert.match(world.kinds("threshold.set")[0]!, /it waits, because group g has no channel c7 yet/);
  assert.match(world.kinds("threshold.set")[1]!, /it waits, because there is no group h yet/);
  world.apply(1, channels(1, { group: "h" }));
  world.apply(2, { ...row(2 * SECOND, [5]), group: "h" });
  assert.equal(world.told(), ["alert.fired at 2"]);
  world.notice(100);
  assert.match(
    world.kinds("alert.waiting").join(),
    /Threshold a waits: channel c7 of group g has had no value for/,
  );
  assert.is(world.status("a").state, "waiting");
});

test("a threshold on a measure is compared with each published state, also when nobody reads states", () => {
  const world = given({ group: [publisher] });
  world.set({ of: { group: "g", measure: "purity" }, direction: "below", level: 0.5 });
  world.set({ id: "b", of: { group: "g", measure: "puriti" }, level: 1 });
  world.rows([1, 0.9], [2, 0.4], [3, 0.6]);
  assert.equal(world.told(), ["alert.fired at 2", "alert.resolved at 3"]);
  assert.match(
    world.kinds("alert.waiting").join(),
    "states of group g have no measure puriti; they have purity",
  );
});

test("a threshold that is set anew begins anew, and one that is removed is gone with its alert", () => {
  const world = given().set({ level: 90 }).rows([1, 91]);
  world.set({ level: 90 });
  assert.is(world.status("a").state, "firing", "nothing has changed");
  world.set({ level: 95 });
  assert.match(world.kinds("alert.resolved")[0]!, /its threshold was set anew/);
  world.rows([2, 96]).send("threshold.removed", { id: "a" }, "ana");
  assert.match(world.kinds("alert.resolved")[1]!, /its threshold was removed/);
  assert.equal(world.kinds("threshold.removed"), ["ana removed threshold a"]);
  world.rows([3, 0], [4, 99]);
  assert.equal(world.all().length, 0);
});

test("[D4] thresholds stay when their actor is made anew", () => {
  const world = given().set({ level: 90 });
  world.apply(1, { type: "configChanged", path: "seed", value: 7, author: "ana" });
  world.rows([2, 91]);
  assert.equal(world.told(), ["alert.fired at 2"]);
});

test("beyond the largest number of thresholds a further one is refused with an event", () => {
  const world = given();
  for (let k = 0; k <= MAX_THRESHOLDS; k++) world.set({ id: `t${k}`, level: 1 });
  assert.is(world.all().length, MAX_THRESHOLDS);
  assert.match(world.kinds("threshold.refused")[0]!, /there are 256 already/);
});

test("[D3] without a threshold on a group nothing reads it", () => {
  const world = given({ n: 1 });
  world.set({ of: { group: "other", channel: "c0" } });
  world.rows([1, 91]);
  const front = ({ core }: World) => [...core.registered()].filter(({ actor }) => actor === "g/front");
  assert.is(JSON.stringify(front(world)), JSON.stringify(front(given())), "its rows are not even assembled");
});

test("a core restored from any snapshot goes on alike, with every timer and alert", () => {
  const script: ((world: World) => void)[] = [
    (world) => world.set({ level: 1, dwellSeconds: 2 }),
    (world) => world.set({ id: "b", level: 3, of: { group: "g", channel: "c0" } }),
    (world) => world.rows([1, 2], [2, 2], [3, 5]),
    (world) => world.send("alert.snoozed", { id: "b", seconds: 10 }),
    (world) => world.send("alert.acknowledged", { id: "a" }),
    (world) => world.rows([14, 6], [15, 0], [16, 9]),
    (world) => world.send("threshold.removed", { id: "a" }),
    (world) => world.rows([20, 0], [21, 9]),
  ];
  const settings = { alerts: { perDay: 1, windowSeconds: 1 } };
  const whole = given({ settings });
  for (const step of script) step(whole);
  for (let k = 0; k < script.length; k++) {
    const first = given({ settings });
    for (const step of script.slice(0, k)) step(first);
    const rest = given({ settings, from: first.core.snapshot(), second: first.second });
    for (const step of script.slice(k)) step(rest);
    assert.is(hex(rest.core.hash().hash), hex(whole.core.hash().hash), `restored after step ${k}`);
    assert.equal([...first.events, ...rest.events], whole.events);
  }
});

// ---- given ------------------------------------------------------------------------------------------------------

interface Given {
  readonly n?: number;
  readonly settings?: object;
  readonly group?: readonly ActorDefinition[];
  readonly session?: readonly ActorDefinition[];
  readonly from?: Uint8Array;
  readonly second?: number;
}

type World = ReturnType<typeof given>;

function given({ n = 1, settings = {}, group = [], session = [alerts], from, second = 0 }: Given = {}) {
  const world = toyCore({ group, session }, { n, settings, ...(from === undefined ? {} : { from }) });
  const { core, events } = world;
  const made = {
    core,
    events,
    second,
    apply(at: number, input: Input) {
      made.second = Math.max(made.second, at);
      world.apply(Math.max(core.now, at * SECOND), input);
      return made;
    },
    send(name: LoggedCommandName, body: object, author = "ana") {
      const command = { name, body: readCommand(name, body).body, author: { id: author } };
      return made.apply(made.second, { type: "command", ...command, source: "room", sequence: 0 });
    },
    set(threshold: Partial<ThresholdRequest>) {
      const request = {
        id: "a",
        of: { group: "g", channel: "c0" },
        direction: "above",
        level: 90,
        ...threshold,
      };
      return made.send("threshold.set", request);
    },
    row(at: number, values: number[]) {
      return made.apply(at, row(at * SECOND, values));
    },
    rows(...rows: [at: number, value: number][]) {
      for (const [at, value] of rows) made.row(at, [value]);
      return made;
    },
    /** All rows in one frame of a group of one channel. */
    frame(...rows: [at: number, value: number][]) {
      const frame: Frame = {
        ...row(0, [0]),
        count: rows.length,
        time: Float64Array.from(rows, ([at]) => at * SECOND),
        channel: new Uint16Array(rows.length),
        value: Float64Array.from(rows, ([, value]) => value),
      };
      return made.apply(rows.at(-1)![0], frame);
    },
    /** Time passes without data. */
    notice(at: number) {
      return made.apply(at, { type: "measurement", gauges: {} });
    },
    incident(kind: string, names: string[]) {
      const notice = {
        kind,
        severity: "warning",
        group: "g",
        channels: names,
        title: kind,
        author: "test",
      } as const;
      return made.apply(made.second, { type: "notice", detail: {}, ...notice });
    },
    /** What fired and resolved, and when. */
    told: () =>
      events
        .filter(({ kind }) => /^alert\.(fired|resolved)$/.test(kind))
        .map(({ kind, timeUs }) => `${kind} at ${timeUs / SECOND}`),
    fired: () => events.filter(({ kind }) => kind === "alert.fired" || kind === "alert.held"),
    fates: () => made.fired().map(({ detail }) => `${detail["alert"]} ${detail["fate"]}`),
    kinds: (kind: string) =>
      events.filter((event: EventMessage) => event.kind === kind).map(({ title }) => title),
    all: () => list().alerts,
    heldBack: () => list().heldBack,
    status: (id: string) => list().alerts.find(({ threshold }) => threshold.id === id)!,
  };
  const list = () => {
    const { context, parts } = core.stateOf("alerts")!;
    return alertsStatus(context, parts);
  };
  return made;
}

/** An actor of the session that announces each notice as its own, as incident 1. */
function teller(name: string): ActorDefinition {
  const machine = setup({
    types: { events: {} as { type: "told"; timeUs: number; title: string; channels: readonly string[] } },
    actions: { announce: (_: unknown, _params: object) => {} },
  }).createMachine({
    on: {
      told: {
        actions: {
          type: "announce",
          params: ({ event }) => ({
            kind: event.title,
            severity: "warning",
            group: "g",
            channels: event.channels,
            title: event.title,
            detail: { incident: 1 },
          }),
        },
      },
    },
    initial: "on",
    states: { on: {} },
  });
  const detector = () => ({
    fields: {},
    onInput(input: Input, context: { signal(signal: never): void; now: number }) {
      if (input.type !== "notice") return;
      const { kind: title, channels: names } = input;
      context.signal({ type: "told", timeUs: context.now, title, channels: names } as never);
    },
  });
  return toy(name, detector as never, { machine: machine as never });
}

/** Publishes the value of its last row as the purity; builds nothing when nobody reads it. */
const publisher = toy("estimator", () => {
  const last = new Float64Array(1);
  return {
    fields: { last },
    update: ({ rows, rowValue }) => {
      if (rows > 0) last[0] = rowValue[rows - 1]!;
    },
    publish: ({ unread }) =>
      unread === true ? null : ({ group: "g", measures: { purity: last[0] } } as unknown as StateMessage),
  };
});

test.run();
