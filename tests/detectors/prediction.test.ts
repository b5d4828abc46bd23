// runtime: either
/** What is foretold of channels and states: bands that hold as often as they say, experts that are chosen rightly, and skill that is announced only where it is. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  MOST_CHANNELS,
  type PredictionDetector,
  prediction,
} from "../../actors/detectors/prediction/detector.ts";
import { EXPERTS } from "../../actors/detectors/prediction/experts.ts";
import { ATOMS, PERSISTENCE, StateForecast } from "../../actors/detectors/prediction/state-forecast.ts";
import { AnalyticSignal } from "../../actors/kernels/analytic-signal.ts";
import { EwmaMoments } from "../../actors/kernels/ewma.ts";
import { SYSTEM } from "../../actors/system.ts";
import { isName } from "../../protocol/fields.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { wandering } from "../../sim/worlds/metrics/wandering.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { normals, uniforms } from "../support/random-streams.ts";
import { groupOf, NO_STATE } from "../support/rows.ts";
import { shared, skipWithoutData } from "../support/shared.ts";

const SECOND = 1_000_000;
const ROWS = 6_000;
const PROMISED = 1_000;
const SEASON = 96;

function forecasting(n: number, settings: object = {}): ActorHarness {
  const own = { falseAlarmSamples: PROMISED, seasonSeconds: SEASON, ...settings };
  return new ActorHarness(prediction, { prediction: own }, groupOf(n));
}

function measuresOf(actor: ActorHarness): Record<string, number> {
  const measures: Record<string, number> = {};
  actor.detector.addMeasures!(measures, NO_STATE);
  return measures;
}

/** Rows a second, the first at `from` seconds. */
function feed(actor: ActorHarness, rows: readonly (readonly number[])[], from = 1): void {
  actor.rows(rows, (k) => (from + k) * SECOND);
}

const series = (next: (t: number) => number, rows = ROWS) =>
  Array.from({ length: rows }, (_, t) => [next(t)]);

/** A law of the next value, and the expert that knows it; null: none knows more than the last value or the mean. */
const WORLDS: Record<string, { knows: string | null; rows(): number[][] }> = {
  "independent values": { knows: null, rows: () => series(normals(1)) },
  "a random walk": { knows: null, rows: () => walk(normals(2)) },
  "values with heavy tails": {
    knows: null,
    rows: () => {
      const normal = normals(3);
      return series(() => normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3));
    },
  },
  "skewed values": {
    knows: null,
    rows: () => {
      const normal = normals(4);
      return series(() => Math.exp(normal()));
    },
  },
  "rare counts": {
    knows: null,
    rows: () => {
      const uniform = uniforms(5);
      return series(() => (uniform() < 0.15 ? 1 : 0));
    },
  },
  "volatility in clusters": {
    knows: null,
    rows: () => {
      const normal = normals(6);
      let [variance, step] = [1, 0];
      return walk(() => {
        variance = 0.05 + 0.1 * step * step + 0.85 * variance;
        step = Math.sqrt(variance) * normal();
        return step;
      });
    },
  },
  "values that return to their mean": {
    knows: "reversion or ridge",
    rows: () => {
      const normal = normals(7);
      let x = 0;
      return series(() => {
        x = 0.8 * x + normal();
        return x;
      });
    },
  },
  "a season": {
    knows: "season",
    rows: () => {
      const normal = normals(8);
      return series((t) => 5 * Math.sin((2 * Math.PI * t) / SEASON) + normal());
    },
  },
  "steps that go on": {
    knows: "ridge",
    rows: () => {
      const normal = normals(9);
      let step = 0;
      return walk(() => {
        step = 0.5 * step + normal();
        return step;
      });
    },
  },
  "a trend": {
    knows: "ridge",
    rows: () => {
      const normal = normals(10);
      return series((t) => 0.5 * t + normal());
    },
  },
};

function walk(next: () => number): number[][] {
  let sum = 0;
  return series(() => {
    sum += next();
    return sum;
  });
}

for (const [name, { knows, rows }] of Object.entries(WORLDS)) {
  test(`${name}: bands of 90 % hold 90 ± 2 %, and ${knows === null ? "no skill is announced" : `${knows} is believed`}`, () => {
    const actor = forecasting(1);
    feed(actor, rows());
    const { judged, held } = (actor.detector as PredictionDetector).channels.bands(0);
    assert.ok(judged > ROWS - 50, `${judged} bands`);
    assert.ok(Math.abs(held / judged - 0.9) < 0.02, `${held} of ${judged}`);
    const measures = measuresOf(actor);
    const weights = EXPERTS.map((expert) => measures[`prediction.weight.${expert}.c0`]!);
    assert.ok(Math.abs(weights.reduce((sum, w) => sum + w, 0) - 1) < 1e-9);
    assert.ok(measures["prediction.regret.c0"]! < 0.02, `regret ${measures["prediction.regret.c0"]}`);
    if (knows === null) {
      assert.equal(actor.kinds(), []);
      assert.ok(measures["prediction.skill.c0"]! < 0.03, `skill ${measures["prediction.skill.c0"]}`);
      assert.is(measures["prediction.gained.c0"], 0);
    } else {
      assert.ok(knows.includes(EXPERTS[weights.indexOf(Math.max(...weights))]!), `${weights}`);
      assert.equal(actor.kinds(), ["prediction.gained"]);
      assert.ok(measures["prediction.dieboldMariano.c0"]! < -1.96);
      assert.is(measures["prediction.gained.c0"], 1);
    }
  });
}

test("on a hundred short walks no forecast costs a tenth more than the last value", () => {
  // The first values of a walk often favour the mean by chance: the weight that it gets then must not stay with it.
  const last = EXPERTS.indexOf("last");
  for (let seed = 100; seed < 200; seed++) {
    const normal = normals(seed);
    const walking = forecasting(1);
    let x = 0;
    feed(
      walking,
      series(() => {
        x += normal();
        return x;
      }, 400),
    );
    const [comparison] = (walking.detector as PredictionDetector).channels.comparisons;
    const ratio = comparison!.loss / comparison!.lossOf(last);
    assert.ok(ratio < 1.1, `seed ${seed}: ${ratio}`);
  }
});

test("skill that goes is said to be lost, and may be gained again", () => {
  const actor = forecasting(1, { memorySteps: 300 });
  const normal = normals(11);
  let x = 0;
  const stretch = (keeps: number) =>
    series(() => {
      x = keeps * x + normal();
      return x;
    }, 3_000);
  feed(actor, [...stretch(0.8), ...stretch(1), ...stretch(0.8)]);
  assert.equal(actor.kinds(), ["prediction.gained", "prediction.lost", "prediction.gained"]);
  const [gained, lost] = actor.events;
  assert.match(gained!.title, /^c0 can be foretold: \d+ % less error/);
  assert.equal(gained!.channels, ["c0"]);
  assert.ok(lost!.timeUs > 3_000 * SECOND && lost!.timeUs < 5_000 * SECOND, `lost at ${lost!.timeUs}`);
  assert.is(lost!.detail!["sinceUs"], gained!.detail!["atUs"]);
});

test("a metric that begins to wander loses its skill, and most others keep theirs", () => {
  const run = wandering.create({
    seed: 3,
    strength: 1,
    channels: 8,
    rate: wandering.usualRate,
    durationUs: wandering.usualDurationUs,
    startUs: 1_700_000_000 * SECOND,
    group: "group",
  });
  const { channels, ...declared } = run.declarations[0]!;
  const actor = new ActorHarness(
    prediction,
    {},
    groupOf(8, { channels, innovation: declared.innovation, everyUs: declared.everyUs }),
  );
  for (let frame = run.next(); frame !== null; frame = run.next())
    if (frame.type === "frame") actor.feed(frame);
  const [truth] = run.truth;
  assert.is(
    new Set(actor.events.flatMap(({ kind, channels }) => (kind === "prediction.gained" ? channels! : [])))
      .size,
    8,
  );
  const lost = actor.events.filter(({ kind }) => kind === "prediction.lost");
  const inTime = lost.filter(({ timeUs }) => timeUs > truth!.onsetUs && timeUs < truth!.endUs);
  assert.ok(inTime.some(({ channels }) => channels![0] === truth!.channels[0]));
  assert.ok(lost.length <= 2, `${lost.length} lost`);
});

test("the regression begins anew where it did harm", () => {
  const actor = forecasting(1);
  const normal = normals(12);
  let step = 0;
  // Steps that go on, until they turn back instead.
  feed(
    actor,
    series((t) => {
      step = (t < ROWS / 2 ? 0.9 : -0.9) * step + normal();
      return step;
    }).reduce<number[][]>((rows, [by]) => [...rows.slice(-ROWS), [(rows.at(-1)?.[0] ?? 0) + by!]], []),
  );
  assert.ok(measuresOf(actor)["prediction.resets.c0"]! >= 1);
});

test("a constant channel, one that is silent, and a gap have no forecasts; a step is the mean of its rows", () => {
  const actor = forecasting(2, { stepSeconds: 10 });
  const normal = normals(13);
  const rows = Array.from({ length: 2_000 }, () => [normal(), 5]);
  feed(actor, rows);
  const measures = measuresOf(actor);
  const width = measures["prediction.high.c0"]! - measures["prediction.low.c0"]!;
  // Means of ten normals: 3.3 standard deviations of 1/√10.
  assert.ok(width > 0.6 && width < 1.8, `${width}`);
  assert.is(measures["prediction.low.c1"], undefined);
  assert.is((actor.detector as PredictionDetector).channels.bands(1).judged, 0);
  const before = (actor.detector as PredictionDetector).channels.bands(0).judged;
  feed(actor, rows.slice(0, 10), 10_000);
  assert.is(
    (actor.detector as PredictionDetector).channels.bands(0).judged,
    before,
    "no forecast spans a gap",
  );
});

for (const at of [300, 5_000])
  test(`one glitch of a million in row ${at} costs the skill of a channel no more than a thousand rows, and the state its sizes not at all`, () => {
    const of = (glitch: number) => {
      const actor = forecasting(2);
      const [normal, other] = [normals(18), normals(19)];
      let x = 0;
      const rows = Array.from({ length: 8_000 }, (_, t) => {
        x = 0.8 * x + normal();
        return [t === at ? glitch : x, other()];
      });
      feed(actor, rows.slice(0, at));
      const before = { ...measuresOf(actor) };
      feed(actor, rows.slice(at, at + 1_000), at + 1);
      const after = { ...measuresOf(actor) };
      feed(actor, rows.slice(at + 1_000), at + 1_001);
      return { before, after, end: measuresOf(actor), kinds: actor.kinds() };
    };
    const [plain, hit] = [of(0), of(1e6)];
    const width = (measures: Record<string, number>) =>
      measures["prediction.high.c0"]! - measures["prediction.low.c0"]!;
    assert.ok(
      width(hit.after) < 1.5 * width(plain.after),
      `${width(hit.after)} beside ${width(plain.after)}`,
    );
    const skill = (measures: Record<string, number>) => measures["prediction.skill.c0"]!;
    assert.ok(skill(hit.end) > 0.7 * skill(plain.end), `${skill(hit.end)} beside ${skill(plain.end)}`);
    assert.equal(hit.kinds, plain.kinds);
    const purity = (measures: Record<string, number>) => measures["prediction.statePurity.next"]!;
    assert.ok(
      Math.abs(purity(hit.end) - purity(plain.end)) < 0.02,
      `${purity(hit.end)}, ${purity(plain.end)}`,
    );
  });

test("a level that jumps for good is the usual one soon", () => {
  const actor = forecasting(1);
  const normal = normals(20);
  let x = 0;
  const next = () => {
    x = 0.8 * x + normal();
    return x;
  };
  feed(actor, [...series(next, 2_000), ...series(() => 1e6 + next(), 50)]);
  const measures = measuresOf(actor);
  assert.ok(Math.abs(measures["prediction.value.c0"]! - 1e6) < 10, `${measures["prediction.value.c0"]}`);
});

test("a channel whose name is as long as names may be has every measure that others have", () => {
  const named = (name: string) => {
    const group = groupOf(1, { channels: [{ name, title: "", unit: "" }] });
    const actor = new ActorHarness(prediction, { prediction: { falseAlarmSamples: PROMISED } }, group);
    feed(actor, series(normals(21), 200));
    return Object.keys(measuresOf(actor));
  };
  const usual = named("c").length;
  for (const bytes of [99, 100, 101, 102, 103, 128]) {
    const names = named("x".repeat(bytes));
    assert.is(names.length, usual, `${bytes} bytes`);
    assert.equal(
      names.filter((name) => !isName(name)),
      [],
    );
  }
});

test("it is off unless it is switched on, foretells sixteen channels, and states of up to 32", () => {
  const definition = SYSTEM.group.find(({ name }) => name === "prediction")!;
  const on = parseSettings({ prediction: { enabled: true } });
  assert.is(definition.enabled(parseSettings({}), groupOf(2)), false);
  assert.is(definition.enabled(on, groupOf(2)), true);
  assert.is(definition.enabled(on, groupOf(2, { states: true })), false);
  assert.is(
    definition.enabled(parseSettings({ prediction: { enabled: true, channels: "x" } }), groupOf(2)),
    false,
  );
  const wide = new ActorHarness(prediction, {}, groupOf(33));
  const normal = normals(14);
  feed(
    wide,
    Array.from({ length: 100 }, () => Array.from({ length: 33 }, normal)),
  );
  const names = Object.keys(measuresOf(wide));
  assert.is(names.filter((name) => name.startsWith("prediction.value.")).length, MOST_CHANNELS);
  assert.is(names.filter((name) => name.startsWith("prediction.state")).length, 0);
});

// ---- states -----------------------------------------------------------------------------------------------------------

const ALL = Number.POSITIVE_INFINITY;

/** Rows z of n channels with a common share, which is `share(t)`. */
function followed(
  forecast: StateForecast,
  n: number,
  rows: number,
  seed: number,
  share: (t: number) => number,
): void {
  const normal = normals(seed);
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  for (let t = 0; t < rows; t++) {
    const [a, b] = [normal(), normal()];
    const common = share(t);
    for (let c = 0; c < n; c++) {
      re[c] = common * a + normal();
      im[c] = common * b + normal();
    }
    forecast.update(re, im);
  }
}

test("of a state that does not change the forecasts are near the noise floor, and no better than the mean", () => {
  const forecast = new StateForecast(4, 21, ALL, 1);
  followed(forecast, 4, 21_000, 15, () => 1);
  for (const { comparison, noise, mixture } of [forecast.next, forecast.ahead]) {
    assert.ok(comparison.loss < 1.06 * noise, `${comparison.loss} beside ${noise}`);
    const mean = ATOMS.indexOf("mean") + 1;
    assert.is(comparison.best(PERSISTENCE + 1, ATOMS.length + 1), mean);
    assert.ok(comparison.loss >= comparison.lossOf(mean), "no skill beyond the mean");
    // Persistence has the noise of its own target as well.
    assert.ok(Math.abs(comparison.lossOf(PERSISTENCE) / noise - 2) < 0.1);
    assert.ok(mixture.weights[ATOMS.indexOf("mean")]! > 0.5, `${mixture.weights}`);
  }
});

test("of a state that wanders, a shorter memory is believed, and a mixture is a state", () => {
  const forecast = new StateForecast(4, 21, ALL, 1);
  followed(forecast, 4, 21_000, 16, (t) => 1.5 + 1.5 * Math.sin(t / 150));
  const { weights } = forecast.ahead.mixture;
  assert.ok(weights[ATOMS.indexOf("ewma42")]! + weights[ATOMS.indexOf("ewma10")]! > 0.5, `${weights}`);
  const purity = forecast.purityOf(forecast.ahead);
  assert.ok(purity > 1 / 4 && purity < 1, `${purity}`);
});

test("losses by inner products are those of the matrices, row by row", () => {
  const n = 3;
  const forecast = new StateForecast(n, 7, ALL, 1);
  const normal = normals(17);
  const size = n * n;
  const atoms = ATOMS.map(() => new Float64Array(size));
  for (let i = 0; i < n; i++) atoms.at(-1)![i * (n + 1)] = 1 / n;
  const last = new Float64Array(size);
  for (let t = 1; t <= 300; t++) {
    const [re, im] = [0, 1].map(() => Float64Array.from({ length: n }, normal)) as [
      Float64Array,
      Float64Array,
    ];
    const weights = Array.from(forecast.next.mixture.weights);
    const mixed = Float64Array.from({ length: size }, (_, e) =>
      atoms.reduce((sum, atom, k) => sum + weights[k]! * atom[e]!, 0),
    );
    const before = atoms.map((atom) => Float64Array.from(atom));
    forecast.update(re, im);
    const p = vectorOf(re, im);
    if (t > 1) {
      const expected = [last, ...before, mixed].map((f) =>
        f.reduce((sum, x, e) => sum + (x - p[e]!) ** 2, 0),
      );
      expected.forEach((loss, k) => {
        assert.ok(Math.abs(forecast.next.losses[k]! - loss) < 1e-10, `rival ${k} at ${t}`);
      });
    }
    [10, 42, 252, ALL].forEach((memory, k) => {
      const weight = Math.max(1 / t, 1 / memory);
      atoms[k]!.forEach((x, e) => {
        atoms[k]![e] = x + weight * (p[e]! - x);
      });
    });
    last.set(p);
  }
  assert.is(forecast.ahead.comparison.targets, Math.floor(300 / 7) - 1);
});

/** ψψ†/‖ψ‖² with off-diagonals times √2, entry by entry. */
function vectorOf(re: Float64Array, im: Float64Array): Float64Array {
  const n = re.length;
  const norm = re.reduce((sum, x, i) => sum + x * x + im[i]! ** 2, 0);
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    if (i === j) return (re[i]! ** 2 + im[i]! ** 2) / norm;
    const [a, b] = i > j ? [i, j] : [j, i];
    const part = i > j ? re[a]! * re[b]! + im[a]! * im[b]! : im[a]! * re[b]! - re[a]! * im[b]!;
    return (Math.SQRT2 * part) / norm;
  });
}

for (const [kind, isAnalytic] of [
  ["innovations", false],
  ["their analytic signal", true],
] as const)
  test(`ten companies, days, ${kind}: a month ahead the mixture beats persistence, against the best average nothing is claimed`, () => {
    const path = shared("market/C_sp500_daily/daily.csv.gz");
    if (path === null) return skipWithoutData();
    const forecast = new StateForecast(10, 21, ALL, isAnalytic ? 2 : 1);
    const [scale, signal] = [new EwmaMoments(10, Math.LN2 / 256), new AnalyticSignal(10)];
    const [u, re, im] = [0, 1, 2].map(() => new Float64Array(10)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const levels = logPrices(path);
    for (let t = 1; t < levels.length; t++) {
      for (let c = 0; c < 10; c++) u[c] = scale.scale(c, levels[t]![c]! - levels[t - 1]![c]!);
      if (isAnalytic) signal.update(u, re, im);
      else re.set(u);
      forecast.update(re, im);
    }
    const { comparison, bestAtom, noise } = forecast.ahead;
    assert.is(comparison.targets, 22);
    assert.ok(comparison.skill(PERSISTENCE, noise) > 0.3);
    assert.ok(comparison.dieboldMariano(PERSISTENCE) < -1.96);
    assert.ok(comparison.loss <= 1.01 * comparison.lossOf(bestAtom));
    const rivals = ["persistence", ...ATOMS].map((name, k) => `${name} ${comparison.lossOf(k).toFixed(4)}`);
    console.log(
      `  ${kind}, 22 blocks of 21 days: ${rivals.join(", ")}, mixture ${comparison.loss.toFixed(4)}, noise floor ${noise.toFixed(4)}; over persistence ${comparison.skill(PERSISTENCE, noise).toFixed(3)} (DM ${comparison.dieboldMariano(PERSISTENCE).toFixed(2)}), over the best average ${comparison.skill(bestAtom, noise).toFixed(3)} (DM ${comparison.dieboldMariano(bestAtom).toFixed(2)})`,
    );
  });

/** ln of the closing prices of ten companies, a row for each day. */
function logPrices(path: string): number[][] {
  const names = ["AAPL", "MSFT", "JPM", "XOM", "JNJ", "PG", "GE", "WMT", "T", "KO"];
  const days = new Map<string, number[]>();
  for (const line of gunzipSync(readFileSync(path)).toString().split("\n")) {
    const [day, name, , , , close] = line.split(",");
    const at = names.indexOf(name ?? "");
    if (at < 0) continue;
    if (!days.has(day!)) days.set(day!, []);
    days.get(day!)![at] = Math.log(Number(close));
  }
  return [...days.values()];
}

test.run();
