// runtime: either
/** Which stretches of the past the page asks for, with a gateway that answers when the test says so. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PartitionPast } from "../../collab/dashboard/sources/partition-past.ts";
import type { FetchedPast, PastQuery } from "../../collab/dashboard/sources/past-request.ts";
import type { PastAnswer } from "../../collab/dashboard/sources/source.ts";

const NOW = 1_767_225_600_000_000;
const MINUTE = 60_000_000;

test("a session begins with its window, and samples continue exactly after the answer", async () => {
  const { past, asked, answer, told } = given();
  void past.begin(NOW, MINUTE, false);
  assert.is(asked[0]!.toUs, Number.POSITIVE_INFINITY);
  assert.ok(asked[0]!.fromUs <= NOW - MINUTE);
  assert.equal(told, []);
  await answer(4711);
  assert.equal(told, ["begins", "follow 4711"]);
});

test("after its window a session asks for an hour of measures without samples, to know what is usual", async () => {
  const { past, usual, answer, told, answerUsual } = given();
  void past.begin(NOW, MINUTE, false);
  assert.equal(usual, []);
  await answer(4711);
  assert.equal(
    usual.map(({ fromUs, toUs, onlyMeasures }) => [fromUs, toUs, onlyMeasures]),
    [[NOW - 62 * MINUTE, NOW, true]],
  );
  await answerUsual();
  assert.equal(told, ["begins", "follow 4711", "past that stays"]);
});

test("a window whose past is still being read from the log is asked for again until it is complete", async () => {
  const { past, asked, answer, rest } = given();
  void past.begin(NOW, MINUTE, false);
  await answer(1);
  past.look(NOW - 40 * MINUTE, NOW - 20 * MINUTE, false);
  await rest();
  await answer(2, false);
  for (let more = 0; more < 2; more++) {
    assert.is(asked.length, 2 + more);
    // The wait, and the rest after it.
    await rest();
    await rest();
    assert.is(asked.length, 3 + more);
    await answer(3 + more, more === 1);
  }
  await rest();
  await rest();
  assert.is(asked.length, 4, "complete");
});

test("a gateway that does not answer leaves the page without a past, but with what comes from now on", async () => {
  const { past, answer, told } = given();
  void past.begin(NOW, MINUTE, false);
  await answer(null);
  assert.equal(told, ["follow null"]);
});

test("a window is asked for when something of it is not known, at rest, and once", async () => {
  const { past, asked, answer, rest, told } = given();
  void past.begin(NOW, MINUTE, false);
  await answer(1);
  past.look(NOW - MINUTE, NOW, true);
  past.look(NOW - 0.9 * MINUTE, NOW + 0.1 * MINUTE, true);
  await rest();
  assert.is(asked.length, 1, "known from the beginning");
  for (const minutes of [20, 30, 60]) past.look(NOW - minutes * MINUTE, NOW, true);
  await rest();
  assert.is(asked.length, 2, "three looks in a row are one request");
  assert.ok(asked[1]!.fromUs <= NOW - 60 * MINUTE);
  await answer(2);
  assert.equal(told.slice(2), ["past"]);
  past.look(NOW - 58 * MINUTE, NOW, true);
  past.look(NOW - 62 * MINUTE, NOW - 2 * MINUTE, false);
  await rest();
  assert.is(asked.length, 2, "known with its margin");
  past.look(NOW - 40 * MINUTE, NOW - 39 * MINUTE, false);
  await rest();
  assert.is(asked.length, 3, "a short window of it is not known that fine");
});

test("what came since the page opened is asked for when it is no longer held: after hours, or a step of the clock", async () => {
  const { past, asked, answer, rest } = given();
  void past.begin(NOW, MINUTE, false);
  await answer(1);
  past.look(NOW + 300 * MINUTE, NOW + 301 * MINUTE, true);
  past.look(NOW + MINUTE, NOW + 2 * MINUTE, false);
  await rest();
  assert.is(asked.length, 2);
  assert.ok(asked[1]!.fromUs <= NOW + MINUTE && asked[1]!.toUs >= NOW + 2 * MINUTE);
  await answer(2);
  past.look(NOW + 1.2 * MINUTE, NOW + 2.2 * MINUTE, false);
  past.look(NOW + 0.8 * MINUTE, NOW + 1.8 * MINUTE, false);
  await rest();
  assert.is(asked.length, 2, "known with its margins");
  const fineness = asked.map(({ fromUs, toUs, columns }) => (Math.min(toUs, NOW) - fromUs) / columns);
  assert.is(fineness[0], MINUTE / 800, "a window that follows needs no margin at its right");
});

test("a window and a moment that are looked at together are both asked for, one after the other", async () => {
  const { past, asked, answer, rest } = given();
  void past.begin(NOW, MINUTE, false);
  await answer(1);
  past.lookAt(NOW - 30 * MINUTE);
  past.look(NOW - 30.5 * MINUTE, NOW - 29.5 * MINUTE, false);
  await rest();
  assert.equal(
    asked.slice(1).map(({ columns }) => columns),
    [1],
  );
  await answer(2);
  assert.is(asked.length, 3);
  assert.ok(asked[2]!.fromUs < NOW - 30.5 * MINUTE && asked[2]!.toUs > NOW - 29.5 * MINUTE);
});

test("an answer of before the session began anew counts no more", async () => {
  const { past, answer, told } = given();
  void past.begin(NOW, MINUTE, false);
  void past.begin(NOW - 10 * MINUTE, MINUTE, true);
  await answer(1);
  assert.equal(told, []);
  await answer(2);
  assert.equal(told, ["past", "go on"]);
});

test("what a recording that moved delivers goes on after the past of the new place, and without it where none comes", async () => {
  const { past, answer, told } = given();
  void past.begin(NOW, MINUTE, true);
  await answer(1);
  void past.begin(NOW + MINUTE, MINUTE, true);
  await answer(null);
  assert.equal(told, ["past", "go on", "go on"]);
});

test("what was asked for before a session began anew, or stopped, is called off", async () => {
  const { past, answer, calledOff } = given();
  void past.begin(NOW, MINUTE, true);
  void past.begin(NOW + MINUTE, MINUTE, true);
  assert.equal(calledOff(), [true, false]);
  await answer(null);
  await answer(2);
  void past.begin(NOW + 2 * MINUTE, MINUTE, true);
  assert.equal(calledOff(), [true, true, true, false], "and so is an hour of measures");
  past.stop();
  assert.equal(calledOff(), [true, true, true, true]);
});

test("channels in charts are asked for in fine intervals, and one that is put into a chart brings its finer past", async () => {
  const { past, chart, asked, answer, rest } = given();
  chart.add("g/a");
  void past.begin(NOW, MINUTE, true);
  await answer(1);
  const look = async (minutes: number) => {
    past.look(NOW - minutes * MINUTE, NOW, true);
    await rest();
  };
  await look(1);
  assert.equal(
    asked.map(({ fine }) => fine),
    [["g/a"]],
  );
  chart.add("g/b");
  await look(1);
  assert.equal(asked[1]!.fine, ["g/a", "g/b"]);
  assert.is(asked[1]!.fromUs, NOW - 1.25 * MINUTE);
  await answer(2);
  chart.delete("g/a");
  await look(1);
  assert.is(asked.length, 2, "known");
});

test("coarse intervals of a long window are fine enough for a short one, and without charts all are fine", async () => {
  const { past, chart, asked, answer, rest } = given();
  void past.begin(NOW, MINUTE, true);
  await answer(1);
  const look = async (minutes: number) => {
    past.look(NOW - minutes * MINUTE, NOW, true);
    await rest();
  };
  chart.add("g/a");
  await look(1);
  assert.is(asked.length, 1, "all channels are known in fine intervals");
  await look(10);
  await answer(2);
  chart.add("g/b");
  await look(10);
  assert.is(asked.length, 3);
  await answer(3);
  chart.delete("g/a");
  chart.add("g/c");
  await look(40);
  await answer(4);
  assert.equal(asked[3]!.fine, ["g/b", "g/c"]);
  chart.add("g/d");
  await look(39);
  assert.is(asked.length, 5);
});

test("while a session begins, its window is not asked for: it is not known yet which one that is", async () => {
  const { past, asked, answer, rest } = given();
  void past.begin(NOW, MINUTE, true);
  past.look(NOW - 90 * MINUTE, NOW - 89 * MINUTE, false);
  await rest();
  assert.is(asked.length, 1);
  await answer(1);
  past.look(NOW - 90 * MINUTE, NOW - 89 * MINUTE, false);
  await rest();
  assert.is(asked.length, 2);
});

function given() {
  const asked: PastQuery[] = [];
  const usual: PastQuery[] = [];
  const told: string[] = [];
  const chart = new Set<string>();
  const signals: AbortSignal[] = [];
  let answerUsual = async () => {};
  const waiting: ((input: number | null, complete: boolean) => void)[] = [];
  const resting = new Set<() => void>();
  const sink = {
    past: ({ stays = false }: PastAnswer, begins: boolean) =>
      void told.push(begins ? "begins" : stays ? "past that stays" : "past"),
    follow: (input: number | null) => void told.push(`follow ${input}`),
    goOn: () => void told.push("go on"),
  };
  const fetch = (query: PastQuery, signal: AbortSignal): Promise<FetchedPast> => {
    signals.push(signal);
    const { fromUs, toUs, onlyMeasures } = query;
    if (onlyMeasures) {
      usual.push(query);
      return new Promise((resolve) => {
        answerUsual = async () => {
          resolve({ input: 0, complete: true, fromUs, toUs, decimated: [], measures: [], states: [] });
          await settled();
        };
      });
    }
    asked.push(query);
    return new Promise((resolve, reject) => {
      waiting.push((input, complete) => {
        if (input === null) reject(new Error("status 503"));
        else resolve({ input, complete, fromUs, toUs, decimated: [], measures: [], states: [] });
      });
    });
  };
  const after = (_: number, act: () => void) => {
    resting.add(act);
    return () => void resting.delete(act);
  };
  const settled = async () => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return {
    past: new PartitionPast("p0", sink, () => [...chart], { fetch, after }),
    asked,
    chart,
    /** Of each request, whether it was called off. */
    calledOff: () => signals.map(({ aborted }) => aborted),
    usual,
    told,
    answerUsual: () => answerUsual(),
    async rest() {
      for (const act of resting) act();
      resting.clear();
      await settled();
    },
    /** Answers the oldest request; null: it fails. */
    async answer(input: number | null, complete = true) {
      waiting.shift()!(input, complete);
      await settled();
    },
  };
}

test.run();
