// runtime: either
// slow
/** A recording of several partitions as sessions that move together. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { createFeeds } from "../../actors/feeds/session-feeds.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import type { SessionListener } from "../../actors/ports/session.ts";
import { ReplaySession } from "../../sim/recordings/replay/session.ts";
import { createManualClock } from "../support/clock.ts";
import { openPartition } from "../support/open-partition.ts";
import { TOYS } from "../support/toy-actors.ts";

/** Rates whose frames meet at some times and not at others; the second ends later. */
const FEEDS = [
  "walk?channels=2&rate=max&frame=16&seed=3&duration=8s&group=amber",
  "walk?channels=3&rate=max&frame=24&seed=4&duration=12s&group=birch",
];
const PARTITIONS = ["p0", "p1"];

interface Recorded {
  readonly journal: Journal;
  /** One line a delivery. */
  readonly lines: string[];
}

let recorded: [Recorded, Recorded];

test.before(async () => {
  recorded = (await Promise.all(
    PARTITIONS.map(async (name, k): Promise<Recorded> => {
      const journal = keptOpen(createMemoryJournal({}));
      const partition = await openPartition({
        session: "recorded",
        partition: name,
        journal,
        definitions: TOYS,
      });
      const lines: string[] = [];
      partition.subscribe(listening(lines, () => {}));
      partition.startFeeds(createFeeds([FEEDS[k]!], { clock: systemClock, seed: 1 }));
      await partition.feedsEnded();
      await partition.close();
      return { journal, lines };
    }),
  )) as [Recorded, Recorded];
});

function listening(lines: string[], frameAt: (timeUs: number) => void): SessionListener {
  return {
    frame({ inputSequence, frame }) {
      frameAt(frame.time[frame.count - 1]!);
      lines.push(`frame ${inputSequence} ${frame.value.join(" ")}`);
    },
    event: (event) => void lines.push(JSON.stringify(event)),
    state: (state) => void lines.push(JSON.stringify(state)),
    channels: (declaration) => void lines.push(JSON.stringify(declaration)),
    metrics: ({ timeUs }) => void lines.push(`metrics ${timeUs}`),
    rewound() {},
  };
}

async function onSessions(
  act: (opened: {
    sessions: readonly [ReplaySession, ReplaySession];
    lines: readonly [string[], string[]];
    /** Time and partition of each frame, as they come. */
    frames: [timeUs: number, part: number][];
    clock: ReturnType<typeof createManualClock>;
  }) => Promise<void>,
  speed: number | "max" = "max",
): Promise<void> {
  const clock = createManualClock();
  const parts = recorded.map(({ journal }) => ({ journal, recording: null }));
  const sessions = (await ReplaySession.openAll(parts, { definitions: TOYS, clock, speed })) as [
    ReplaySession,
    ReplaySession,
  ];
  const lines: [string[], string[]] = [[], []];
  const frames: [number, number][] = [];
  for (const part of [0, 1] as const)
    sessions[part].subscribe(listening(lines[part], (timeUs) => void frames.push([timeUs, part])));
  try {
    await act({ sessions, lines, frames, clock });
  } finally {
    for (const session of sessions) await session.close();
  }
}

/** Neither the partition nor a session closes it for the next test. */
function keptOpen(journal: Journal): Journal {
  return new Proxy(journal, {
    get(of, name) {
      if (name === "close") return async () => {};
      const value: unknown = Reflect.get(of, name, of);
      return typeof value === "function" ? value.bind(of) : value;
    },
  });
}

/** Turns of the event loop until it holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

test("[P1] played to the end each partition delivers what it delivered live, and their inputs come in order of time and partition", async () => {
  await onSessions(async ({ sessions, lines, frames }) => {
    await sessions[1].play();
    await until(() => sessions[0].status().state === "ended");
    assert.equal(lines, [recorded[0].lines, recorded[1].lines]);
    const ordered = frames.toSorted(([a, p], [b, q]) => a - b || p - q);
    assert.equal(frames, ordered);
    const turns = frames.filter(([, part], k) => k > 0 && part !== frames[k - 1]![1]).length;
    assert.ok(turns > 10, "the partitions take turns");
  });
});

test("what one of them is told all of them do, and their range is that of all", async () => {
  await onSessions(async ({ sessions }) => {
    const [a, b] = sessions;
    assert.is(a.status().fromUs, b.status().fromUs);
    assert.is(a.status().toUs, b.status().toUs);
    assert.is(a.status().toUs, recorded[1].journal.last!.timeUs);
    assert.ok(a.status().toUs > recorded[0].journal.last!.timeUs);
    assert.is(a.status().lastSequence, recorded[0].journal.last!.lastSequence);
    const timeUs = recorded[0].journal.last!.timeUs + 1_000_000;
    await a.seek({ timeUs });
    assert.is(b.status().timeUs, timeUs);
    assert.is(a.status().sequence, a.status().lastSequence);
    assert.ok(b.status().sequence < b.status().lastSequence);
    await b.setSpeed(4);
    assert.is(a.status().speed, 4);
    await b.play();
    assert.is(a.status().state, "playing");
    await a.pause();
    assert.is(b.status().state, "paused");
  }, 1);
});

test("[L4] before an input of one partition the others stand where that input has its turn among theirs", async () => {
  await onSessions(async ({ sessions, frames }) => {
    const [a, b] = sessions;
    for (const sequence of [5, 60, 100]) {
      await b.seek({ sequence });
      const [inputs, others] = [b.status().sequence, a.status().sequence];
      assert.is(inputs, sequence - 1);
      frames.length = 0;
      await b.play();
      await until(() => b.status().state === "ended");
      // Neither too many nor too few of the others were applied: the order goes on.
      assert.equal(
        frames,
        frames.toSorted(([x, p], [y, q]) => x - y || p - q),
      );
      assert.is(frames[0]![1], 1, `after ${others} inputs of the other`);
    }
  });
});

test("the marks of all are in order of time and name their partition", async () => {
  await onSessions(async ({ sessions }) => {
    await until(() => sessions[0].marks().complete);
    const { marks } = sessions[0].marks();
    assert.equal(sessions[1].marks().marks, marks);
    assert.equal([...new Set(marks.map(({ partition }) => partition))].sort(), PARTITIONS);
    const times = marks.map(({ timeUs }) => timeUs);
    assert.equal(
      times,
      times.toSorted((x, y) => x - y),
    );
  });
});

test.run();
