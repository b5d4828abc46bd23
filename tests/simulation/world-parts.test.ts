// runtime: either
/** Queue, decisions, clocks and network of simulated worlds keep their numbered promises. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SYSTEM } from "../../actors/system.ts";
import { SimulatedClock } from "../../sim/cluster/clock.ts";
import { Decisions } from "../../sim/cluster/decisions.ts";
import { systemOf } from "../../sim/cluster/definitions.ts";
import { Network } from "../../sim/cluster/network.ts";
import { drawOptions } from "../../sim/cluster/options.ts";
import { Process } from "../../sim/cluster/process.ts";
import { EventQueue } from "../../sim/cluster/queue.ts";
import { calmOptions, manualWorld, pass } from "./manual-world.ts";

function actAll(queue: EventQueue, untilUs = Number.POSITIVE_INFINITY): void {
  for (let entry = queue.next(untilUs); entry !== null; entry = queue.next(untilUs)) entry.act!();
}

test("[Q1 Q2] entries act by time, and at the same time in order of insertion", () => {
  const queue = new EventQueue(1_000);
  const acted: string[] = [];
  const delays = [50, 10, 30, 10, 0, 30, 50, 10];
  for (const [k, delay] of delays.entries())
    queue.after(delay, null, 0, () => acted.push(`${queue.nowUs - 1_000} ${k}`));
  actAll(queue);
  const expected = delays.map((delay, k) => ({ delay, k })).sort((a, b) => a.delay - b.delay || a.k - b.k);
  assert.equal(
    acted,
    expected.map(({ delay, k }) => `${delay} ${k}`),
  );
});

test("[Q2] thousands of entries act in sorted order", () => {
  const queue = new EventQueue(0);
  const given = Array.from({ length: 3_000 }, (_, k) => ({ at: (k * 7_919) % 501, k }));
  const acted: number[] = [];
  for (const { at, k } of given) queue.after(at, null, 0, () => acted.push(k));
  actAll(queue);
  const expected = [...given].sort((a, b) => a.at - b.at || a.k - b.k).map(({ k }) => k);
  assert.equal(acted, expected);
});

test("[Q3] entries of an ended process are dropped, those of a paused one wait", () => {
  const queue = new EventQueue(0);
  const [ended, paused] = [new Process("ended"), new Process("paused")];
  const acted: string[] = [];
  queue.after(10, ended, 0, () => acted.push("ended"));
  queue.after(20, paused, 0, () => acted.push("first"));
  queue.after(30, paused, 0, () => acted.push("second"));
  queue.after(40, null, 0, () => acted.push("other"));
  ended.state = "ended";
  paused.state = "paused";
  actAll(queue);
  assert.equal(acted, ["other"]);
  paused.state = "running";
  queue.release(paused.held);
  actAll(queue);
  assert.equal(acted, ["other", "first", "second"]);
});

test("[Q3] entries of a busy process wait until it is done, in the order of their insertion", () => {
  const queue = new EventQueue(0);
  const busy = new Process("busy");
  const acted: string[] = [];
  const at = (us: number, what: string, owner: Process | null = busy): void =>
    void queue.after(us, owner, 0, () => acted.push(`${queue.nowUs} ${what}`));
  at(20, "first");
  at(30, "second");
  at(45, "third");
  at(35, "other", null);
  busy.busyUntilUs = 44.5;
  actAll(queue);
  assert.equal(acted, ["35 other", "45 first", "45 second", "45 third"]);
});

test("[Q1] a cancelled entry does not act", () => {
  const queue = new EventQueue(0);
  let acted = 0;
  const entry = queue.after(10, null, 0, () => acted++);
  entry.act = null;
  actAll(queue);
  assert.is(acted, 0);
});

test("[D1] asking one component more often changes no other's decisions", () => {
  const ask = (often: number): boolean[] => {
    const decisions = new Decisions(7, null, () => {});
    for (let k = 0; k < often; k++) decisions.of("a", "drop").happens(0.5);
    return Array.from({ length: 50 }, () => decisions.of("b", "drop").happens(0.5));
  };
  assert.equal(ask(0), ask(33));
});

test("[D2] with `only`, exactly those decisions are taken", () => {
  const asked = (only: ReadonlySet<string> | null): readonly string[] => {
    const decisions = new Decisions(7, only, () => {});
    for (let k = 0; k < 100; k++) for (const part of ["a", "b"]) decisions.of(part, "drop").happens(0.3);
    return decisions.taken;
  };
  const all = asked(null);
  assert.ok(all.length > 30 && all.length < 90, `${all.length}`);
  const some = all.filter((_, k) => k % 3 === 0);
  assert.equal(asked(new Set(some)), some);
  assert.equal(asked(new Set()), []);
});

test("[D3] after healing no fault happens", () => {
  const decisions = new Decisions(7, null, () => {});
  decisions.heal();
  for (let k = 0; k < 100; k++) assert.not(decisions.of("a", "drop").happens(1));
});

test("a quarter of the worlds run all shipped actors, the others the cheap ones; both have the witness", () => {
  const worlds = Array.from({ length: 400 }, (_, seed) => drawOptions(seed, "standard", undefined));
  const share = worlds.filter(({ allDetectors }) => allDetectors).length / worlds.length;
  // Six standard errors of a share of 400.
  assert.ok(Math.abs(share - 0.25) < 0.13, `${share}`);
  const actorsOf = (allDetectors: boolean) => systemOf({ allDetectors }).group.map(({ name }) => name);
  assert.equal(actorsOf(true), [...SYSTEM.group.map(({ name }) => name), "witness"]);
  assert.equal(actorsOf(false), ["estimator", "witness"]);
  for (const allDetectors of [true, false]) assert.equal(systemOf({ allDetectors }).session, SYSTEM.session);
});

test("heavy-tailed sizes exceed x with probability (1 + x)^-0.9", () => {
  const fault = new Decisions(3, null, () => {}).of("a", "slow");
  const sizes = Array.from({ length: 20_000 }, () => fault.tail(1, 1e9)).sort((a, b) => a - b);
  const share = (above: number): number => sizes.filter((size) => size > above).length / sizes.length;
  for (const x of [1, 12, 170]) {
    const expected = (1 + x) ** -0.9;
    assert.ok(Math.abs(share(x) - expected) < 0.015, `${x}: ${share(x)}; expected ${expected}`);
  }
});

test("a machine's clock and its delays run at the machine's rate, and the clock never goes back", async () => {
  const world = manualWorld();
  const clock = new SimulatedClock(world, new Process("n1"), { offsetUs: 250_000, drift: 0.25 });
  const startUs = clock.nowUs();
  assert.is(startUs, world.startUs + 250_000);
  let woken = 0;
  clock.after(1_250, () => {
    woken = (world.nowUs - world.startUs) / 1000;
  });
  await pass(world, 2_000);
  assert.is(woken, 1_000);
  assert.is(clock.nowUs() - startUs, 2_500_000);
  clock.stepTo(-5_000_000);
  assert.is(clock.nowUs() - startUs, 2_500_000);
  clock.stepTo(5_000_000);
  assert.ok(clock.nowUs() - startUs > 6_000_000);
});

test("on a slow machine code takes time up to each reading of the clock, and what comes meanwhile waits", async () => {
  const world = manualWorld();
  const slow = new Process("slow");
  const clock = new SimulatedClock(world, slow, { readUs: 500 });
  const acted: string[] = [];
  const ms = (): number => (world.nowUs - world.startUs) / 1000;
  clock.after(10, () => {
    const [first, second] = [clock.monotonicMs(), clock.monotonicMs()];
    acted.push(`${first} ${second} ${(clock.nowUs() - world.startUs) / 1000}`);
    clock.soon(() => acted.push(`turn ${ms()}`));
    clock.after(2, () => acted.push(`timer ${ms()}`));
  });
  world.after(10.2, slow, "a message", () => acted.push(`message ${ms()}`));
  await pass(world, 20);
  assert.equal(acted, ["10.5 11 11", "message 11", "turn 11", "timer 13"]);
});

test("a turn that code waits for with a request in its hands is told from others", async () => {
  const world = manualWorld();
  const asked = new Process("asked");
  const turns: boolean[] = [];
  const clock = new SimulatedClock(world, asked, { waitPoint: (inRequest) => turns.push(inRequest) });
  world.after(1, asked, "a request", () => {
    asked.requestedIn = world.queue.acted;
    clock.soon(() => clock.soon(() => {}));
  });
  world.after(5, asked, "a timer", () => clock.soon(() => {}));
  await pass(world, 10);
  assert.equal(turns, [true, true, false]);
});

test("a cut delays a pipe, which delivers everything in order, and loses datagrams", async () => {
  const world = manualWorld(calmOptions({ network: { partitioned: 1, slow: 0.3 } }));
  const network = new Network(world);
  network.addHost("a");
  const b = new Process("b");
  network.addHost("b");
  const [piped, thrown]: [number[], number[]] = [[], []];
  const pipe = network.pipe("a", "b");
  for (let k = 0; k < 200; k++) {
    pipe.send(b, 0, () => piped.push(k));
    network.datagram("a", "b", b, 0, () => thrown.push(k));
    await pass(world, 50);
  }
  await pass(world, 20_000);
  assert.equal(
    piped,
    Array.from({ length: 200 }, (_, k) => k),
  );
  assert.ok(thrown.length < 200 && new Set(thrown).size === thrown.length, `${thrown.length}`);
});

test("datagrams that are not delayed arrive in the order in which they were sent, as over one connection", async () => {
  const world = manualWorld();
  const network = new Network(world);
  const b = new Process("b");
  const arrived: number[] = [];
  for (let k = 0; k < 100; k++) network.datagram("a", "b", b, 0, () => arrived.push(k));
  await pass(world, 10);
  assert.equal(
    arrived,
    Array.from({ length: 100 }, (_, k) => k),
  );
});

test("datagrams are dropped and reordered with the given probabilities", async () => {
  const world = manualWorld(calmOptions({ network: { dropped: 0.2, slow: 0.2 } }));
  const network = new Network(world);
  const b = new Process("b");
  const arrived: number[] = [];
  for (let k = 0; k < 2_000; k++) {
    network.datagram("a", "b", b, 0, () => arrived.push(k));
    if (k % 50 === 0) await pass(world, 1);
  }
  await pass(world, 5_000);
  assert.is(new Set(arrived).size, arrived.length);
  const lost = 2_000 - arrived.length;
  assert.ok(Math.abs(lost - 400) < 80, `${lost} lost`);
  assert.ok(
    arrived.some((k, at) => at > 0 && k < arrived[at - 1]!),
    "none was overtaken",
  );
});

test.run();
