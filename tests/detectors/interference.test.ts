// runtime: either
/** Phases between channels that keep still, or beat: a promise that is kept, and what a state says of a pair. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { interference, watchedPairs } from "../../actors/detectors/interference/detector.ts";
import { float32Bytes } from "../../protocol/columns.ts";
import { isName } from "../../protocol/fields.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { normals } from "../support/random-streams.ts";
import { groupOf, InnovationBatch } from "../support/rows.ts";
import { shared, skipWithoutData } from "../support/shared.ts";
import { type Draw, NULL_DRAWS, t5Size } from "./null-draws.ts";
import { worldThrough } from "./world-events.ts";

const SECOND = 1_000_000;
/** Rows of a sample: 3/γ of a period of eight rows. */
const SAMPLE = 16;

function watching(n: number, settings: object = {}): ActorHarness {
  return new ActorHarness(
    interference,
    { interference: { falseAlarmSamples: 200, ...settings } },
    groupOf(n),
  );
}

/** Rows of innovations, a second apart. */
function feed(actor: ActorHarness, rows: number, n: number, draw: (c: number, row: number) => number): void {
  const batch = new InnovationBatch(1, n);
  for (let r = 0; r < rows; r++) {
    actor.now = r * SECOND;
    batch.rowTime[0] = actor.now;
    for (let c = 0; c < n; c++) batch.rowInnovation[c] = draw(c, r);
    actor.detector.update!(batch, actor);
  }
}

function measuresOf(
  actor: ActorHarness,
  re: ArrayLike<number>,
  im: ArrayLike<number>,
): Record<string, number> {
  const measures: Record<string, number> = {};
  actor.detector.addMeasures!(measures, { re: float32Bytes(re), im: float32Bytes(im), source: "direct" });
  return measures;
}

/** Of independent channels of equal weights. */
const mixed = (n: number) => Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 / n : 0));

// ---- the promise ------------------------------------------------------------------------------------------------------

const NULLS: Record<string, (normal: () => number) => Draw> = {
  ...NULL_DRAWS,
  "Student t5": (normal) => () => normal() * t5Size(normal),
};

for (const [name, process] of Object.entries(NULLS)) {
  test(`[promise] ${name}: phases become stable no more often than promised`, () => {
    const samples = 3_000;
    const actor = watching(4);
    feed(actor, samples * SAMPLE, 4, process(normals(31)));
    const told = actor.events.length;
    assert.ok(told <= samples / 200, `${told} of ${samples / 200}`);
  });
}

test("[promise] channels that are silent, or stand still, have no phases: theirs do not become stable", () => {
  const normal = normals(34);
  const actor = watching(4);
  const isOver = (row: number) => row > 300 * SAMPLE;
  feed(actor, 900 * SAMPLE, 4, (c, row) => (c < 3 && isOver(row) ? 0 : normal()));
  assert.equal(actor.events, []);
  assert.is(measuresOf(actor, mixed(4), new Array(16).fill(0))["interference.stablePairs"], 0);
});

test("[promise] channels whose innovations have a mean have no phase in common by that", () => {
  const normal = normals(35);
  const actor = watching(4);
  feed(actor, 1_000 * SAMPLE, 4, () => 2 + normal());
  assert.equal(actor.events, []);
  assert.is(measuresOf(actor, mixed(4), new Array(16).fill(0))["interference.stablePairs"], 0);
});

// ---- phases that keep still, and beats ------------------------------------------------------------------------------------

/** Two oscillations in noise: from sample 400 to 700 the second has the frequency and the phase of the first, but for a turn. */
function oscillating(actor: ActorHarness, samples: number, turnsPerRow: number, degrees: number): void {
  const normal = normals(32);
  const phases = [0, 0];
  feed(actor, samples * SAMPLE, 2, (c, row) => {
    const sample = row / SAMPLE;
    const isTogether = sample >= 400 && sample < 700;
    phases[c] = phases[c]! + (2 * Math.PI) / 8 + 0.5 * normal();
    if (c === 1 && isTogether)
      phases[1] = phases[0]! - (Math.PI / 180) * degrees - 2 * Math.PI * turnsPerRow * row;
    return Math.sin(phases[c]!) + 0.3 * normal();
  });
}

test("[I1] a phase that becomes stable is announced with its angle and Rayleigh's p, and its end ends the finding", () => {
  const actor = watching(2);
  oscillating(actor, 1_200, 0, 60);
  const [stable, washedOut, ...more] = actor.events;
  assert.equal(more, []);
  assert.equal([stable!.kind, washedOut!.kind], ["interference.stable", "interference.washed-out"]);
  assert.match(stable!.title, /^c1 and c0 keep their phase: c0 is [4-7]\d° ahead of c1$/);
  const { degrees, stability, rayleigh, beatHz, sinceUs } = stable!.detail as Record<string, number>;
  assert.ok(Math.abs(degrees! + 60) < 20, `${degrees}`);
  assert.ok(rayleigh! < 0.01 && stability! > 0.2, `${rayleigh} ${stability}`);
  assert.is(beatHz, 0);
  const samples = [stable!.timeUs, sinceUs!, washedOut!.timeUs].map((us) => us / SECOND / SAMPLE);
  assert.ok(samples[0]! > 402 && samples[0]! < 440 && Math.abs(samples[1]! - 400) < 20, `${samples}`);
  assert.ok(samples[2]! > 702 && samples[2]! < 800, `${samples}`);
  assert.equal(
    [stable!.finding!.key, stable!.finding!.phase, washedOut!.finding!.phase],
    ["c1~c0", "opened", "ended"],
  );
});

test("a phase that turns at a steady rate is a beat, and its frequency and who is faster are told", () => {
  const actor = watching(2);
  // A turn in 100 rows.
  oscillating(actor, 690, 0.01, 0);
  const [stable, ...more] = actor.events;
  assert.equal(more, []);
  assert.match(
    stable!.title,
    /^c1 and c0 beat: c0 gains a period on c1 every (9\d|10\d|1\d\d|\d\.\d) (s|min)$/,
  );
  const { beatHz, sinceUs } = stable!.detail as Record<string, number>;
  // Of the first few dozen samples: within a tenth.
  assert.ok(Math.abs(beatHz! + 0.01) < 1e-3, `${beatHz}`);
  assert.ok(Math.abs(sinceUs! / SECOND / SAMPLE - 400) < 40, `since ${sinceUs! / SECOND / SAMPLE}`);
  const measures = measuresOf(actor, mixed(2), [0, 0, 0, 0]);
  assert.ok(Math.abs(measures["interference.beatHz.c1~c0"]! + 0.01) < 5e-4);
  assert.ok(measures["interference.stability.c1~c0"]! > 0.8);
  assert.is(measures["interference.stablePairs"], 1);
});

test("a beat of channels sampled at another rate is told in Hz of real time", () => {
  const normal = normals(33);
  const actor = new ActorHarness(
    interference,
    { interference: { falseAlarmSamples: 200, periodSeconds: 0.02 } },
    groupOf(2, { everyUs: 1_000 }),
  );
  const batch = new InnovationBatch(1, 2);
  for (let r = 0; r < 60_000; r++) {
    batch.rowTime[0] = r * 1_000;
    const t = r / 1_000;
    // 50 and 50.7 Hz, from second 15 on.
    batch.rowInnovation[0] = normal() + (t > 15 ? 2 * Math.sin(2 * Math.PI * 50 * t) : 0);
    batch.rowInnovation[1] = normal() + (t > 15 ? 2 * Math.sin(2 * Math.PI * 50.7 * t) : 0);
    actor.detector.update!(batch, actor);
  }
  assert.equal(actor.kinds(), ["interference.stable"]);
  // c1 stands first.
  const beatHz = measuresOf(actor, mixed(2), [0, 0, 0, 0])["interference.beatHz.c1~c0"]!;
  assert.ok(Math.abs(beatHz - 0.7) < 0.02, `${beatHz}`);
});

test("the world `phase-locking` is found, and nothing where nothing happens", () => {
  const actor = worldThrough("phase-locking", interference, {}, 1);
  const { onsetUs, endUs, channels } = actor.truth[0]!;
  const found = actor.events.find(({ channels: of }) => [...of!].sort().join() === channels.join())!;
  assert.is(found.kind, "interference.stable");
  assert.ok(found.timeUs > onsetUs && found.timeUs < endUs, `${found.timeUs - onsetUs} µs after its onset`);
  assert.ok((found.detail!["sinceUs"] as number) > onsetUs - 300 * SECOND);
  assert.ok(worldThrough("phase-locking", interference, {}, 0).events.length <= 2);
});

// ---- measures and settings --------------------------------------------------------------------------------------------------

const oracle = shared("oracle/states.json.gz");

test("visibility and which-way knowledge are those of every reference state, and V² + D² ≤ 1", () => {
  if (oracle === null) return skipWithoutData();
  const { items } = JSON.parse(gunzipSync(readFileSync(oracle)).toString()) as {
    items: {
      id: string;
      n: number;
      rho: { re: number[]; im: number[] };
      f: Record<string, [value: number, tolerance: number]>;
    }[];
  };
  const wrong: string[] = [];
  let compared = 0;
  for (const { id, n, rho, f } of items) {
    const [first, last] = ["c0", `c${n - 1}`];
    const got = measuresOf(watching(n, { pairs: `${first}~${last}` }), rho.re, rho.im);
    const of = (name: string) => got[`interference.${name}.${first}~${last}`]!;
    const [visible, known] = [of("visibility"), of("whichWay")];
    for (const [value, name] of [
      [visible, "fringeV_0_last"],
      [known, "whichWayD_0_last"],
    ] as const) {
      compared++;
      if (!(Math.abs(value - f[name]![0]) < 1e-5))
        wrong.push(`${id} ${name} ${value}; expected ${f[name]![0]}`);
    }
    if (!(visible ** 2 + known ** 2 <= 1 + 1e-5)) wrong.push(`${id} V² + D² = ${visible ** 2 + known ** 2}`);
  }
  assert.is(compared, 400);
  assert.equal(wrong, []);
});

test("channels that add up have a share of interference above 0, and opposite ones below", () => {
  const pure = (sign: number) => [0.5, 0.5 * sign, 0.5 * sign, 0.5];
  const share = (sign: number) => measuresOf(watching(2), pure(sign), [0, 0, 0, 0])["interference.share"];
  assert.equal([share(1), share(-1)], [1, -1]);
});

test("channels with long names have measures of their pairs, by their places", () => {
  const channels = [..."ab"].map((letter) => ({ name: letter.repeat(60), title: "", unit: "" }));
  const actor = new ActorHarness(interference, {}, groupOf(2, { channels }));
  const names = Object.keys(measuresOf(actor, mixed(2), [0, 0, 0, 0]));
  assert.ok(names.includes("interference.visibility.#1~#0"), names.join());
  assert.ok(names.includes("interference.stability.#1~#0"));
  assert.ok(names.every(isName));
});

test("pairs are those that are named, each once, first name first, else all of the first eight channels", () => {
  assert.equal(watchedPairs(" c2 ~ c0, c1~nobody, c1~c1,c0~c1,c0~c2,c2~c0", groupOf(3)), [
    [2, 0],
    [0, 1],
  ]);
  assert.is(watchedPairs("", groupOf(20)).length, 28);
  assert.equal(watchedPairs("", groupOf(1)), []);
});

test("the detector is off unless it is switched on, and where no pair is there", () => {
  const settings = defaultSettings();
  assert.not(interference.enabled(settings, groupOf(4)));
  const on = (pairs: string) => ({
    ...settings,
    interference: { ...settings.interference, enabled: true, pairs },
  });
  assert.ok(interference.enabled(on(""), groupOf(2)));
  assert.not(interference.enabled(on("x~y"), groupOf(2)));
});

test.run();
