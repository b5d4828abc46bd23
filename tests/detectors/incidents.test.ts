// runtime: either
// slow
import { test } from "uvu";
import * as assert from "uvu/assert";
import { setup } from "xstate";
import { incidents as definition } from "../../actors/detectors/incidents/detector.ts";
import { incidentsStatus } from "../../actors/detectors/incidents/status.ts";
import type { ActorDefinition, Detector, Finding, Group, Signal } from "../../actors/ports/detector.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import type { Settings } from "../../protocol/settings.ts";
import { notice, toy, toyCore } from "../core/toy-core.ts";
import { ActorHarness, type HeardEvent } from "../support/actor-harness.ts";
import { channels, opened, row } from "../support/inputs.ts";
import { uniforms } from "../support/random-streams.ts";
import { groupOf } from "../support/rows.ts";

const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;

test("[I3] a finding that lasts for the persistence opens an incident with its channels, its size and its evidence", () => {
  const { events } = host().found(100, "cpu.busy", { effect: 6, evidence: 20 }).until(115);
  assert.equal(kinds(events), ["incident.opened"]);
  const { title, channels, group, timeUs, severity, detail } = events[0]!;
  assert.is(title, "cpu.busy is unusual, for 9.9 s");
  assert.equal([channels, group, severity], [["cpu.busy"], "host", "notice"]);
  assert.is(timeUs, 109.9 * SECOND, "ten seconds, of which the row itself counts");
  assert.equal(
    [detail!["incident"], detail!["effect"], detail!["evidence"], detail!["breadth"], detail!["events"]],
    [1, 6, 20, 1, "p0/1/1"],
  );
});

test("a finding that began before it was announced has lasted since then", () => {
  const { events } = host().found(100, "cpu.busy", { since: 91 }).until(101.5);
  assert.equal(kinds(events), ["incident.opened"]);
});

test("a finding that ends before the persistence opens nothing, and neither do several in turn on different channels", () => {
  const world = host();
  for (let k = 0; k < 20; k++) {
    world.found(100 + 4 * k, `c${k}`).ended(105 + 4 * k, `c${k}`);
  }
  assert.equal(kinds(world.until(600).events), []);
});

test("a channel that flickers persists only when it is unusual for more than half of the time", () => {
  const often = host();
  const seldom = host();
  for (let k = 0; k < 10; k++) {
    often.found(100 + 4 * k, "a").ended(103 + 4 * k, "a");
    seldom.found(100 + 4 * k, "a").ended(101 + 4 * k, "a");
  }
  assert.is(kinds(often.until(500).events)[0], "incident.opened");
  assert.equal(kinds(seldom.until(500).events), []);
});

test("many channels far from usual at once open an incident at once, one channel never does", () => {
  const broad = host();
  for (let c = 0; c < 10; c++) broad.found(100, `c${c}`, { effect: 10 });
  assert.equal(kinds(broad.until(101).events), ["incident.opened"]);
  assert.equal(kinds(host().found(100, "disk.read", { effect: 1e9 }).until(105).events), []);
});

test("what is found in one group at the same time is one incident, its channels ordered by contribution", () => {
  const world = host().found(100, "cpu.busy", { effect: 5 }).found(102, "load.1m", { effect: 9 });
  world.found(104, ["kernel.switches", "cpu.busy"], { effect: 12, key: "regime" }).until(112);
  assert.equal(kinds(world.events), ["incident.opened"]);
  assert.equal(world.events[0]!.channels, ["kernel.switches", "load.1m", "cpu.busy"]);
  assert.match(world.events[0]!.title, "kernel.switches is unusual, and 1 more channel");
});

test("groups without a common channel have incidents of their own", () => {
  const world = host().found(100, "a").found(100, "b", { group: "other" }).until(115);
  assert.equal(kinds(world.events), ["incident.opened", "incident.opened"]);
  assert.equal(
    world.events.map(({ group }) => group),
    ["other", "host"],
  );
});

test("[I2] an incident eases when its findings end, closes when it stays quiet, and says how long it lasted", () => {
  const { events } = host().found(100, "a").ended(140, "a").until(300);
  assert.equal(
    events.map(({ kind, timeUs }) => [kind, timeUs / SECOND]),
    [
      ["incident.opened", 109.9],
      ["incident.eased", 150],
      ["incident.closed", 170],
    ],
  );
  assert.is(events[2]!.title, "Incident 1 of a is over after 40 s");
});

test("[I2] an incident whose findings become normal is accepted", () => {
  const { events } = host().found(100, "a").over(400, "a", "accepted").until(500);
  assert.equal(kinds(events).slice(-2), ["incident.eased", "incident.accepted"]);
});

test("what follows while a detector learns the new level belongs to the same incident", () => {
  const world = host().found(100, "a", { key: "regime" });
  world.found(150, "b").ended(155, "b").over(180, "regime", "accepted");
  world.found(200, "a", { key: "regime" }).over(260, "regime", "accepted").until(400);
  const opened = kinds(world.events).filter((kind) => kind === "incident.opened");
  assert.is(opened.length, 1);
  assert.is(kinds(world.events).at(-1), "incident.accepted");
});

test("an incident grows when it is four times as large or of a higher severity, not with each finding", () => {
  const world = host().found(100, "a", { effect: 3 }).until(115);
  world.found(116, "b", { effect: 3 }).found(117, "b", { effect: 3.2, phase: "grew" }).until(118);
  world.found(119, "c", { effect: 40 }).until(126);
  const grown = world.events.slice(1);
  assert.ok(grown.length >= 1 && grown.every(({ kind }) => kind === "incident.grew"));
  assert.is(grown.at(-1)!.severity, "warning");
});

test("a burst within an incident does not change what it is about", () => {
  const world = host().found(100, "a", { effect: 4 }).found(103, "b", { effect: 90 }).ended(104, "b");
  const { events } = world.until(130);
  assert.equal(
    events.map(({ kind, channels, severity }) => [kind, channels, severity]),
    [["incident.opened", ["a"], "notice"]],
  );
});

test("what is smaller than usual opens nothing, however sure it is", () => {
  assert.equal(kinds(host().found(100, "a", { effect: 0.9, evidence: 1000 }).until(1000).events), []);
});

test("what begins later in the same group on other channels is an incident of its own", () => {
  const world = host().found(100, "a").found(200, "b").found(300, ["a", "c"], { key: "regime" }).until(320);
  const opened = world.events.filter(({ kind }) => kind === "incident.opened");
  assert.equal(
    opened.map(({ channels }) => channels),
    [["a"], ["b"]],
  );
});

test("an incident that comes and goes is announced to have eased once", () => {
  const world = host().found(100, "a");
  for (let k = 0; k < 10; k++) world.ended(120 + 20 * k, "a").found(135 + 20 * k, "a");
  const { events } = world.ended(330, "a").until(500);
  assert.equal(
    kinds(events).filter((kind) => kind !== "incident.grew"),
    ["incident.opened", "incident.eased", "incident.closed"],
  );
});

test("what joins an open incident and would be one alone is announced, its channels first", () => {
  const world = host().found(100, ["a", "b"], { effect: 9, key: "regime" }).until(150);
  const before = world.events.length;
  world.found(200, ["b", "c"], { effect: 8, key: "other" }).until(215);
  const grown = world.events.slice(before);
  assert.equal(
    grown.map(({ kind, channels }) => [kind, channels]),
    [["incident.grew", ["b", "c", "a"]]],
  );
});

test("an incident that goes on for an hour without anything new is accepted as normal", () => {
  const { events } = host().found(100, "a").until(3_690);
  assert.equal(
    kinds(events).filter((kind) => kind === "incident.accepted"),
    [],
  );
  const later = host().found(100, "a").until(3_710);
  assert.is(kinds(later.events).at(-1), "incident.accepted");
  assert.is(
    kinds(later.ended(4_000, "a").until(5_000).events).at(-1),
    "incident.accepted",
    "it is over once",
  );
});

test("in a group of many channels one channel alone needs more evidence, or must last for longer", () => {
  const few = host().found(100, "a", { evidence: 10.4 }).until(111);
  const many = host({ channels: 33 }).found(100, "a", { evidence: 10.4 });
  assert.equal(kinds(few.events), ["incident.opened"]);
  assert.equal(kinds(many.until(115).events), ["incident.held-back"]);
  assert.equal(kinds(many.until(250).events), ["incident.held-back", "incident.opened"]);
});

test("a finding that its detector does not stand by opens nothing and joins nothing", () => {
  const { events } = host().found(100, "a", { evidence: 0 }).found(100, "b").until(112);
  assert.equal(
    events.map(({ kind, channels }) => [kind, channels]),
    [["incident.opened", ["b"]]],
  );
  assert.equal(kinds(host().found(100, "a", { evidence: 0 }).until(3_000).events), []);
});

test("evidence adds up over channels, less the number of ways to choose them", () => {
  const three = (evidence: number, adds = true) => {
    const world = host({ channels: 33 });
    for (const name of ["a", "b", "c"]) world.found(100, name, { evidence, adds });
    return kinds(world.until(111).events);
  };
  // ln (33 choose 3) is 8.6 nats, and 8640 looks a day for 3 incidents need ln 2880 = 8.0.
  assert.equal(three(6), ["incident.opened"]);
  assert.equal(three(4), ["incident.held-back"]);
  assert.equal(three(6, false), ["incident.held-back"], "findings about the same rows do not add up");
});

test("what is held back says why", () => {
  const { events } = host({ channels: 33 }).found(100, "a", { evidence: 9 }).until(112);
  const { title, detail } = events[0]!;
  // One channel of 33 has 9 − ln 33 nats, and ½ ln 4/3 for ten of thirty seconds; 8640 looks a day for 3 incidents need ln 2880.
  const confidence = 1 / (1 + Math.exp(Math.log(2880) - (9 - Math.log(33) + Math.log(4 / 3) / 2)));
  assert.ok(Math.abs(Number(detail!["confidence"]) - confidence) < 0.001, String(detail!["confidence"]));
  assert.equal([detail!["novelty"], detail!["needed"]], [1, 0.25]);
  const severity = (Math.log(6) + Math.log(1.99) / 2) / Math.log(30);
  assert.ok(Math.abs(Number(detail!["severityShare"]) - severity) < 0.001, String(detail!["severityShare"]));
  assert.match(
    title,
    /^No alarm, priority \S+ \(\S+ severity × \S+ confidence × \S+ novelty\), \S+ needed for 3 a day: a is unusual/,
  );
});

test("severity follows size, persistence and breadth: one loud channel is less than ten moderate ones", () => {
  const loud = host().found(100, "a", { effect: 1e6 }).until(112).events[0]!;
  const broad = host();
  for (let c = 0; c < 10; c++) broad.found(100, `c${c}`, { effect: 9 });
  assert.equal([loud.severity, broad.until(112).events[0]!.severity], ["notice", "critical"]);
});

test("[B1] incidents beyond the day's share open only when they matter more, the others are held back and counted", () => {
  const world = host();
  for (let k = 0; k < 20; k++) {
    const name = `c${k}`;
    world.found(1000 * (k + 1), name, { evidence: 8 }).ended(1000 * (k + 1) + 60, name);
  }
  const opened = world.events.filter(({ kind }) => kind === "incident.opened").length;
  const held = world.events.filter(({ kind }) => kind === "incident.held-back");
  // Three are free at 0.25, each further one costs a tenth more. A priority is at most severity × confidence, 0.72 × 0.4, and time pays for one.
  assert.ok(opened >= 3 && opened <= 6, `${opened} opened`);
  assert.is(held.at(-1)!.detail!["heldBack"], 20 - opened);
  assert.is(held[0]!.severity, "info");
  const before = world.events.length;
  for (let c = 0; c < 5; c++) world.found(30_000, `d${c}`, { effect: 30 });
  assert.is(kinds(world.until(30_015).events)[before], "incident.opened", "what matters passes");
});

test("what was told a moment ago is held back when it comes again, and told when it was away for long", () => {
  const again = (seconds: number, name: string) => {
    const world = host().found(100, "a").until(115).ended(130, "a").until(200);
    return kinds(world.found(130 + seconds, name).until(150 + seconds).events).at(-1);
  };
  assert.is(again(200, "a"), "incident.held-back");
  assert.is(again(1_200, "a"), "incident.opened");
  assert.is(again(200, "b"), "incident.opened", "another channel is news");
});

test("the priority is severity × confidence × novelty, and each is a share", () => {
  const world = host();
  for (let c = 0; c < 3; c++) world.found(100, `c${c}`, { effect: 9, evidence: 12 });
  const { detail } = world.until(112).events[0]!;
  const [severity, confidence, novelty] = ["severityShare", "confidence", "novelty"].map((key) =>
    Number(detail![key]),
  );
  assert.equal([severity, novelty], [1, 1], "larger than a warning, and new");
  assert.ok(confidence! > 0.9 && confidence! < 1, String(confidence));
  assert.is(detail!["priority"], confidence);
});

test("[B1] over 30 days of findings at random, incidents keep the budget, open once and close once", () => {
  for (const seed of [1, 2, 3]) {
    const world = findingsAtRandom(30, seed);
    const opened = numbers(world.events, "incident.opened");
    const over = [...numbers(world.events, "incident.closed"), ...numbers(world.events, "incident.accepted")];
    assert.equal(
      opened,
      opened.map((_, k) => k + 1),
    );
    assert.equal(
      over.sort((a, b) => a - b),
      opened,
    );
    // A priority of at most 1, beyond a quarter, at a tenth each; a day's share; and one.
    const most = (days: number) => 3 * (days + 1) + Math.log(4) / Math.log(1.1) + 1;
    for (const days of [1, 7, 30]) {
      const times = world.events.filter(({ kind }) => kind === "incident.opened").map(({ timeUs }) => timeUs);
      const busiest = Math.max(
        ...times.map((from) => times.filter((t) => t >= from && t < from + days * DAY).length),
      );
      assert.ok(busiest <= most(days), `seed ${seed}: ${busiest} in ${days} days`);
    }
    assert.ok(opened.length > 60, "the budget is used");
  }
});

test("[B1] the partitions of a session keep its budget together, and each changes its share with their number", () => {
  const worlds = [1, 2, 3].map((seed) => findingsAtRandom(8, seed, { partitions: 3 }));
  const days = worlds.flatMap(({ events }) =>
    events.filter(({ kind }) => kind === "incident.opened").map(({ timeUs }) => timeUs / DAY),
  );
  // Fourteen nats and what lasts open some at once, in each; from then on time pays three a day.
  assert.ok(days.filter((day) => day >= 4).length <= 3 * 4 + worlds.length);
  assert.ok(days.length > 3 * 8, "the budget is used");
  const { actor } = worlds[0]!;
  const perDay = () => (actor.machine.context as { perDay: number }).perDay;
  assert.is(perDay(), 3 / 3);
  actor.partitions = 2;
  actor.input({ ...opened(), partitions: 2 }, 31 * DAY);
  assert.is(perDay(), 3 / 2);
});

test("[I4] time alone costs few looks, at what is held back for a month and at what is new where rows are days apart", () => {
  const looksUntil = (days: number, world: World): number => {
    const { actor } = world;
    const signal = actor.signal.bind(actor);
    let looks = 0;
    actor.signal = (given) => {
      looks++;
      signal(given);
    };
    world.until((days * DAY) / SECOND);
    return looks;
  };
  const held = host({ incidents: { budgetPerDay: 1e-6 }, channels: 1_000_000 }).found(100, "a");
  // Each look is after twice the time of the one before.
  assert.ok(looksUntil(30, held) < 50);
  assert.equal(kinds(held.events), ["incident.held-back"]);
  const daily = host({ incidents: { persistence: DAY / SECOND } }).found(100, "a");
  assert.ok(looksUntil(10, daily) < 50);
  assert.is(kinds(daily.events)[0], "incident.opened");
});

test("[I1] nothing found while a group of the host feed is learnt opens an incident; its beginning and end are told", () => {
  const world = host({ learn: true });
  world.found(100, "a").until(350);
  assert.equal(kinds(world.events), ["incident.learning", "incident.watching"]);
  assert.match(world.events[0]!.title, "alarms begin in about 5 minutes");
  world.found(400, "b").until(420);
  assert.is(kinds(world.events).at(-1), "incident.opened");
  world.actor.input(HOST, 421 * SECOND);
  assert.is(world.actor.state, "watching", "a group that is declared again unchanged is known");
});

test("the program's own health is no incident of the machine, and is left out of others", () => {
  const own = host().found(100, "own.heap", { effect: 50 }).found(100, ["own.cpu", "own.loopDelay"]);
  assert.equal(kinds(own.until(200).events), []);
  const { events } = host().found(100, ["own.cpu", "cpu.busy"], { key: "joint" }).until(115);
  assert.equal(events[0]!.channels, ["cpu.busy"]);
});

test("a channel named like the program's own counts in a group that is not the host feed's", () => {
  const { events } = host().found(100, "own.heap", { group: "other" }).until(115);
  assert.equal(kinds(events), ["incident.opened"]);
});

test("outside the host feed one row is enough", () => {
  const { events } = host().found(100, "price", { group: "other" }).ended(101, "price", "other").until(300);
  assert.equal(kinds(events), ["incident.opened", "incident.eased", "incident.closed"]);
});

test("outside the host feed one row is enough, also when one input brings it and the rows after it", () => {
  const price = { group: "other" };
  const { events } = host()
    .oneInput((world) => world.found(100, "price", price).ended(102, "price", "other"))
    .until(300);
  assert.equal(kinds(events), ["incident.opened", "incident.eased", "incident.closed"]);
});

test("the setting of the persistence holds for all feeds", () => {
  const world = host({ incidents: { persistence: 60 } })
    .found(100, "a")
    .found(100, "b", { group: "other" });
  assert.equal(kinds(world.until(158).events), []);
  assert.equal(kinds(world.until(165).events), ["incident.opened", "incident.opened"]);
});

test("a changed setting of incidents keeps those that are open, and holds at once", () => {
  const world = host().found(100, "a").until(115);
  const set = (path: string, value: number) =>
    world.actor.input({ type: "configChanged", path, value, author: "ana" }, 120 * SECOND);
  set("incidents.budgetPerDay", 1);
  assert.equal(kinds(world.ended(140, "a").until(300).events), [
    "incident.opened",
    "incident.eased",
    "incident.closed",
  ]);
  // Of 8640 looks a day one incident needs ln 8640 = 9.1 nats, three need 8.0.
  world.found(1000, "b", { evidence: 9.8 });
  assert.is(kinds(world.until(1011).events).at(-1), "incident.held-back");
});

test("the findings of an actor that was replaced are over", () => {
  const restarted = host().found(100, "a").until(115);
  restarted.hear(120, "actor.restarted", [], null);
  assert.is(kinds(restarted.until(300).events).at(-1), "incident.closed");
  const changed = host().found(100, "a").until(115);
  changed.actor.input(
    { type: "configChanged", path: "anomaly.cooldownSamples", value: 5, author: "ana" },
    120 * SECOND,
  );
  assert.is(kinds(changed.until(300).events).at(-1), "incident.closed");
});

test("[I5] the first who acknowledges an incident does, people assign it, and each is announced with its author", () => {
  const world = host().found(100, "a").until(115);
  world.does(116, "ana", "alert.acknowledged", { id: "p0/1", note: "mine" });
  world.does(117, "bob", "alert.acknowledged", { id: "p0/1", note: "" });
  world.does(118, "bob", "alert.assigned", { id: "p0/1", to: "Eve" });
  assert.equal(
    world.events.slice(1).map(({ kind, title, severity }) => [kind, title, severity]),
    [
      ["incident.acknowledged", "ana acknowledged incident 1 of a: mine", "info"],
      ["incident.assigned", "bob assigned incident 1 of a to Eve", "info"],
    ],
  );
  const { detail, group, channels } = world.events[1]!;
  assert.equal(
    [detail!["incident"], detail!["author"], detail!["note"], detail!["sinceUs"], group, channels],
    [1, "ana", "mine", 100 * SECOND, "host", ["a"]],
  );
  const [status] = incidentsStatus(world.actor.machine.context, "p0");
  assert.equal(
    [status!.id, status!.state, status!.acknowledged, status!.assigned],
    ["p0/1", "open", { by: "ana", atUs: 116 * SECOND, note: "mine" }, { by: "bob", to: "Eve" }],
  );
});

test("[I5] what people do about an incident that is over, of another partition, or that nobody was told of changes nothing", () => {
  const world = host({ channels: 33 }).found(100, "a", { evidence: 9 }).until(112);
  assert.equal(kinds(world.events), ["incident.held-back"]);
  for (const id of ["p0/1", "p1/1", "p0/0", "a"])
    world.does(113, "ana", "alert.acknowledged", { id, note: "" });
  const other = host().found(100, "a").ended(140, "a").until(300);
  const before = other.events.length;
  other.does(301, "ana", "alert.snoozed", { id: "p0/1", seconds: 60 });
  assert.equal([kinds(world.events).length, other.events.length], [1, before]);
});

test("[N5] an incident that is snoozed does not grow for people until the snooze ends, by time or by a person", () => {
  for (const [endsAt, ends] of [
    [200, () => {}],
    [160, (world: World) => world.does(160, "bob", "alert.snoozed", { id: "p0/1", seconds: 0 })],
  ] as const) {
    const world = host().found(100, "a", { effect: 3 }).until(115);
    world.does(116, "ana", "alert.snoozed", { id: "p0/1", seconds: 84 });
    world.found(119, "b", { effect: 50 }).found(119, "c", { effect: 50 }).until(159);
    assert.equal(kinds(world.events).slice(1), ["incident.snoozed"]);
    ends(world);
    world.until(210);
    const grew = world.events.find(({ kind }) => kind === "incident.grew")!;
    assert.is(grew.timeUs, endsAt * SECOND);
    assert.is(incidentsStatus(world.actor.machine.context, "p0")[0]!.snoozedUntilUs, null);
  }
});

test("a snooze neither keeps an incident from ending nor outlasts it", () => {
  const world = host().found(100, "a").until(115);
  world.does(120, "ana", "alert.snoozed", { id: "p0/1", seconds: 3_600 });
  world.ended(140, "a").until(300);
  assert.equal(kinds(world.events).slice(2), ["incident.eased", "incident.closed"]);
  world.found(1_400, "a").until(1_415);
  assert.is(incidentsStatus(world.actor.machine.context, "p0")[0]!.snoozedUntilUs, null);
});

// ---- given, when, then ------------------------------------------------------------------------------------------

const HOST_CHANNELS = ["a", "b", "own.loopDelay"].map((name) => ({ name, title: "", unit: "" }));
const HOST = channels(3, { group: "host", channels: HOST_CHANNELS, everyUs: 100_000 });
const HOST_GROUP: Group = { ...groupOf(3), name: "host", channels: HOST_CHANNELS, everyUs: 100_000 };
const OTHER: Group = { ...groupOf(3), name: "other", everyUs: SECOND };

interface Told {
  effect?: number;
  evidence?: number;
  adds?: boolean;
  since?: number;
  key?: string;
  phase?: Finding["phase"];
  group?: string;
}

interface WorldOptions {
  learn?: boolean;
  incidents?: Partial<Settings["incidents"]>;
  channels?: number;
  partitions?: number;
}

/** The incidents actor and what detectors announce to it, in seconds. */
class World {
  readonly actor: ActorHarness;
  private readonly hostGroup: Group;
  private readonly open = new Map<string, string>();
  private ids = 0;
  private isSameInput = false;

  constructor({ learn = false, incidents = {}, channels = 3, partitions = 1 }: WorldOptions) {
    this.hostGroup = { ...HOST_GROUP, n: channels };
    this.actor = new ActorHarness(definition, { incidents }, groupOf(1), partitions);
    if (learn) this.actor.input(HOST, 10 * SECOND);
  }

  get events(): HeardEvent[] {
    return this.actor.events;
  }

  found(at: number, names: string | string[], told: Told = {}): this {
    const list = [names].flat();
    const {
      effect = 5,
      evidence = 14,
      adds = false,
      since = at,
      key = list[0]!,
      phase = "opened",
      group = "host",
    } = told;
    this.open.set(key, group);
    const finding = { key, phase, sinceUs: since * SECOND, effect, evidence, adds };
    return this.hear(at, "anomaly.started", list, finding, group);
  }

  ended(at: number, key: string, group = "host"): this {
    return this.over(at, key, "ended", group);
  }

  over(at: number, key: string, phase: "ended" | "accepted", group = "host"): this {
    this.open.delete(key);
    return this.hear(at, "anomaly.ended", [], { key, phase, sinceUs: 0, effect: 0, evidence: 0 }, group);
  }

  /** Ends all that is open. */
  quiet(at: number): this {
    for (const [key, group] of [...this.open]) this.ended(at, key, group);
    return this;
  }

  hear(at: number, kind: string, names: string[], finding: Finding | null, group = "host"): this {
    const event: EventMessage = {
      type: "event",
      sequence: ++this.ids,
      id: `p0/${this.ids}/1`,
      timeUs: at * SECOND,
      kind,
      severity: "info",
      actor: "anomaly",
      group,
      channels: names,
      title: `${names[0] ?? group} is unusual`,
      detail: {},
    };
    this.actor.hear({ event, finding, group: group === "host" ? this.hostGroup : OTHER }, this.isSameInput);
    return this;
  }

  /** What is announced by the rows of one input. */
  oneInput(announced: (world: World) => void): this {
    this.isSameInput = true;
    announced(this);
    this.isSameInput = false;
    return this;
  }

  /** A person does something about an incident. */
  does(at: number, who: string, name: string, body: object): this {
    this.until(at);
    const author = { id: who, name: who, role: "editor" };
    this.actor.input({ type: "command", name, body, author, source: "room", sequence: 0 }, at * SECOND);
    return this.until(at);
  }

  until(seconds: number): this {
    this.actor.fireTimers(seconds * SECOND);
    return this;
  }
}

/** Findings at random times, some of two channels. */
function findingsAtRandom(days: number, seed: number, options?: WorldOptions): World {
  const random = uniforms(seed);
  const world = host(options);
  let now = 1_000;
  while (now < (days * DAY) / SECOND) {
    now += 20 + 4_000 * random();
    const name = `c${Math.floor(random() * 12)}`;
    world.found(now, name, { effect: 1 + 20 * random() * random() });
    if (random() < 0.5) world.found(now + 2, `d${Math.floor(random() * 12)}`, { effect: 8 * random() });
    now += 60 * random();
    world.quiet(now);
  }
  return world.until(now + 1_000);
}

function host(options: WorldOptions = {}): World {
  return new World(options);
}

function kinds(events: readonly HeardEvent[]): string[] {
  return events.map(({ kind }) => kind);
}

function numbers(events: readonly HeardEvent[], kind: string): number[] {
  return events.filter((event) => event.kind === kind).map(({ detail }) => Number(detail!["incident"]));
}

/** The incidents of a session in a core: each positive value of the row at `second` is found unusual, by a key of its own. The actor fails at the notice "fail". */
function inCore() {
  const failing: ActorDefinition = {
    ...definition,
    createDetector(settings, group) {
      const detector = definition.createDetector(settings, group);
      const onInput: Detector["onInput"] = (input, context) => {
        if (input.type === "notice") throw new Error("met the poison");
        detector.onInput!(input, context as never);
      };
      return Object.assign(Object.create(detector) as Detector, { onInput });
    },
  };
  const update: Detector["update"] = ({ frame }, context) => {
    if (frame.value[0]! > 0) context.signal({ type: "row", timeUs: context.now });
  };
  const machine = setup({ types: { events: {} as Signal }, actions: { announce: () => {} } }).createMachine({
    on: {
      row: {
        actions: {
          type: "announce",
          params: ({ event: { timeUs } }: { event: Signal }) => ({
            kind: "anomaly.started",
            severity: "info",
            title: "unusual",
            channels: ["c0"],
            finding: { key: `${timeUs}`, phase: "opened", sinceUs: timeUs, effect: 50, evidence: 100 },
          }),
        } as never,
      },
    },
  });
  const world = toyCore({
    session: [failing],
    group: [toy("finder", () => ({ fields: {}, update }), { machine })],
  });
  const set = (second: number, path: string, value: unknown) =>
    world.apply(second * SECOND, { type: "configChanged", path, value, author: "ana" });
  set(0, "incidents.persistence", 10);
  return {
    ...world,
    set,
    found(second: number): void {
      for (const [k, value] of [1, 0].entries())
        world.apply((second + 15 * k) * SECOND, row((second + 15 * k) * SECOND, [value]));
    },
    said: (kind: string) =>
      world.events.filter((event) => event.kind === kind).map(({ detail }) => detail["incident"]),
  };
}

const REPLACEMENTS: Record<string, (world: ReturnType<typeof inCore>) => void> = {
  "fails on an input": (world) => world.apply(300 * SECOND, notice("fail")),
  "begins with another seed": (world) => world.set(300, "seed", 7),
  "is switched off and on": (world) => {
    world.set(300, "incidents.enabled", false);
    world.found(310);
    world.set(330, "incidents.enabled", true);
  },
};

for (const [name, replace] of Object.entries(REPLACEMENTS))
  test(`[I6] an actor of incidents that ${name} goes on with their numbers, and closes those that were open`, () => {
    const world = inCore();
    world.found(100);
    assert.equal(world.said("incident.opened"), [1]);
    replace(world);
    world.apply(5_000 * SECOND, row(5_000 * SECOND, [0]));
    assert.equal(world.said("incident.closed"), [1]);
    world.found(20_000);
    assert.equal(world.said("incident.opened"), [1, 2]);
  });

test("[I6] the numbers of incidents survive a snapshot while their actor is switched off", () => {
  const before = inCore();
  before.found(100);
  before.set(300, "incidents.enabled", false);
  const definitions = { session: [definition], group: [] };
  const after = toyCore(definitions, { from: before.core.snapshot() });
  after.apply(400 * SECOND, { type: "configChanged", path: "incidents.enabled", value: true, author: "ana" });
  assert.is((after.core.stateOf("incidents")!.context as { opened: number }).opened, 1);
});

test.run();
