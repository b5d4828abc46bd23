// runtime: either
/** The synth feed with worlds of the test: when its samples leave, and how its reports show that they are synthetic. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFeed, createFeeds } from "../../actors/feeds/session-feeds.ts";
import { RECORDED_START_US } from "../../actors/feeds/synth.ts";
import type { SynthChoice, SynthTruth, SynthWorlds } from "../../actors/feeds/synth-world.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { createFrame } from "../../protocol/frame.ts";
import type { OperatorNotice, QuantumInput } from "../../protocol/messages.ts";
import { createManualClock } from "../support/clock.ts";
import { collect, collectingSink, collectSpec } from "./collect.ts";

/** Rows of two channels, `everyMs` apart, eight to a frame; one thing happens in the third. */
function scriptedWorlds(rows: number, everyMs: number): SynthWorlds & { asked: SynthChoice[] } {
  const asked: SynthChoice[] = [];
  return {
    asked,
    names: ["even", "odd"],
    prepare(_name, choice) {
      asked.push(choice);
      if (choice.channels === 99) throw new Error("Cannot create 99 channels; expected 2");
      return (startUs) => {
        const truth: SynthTruth[] = [];
        const frame = createFrame("even", choice.group, 16);
        let next = 0;
        return {
          declarations: [
            {
              group: choice.group,
              channels: ["a", "b"].map((name) => ({ name, title: `${name} (synthetic)`, unit: "" })),
              sampling: "rows",
              everyUs: everyMs * 1000,
              innovation: "difference",
            },
          ],
          truth,
          next() {
            frame.count = 0;
            for (; next < rows && frame.count < 16; next++) {
              const timeUs = startUs + next * everyMs * 1000;
              if (next === 3)
                truth.push({
                  kind: "spike",
                  group: choice.group,
                  channels: ["a"],
                  onsetUs: timeUs,
                  endUs: timeUs,
                });
              for (const channel of [0, 1]) {
                frame.time[frame.count] = timeUs;
                frame.channel[frame.count] = channel;
                frame.value[frame.count++] = next;
              }
            }
            return frame.count === 0 ? null : frame;
          },
        };
      };
    },
  };
}

test("[Y1] live samples begin now and leave when they are due, those of a recording by its speed", async () => {
  for (const [query, startUs, speed] of [
    ["", 5_000_000, 1],
    ["?speed=4", RECORDED_START_US, 4],
    ["?speed=4&start=2020-01-01T00:00:00Z", Date.UTC(2020, 0, 1) * 1000, 4],
  ] as const) {
    const clock = createManualClock(5_000_000);
    const sink = collectingSink();
    const feed = createFeed(`synth:even${query}`, { clock, seed: 1, worlds: scriptedWorlds(20, 100) });
    assert.is(feed.kind, query === "" ? "live" : "recorded");
    const running = feed.run(sink);
    for (let row = 0; row < 20; row++) {
      await clock.advance(row === 0 ? 0 : 100 / speed);
      assert.is(sink.samples.length, 2 * (row + 1), `${query} row ${row}`);
      assert.is(sink.samples.at(-1)!.time, startUs + row * 100_000);
    }
    await running;
    assert.equal(
      sink.statuses.map(({ status }) => status),
      ["opened", "ended"],
    );
  }
});

test("[Y2] a recording has the same frames for any delay of timers", async () => {
  const cuts = async (stepMs: number): Promise<number[]> => {
    const clock = createManualClock();
    const sink = collectingSink();
    const running = createFeed("synth:even?speed=50", {
      clock,
      seed: 1,
      worlds: scriptedWorlds(100, 10),
    }).run(sink);
    for (let at = 0; at < 40; at += stepMs) await clock.jump(stepMs);
    await running;
    return sink.frames.map(({ count }) => count);
  };
  const exact = await cuts(0.25);
  assert.is(
    exact.reduce((a, b) => a + b),
    200,
  );
  assert.ok(exact.length > 10);
  assert.equal(await cuts(13), exact);
});

test("[Y1] quantum pieces leave when they are due: a state at its time, a record with its last current", async () => {
  for (const [query, speed] of [
    ["", 1],
    ["?speed=4", 4],
  ] as const) {
    const clock = createManualClock(5_000_000);
    const sink = collectingSink();
    const running = createFeed(`synth:spin${query}`, { clock, seed: 1, worlds: spinWorlds() }).run(sink);
    const arrived: [ms: number, type: string][] = [];
    for (let ms = 0; ms <= 500; ms += 10) {
      await clock.advance(ms === 0 ? 0 : 10 / speed);
      for (const { type } of sink.quanta.slice(arrived.length)) arrived.push([ms, type]);
    }
    await running;
    assert.equal(
      arrived,
      [
        [0, "stateVector"],
        [100, "stateVector"],
        [230, "measurementRecord"],
        [500, "stateVector"],
      ],
      query,
    );
    assert.match(sink.statuses.at(-1)!.detail, /spin, 7 samples/);
  }
});

/** States at 0, 100 and 500 ms, and a record of four currents from 200 to 230 ms. */
function spinWorlds(): SynthWorlds {
  const bytes = (...numbers: number[]) => new Uint8Array(Float64Array.from(numbers).buffer);
  return {
    names: ["spin"],
    prepare:
      (_name, { group }) =>
      (startUs) => {
        const stamped = (ms: number) => ({ group, source: "", sequence: 0, timeUs: startUs + ms * 1000 });
        const state = (ms: number): QuantumInput => {
          return { type: "stateVector", ...stamped(ms), n: 1, re: bytes(1), im: bytes(0) };
        };
        const record: QuantumInput = {
          type: "measurementRecord",
          ...stamped(200),
          everyUs: 10_000,
          operator: "z",
          efficiency: 1,
          current: bytes(1, 2, 3, 4),
        };
        const pieces = [state(0), state(100), record, state(500)];
        return {
          declarations: [
            {
              group,
              channels: [{ name: "z", title: "spin (synthetic)", unit: "" }],
              sampling: "rows",
              everyUs: 10_000,
              innovation: "difference",
            },
          ],
          truth: [],
          next: () => pieces.shift() ?? null,
        };
      },
  };
}

test("at full speed pieces leave at once, and the feed waits while the sink is full", async () => {
  const clock = createManualClock();
  const sink = collectingSink();
  sink.fullAfter = 3;
  const running = createFeed("synth:even?speed=max", { clock, seed: 1, worlds: scriptedWorlds(100, 10) }).run(
    sink,
  );
  await clock.advance(1000);
  assert.is(sink.frames.length, 3);
  sink.release();
  await running;
  assert.is(sink.samples.length, 200);
  assert.equal(
    sink.frames.map(({ sequence }) => sequence),
    sink.frames.map((_, k) => k + 1),
  );
});

test("[Y3] reports begin with the word synthetic and have scenario, seed and strength", async () => {
  const worlds = scriptedWorlds(5, 10);
  const { statuses, samples } = await collectSpec("synth:even?speed=max&seed=7&strength=2.5", { worlds });
  assert.match(statuses[0]!.detail, /^synthetic: even, seed 7, strength 2.5/);
  assert.match(statuses.at(-1)!.detail, /^synthetic: even, 10 samples/);
  assert.is(samples[0]!.source, "synth:even");
});

test("options reach the world; missing ones have its defaults, and the seed of the session", async () => {
  const worlds = scriptedWorlds(1, 10);
  await collectSpec("synth:even?speed=max", { worlds, seed: 42 });
  const spec = "synth:odd?speed=max&seed=3&channels=4&rate=2.5&duration=1h&strength=0&form=vector&group=x";
  await collectSpec(spec, { worlds });
  const absent = { channels: undefined, rate: undefined, durationUs: undefined, form: undefined };
  assert.equal(worlds.asked[0], { seed: 42, strength: 1, group: "even", ...absent });
  assert.equal(worlds.asked[1], {
    seed: 3,
    strength: 0,
    group: "x",
    channels: 4,
    rate: 2.5,
    durationUs: 3600e6,
    form: "vector",
  });
});

test("with truth=1, true events are notices before the samples that they concern", async () => {
  for (const truth of [0, 1]) {
    const notices: Omit<OperatorNotice, "type">[] = [];
    const sink = collectingSink();
    const clock = createManualClock();
    const feed = createFeed(`synth:even?speed=max&truth=${truth}`, {
      clock,
      seed: 1,
      worlds: scriptedWorlds(20, 10),
      notice(notice) {
        assert.is(sink.samples.length, 0);
        notices.push(notice);
      },
    });
    await feed.run(sink);
    assert.is(notices.length, truth);
    if (truth === 0) continue;
    const [{ kind, severity, group, channels, detail, author }] = notices as [Omit<OperatorNotice, "type">];
    assert.equal([kind, severity, group, channels], ["synth.truth", "info", "even", ["a"]]);
    assert.equal([detail["kind"], detail["onsetUs"]], ["spike", RECORDED_START_US + 30_000]);
    assert.is(author, "synth:even");
  }
});

test("a stopped feed ends at once, also while it waits", async () => {
  const clock = createManualClock();
  const sink = collectingSink();
  const feed = createFeed("synth:even", { clock, seed: 1, worlds: scriptedWorlds(10, 60_000) });
  const running = feed.run(sink);
  await clock.advance(1);
  await feed.stop();
  await running;
  assert.is(sink.samples.length, 2);
  assert.is(sink.statuses.at(-1)!.status, "ended");
});

test("two recorded worlds are merged by time, groups and sources apart", async () => {
  const clock = createManualClock();
  const feeds = createFeeds(["synth:even?speed=max", "synth:even?speed=max&seed=2"], {
    clock,
    seed: 1,
    worlds: scriptedWorlds(10, 10),
  });
  assert.is(feeds.length, 1);
  const { samples, groups } = await collect(feeds[0]!);
  assert.equal([...groups.keys()], ["even", "even-2"]);
  assert.equal(
    samples.map(({ time }) => time),
    samples.map(({ time }) => time).toSorted((a, b) => a - b),
  );
});

test("a spec that cannot be used is refused with what is expected", () => {
  const context = { clock: createManualClock(), seed: 1, worlds: scriptedWorlds(1, 1) };
  const cases: [spec: string, says: RegExp][] = [
    ["synth", /names no SCENARIO; expected synth:SCENARIO/],
    ["synth:evne", /there is no scenario "evne"; expected perhaps even/],
    ["synth:even?sed=1", /no option "sed"; expected perhaps seed/],
    ["synth:even?rate=0", /rate=0 is not valid/],
    ["synth:even?strength=-1", /strength=-1 is not valid; expected a number from 0 to 100/],
    ["synth:even?start=yesterday", /start=yesterday is not valid; expected a time/],
    ["synth:even?form=wave", /form=wave is not valid; expected one of record, vector, density/],
    ["synth:even?channels=99", /expected 2/],
  ];
  for (const [spec, says] of cases)
    assert.throws(
      () => createFeed(spec, context),
      (error: Error) => says.test(error.message),
      spec,
    );
  assert.throws(
    () => createFeed("synth:even", { clock: context.clock, seed: 1 }),
    (error: Error) => error instanceof EigenwatchError && /no synthetic worlds here/.test(error.message),
  );
});

test.run();
