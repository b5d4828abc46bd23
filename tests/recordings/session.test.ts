// runtime: either
// slow
/** A recording as a session: delivers what the live one delivered, at any pace, from any place. */
import * as fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import type { CoreDefinitions } from "../../actors/core/mod.ts";
import { createFeeds } from "../../actors/feeds/session-feeds.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import type { Partition } from "../../actors/partition/partition.ts";
import type { Journal, JournalEntry } from "../../actors/ports/journal.ts";
import type { DeliveredFrame, LiveSession, SessionListener } from "../../actors/ports/session.ts";
import { SYSTEM } from "../../actors/system.ts";
import { createGateway } from "../../collab/gateway/gateway.ts";
import type { Channels, EventMessage, MetricsMessage, StateMessage } from "../../protocol/messages.ts";
import { ReplaySession, type ReplaySessionOptions } from "../../sim/recordings/replay/session.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";
import { rowsOf } from "../support/interval-rows.ts";
import { openPartition } from "../support/open-partition.ts";
import { createProgramClient } from "../support/program-client.ts";
import { TOYS } from "../support/toy-actors.ts";

/** Lists of commands that are tried: each list opens and plays the recording several times. */
const RUNS = process.env["EIGENWATCH_LONG"] === "1" ? 100 : 10;

const SECOND = 1_000_000;
/** Short enough that a seek into the middle has something before its window. */
const WINDOW_US = 5 * SECOND;

/** One line a delivery; metrics without their gauges, which a live listener reads a little later. */
class Listening implements SessionListener {
  lines: string[] = [];
  times: number[] = [];
  events: EventMessage[] = [];
  inputs: number[] = [];
  frame({ inputSequence, frame, bytes }: DeliveredFrame): void {
    this.inputs.push(inputSequence);
    this.times.push(frame.time[frame.count - 1]!);
    this.lines.push(`frame ${inputSequence} ${bytes.length} ${frame.value.join(" ")}`);
  }
  event(event: EventMessage): void {
    this.events.push(event);
    this.lines.push(JSON.stringify(event));
  }
  state(state: StateMessage): void {
    this.lines.push(JSON.stringify(state));
  }
  channels(declaration: Channels): void {
    this.lines.push(JSON.stringify(declaration));
  }
  metrics({ timeUs }: MetricsMessage): void {
    this.lines.push(`metrics ${timeUs}`);
  }
  rewound({ input, event }: { input: number; event: number }): void {
    this.lines.push(`rewound ${input} ${event}`);
  }
}

let journal: Journal;
let partition: Partition;
const live = new Listening();

test.before(async () => {
  // Kept open: the session reads it as it would a recording on disk.
  journal = createMemoryJournal({});
  partition = await recorded(journal, TOYS, "walk?channels=4&rate=max&frame=16&seed=3&duration=24s", live);
});

test.after(() => partition.close());

test("[P1] played to its end a recording delivers what the live session delivered, in the same order", async () => {
  await onSession({ speed: "max" }, async ({ session, heard }) => {
    await session.play();
    await until(() => session.status().state === "ended");
    assert.ok(live.events.length > 0 && heard.lines.length > 1_000);
    assert.equal(heard.lines, live.lines);
    assert.equal(await session.events(0, 100_000), live.events);
    assert.is(session.session, "recorded");
  });
});

test("measures of parts that are passed over are those that the live session published", async () => {
  const journal = createMemoryJournal({});
  const partition = await recorded(journal, SYSTEM, "walk?channels=3&rate=max&frame=4&seed=3&duration=12s");
  try {
    const { timeUs: toUs } = partition.describe();
    const range = { fromUs: toUs - 12 * SECOND, toUs, columns: 60, isOpen: true };
    const measured = async (session: Pick<LiveSession, "past">) => {
      const { groups } = await session.past(range);
      return groups.flatMap(({ measures }) => [measures.names, ...rowsOf(measures.rows)]);
    };
    const published = await measured(partition);
    assert.ok(published.length > 100);
    await onSession({ journal, definitions: SYSTEM, place: "end" }, async ({ session }) => {
      let known = await measured(session);
      for (let turn = 0; turn < 500 && known.length < published.length; turn++) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        known = await measured(session);
      }
      assert.equal(known, published);
      assert.equal(
        session.stateBefore("walk", toUs - 6 * SECOND),
        partition.stateBefore("walk", toUs - 6 * SECOND),
      );
    });
  } finally {
    await partition.close();
  }
});

test("inputs come at their times, at any speed, and not before", async () => {
  await onSession({ speed: 2 }, async ({ session, heard, clock }) => {
    const { fromUs } = session.status();
    await session.play();
    for (const wholeMs of [100, 400, 500]) {
      await play(clock, wholeMs - clock.monotonicMs());
      const reachedUs = fromUs + 2 * wholeMs * 1_000;
      assert.equal(
        heard.times,
        live.times.filter((timeUs) => timeUs <= reachedUs),
        `after ${wholeMs} ms`,
      );
      assert.is(session.status().timeUs, reachedUs);
    }
  });
});

test("a pause stops in the middle of a wait, and goes on with what is left of it", async () => {
  await onSession({ speed: 0.01 }, async ({ session, heard, clock }) => {
    await session.play();
    await play(clock, 310);
    const before = heard.times.length;
    const { timeUs } = session.status();
    await session.pause();
    await clock.advance(3_600_000);
    assert.is(heard.times.length, before);
    assert.is(session.status().timeUs, timeUs);
    await session.play();
    const nextUs = live.times[before]!;
    const leftMs = (nextUs - timeUs) / 1_000 / 0.01;
    assert.ok(leftMs > 2, "the pause fell into a wait");
    await play(clock, leftMs - 1);
    assert.is(heard.times.length, before);
    await play(clock, 2);
    assert.is.not(heard.times.length, before);
  });
});

test("paused while the next block is read, it stands where it was, however fast it plays", async () => {
  let goOn = (): void => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const stuck = seenThrough(journal, {
    async *read(from?: number): AsyncGenerator<JournalEntry> {
      for await (const entry of journal.read(from)) {
        if (entry.kind === "block" && entry.block.number === 40) await held;
        yield entry;
      }
    },
  });
  await onSession({ speed: 1_000, journal: stuck }, async ({ session, heard, clock }) => {
    await session.play();
    let sequence = -1;
    while (sequence !== session.status().sequence) {
      ({ sequence } = session.status());
      for (let turns = 0; turns < 20; turns++) await clock.advance(1);
    }
    await clock.advance(5_000);
    await session.pause();
    const { timeUs } = session.status();
    goOn();
    assert.is(timeUs, heard.times.at(-1));
  });
});

test("a change of speed holds from where the playing is", async () => {
  await onSession({ speed: 1 }, async ({ session, clock }) => {
    const { fromUs } = session.status();
    await session.play();
    await play(clock, 200);
    await session.setSpeed(10);
    await play(clock, 100);
    assert.is(session.status().timeUs, fromUs + 1.2 * SECOND);
    await session.setSpeed("max");
    await until(() => session.status().state === "ended");
  });
});

test("[L1] a seek says rewound, delivers the stretch before the place as it was live, and stands before the place", async () => {
  await onSession({ speed: "max" }, async ({ session, heard }) => {
    await session.play();
    await until(() => session.status().state === "ended");
    heard.lines = [];
    const timeUs = session.status().fromUs + 12 * SECOND;
    await session.seek({ timeUs });
    const { sequence, state } = session.status();
    assert.is(state, "paused");
    assert.match(heard.lines[0]!, /^rewound \d+ \d+$/);
    const [, input = 0, event = 0] = heard.lines[0]!.split(" ").map(Number);
    const between = live.inputs.filter((of) => of > input && of <= sequence);
    const delivered = heard.lines.filter((line) => line.startsWith("frame "));
    assert.equal(
      delivered,
      live.lines.filter((line) => line.startsWith("frame ") && between.includes(Number(line.split(" ")[1]))),
    );
    const windowFromUs = live.times[live.inputs.indexOf(between[0]!)]!;
    assert.ok(windowFromUs >= timeUs - WINDOW_US && windowFromUs < timeUs - WINDOW_US + SECOND);
    assert.ok(live.times[live.inputs.indexOf(between.at(-1)!)]! < timeUs);
    const upTo = live.events.filter((each) => Number(each.id.split("/")[1]) <= sequence);
    assert.equal(await session.events(0, 100_000), upTo);
    assert.is(session.describe().lastEventSequence, upTo.length);
    assert.ok(event <= upTo.length);
  });
});

test("[L1] a seek says its place, and gives the past up to there, before the actors have folded what lies between", async () => {
  await onSession({ windowInputs: 20 }, async ({ session, heard }) => {
    await until(() => session.marks().complete);
    const timeUs = session.status().fromUs + 12 * SECOND;
    await session.seek({ timeUs: session.status().fromUs + 2 * SECOND });
    heard.lines = [];
    await session.goTo({ timeUs });
    assert.is(session.status().state, "seeking");
    assert.is(session.status().timeUs, timeUs);
    assert.is(heard.lines.length, 1);
    assert.match(heard.lines[0]!, /^rewound \d+ \d+$/);
    const range = { fromUs: timeUs - 4 * SECOND, toUs: timeUs, columns: 8, isOpen: true };
    const { groups, input } = await session.past(range);
    const lastInput = live.inputs.findLast((_, k) => live.times[k]! < timeUs)!;
    assert.ok(input >= lastInput, `input ${input} of ${lastInput}`);
    assert.ok(Number(heard.lines[0]!.split(" ")[1]) < input, "some of that is still to be delivered");
    const rows = rowsOf(groups[0]!.samples);
    assert.ok(rows[0]![0]! <= timeUs - 3.5 * SECOND && rows.at(-1)![0]! >= timeUs - SECOND);
    await session.settled();
    assert.is(session.status().state, "paused");
    assert.is(session.status().sequence, input);
    assert.is(heard.lines.filter((line) => line.startsWith("rewound ")).length, 1);
    const upTo = live.events.filter((each) => Number(each.id.split("/")[1]) <= input);
    assert.equal(await session.events(0, 100_000), upTo);
  });
});

test("[L5] after a page was told of a place, the actors go there when it has had time for the past of there; another place ends that", async () => {
  await onSession({ windowInputs: 20 }, async ({ session, clock }) => {
    await until(() => session.marks().complete);
    const { fromUs } = session.status();
    const place = (seconds: number) => ({ timeUs: fromUs + seconds * SECOND });
    const range = { fromUs, toUs: fromUs + SECOND, columns: 8, isOpen: true };
    await session.goTo(place(12));
    await session.settled();
    await session.past(range);
    await session.goTo(place(6));
    await clock.advance(60);
    await session.past(range);
    await clock.advance(99);
    assert.is(session.status().state, "seeking");
    await clock.advance(1);
    await session.settled();
    assert.is(session.status().state, "paused");
    await session.goTo(place(10));
    await session.seek(place(8));
    assert.equal([session.status().state, session.status().timeUs], ["paused", place(8).timeUs]);
    assert.is(clock.pending, 0);
  });
});

test("a session that is closed while its actors are on their way to a place ends, and so does whoever waits for them", async () => {
  await onSession({ journal: slowed(journal) }, async ({ session }) => {
    await until(() => session.marks().complete);
    await session.goTo({ timeUs: session.status().fromUs + 12 * SECOND });
    assert.is(session.status().state, "seeking");
    const settled = session.settled();
    await session.close();
    await settled;
  });
});

test("[L1] the stretch before a place has no more inputs than a client can read at once", async () => {
  await onSession({ windowInputs: 20 }, async ({ session, heard }) => {
    for (const place of [
      { timeUs: session.status().fromUs + 12 * SECOND },
      { sequence: live.inputs.at(-5)! },
    ]) {
      heard.lines = [];
      await session.seek(place);
      const { sequence } = session.status();
      const [, input = 0] = heard.lines[0]!.split(" ").map(Number);
      assert.ok(sequence - input <= 21, `inputs ${input} to ${sequence}`);
      const frames = heard.lines.filter((line) => line.startsWith("frame "));
      assert.ok(frames.length > 10 && frames.length <= 20, `${frames.length} frames`);
    }
  });
});

test("[L1] the stretch before a place comes in turns of a few inputs, so that clients can read between them", async () => {
  await onSession({}, async ({ session }) => {
    let inTurn = 0;
    const turns: number[] = [];
    session.subscribe({
      frame: () => void inTurn++,
      flush: () => {
        turns.push(inTurn);
        inTurn = 0;
      },
    });
    await session.seek({ timeUs: session.status().fromUs + 12 * SECOND });
    const delivered = turns.reduce((sum, frames) => sum + frames, 0);
    assert.ok(delivered > 100, `${delivered} frames in the stretch`);
    assert.ok(Math.max(...turns) <= 16, `${Math.max(...turns)} frames in one turn`);
  });
});

test("[P2] what is played after a seek is what was live after that place", async () => {
  await onSession({ speed: "max", windowUs: 0 }, async ({ session, heard }) => {
    const place = live.inputs[Math.floor(live.inputs.length / 3)]!;
    await session.seek({ sequence: place });
    assert.is(session.status().sequence, place - 1);
    const before = live.events.filter(({ id }) => Number(id.split("/")[1]) < place);
    assert.equal(await session.events(0, 100_000), before);
    heard.lines = [];
    await session.play();
    await until(() => session.status().state === "ended");
    const from = live.lines.findIndex((line) => line.startsWith(`frame ${place} `));
    assert.equal(heard.lines, live.lines.slice(from));
  });
});

test("frames asked for later are those after the beginning of the window, and none that were not played", async () => {
  await onSession({}, async ({ session }) => {
    const place = live.inputs[Math.floor(live.inputs.length / 2)]!;
    await session.seek({ sequence: place });
    const { frames, complete } = session.recentFrames(0);
    assert.is(complete, true);
    assert.is(frames.at(-1)!.inputSequence, place - 1);
    assert.ok(frames.length > 10);
  });
});

test("[L2] of seeks that wait only the last is carried out; playing goes on where it was playing", async () => {
  await onSession({ speed: 1 }, async ({ session, heard }) => {
    await session.play();
    const { fromUs } = session.status();
    const seeks = [20, 6, 16, 9].map((seconds) => session.seek({ timeUs: fromUs + seconds * SECOND }));
    await Promise.all(seeks);
    await until(() => session.status().state === "playing");
    assert.is(session.status().timeUs, fromUs + 9 * SECOND);
    assert.is(heard.lines.filter((line) => line.startsWith("rewound ")).length, 1);
  });
});

test("playing at the end begins at the beginning", async () => {
  await onSession({ speed: "max" }, async ({ session, heard }) => {
    await session.seek({ timeUs: session.status().toUs });
    await session.play();
    await until(() => session.status().state === "ended");
    heard.lines = [];
    await session.play();
    await until(() => session.status().state === "ended");
    assert.equal(heard.lines, ["rewound 0 0", ...live.lines]);
  });
});

test("paused and played on while a block is being read, it leaves out nothing", async () => {
  await onSession({ speed: "max", journal: slowed(journal) }, async ({ session, heard }) => {
    await session.play();
    while (session.status().state === "playing") {
      await new Promise<void>((resolve) => setImmediate(resolve));
      await session.pause();
      if (session.status().state === "paused") await session.play();
    }
    assert.is(session.status().state, "ended");
    assert.equal(heard.lines, live.lines);
  });
});

test("[P1] [P2] whatever is done to it, what it delivers between two moves is a stretch of the live session without gaps", async () => {
  const command = fc.oneof(
    fc.constantFrom("play" as const, "pause" as const),
    fc.nat(1_000).map((promille) => ({ promille })),
    fc.constantFrom(0.5, 20, 1_000, "max" as const).map((speed) => ({ speed })),
    fc.integer({ min: 1, max: 40 }).map((ms) => ({ ms })),
  );
  const indexOf = new Map(live.lines.map((line, k) => [line, k]));
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (commands) => {
      await onSession({ windowUs: SECOND, journal: slowed(journal) }, async ({ session, heard, clock }) => {
        const { lastSequence } = session.status();
        for (const each of commands) {
          if (each === "play") await session.play();
          else if (each === "pause") await session.pause();
          else if ("speed" in each) await session.setSpeed(each.speed);
          else if ("ms" in each) await clock.advance(each.ms);
          // Not waited for: others may come while it is under way.
          else void session.seek({ sequence: 1 + Math.floor((each.promille / 1_001) * lastSequence) });
        }
        await session.pause();
        await until(() => ["paused", "ended"].includes(session.status().state));
        for (const stretch of stretchesOf(heard.lines)) {
          if (stretch.lines.length === 0) continue;
          const from = indexOf.get(stretch.lines[0]!)!;
          assert.equal(stretch.lines, live.lines.slice(from, from + stretch.lines.length));
          const [first = 0] = stretch.lines.flatMap(
            (line) => /^frame (\d+)/.exec(line)?.slice(1, 2).map(Number) ?? [],
          );
          const next = live.inputs.find((input) => input > stretch.place);
          if (first > 0) assert.is(first, next);
        }
        const { sequence } = session.status();
        assert.equal(
          (await session.events(0, 100_000)).map(({ id }) => id),
          live.events.map(({ id }) => id).filter((id) => Number(id.split("/")[1]) <= sequence),
        );
      });
    }),
    { numRuns: RUNS },
  );
});

test("a client of the gateway gets the events of the live session, and after a move those after the place once more", async () => {
  await onSession({ speed: "max" }, async ({ session }) => {
    const gateway = await createGateway({ sessions: [session] });
    const got: EventMessage[] = [];
    const places: number[] = [];
    const client = createProgramClient({
      url: gateway.url,
      handlers: {
        event: (event) => void got.push(event),
        rewound: ({ cursors }) => void places.push(cursors.event),
      },
    });
    client.subscribe({ channel: "events", after: 0 });
    client.start();
    await session.play();
    await until(() => got.length === live.events.length);
    assert.equal(got, live.events);
    got.length = 0;
    await session.seek({ sequence: live.inputs[Math.floor(live.inputs.length / 2)]! });
    await session.play();
    await until(() => got.at(-1)?.sequence === live.events.length);
    const [place = 0] = places;
    assert.ok(place > 0 && place < live.events.length);
    assert.equal(got, live.events.slice(place));
    client.stop();
    await gateway.close();
  });
});

test("the marks are the events of the whole recording, wherever it stands", async () => {
  await onSession({}, async ({ session }) => {
    await until(() => session.marks().complete);
    assert.equal(
      session.marks().marks.map(({ sequence, timeUs, input }) => [sequence, timeUs, input]),
      live.events.map(({ sequence, timeUs, id }) => [sequence, timeUs, Number(id.split("/")[1])]),
    );
  });
});

test("a place outside of the recording is refused by its range, and nothing moves", async () => {
  await onSession({}, async ({ session, heard }) => {
    const { lastSequence, toUs } = session.status();
    const places = [{ sequence: 0 }, { sequence: lastSequence + 1 }, { timeUs: toUs + 1 }, { timeUs: 5 }];
    for (const place of places) {
      try {
        await session.seek(place);
        assert.unreachable("it went there");
      } catch (error) {
        assert.match(
          (error as Error).message,
          /in the recording; expected 1 to \d+|expected \d{4}-.*Z to \d{4}-.*Z/,
        );
      }
    }
    assert.equal(heard.lines, []);
    assert.is(session.status().state, "paused");
  });
});

test("a recording whose beginning is gone is played from the oldest place that is left", async () => {
  const short = createMemoryJournal({ retainBytes: 2 << 20 });
  const whole = new Listening();
  const writer = await openPartition({
    session: "recorded",
    journal: short,
    definitions: TOYS,
  });
  writer.subscribe(whole);
  writer.startFeeds(
    createFeeds(["walk?channels=4&rate=max&frame=256&seed=3&duration=120s"], { clock: systemClock, seed: 1 }),
  );
  await writer.feedsEnded();
  assert.ok(short.first!.number > 1, "some of it is gone");
  await onSession({ speed: "max", journal: short, windowUs: 0 }, async ({ session, heard }) => {
    const { firstSequence, lastSequence } = session.status();
    assert.ok(firstSequence > 1);
    await session.seek({ sequence: lastSequence });
    await session.seek({ sequence: firstSequence });
    heard.lines = [];
    await session.play();
    await until(() => session.status().state === "ended");
    const from = whole.lines.findIndex((line) => line.startsWith(`frame ${firstSequence} `));
    assert.equal(heard.lines, whole.lines.slice(from));
  });
  await writer.close();
});

test("[P3] damage ends the playing with its place", async () => {
  async function* read(from?: number): AsyncGenerator<JournalEntry> {
    for await (const entry of journal.read(from)) {
      if (entry.kind === "block" && entry.block.number === 40) {
        yield { kind: "damage", file: "0000000001.seg", offset: 4711, length: 8, reason: "checksum" };
        return;
      }
      yield entry;
    }
  }
  const damaged = seenThrough(journal, { read });
  await onSession({ speed: "max", journal: damaged }, async ({ session }) => {
    await session.play();
    await until(() => session.status().state === "failed");
    assert.match(session.status().reason, /0000000001\.seg at byte 4711/);
    assert.match(session.notReady() ?? "", /4711/);
  });
});

interface Opened {
  session: ReplaySession;
  heard: Listening;
  clock: ManualClock;
}

/** A session of one feed that has ended. */
async function recorded(
  journal: Journal,
  definitions: CoreDefinitions,
  feed: string,
  listener: SessionListener = {},
): Promise<Partition> {
  const partition = await openPartition({
    session: "recorded",
    journal,
    definitions,
    keepsPast: true,
  });
  partition.subscribe(listener);
  partition.startFeeds(createFeeds([feed], { clock: systemClock, seed: 1 }));
  await partition.feedsEnded();
  return partition;
}

async function onSession(
  options: Partial<ReplaySessionOptions>,
  act: (opened: Opened) => Promise<void>,
): Promise<void> {
  const clock = createManualClock();
  const kept = seenThrough(options.journal ?? journal, { close: async () => {} });
  const session = await ReplaySession.open({
    definitions: TOYS,
    clock,
    recording: null,
    windowUs: WINDOW_US,
    windowInputs: Number.POSITIVE_INFINITY,
    ...options,
    journal: kept,
  });
  const heard = new Listening();
  session.subscribe(heard);
  try {
    await act({ session, heard, clock });
  } finally {
    await session.close();
  }
}

/** As a disk: each block takes a turn of the event loop or two, in which other things happen. */
function slowed(of: Journal): Journal {
  return seenThrough(of, {
    async *read(from?: number): AsyncGenerator<JournalEntry> {
      for await (const entry of of.read(from)) {
        await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
        yield entry;
      }
    },
  });
}

/** The journal with some of its methods replaced. */
function seenThrough(of: Journal, replaced: Partial<Journal>): Journal {
  return {
    durability: of.durability,
    first: of.first,
    last: of.last,
    append: (block) => of.append(block),
    appendDerived: (record) => of.appendDerived(record),
    saveSnapshot: (...snapshot) => of.saveSnapshot(...snapshot),
    loadSnapshot: (at) => of.loadSnapshot(at),
    locate: (at) => of.locate(at),
    read: (from) => of.read(from),
    flush: () => of.flush(),
    close: () => of.close(),
    ...replaced,
  };
}

/** Lets time pass in small steps, each after the player has come to wait again. */
async function play(clock: ManualClock, ms: number): Promise<void> {
  const endMs = clock.monotonicMs() + ms;
  while (clock.monotonicMs() < endMs) {
    await until(() => clock.pending > 0);
    await clock.advance(Math.min(1, endMs - clock.monotonicMs()));
  }
  await until(() => clock.pending > 0);
}

/** What was heard, cut at each move: the input after which it continues, and what came then. */
function stretchesOf(lines: readonly string[]): { place: number; lines: string[] }[] {
  const stretches = [{ place: 0, lines: [] as string[] }];
  for (const line of lines) {
    const moved = /^rewound (\d+)/.exec(line);
    if (moved === null) stretches.at(-1)!.lines.push(line);
    else stretches.push({ place: Number(moved[1]), lines: [] });
  }
  return stretches;
}

async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; turns < 100_000; turns++) {
    if (holds()) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  throw new Error(`Cannot go on: waited for ${holds}`);
}

test.run();
