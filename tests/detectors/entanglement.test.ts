// runtime: either
/** Which pairs move together beyond chance: a promise that is kept, pairs that begin and cease to, and what a state says of pairs and groups. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { dropUnsendable } from "../../actors/core/core.ts";
import { entanglement } from "../../actors/detectors/entanglement/detector.ts";
import { float32Bytes } from "../../protocol/columns.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { density, vector } from "../support/quantum.ts";
import { normals } from "../support/random-streams.ts";
import { groupOf, InnovationBatch } from "../support/rows.ts";
import { shared, skipWithoutData } from "../support/shared.ts";
import { type Draw, NULL_DRAWS, t5Size } from "./null-draws.ts";
import { worldThrough } from "./world-events.ts";

const SECOND = 1_000_000;
const LEARNT = 500;

function watching(n: number, falseAlarmSamples = 2_000, more: object = {}): ActorHarness {
  return new ActorHarness(entanglement, { entanglement: { falseAlarmSamples, ...more } }, groupOf(n));
}

/** Rows of innovations, a second apart from `from` on; NaN: the channel did not report. */
function feed(
  actor: ActorHarness,
  rows: number,
  draw: Draw,
  start: (row: number) => void = () => {},
  from = 0,
): void {
  const n = (actor.detector.fields["rows.last"] as Float64Array).length;
  const batch = new InnovationBatch(1, n);
  for (let r = from; r < from + rows; r++) {
    actor.now = r * SECOND;
    batch.rowTime[0] = actor.now;
    start(r);
    for (let c = 0; c < n; c++) {
      const x = draw(c);
      batch.rowFresh[c] = Number.isNaN(x) ? 0 : 1;
      batch.rowInnovation[c] = Number.isNaN(x) ? 0 : x;
    }
    actor.detector.update!(batch, actor);
  }
}

const changesOf = (actor: ActorHarness) => actor.events.filter(({ kind }) => kind !== "entanglement.known");

// ---- the promise ------------------------------------------------------------------------------------------------------

/** `size` is common to a row. */
const NULLS: Record<string, (normal: () => number) => Draw> = {
  ...NULL_DRAWS,
  "Student t5 of a common size": (normal) => {
    let size = 1;
    return (c) => {
      if (c === 0) size = t5Size(normal);
      return size * normal();
    };
  },
  skewed: (normal) => () => Math.exp(normal()),
};

for (const [name, process] of Object.entries(NULLS)) {
  test(`[promise] ${name}: pairs begin or cease to move together no more often than promised`, () => {
    const [rows, promised] = [20_000, 500];
    const actor = watching(5, promised);
    feed(actor, rows, process(normals(21)));
    const told = changesOf(actor).length;
    assert.ok(told <= rows / promised, `${told} of ${rows / promised}`);
  });
}

test("[promise] pairs that keep what they have in common neither begin nor cease, whatever their rows look like", () => {
  const normal = normals(22);
  const actor = watching(5, 500);
  let size = 1;
  let common = 0;
  const start = () => {
    common = normal();
    size = Math.exp(0.99 * Math.log(size) + 0.1 * normal());
  };
  feed(actor, 15_000, () => size * (0.7 * common + 0.7 * normal()), start);
  assert.is(actor.events[0]!.detail!["found"], 10);
  assert.equal(changesOf(actor), []);
});

test("[promise] where rows of a pair remember the ones before, an announcement says that its promise is void, and is no evidence", () => {
  const actor = worldThrough("phase-locking", entanglement, { entanglement: { falseAlarmSamples: 200 } }, 1);
  const told = changesOf(actor);
  assert.ok(told.length > 0);
  assert.equal([...new Set(told.map(({ detail }) => detail!["guarantee"]))], ["void"]);
  assert.ok(told.every(({ finding }) => finding === undefined || finding.phase === "ended"));
});

/** Rows of three channels with a common factor; `own` changes the innovation of the first one. */
function feedTogether(
  actor: ActorHarness,
  rows: number,
  own: (row: number, usual: number) => number,
  isCommon: (row: number) => boolean = () => true,
): void {
  const normal = normals(26);
  let [row, common] = [0, 0];
  const start = (r: number) => {
    row = r;
    common = isCommon(r) ? normal() : 0;
  };
  feed(
    actor,
    rows,
    (c) => {
      const usual = common + 0.7 * normal();
      return c === 0 ? own(row, usual) : usual;
    },
    start,
  );
}

test("[promise] of a channel that is silent nothing is known: its pairs do not cease, nor when it comes back with all that it missed", () => {
  const actor = watching(3, 500);
  let missed = 0;
  feedTogether(actor, 6_000, (row, usual) => {
    if (row >= 1_500 && row < 4_500) {
      missed += usual;
      return Number.NaN;
    }
    if (row === 4_500) return usual + missed;
    return usual;
  });
  assert.is(actor.events[0]!.detail!["found"], 3);
  assert.equal(changesOf(actor), []);
});

test("[promise] what a channel usually has in common that begins late is learnt from its own rows", () => {
  const actor = watching(3, 500);
  feedTogether(actor, 4_000, (row, usual) => (row < 1_500 ? Number.NaN : usual));
  assert.equal(changesOf(actor), []);
});

test("[promise] channels that stand still at the same time do not move together", () => {
  const normal = normals(27);
  const actor = watching(4, 500);
  let row = 0;
  const isStill = () => row >= 1_500 && row < 4_000;
  feed(
    actor,
    6_000,
    (c) => (c < 3 && isStill() ? 0 : normal()),
    (r) => {
      row = r;
    },
  );
  assert.equal(changesOf(actor), []);
});

test("[promise] a pair that has just begun is not taken back while one of it is silent", () => {
  const actor = watching(3, 500);
  const isSilent = (row: number) => row >= 1_400 && row < 4_400;
  feedTogether(
    actor,
    5_000,
    (row, usual) => (isSilent(row) ? Number.NaN : usual),
    (row) => row >= 1_200,
  );
  const kinds = changesOf(actor).map(({ kind }) => kind);
  assert.equal(kinds, ["entanglement.began", "entanglement.began", "entanglement.began"]);
});

test("[promise] one spike of a channel changes nothing of its pairs, however large", () => {
  for (const size of [100, 10_000]) {
    const actor = watching(3, 500);
    feedTogether(actor, 4_000, (row, usual) => (row === 2_000 ? size : usual));
    assert.is(actor.events[0]!.detail!["found"], 3);
    assert.equal(changesOf(actor), [], `a spike of ${size}`);
  }
});

// ---- pairs that begin and cease -----------------------------------------------------------------------------------------

/** Rows of four channels; from row 1,000 to 3,000 channel 1 follows channel 3 with the given correlation and lag. */
function feedFollowing(actor: ActorHarness, rows: number, correlation: number, lagRows: number): void {
  const normal = normals(23);
  const past = [0, 0, 0];
  let together = false;
  const start = (row: number) => {
    together = row >= 1_000 && row < 3_000;
    past.unshift(normal());
    past.length = 3;
  };
  const draw = (c: number) => {
    if (c === 3) return past[0]!;
    return c === 1 && together
      ? correlation * past[lagRows]! + Math.sqrt(1 - correlation ** 2) * normal()
      : normal();
  };
  feed(actor, rows, draw, start);
}

test("[E2] a pair that begins to move together is announced with the reading, and its end ends the finding", () => {
  const actor = watching(4);
  feedFollowing(actor, 4_000, 0.6, 0);
  const [known, began, ceased, ...more] = actor.events;
  assert.equal(more, []);
  assert.equal([known!.kind, known!.detail!["found"], known!.detail!["pairs"]], ["entanglement.known", 0, 6]);
  assert.equal([began!.kind, ceased!.kind], ["entanglement.began", "entanglement.ceased"]);
  assert.equal(began!.channels, ["c3", "c1"]);
  assert.match(began!.title, /^c3 and c1 move together beyond chance: coherence 0\.\d+$/);
  const detail = began!.detail as Record<string, number>;
  assert.equal(
    [detail["reading"], detail["source"], detail["guarantee"]],
    ["single-excitation", "estimated", "holds"],
  );
  assert.ok(Math.abs(detail["degrees"]!) < 20, `in step: ${detail["degrees"]}`);
  const [found, since, lost] = [began!.timeUs, detail["sinceUs"]!, ceased!.timeUs].map(
    (us) => us / SECOND - 1_000,
  );
  assert.ok(
    found! > 20 && found! < 250 && Math.abs(since!) < 60,
    `found ${found} rows after, since ${since}`,
  );
  assert.ok(lost! > 2_020 && lost! < 2_700, `lost ${lost}`);
  const { key, phase, evidence, effect } = began!.finding!;
  assert.equal([key, phase], ["c3~c1", "opened"]);
  assert.ok(evidence >= Math.log(2_000) - 1e-9 && effect > 3, `${evidence} ${effect}`);
  assert.equal([ceased!.finding!.key, ceased!.finding!.phase], ["c3~c1", "ended"]);
});

test("a pair of which one follows the other a row later is found too, and who leads", () => {
  const actor = watching(4);
  feedFollowing(actor, 2_500, 0.8, 1);
  const began = changesOf(actor)[0]!;
  assert.equal([began.kind, began.channels], ["entanglement.began", ["c3", "c1"]]);
  const degrees = began.detail!["degrees"] as number;
  assert.ok(Math.abs(degrees - 90) < 25, `c3 leads by ${degrees}°`);
});

test("[E1] what is usual is counted and not announced; a pair that ceases to move together is, and its return ends that", () => {
  const normal = normals(24);
  const actor = watching(3);
  let [common, isApart] = [0, false];
  const start = (row: number) => {
    common = normal();
    isApart = row >= 1_500 && row < 3_000;
  };
  feed(actor, 5_000, (c) => (c === 2 && isApart ? 0 : common) + 0.7 * normal(), start);
  const [known, ...changes] = actor.events;
  assert.match(known!.title, /^group: 3 of 3 pairs usually move together beyond chance$/);
  assert.equal(
    changes
      .map(({ kind, finding }) => [kind.replace("entanglement.", ""), finding!.key, finding!.phase])
      .sort(),
    [
      ["began", "c2~c0", "ended"],
      ["began", "c2~c1", "ended"],
      ["ceased", "c2~c0", "opened"],
      ["ceased", "c2~c1", "opened"],
    ],
  );
});

test("of many pairs that change at once the strongest three are told, and the others counted", () => {
  const normal = normals(25);
  const actor = watching(8);
  let common = 0;
  const start = (row: number) => {
    common = row < 1_000 ? 0 : 2 * normal();
  };
  feed(actor, 2_500, () => common + normal(), start);
  const changes = changesOf(actor);
  const counted = changes.map(({ timeUs, detail }) => [timeUs, detail!["more"]] as const);
  const looks = new Map(counted);
  const told = changes.length + [...looks.values()].reduce<number>((sum, more) => sum + (more as number), 0);
  assert.is(told, 28);
  assert.ok([...looks.keys()].every((look) => counted.filter(([at]) => at === look).length <= 3));
});

test("rows across a gap have nothing to do with each other", () => {
  const actor = watching(2);
  const batch = new InnovationBatch(1, 2);
  batch.gap[0] = 1;
  batch.rowInnovation.fill(Number.NaN);
  actor.detector.update!(batch, actor);
  feed(actor, 10, () => 1, undefined, 1);
  for (const [name, field] of Object.entries(actor.detector.fields))
    for (const value of field) assert.ok(name === "spacing" || Number.isFinite(value), name);
});

// ---- measures -------------------------------------------------------------------------------------------------------------

interface Matrix {
  readonly re: ArrayLike<number>;
  readonly im: ArrayLike<number>;
}

function measuresOf(n: number, { re, im }: Matrix, kappa = 0, split = ""): Record<string, number> {
  const actor = watching(n, 2_000, { split });
  const measures: Record<string, number> = { kappa };
  const source = kappa === 0 ? "direct" : "estimated";
  actor.detector.addMeasures!(measures, { re: float32Bytes(re), im: float32Bytes(im), source });
  dropUnsendable(measures);
  return measures;
}

const oracle = shared("oracle/states.json.gz");

test("negativity, block coherence, concurrence and formation are those of every reference state", () => {
  if (oracle === null) return skipWithoutData();
  const { items } = JSON.parse(gunzipSync(readFileSync(oracle)).toString()) as {
    items: { id: string; n: number; rho: Matrix; f: Record<string, [value: number, tolerance: number]> }[];
  };
  const wrong: string[] = [];
  let compared = 0;
  for (const { id, n, rho, f } of items) {
    const half = Array.from({ length: Math.floor(n / 2) }, (_, c) => `c${c}`).join(", ");
    const got = measuresOf(n, rho, 0, half);
    // Entries of published states have 24 bits; near a singular matrix an entropy moves by −x ln x of that.
    const expected: [string, string, number][] = [
      ["negativity", "halfNegativity", 1e-6],
      ["logNegativity", "halfLogNeg", 3e-6],
      ["blockCoherence", "halfBlockCoh", n * 3e-6],
      ...(n === 2
        ? ([
            ["concurrenceMax", "pairConc_0_last", 1e-6],
            ["formationMax", "pairEoF_0_last_bits", 3e-5],
          ] as [string, string, number][])
        : []),
    ];
    for (const [mine, theirs, tolerance] of expected) {
      compared++;
      // A state without coherence has no edges.
      const value = got[`entanglement.${mine}`]!;
      if (!(Math.abs(value - f[theirs]![0]) <= tolerance))
        wrong.push(`${id} ${mine} ${value}: ${f[theirs]![0]}`);
    }
    const shared0 = f["sumConc2_0"]![0];
    const population = rho.re[0]!;
    const most = 4 * population * (1 - population);
    const share = most > 1e-3 ? shared0 / most : Number.NaN;
    if (Math.abs(got["entanglement.hub.c0"]! - share) > 1e-4) wrong.push(`${id} hub ${share}`);
  }
  assert.ok(compared > 600, `compared ${compared}`);
  assert.equal(wrong, []);
});

/** An estimated state of equal populations with this coherence where `together` says so. */
function state(n: number, coherence: number, together: (i: number, j: number) => boolean): Matrix {
  const re = Array.from({ length: n * n }, (_, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    if (i === j) return 1 / n;
    return together(i, j) ? coherence / n : 0.001;
  });
  return { re, im: new Array(n * n).fill(0) };
}

test("channels that move together in two groups are two groups, and only significant pairs count", () => {
  const block = (i: number, j: number) => i < 4 === j < 4;
  const got = measuresOf(6, state(6, 0.9, block), 1 / 100);
  assert.equal(
    ["pairs", "groups", "largestGroup"].map((name) => got[`entanglement.${name}`]),
    [7, 2, 4],
  );
  assert.ok(Math.abs(got["entanglement.concurrenceMax"]! - 0.3) < 1e-6);
  assert.ok(Math.abs(got["entanglement.coherenceFloor"]! - 0.9) < 1e-6);
  assert.ok(got["entanglement.hub.c0"]! > got["entanglement.hub.c5"]!);
  // Each group is cut in halves: 2·2 and 1·1 entries of 0.15.
  assert.ok(Math.abs(got["entanglement.negativity"]! - Math.sqrt(5 * 0.15 ** 2)) < 1e-3);
  const sides = Array.from({ length: 6 }, (_, c) => got[`entanglement.side.c${c}`]!);
  assert.is(
    sides.slice(0, 4).reduce((a, b) => a + b),
    2,
  );
  assert.is(sides[4]! + sides[5]!, 1);
  assert.ok(got["entanglement.negativity"]! > got["entanglement.negativityFloor"]!);
});

test("what chance explains is no pair, and a split without pairs has no negativity", () => {
  const got = measuresOf(
    4,
    state(4, 0.2, () => true),
    1 / 20,
  );
  assert.is(got["entanglement.pairs"], 0);
  assert.is(got["entanglement.concurrenceMax"], 0);
  assert.is(got["entanglement.negativity"], undefined);
  assert.is(got["entanglement.coherenceFloor"], undefined);
});

// ---- whole states ---------------------------------------------------------------------------------------------------------

test("[E2] pairs of whole states begin and cease by their exact concurrence", () => {
  const group = groupOf(3, { states: true });
  const actor = new ActorHarness(entanglement, {}, group);
  const at = (k: number) => k * 1000;
  const apart = [0.5, 0, 0, 0, 0.5, 0, 0, 0, 0];
  for (let k = 0; k < 30; k++) actor.input(density(at(k), apart), at(k));
  assert.equal(actor.events, []);
  const half = Math.SQRT1_2;
  for (let k = 30; k < 60; k++) actor.input(vector(at(k), [half, 0, half]), at(k));
  for (let k = 60; k < 120; k++) actor.input(density(at(k), apart), at(k));
  assert.equal(
    actor.events.map(({ kind, channels, detail }) => [kind, channels, detail!["source"]]),
    [
      ["entanglement.began", ["c2", "c0"], "direct"],
      ["entanglement.ceased", ["c2", "c0"], "direct"],
    ],
  );
  assert.match(actor.events[0]!.title, /^c2 and c0 are concurrent: 0\.1/);
});

test("of whole states whose pairs come and go all the time the strongest are told now and then, the others counted", () => {
  const n = 6;
  const actor = new ActorHarness(entanglement, {}, groupOf(n, { states: true }));
  const states = 2_000;
  for (let k = 0; k < states; k++) {
    // Every forty states another pair shares the excitation.
    const first = Math.floor(k / 40) % n;
    const amplitudes = Array.from({ length: n }, (_, i) =>
      i === first || i === (first + 1) % n ? Math.SQRT1_2 : 0,
    );
    actor.input(vector(k * 1000, amplitudes), k * 1000);
  }
  const told = new Map<number, number>();
  for (const { timeUs } of actor.events) told.set(timeUs, (told.get(timeUs) ?? 0) + 1);
  assert.ok(told.size > 5 && told.size <= states / 64 + 1, `told at ${told.size} times`);
  assert.ok(Math.max(...told.values()) <= 3);
  assert.ok(actor.events.every(({ detail }) => (detail!["more"] as number) >= 0));
});

// ---- worlds -----------------------------------------------------------------------------------------------------------------

test("the world `decoherence` is found: pairs cease to move together, and only after its onset", () => {
  const actor = worldThrough("decoherence", entanglement, {}, 1);
  const { onsetUs } = actor.truth[0]!;
  const ceased = actor.events.filter(({ kind }) => kind === "entanglement.ceased");
  assert.ok(ceased.length >= 3, `${ceased.length} ceased`);
  assert.ok(changesOf(actor).every(({ timeUs }) => timeUs > onsetUs));
  const quiet = worldThrough("decoherence", entanglement, {}, 0);
  assert.equal(changesOf(quiet), []);
});

test("the detector is off unless it is switched on", () => {
  const settings = defaultSettings();
  assert.not(entanglement.enabled(settings, groupOf(4)));
  const on = { ...settings, entanglement: { ...settings.entanglement, enabled: true } };
  assert.ok(entanglement.enabled(on, groupOf(4)));
  assert.not(entanglement.enabled(on, groupOf(1)), "a channel has no pairs");
  assert.is(settings.entanglement.learnRows, LEARNT);
});

test.run();
