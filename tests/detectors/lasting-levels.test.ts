// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  ACCEPTED,
  ENDED,
  GREW_FURTHER,
  LastingLevels,
  NOTHING,
  OPENED,
} from "../../actors/detectors/anomaly/lasting/lasting-levels.ts";
import { normals } from "../support/random-streams.ts";
import { InnovationBatch } from "../support/rows.ts";

const ROWS_A_SECOND = 10;
const SPACING_US = 100_000;
/** The first range is learnt from five minutes. */
const LEARNT = 300;

test("a level that is kept for eight of ten seconds is found once, within ten seconds, and ends when it ends", () => {
  const world = new World(1)
    .noise(0, 400, () => 5)
    .noise(400, 430, () => 15)
    .noise(430, 500, () => 5);
  assert.equal(
    world.told.map(({ what }) => what),
    [OPENED, ENDED],
  );
  const [opened, ended] = world.told;
  assert.ok(opened!.at > 400 && opened!.at <= 410, `found at ${opened!.at}`);
  assert.ok(Math.abs(opened!.since - 400) <= 2, `since ${opened!.since}`);
  assert.ok(ended!.at > 430 && ended!.at <= 440);
});

test("bursts of two seconds change nothing, however large", () => {
  const burst = (second: number) => (second % 20 < 2 && second > LEARNT ? 1e9 : 0);
  assert.equal(new World(1).noise(0, 1200, burst).told, []);
});

test("bursts that last as long as they did while the machine was learnt are usual, longer ones are not", () => {
  const bursts = (length: number) => (second: number) => (second % 50 < length ? 100 : 0);
  assert.equal(new World(1).noise(0, 1200, bursts(12)).told, []);
  const longer = new World(1).noise(0, 400, bursts(4)).noise(400, 450, bursts(30));
  assert.is(longer.told[0]!.what, OPENED);
});

test("independent noise leaves its ranges as seldom as the evidence says", () => {
  const opened = new World(30).noise(0, 3600, () => 0).told.filter(({ what }) => what === OPENED);
  const levels = (30 * 3600) / 10;
  for (const { evidence } of opened)
    assert.ok(evidence < Math.log(levels / opened.length) + 2, `${evidence}`);
  assert.ok(opened.length < 5, `${opened.length} opened`);
});

test("a fall below the lowest level is found like a rise above the highest", () => {
  const spikes = (second: number) => (second % 30 < 2 ? 90 : 25);
  const died = new World(1).noise(0, 400, spikes).noise(400, 430, () => 10);
  assert.is(died.told[0]!.what, OPENED);
  assert.ok(died.told[0]!.at <= 410);
});

test("bursts that come all the time leave no range when they cease: they never stayed below their low level for so long", () => {
  // Quiet seconds and busy ones in each ten: eight of ten never reach the busy level, nor stay at the quiet one.
  const world = new World(1, { noise: 0 })
    .noise(0, 400, (second) => (second % 2 === 0 ? 0 : 500))
    .noise(400, 420, () => 100);
  assert.equal(
    world.told.map(({ what }) => what),
    [OPENED],
  );
  assert.equal(world.edges(0), { low: 500, high: Number.NaN });
  world.noise(420, 440, (second) => (second % 2 === 0 ? 0 : 500));
  assert.equal(
    world.told.map(({ what }) => what),
    [OPENED, ENDED],
  );
});

test("a level that goes to and fro about the edge of its range does not end and begin again", () => {
  // Inside for two seconds of each nine: of ten seconds there are now two, now three.
  const level = (second: number) => (second < 420 || second % 9 > 1 ? 15 : 5);
  const world = new World(1)
    .noise(0, 400, () => 5)
    .noise(400, 600, level)
    .noise(600, 640, () => 5);
  assert.equal(
    world.told.map(({ what }) => what),
    [OPENED, ENDED],
  );
  assert.ok(world.told[1]!.at > 600);
});

test("what drifts as it did before stays inside, a leak is found", () => {
  const drift = (second: number) => second / 100;
  assert.equal(new World(1).noise(0, 1200, drift).told, []);
  const leak = new World(1).noise(0, 600, drift).noise(600, 900, (second) => drift(600) + (second - 600) / 2);
  assert.is(leak.told[0]!.what, OPENED);
  assert.ok(leak.told[0]!.at <= 640, `found at ${leak.told[0]!.at}`);
});

test("a second fault soon after the first counts as much, what recurs for hours as much as it is rare", () => {
  const fault = (second: number) => (second % 500 > 400 && second % 500 <= 430 ? 20 : 5);
  const opened = new World(1).noise(0, 8 * 3600, fault).told.filter(({ what }) => what === OPENED);
  assert.is(opened.length, 57);
  const rarity = opened.map(({ evidence, size }) => evidence - 2 * Math.log(size / 0.5));
  assert.ok(rarity[1]! >= rarity[0]! - 0.1, "soon after");
  // One in fifty levels of ten seconds: three faults in 25 minutes are not yet counted, those of eight hours are.
  assert.ok(rarity.at(-1)! < Math.log(50) + 0.5, `${rarity.at(-1)} nats`);
});

test("a channel that moves with one that is out of its range adds hardly any evidence, an independent one adds all of its own", () => {
  const load = (second: number) => (second >= 400 ? 20 : 5);
  const same = new World(2, { shared: 0.95 }).noise(0, 420, load);
  const other = new World(2).noise(0, 420, load);
  const [first, second] = same.told;
  assert.ok(second!.evidence < first!.evidence / 3, `${second!.evidence} of ${first!.evidence}`);
  const [one, two] = other.told;
  assert.ok(two!.evidence > one!.evidence / 2);
});

test("an episode that doubles is reported once more, one that stays for an hour is accepted", () => {
  const world = new World(1).noise(0, 400, () => 5).noise(400, 450, () => 12);
  world.noise(450, 4200, () => 40);
  assert.equal(
    world.told.map(({ what }) => what),
    [OPENED, GREW_FURTHER, ACCEPTED],
  );
  assert.equal(world.noise(4200, 4300, () => 40).told.length, 3, "the level is usual");
});

test("a burst that moves a channel that adds up is none, its steps are; a level that returns is looked at itself", () => {
  // A cache that grows by bursts of a second, and a leak into it.
  const cache = (leak: number) => (second: number) =>
    Math.floor(second / 40) * 20 + leak * Math.max(0, second - 700);
  assert.equal(
    new World(1).noise(0, 700, cache(0)).noise(700, 800, (second) => cache(0)(second) + 300).told,
    [],
  );
  const leak = new World(1).noise(0, 800, cache(9));
  assert.is(leak.told[0]!.what, OPENED);
  assert.ok(leak.told[0]!.at <= 715, `found at ${leak.told[0]!.at}`);
});

test("a channel that never moved has left its range when it moves for ten seconds", () => {
  const world = new World(1, { noise: 0 }).noise(0, 400, () => 0).noise(400, 420, () => 3);
  assert.is(world.told[0]!.what, OPENED);
});

// ---- given, when, then ------------------------------------------------------------------------------------------

interface Told {
  readonly what: number;
  readonly at: number;
  readonly since: number;
  readonly evidence: number;
  readonly size: number;
}

/** Channels of one machine, ten rows a second. Times in seconds. */
class World {
  readonly told: Told[] = [];
  private readonly levels: LastingLevels;
  private readonly batch: InnovationBatch;
  private readonly normal = normals(1);
  private readonly n: number;
  private readonly shared: number;
  private readonly size: number;

  /** `shared`: share of the noise that all channels have in common; `noise`: standard deviation of a second. */
  constructor(n: number, { shared = 0, noise = 1 }: { shared?: number; noise?: number } = {}) {
    this.n = n;
    this.shared = shared;
    this.size = noise;
    this.levels = new LastingLevels(new Uint8Array(n).fill(1));
    this.batch = new InnovationBatch(1, n);
  }

  /** Seconds of noise about a level. */
  noise(from: number, to: number, level: (second: number) => number): this {
    const { n, batch, levels, shared, size } = this;
    const own = Math.sqrt(1 - shared * shared);
    for (let second = from; second < to; second++) {
      const common = shared * this.normal();
      const noise = Array.from({ length: n }, () => size * (common + own * this.normal()));
      for (let r = 0; r < ROWS_A_SECOND; r++) {
        for (let c = 0; c < n; c++) batch.rowValue[c] = level(second) + noise[c]!;
        batch.rowTime[0] = (second * ROWS_A_SECOND + r) * SPACING_US;
        if (levels.see(batch, 0, SPACING_US)) this.keep(second + 1);
      }
    }
    return this;
  }

  edges(c: number): { readonly low: number; readonly high: number } {
    return this.levels.edges(c);
  }

  private keep(at: number): void {
    for (let c = 0; c < this.n; c++) {
      const what = this.levels.changes[c]!;
      if (what === NOTHING) continue;
      const { sinceUs, evidence, size } = this.levels.episode(c);
      this.told.push({ what, at, since: sinceUs / 1e6, evidence, size });
    }
    this.told.sort((a, b) => a.at - b.at || b.evidence - a.evidence);
  }
}

test.run();
