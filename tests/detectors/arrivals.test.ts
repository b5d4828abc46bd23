// runtime: either
/** When samples come: channels that bring nothing, judged by their own past, and clocks that are set back. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  arrivals,
  BACK_VALUES,
  HABIT,
  HABIT_WITHIN_US,
  LEARNT,
  SILENT_LEAST_US,
  SILENT_LONGEST,
  SILENT_SPACINGS,
} from "../../actors/detectors/arrivals/detector.ts";
import { seeded } from "../kernels/builders.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { frameOf, groupOf } from "../support/rows.ts";

const SECOND = 1_000_000;
const N = 4;
/** The channel whose samples a test leaves out. */
const QUIET = 2;

/** A group with a row a second, unless said otherwise. */
class Session {
  readonly actor: ActorHarness;
  private readonly everyUs: number;
  private row = 0;
  private lateUs = 0;

  constructor(everyUs = SECOND, more: Parameters<typeof groupOf>[1] = {}) {
    this.everyUs = everyUs;
    const channels = Array.from({ length: N }, (_, c) => ({
      name: `c${c}`,
      title: `Channel ${c}`,
      unit: "V",
    }));
    this.actor = new ActorHarness(arrivals, {}, groupOf(N, { everyUs, channels, ...more }));
  }

  /** So many rows with the values of all channels, or of those chosen. */
  rows(count: number, has: (c: number) => boolean = () => true): this {
    for (let k = 0; k < count; k++) {
      const timeUs = ++this.row * this.everyUs + this.lateUs;
      const samples = Array.from({ length: N }, (_, c) => [timeUs, c, 1] as const).filter(([, c]) => has(c));
      this.actor.feed(frameOf(samples));
    }
    return this;
  }

  silent(rows: number): this {
    return this.rows(rows, (c) => c !== QUIET);
  }

  /** Nothing comes of any channel for so many rows. */
  pause(rows: number): this {
    this.row += rows;
    return this;
  }

  /** The clock that stamps the rows is set. */
  setClock(byUs: number): this {
    this.lateUs += byUs;
    return this;
  }

  get kinds(): string[] {
    return this.actor.kinds();
  }
}

/** Missed rows after which a channel with a value in each row is silent, of a row a second. */
const LIMIT = SILENT_SPACINGS;

test("a channel that brings nothing while others do is one finding, with since when and its usual spacing", () => {
  const session = new Session().rows(300).silent(LIMIT + 200);
  assert.equal(session.kinds, ["arrival.silent"]);
  const { title, severity, channels, finding, timeUs, detail } = session.actor.events[0]!;
  assert.is(title, "Channel 2 brings nothing, its last value is 17 s old (usually a value every 1.0 s)");
  assert.equal([severity, channels], ["info", ["c2"]]);
  assert.equal([finding!.key, finding!.phase, finding!.sinceUs], ["c2/silence", "opened", 300 * SECOND]);
  assert.ok(
    finding!.effect >= SILENT_LONGEST && finding!.evidence >= SILENT_SPACINGS,
    JSON.stringify(finding),
  );
  assert.equal([detail!["everyUs"], detail!["sinceUs"]], [SECOND, 300 * SECOND]);
  // A row without one of its channels is complete when the next begins.
  assert.ok(timeUs <= (300 + LIMIT + 2) * SECOND, `said at ${timeUs / SECOND} s`);
});

test("[A1] silence counts in rows: what stops with the whole group is no silence of a channel", () => {
  const session = new Session().rows(300).pause(3_600).rows(300);
  // Before the gap and after it the channel misses less than a silence.
  session
    .silent(LIMIT - 6)
    .pause(3_600)
    .silent(LIMIT - 6)
    .rows(300);
  assert.equal(session.kinds, []);
});

test("[A1] a silence that lasts over a gap goes on after it", () => {
  const session = new Session().rows(300).silent(60).pause(3_600).silent(60);
  assert.equal(session.kinds, ["arrival.silent"]);
  session.rows(10);
  assert.equal(session.kinds, ["arrival.silent", "arrival.returned"]);
});

test("[A2] a channel is not judged before its past is known, nor after a shorter silence than anybody acts on", () => {
  assert.equal(new Session().rows(LEARNT - 2).silent(1_000).kinds, []);
  assert.equal(new Session().rows(LEARNT + 2).silent(1_000).kinds, ["arrival.silent"]);
  const fast = SECOND / 100;
  const rows = SILENT_LEAST_US / fast;
  const session = new Session(fast).rows(1_000).silent(rows - 2);
  assert.equal(session.kinds, []);
  assert.equal(session.silent(4).kinds, ["arrival.silent"]);
});

test("[A2] channels that bring values at random, in bursts or seldom are not silent while they do as always", () => {
  const random = seeded(5);
  const ROWS = [
    [0.5, 5_000],
    [0.1, 20_000],
    [0.01, 60_000],
  ] as const;
  for (const [share, rows] of ROWS) {
    const session = new Session().rows(rows, (c) => c !== QUIET || random() < share);
    assert.equal(session.kinds, [], `a value in ${share} of the rows`);
  }
  const session = new Session();
  const bursts = (count: number) => {
    for (let k = 0; k < count; k++)
      session.rows(40 + Math.floor(60 * random())).silent(10 + Math.floor(90 * random()));
  };
  bursts(30);
  const before = session.kinds.length;
  bursts(100);
  assert.is(session.kinds.length, before, "bursts are usual when some were seen");
});

test("[A2] a channel that brings a value in ten rows is silent after as many of its own spacings", () => {
  const session = new Session();
  for (let k = 0; k < 200; k++) session.silent(9).rows(1);
  session.silent(10 * SILENT_SPACINGS - 12);
  assert.equal(session.kinds, []);
  session.silent(24);
  assert.equal(session.kinds, ["arrival.silent"]);
  assert.match(session.actor.events[0]!.title, /usually a value every 10 s/);
});

test("[A3] single values do not end a silence; it ends when values come as before", () => {
  const session = new Session().rows(300).silent(60);
  for (let k = 0; k < 2 * BACK_VALUES; k++) session.rows(1).silent(LIMIT + 4);
  assert.equal(session.kinds, ["arrival.silent"]);
  session.rows(BACK_VALUES + 1);
  assert.equal(session.kinds, ["arrival.silent", "arrival.returned"]);
  const { finding, title } = session.actor.events[1]!;
  assert.equal([finding!.phase, finding!.sinceUs], ["ended", 300 * SECOND]);
  assert.match(title, /^Channel 2 brings values again, after 3\.\d min$/);
});

test("[A3] a channel that is slower for good is accepted once, and judged by its new spacing", () => {
  const session = new Session().rows(300);
  const slow = (values: number) => {
    for (let k = 0; k < values; k++) session.silent(29).rows(1);
  };
  slow(LEARNT + 2);
  assert.equal(session.kinds, ["arrival.silent", "arrival.slower"]);
  const { finding, title } = session.actor.events[1]!;
  assert.is(finding!.phase, "accepted");
  assert.is(title, "Channel 2 brings a value every 30 s now (before, every 1.0 s)");
  slow(LEARNT);
  session.silent(30 * SILENT_SPACINGS - 40);
  assert.is(session.kinds.length, 2);
  session.silent(80);
  assert.equal(session.kinds.slice(2), ["arrival.silent"]);
});

test("[A4] a silence that a channel has again and again is usual for it, and one that is much longer is not", () => {
  const session = new Session().rows(300);
  const said = (): number => session.kinds.filter((kind) => kind === "arrival.silent").length;
  for (let k = 0; k < HABIT + 3; k++) session.silent(100).rows(6_000);
  assert.is(said(), HABIT);
  session.silent(200).rows(20);
  assert.is(said(), HABIT + 1);
});

test("[A4] a habit is forgotten when it has not been for so long", () => {
  const hour = 3_600 * SECOND;
  const session = new Session(hour).rows(300);
  const said = (): number => session.kinds.filter((kind) => kind === "arrival.silent").length;
  for (let k = 0; k < HABIT; k++) session.silent(30).rows(30);
  session.silent(30).rows(HABIT_WITHIN_US / hour + 10);
  assert.is(said(), HABIT);
  session.silent(30).rows(10);
  assert.is(said(), HABIT + 1);
});

test("several channels that stop at once are a finding each, and one that goes on is none", () => {
  const session = new Session().rows(300).rows(60, (c) => c === 0);
  assert.equal(
    session.actor.events.map(({ channels }) => channels![0]),
    ["c1", "c2", "c3"],
  );
});

test("in a group of ticks a channel that brings none is silent by the grid", () => {
  const session = new Session(SECOND, { sampling: "ticks" }).rows(300).silent(LIMIT + 10);
  assert.equal(session.kinds, ["arrival.silent"]);
});

test("[A5] a clock that is set back is said once, with by how much; set ahead, or a late sample, is not", () => {
  const session = new Session()
    .rows(50)
    .setClock(30 * SECOND)
    .rows(100);
  session.actor.feed(frameOf([[20 * SECOND, 1, 1]]));
  session.rows(50);
  assert.equal(session.kinds, []);
  session.setClock(-30 * SECOND).rows(100);
  assert.equal(session.kinds, ["arrival.clock-stepped"]);
  const { title, severity, detail, finding } = session.actor.events[0]!;
  assert.equal([severity, detail!["byUs"], finding], ["notice", 30 * SECOND, undefined]);
  assert.is(title, "The clock of group was set back by 30 s");
  session.setClock(-30 * SECOND).rows(10);
  assert.is(session.kinds.length, 2, "another step is another event");
});

test("[C1] restored in a silence, it says when that ends and nothing twice", () => {
  const session = new Session().rows(300).silent(60);
  const later = new Session().rows(360);
  for (const [name, field] of Object.entries(session.actor.detector.fields))
    later.actor.detector.fields[name]!.set(field as Float64Array);
  later.silent(100).rows(10);
  assert.equal(later.kinds, ["arrival.returned"]);
});

test.run();
