// runtime: either
/** The coordinator of scans: every item has one outcome, whatever its workers do. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ScanCoordinator, type ScanThread, type ScanThreadListener } from "../../actors/scan/coordinator.ts";
import { computeFeatures, evaluateFeatures } from "../../actors/scan/rules/evaluate.ts";
import { parseRule } from "../../actors/scan/rules/rule.ts";
import type { Scan, ScanMessage, ScanRequest } from "../../actors/scan/scan.ts";
import { UniverseSymbol } from "../../actors/scan/universe/universe.ts";
import { evaluatedOf, type ScanTask, scanWork } from "../../actors/scan/work.ts";
import { answer, type Work } from "../../actors/workers/work.ts";
import { seeded } from "../kernels/builders.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";
import { bars, universeOf } from "./worlds.ts";

/** A worker that does its batch when the test says so. */
class HandThread implements ScanThread {
  finished = 0;
  calledOff = false;
  terminated = false;
  batch: readonly unknown[] = [];
  private task = 0;
  private readonly tasks = new Map<number, unknown>();
  private readonly hears: ScanThreadListener;

  constructor(hears: ScanThreadListener) {
    this.hears = hears;
  }

  begin(task: number, common: object, shared: object): void {
    assert.not(this.tasks.has(task), "a task is begun once");
    this.tasks.set(task, { ...common, shared });
  }

  end(task: number): void {
    assert.ok(this.tasks.delete(task));
  }

  run(task: number, jobs: readonly unknown[]): void {
    assert.equal(this.batch, []);
    assert.ok(jobs.length > 0);
    this.task = task;
    this.batch = jobs;
    this.finished = 0;
    this.calledOff = false;
  }

  callOff(): void {
    this.calledOff = true;
  }

  terminate(): void {
    this.terminated = true;
  }

  ready(): void {
    this.hears.ready();
  }

  /** Does the whole batch, or as much as was not called off. */
  async work(): Promise<void> {
    const { batch } = this;
    this.finished = 0;
    const answers = [];
    for (const job of batch) {
      if (this.calledOff) break;
      answers.push(
        await answer(scanWork as Work<unknown, unknown, unknown>, this.tasks.get(this.task) as ScanTask, job),
      );
      this.finished++;
    }
    this.batch = [];
    this.hears.answered(answers, true);
  }

  /** Answers the first `count` jobs and goes on. */
  async answerSome(count: number): Promise<void> {
    const answers = [];
    for (const job of this.batch.slice(0, count))
      answers.push(
        await answer(scanWork as Work<unknown, unknown, unknown>, this.tasks.get(this.task) as ScanTask, job),
      );
    this.finished = count;
    this.hears.answered(answers, false);
  }

  die(): void {
    this.hears.ended("killed", this.finished);
  }
}

/** One that takes more while it works. */
class RoomyThread extends HandThread {
  add(_task: number, jobs: readonly unknown[]): void {
    assert.ok(this.batch.length > 0, "jobs are added to a batch under way");
    this.batch = [...this.batch, ...jobs];
  }
}

interface World {
  clock: ManualClock;
  coordinator: ScanCoordinator;
  /** Every thread that was started. */
  threads: HandThread[];
}

function world(workers = 2, startsWorkersLate = false, Thread = HandThread): World {
  const clock = createManualClock();
  const threads: HandThread[] = [];
  const startThread = (hears: ScanThreadListener) => {
    const thread = new Thread(hears);
    threads.push(thread);
    return thread;
  };
  const coordinator = new ScanCoordinator({ clock, workers, startsWorkersLate, startThread });
  return { clock, threads, coordinator };
}

/** Symbols S0, S1, …, of which every third rises. */
const universe = universeOf(
  Object.fromEntries(
    Array.from({ length: 9 }, (_, k) => [`S${k}`, bars(k % 3 === 0 ? [1, 2, 3] : [3, 2, 1])]),
  ),
);

function request(over: Partial<ScanRequest> = {}): ScanRequest {
  return {
    universe,
    rule: parseRule("return(1) > 0"),
    items: universe.data.symbols.map((_, k) => k),
    termination: {},
    itemSeconds: 1,
    ...over,
  };
}

function followed(scan: Scan): ScanMessage[] {
  const messages: ScanMessage[] = [];
  scan.follow((message) => messages.push(message));
  return messages;
}

async function workToEnd({ threads }: World, scan: Scan): Promise<void> {
  while (!scan.isOver)
    for (const thread of threads) if (thread.batch.length > 0 && !thread.terminated) await thread.work();
}

const symbolsOf = (scan: Scan) => scan.results.map(({ symbol }) => symbol).sort();

test("every item has one result, and the last message is that the scan is complete", async () => {
  const each = world();
  const scan = each.coordinator.start(request());
  const messages = followed(scan);
  for (const thread of each.threads) thread.ready();
  await workToEnd(each, scan);
  assert.equal(symbolsOf(scan), [...universe.data.symbols]);
  assert.is(scan.state, "done");
  assert.equal(
    scan.results
      .filter(({ signal }) => signal)
      .map(({ symbol }) => symbol)
      .sort(),
    ["S0", "S3", "S6"],
  );
  assert.is(messages.at(-1)!.type, "complete");
  assert.is(messages.length, 10);
  assert.equal(
    scan.results.map(({ index }) => index),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  assert.equal(
    scan
      .ranked()
      .slice(0, 3)
      .map(({ symbol }) => symbol),
    ["S0", "S3", "S6"],
  );
});

test("workers that are to start late start with the first scan, and stay for the next", async () => {
  const each = world(2, true);
  assert.is(each.threads.length, 0);
  const scan = each.coordinator.start(request());
  assert.is(each.threads.length, 2);
  for (const thread of each.threads) thread.ready();
  await workToEnd(each, scan);
  assert.is(scan.request.universe.data.symbols.length, 0, "a scan that is over keeps no rows");
  await workToEnd(each, each.coordinator.start(request()));
  assert.is(each.threads.length, 2);
});

test("what a worker says in numbers alone is the evaluation, undefined values included", async () => {
  const still = bars([1, 2, 3]).map((bar) => ({ ...bar, volume: 0 }));
  const { data } = universeOf({ A: still, B: bars([3, 2, 1]) });
  const rule = parseRule("return(1) > 0 and volume_spike(1) > 2");
  for (const index of [0, 1]) {
    const packed = await scanWork({ rule: rule.text, parameters: {}, shared: data }, index, null);
    const { score, signal, values } = evaluatedOf(packed, rule);
    const expected = evaluateFeatures(rule, computeFeatures(rule, new UniverseSymbol(data, index)));
    assert.equal({ score, signal, values }, expected);
    assert.is(values["volume_spike(1)"] === null, index === 0);
  }
});

test("[C2] who comes late hears everything in order", async () => {
  const each = world();
  const scan = each.coordinator.start(request());
  const first = followed(scan);
  for (const thread of each.threads) thread.ready();
  await each.threads[0]!.work();
  const second = followed(scan);
  await workToEnd(each, scan);
  assert.equal(second, first);
  assert.equal(followed(scan), first);
});

test("enough signals end the scan: no result follows, and what was spared is told", async () => {
  const each = world(1);
  const scan = each.coordinator.start(request({ termination: { maxSignals: 2 } }));
  each.threads[0]!.ready();
  await workToEnd(each, scan);
  const { signals, reason, saved, processed } = scan.stats();
  assert.equal([signals, reason], [2, "signals"]);
  assert.is(saved, (9 - processed) / 9);
  assert.ok(saved > 0);
});

test("a minimal score withholds the signal of a condition, and gives one to a number", async () => {
  for (const [rule, minScore, expected] of [
    ["return(1) > 0", 2, 0],
    ["return(1)", 0, 3],
  ] as const) {
    const each = world(1);
    const scan = each.coordinator.start(request({ rule: parseRule(rule), termination: { minScore } }));
    each.threads[0]!.ready();
    await workToEnd(each, scan);
    assert.is(scan.stats().signals, expected);
  }
});

test("[S1] a paused scan hands out nothing until it goes on", async () => {
  const each = world(1);
  const scan = each.coordinator.start(request());
  const thread = each.threads[0]!;
  each.coordinator.pause(scan);
  thread.ready();
  assert.equal([scan.state, thread.batch], ["paused", []]);
  each.coordinator.resume(scan);
  assert.is(thread.batch.length, 1);
  await workToEnd(each, scan);
  assert.is(scan.results.length, 9);
});

test("[D3] a stopped scan is over in time while a worker is busy, and hears nothing more of it", async () => {
  const each = world(1);
  const scan = each.coordinator.start(request());
  const messages = followed(scan);
  const thread = each.threads[0]!;
  thread.ready();
  each.coordinator.stop(scan);
  assert.is(scan.state, "stopping");
  assert.ok(thread.calledOff);
  await each.clock.advance(20);
  assert.equal([scan.state, scan.stats().reason], ["done", "stopped"]);
  await thread.work();
  assert.equal(
    messages.map(({ type }) => type),
    ["complete"],
  );
});

test("the timeout stops a scan", async () => {
  const each = world(1);
  const scan = each.coordinator.start(request({ termination: { timeoutSeconds: 5 } }));
  await each.clock.advance(4_999);
  assert.is(scan.state, "running");
  await each.clock.advance(2);
  assert.is(scan.stats().reason, "timeout");
});

test("[D1] scans take turns", async () => {
  const each = world(1);
  const long = each.coordinator.start(request());
  const short = each.coordinator.start(request({ items: [1] }));
  const thread = each.threads[0]!;
  thread.ready();
  await thread.work();
  await thread.work();
  assert.ok(short.isOver);
  assert.not(long.isOver);
});

test("[D2] a worker that ends costs its item a second attempt, and no item is lost or counted twice", async () => {
  const each = world(1);
  const scan = each.coordinator.start(request());
  const [first] = each.threads as [HandThread];
  first.ready();
  await first.work();
  // Now its speed is known, and it is given several items; two are answered before it dies in the third.
  assert.ok(first.batch.length > 3);
  await first.answerSome(2);
  first.die();
  const [, second] = each.threads as [HandThread, HandThread];
  second.ready();
  await second.work();
  await workToEnd(each, scan);
  assert.equal(symbolsOf(scan), [...universe.data.symbols]);
  assert.equal(scan.problems, []);
});

test("[D2] an item whose workers end twice is given up, with the reason", async () => {
  const each = world(1);
  const scan = each.coordinator.start(request());
  for (const round of [0, 1]) {
    const thread = each.threads[round]!;
    thread.ready();
    assert.equal(thread.batch, [0]);
    thread.die();
  }
  each.threads[2]!.ready();
  await workToEnd(each, scan);
  assert.equal(scan.problems, [
    { index: 1, symbol: "S0", reason: "its worker ended: killed", evaluated: false },
  ]);
  assert.is(scan.results.length, 8);
});

test("[D2] an item that takes too long is given up at once, with its worker", async () => {
  const each = world(1);
  const scan = each.coordinator.start(request());
  const [first] = each.threads as [HandThread];
  first.ready();
  await each.clock.advance(1_250);
  assert.ok(first.terminated);
  assert.equal(scan.problems, [
    { index: 1, symbol: "S0", reason: "it took longer than 1 s", evaluated: false },
  ]);
  await each.threads[1]!.work().catch(() => {});
  each.threads[1]!.ready();
  await workToEnd(each, scan);
  assert.is(scan.results.length, 8);
});

test("[D2] the time that a batch takes to arrive is not the time of its first item", async () => {
  const each = world(1);
  const scan = each.coordinator.start(request());
  const [thread] = each.threads as [HandThread];
  thread.ready();
  thread.finished = -1;
  await each.clock.advance(60_000);
  assert.not(thread.terminated);
  await thread.work();
  await workToEnd(each, scan);
  assert.is(scan.results.length, 9);
});

test("a thread that takes more has its next batch while it does the last one", () => {
  const each = world(2, false, RoomyThread);
  each.coordinator.start(request());
  const [first, second] = each.threads as [HandThread, HandThread];
  first.ready();
  assert.equal(first.batch, [0, 1]);
  second.ready();
  assert.equal(second.batch, [2, 3]);
});

test("what a thread has of two batches is handed out again when it ends, and counts when it was answered", async () => {
  const each = world(1, false, RoomyThread);
  const scan = each.coordinator.start(request());
  const [first] = each.threads as [HandThread];
  first.ready();
  await first.answerSome(1);
  assert.equal(first.batch.slice(0, 2), [0, 1]);
  first.die();
  each.threads[1]!.ready();
  assert.is(each.threads[1]!.batch[0], 1);
  await workToEnd(each, scan);
  assert.equal(symbolsOf(scan), [...universe.data.symbols]);
  assert.equal(scan.problems, []);
});

test("a thread gets no more of a scan while it is another one's turn", () => {
  const each = world(1, false, RoomyThread);
  each.coordinator.start(request({ items: [0] }));
  each.coordinator.start(request({ items: [1, 2] }));
  each.coordinator.start(request({ items: [3, 4] }));
  const [thread] = each.threads as [HandThread];
  thread.ready();
  assert.equal(thread.batch, [0]);
});

test("all that a thread has of a stopped scan is called off, and the next scan goes on with it", async () => {
  const each = world(1, false, RoomyThread);
  const stopped = each.coordinator.start(request());
  const [thread] = each.threads as [HandThread];
  thread.ready();
  assert.is(thread.batch.length, 2);
  const next = each.coordinator.start(request());
  each.coordinator.stop(stopped);
  assert.ok(thread.calledOff);
  await workToEnd(each, stopped);
  assert.is(stopped.results.length, 0);
  await workToEnd(each, next);
  assert.equal(symbolsOf(next), [...universe.data.symbols]);
});

test("workers that cannot be started fail the scan instead of keeping it waiting", async () => {
  const each = world(1);
  const scan = each.coordinator.start(request());
  for (let k = 0; k < each.threads.length && k < 10; k++) each.threads[k]!.die();
  assert.is(scan.state, "failed");
  assert.is(scan.problems.length, 9);
  assert.match(scan.problems[0]!.reason, "no worker could be started");
});

test("workers that fail to start after others have worked are tried as often as at first", async () => {
  const each = world(1);
  const scan = each.coordinator.start(request());
  each.threads[0]!.ready();
  await each.threads[0]!.work();
  for (const thread of [0, 1]) each.threads[thread]!.die();
  each.threads[2]!.ready();
  await workToEnd(each, scan);
  assert.equal(symbolsOf(scan), [...universe.data.symbols]);
});

test("[D2] a scan goes on when every symbol is late: late items are no workers that fail to start", async () => {
  const each = world(1);
  const scan = each.coordinator.start(request());
  for (let k = 0; k < 9; k++) {
    each.threads[k]!.ready();
    await each.clock.advance(1_250);
  }
  assert.equal([scan.state, scan.stats().reason], ["done", "finished"]);
  assert.equal(
    scan.problems.map(({ symbol, reason }) => [symbol, reason]),
    universe.data.symbols.map((symbol) => [symbol, "it took longer than 1 s"]),
  );
});

test("a scan after one whose workers could not be started tries to start them again", async () => {
  const each = world(1);
  const failed = each.coordinator.start(request());
  for (let k = 0; k < each.threads.length && k < 10; k++) each.threads[k]!.die();
  assert.is(failed.state, "failed");
  const dead = each.threads.length;
  const scan = each.coordinator.start(request());
  assert.is(each.threads.length, dead + 1);
  each.threads[dead]!.ready();
  await workToEnd(each, scan);
  assert.equal(symbolsOf(scan), [...universe.data.symbols]);
});

test("[C1] under random deaths and stalls every item has exactly one outcome", async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seeded(seed);
    const each = world(2, false, seed % 2 === 0 ? RoomyThread : HandThread);
    const scan = each.coordinator.start(request());
    for (let step = 0; !scan.isOver && step < 2_000; step++) {
      const alive = each.threads.filter(({ terminated }) => !terminated);
      const thread = alive[Math.floor(random() * alive.length)]!;
      const what = random();
      if (dead.has(thread)) continue;
      if (!readied.has(thread)) {
        readied.add(thread);
        thread.ready();
      } else if (thread.batch.length === 0) continue;
      else if (what < 0.6) await thread.work();
      else if (what < 0.8) {
        dead.add(thread);
        thread.die();
      } else if (what < 0.9) await each.clock.advance(300);
    }
    const outcomes = [
      ...scan.results.map(({ symbol }) => symbol),
      ...scan.problems.map(({ symbol }) => symbol),
    ];
    assert.equal(outcomes.sort(), [...universe.data.symbols], `seed ${seed}`);
  }
});
const dead = new Set<HandThread>();
const readied = new Set<HandThread>();

test("a symbol that the universe does not have, and one without what the rule asks for, are reported", async () => {
  const each = world(1);
  const rule = parseRule("return(5) > 0");
  const scan = each.coordinator.start(request({ rule, items: [1], unknown: ["X"] }));
  each.threads[0]!.ready();
  await workToEnd(each, scan);
  assert.equal(
    scan.problems.map(({ symbol }) => symbol),
    ["X", "S1"],
  );
  assert.match(scan.problems[1]!.reason, "there are 3 rows; expected at least 6");
  assert.is(scan.stats().errors, 2);
});

test("a symbol that cannot be evaluated is reported with what was left out of it", async () => {
  const sound = bars([1, 2, 3]);
  const outside = sound.map((bar) => ({ ...bar, close: 9 }));
  const each = world(1);
  const scan = each.coordinator.start(
    request({ universe: universeOf({ A: outside, B: sound }), items: [0, 1] }),
  );
  each.threads[0]!.ready();
  await workToEnd(each, scan);
  assert.equal(
    scan.problems.map(({ symbol, evaluated }) => [symbol, evaluated]),
    [["A", false]],
  );
  assert.match(
    scan.problems[0]!.reason,
    /there are 0 rows; .*left out 3 rows whose close is not between low and high/,
  );
});

test.run();
