// runtime: either
/** Frequency against time: the transform beside its sum, lines where they are, and none in noise. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Samples } from "../../collab/charts/samples.ts";
import { lineAt, spectrogramOf, strongestLine, transform } from "../../collab/charts/spectrogram.ts";
import { normals, uniforms } from "../support/random-streams.ts";

const SECOND = 1e6;
const RATE = 20;

/** Samples of `value(seconds)`, RATE a second from second 1,000 on; `times` may move or drop them. */
function samplesOf(
  seconds: number,
  value: (t: number) => number,
  times: (k: number) => number | null = (k) => k / RATE,
): Samples {
  const kept = Array.from({ length: seconds * RATE }, (_, k) => times(k)).filter((t) => t !== null);
  const values = kept.map(value);
  return {
    written: kept.length,
    kept: kept.length,
    timeAt: (k) => (1_000 + kept[k]!) * SECOND,
    valueAt: (k) => values[k]!,
  };
}

function lineOf(samples: Samples, seconds = 120) {
  return strongestLine(spectrogramOf(samples, 1_000 * SECOND, (1_000 + seconds) * SECOND)!);
}

const wave = (hz: number, t: number) => Math.sin(2 * Math.PI * hz * t);

test("the transform is the sum that defines it", () => {
  const normal = normals(1);
  for (const n of [2, 8, 64]) {
    const [re, im] = [0, 1].map(() => Float64Array.from({ length: n }, normal)) as [
      Float64Array,
      Float64Array,
    ];
    const sums = Array.from({ length: n }, (_, k) => {
      let [x, y] = [0, 0];
      for (let i = 0; i < n; i++) {
        const [c, s] = [Math.cos((2 * Math.PI * i * k) / n), -Math.sin((2 * Math.PI * i * k) / n)];
        x += re[i]! * c - im[i]! * s;
        y += re[i]! * s + im[i]! * c;
      }
      return [x, y];
    });
    transform(re, im);
    sums.forEach(([x, y], k) => {
      assert.ok(Math.abs(re[k]! - x!) < 1e-12 && Math.abs(im[k]! - y!) < 1e-12, `${k} of ${n}`);
    });
  }
});

test("a wave in noise of its own size is read at its frequency, wherever that lies between two of the transform's", () => {
  for (let k = 0; k < 40; k++) {
    const normal = normals(k + 2);
    const hz = 0.8 + 0.213 * k;
    const line = lineOf(samplesOf(120, (t) => 5 + wave(hz, t) + 0.7 * normal()));
    assert.ok(line !== null && Math.abs(line.hz - hz) < 0.03, `${line?.hz}; expected ${hz}`);
    assert.ok(line.isFromFirst && line.isUntilLast, `${hz} Hz is there all along`);
  }
});

test("the strongest of two waves is named, and a drift beneath them does not matter", () => {
  const line = lineOf(samplesOf(120, (t) => 3 * t + wave(2.5, t) + 0.5 * wave(4, t)));
  assert.ok(Math.abs(line!.hz - 2.5) < 0.02, `${line!.hz}`);
});

test("a wave that begins or ends within the picture is said from when and until when", () => {
  const normal = normals(60);
  const begun = lineOf(samplesOf(120, (t) => (t > 70 ? wave(2.5, t) : 0) + 0.3 * normal()))!;
  // A segment of 12.8 s shows it once a part of the wave is in it.
  const at = begun.fromUs / SECOND - 1_000;
  assert.ok(at > 62 && at < 74, `begins at ${at} s`);
  assert.ok(!begun.isFromFirst && begun.isUntilLast);
  const ended = lineOf(samplesOf(120, (t) => (t < 50 ? wave(2.5, t) : 0) + 0.3 * normal()))!;
  const until = ended.untilUs / SECOND - 1_000;
  assert.ok(until > 46 && until < 58, `ends at ${until} s`);
  assert.ok(ended.isFromFirst && !ended.isUntilLast);
});

test("nothing stands out of noise and random walks, of which a hundred each are looked at", () => {
  let found = 0;
  for (let seed = 100; seed < 200; seed++) {
    const normal = normals(seed);
    let x = 0;
    if (lineOf(samplesOf(120, () => normal())) !== null) found++;
    if (
      lineOf(
        samplesOf(120, () => {
          x += normal();
          return x;
        }),
      ) !== null
    )
      found++;
  }
  assert.ok(found <= 2, `${found} of 200`);
});

test("an oscillation whose phase wanders is named, though it is several frequencies wide and noise beneath it", () => {
  let named = 0;
  for (let seed = 0; seed < 20; seed++) {
    const normal = normals(300 + seed);
    let phase = 0;
    const line = lineOf(
      samplesOf(120, () => {
        phase += (2 * Math.PI * 2.5) / RATE + 0.3 * normal();
        return Math.sin(phase) + 0.4 * normal();
      }),
    );
    if (line !== null && Math.abs(line.hz - 2.5) < 0.3) named++;
  }
  assert.ok(named >= 18, `${named} of 20`);
});

test("samples that come early or late show the same line, and a stretch without samples is left out", () => {
  const uniform = uniforms(3);
  const uneven = lineOf(
    samplesOf(
      120,
      (t) => wave(2.5, t),
      (k) => (k + 0.4 * uniform()) / RATE,
    ),
  );
  assert.ok(Math.abs(uneven!.hz - 2.5) < 0.03, `${uneven!.hz}`);
  const gap = samplesOf(
    120,
    (t) => wave(2.5, t),
    (k) => (k / RATE > 40 && k / RATE < 60 ? null : k / RATE),
  );
  const { segments } = spectrogramOf(gap, 1_000 * SECOND, 1_120 * SECOND)!;
  const seconds = segments.map(({ middleUs }) => middleUs / SECOND - 1_000);
  assert.ok(seconds.some((at) => at < 40) && seconds.some((at) => at > 60));
  assert.equal(
    seconds.filter((at) => at > 40 && at < 60),
    [],
  );
});

test("frequencies reach half of the rate of samples, and the line at a moment is that of its segment", () => {
  const samples = samplesOf(120, (t) => (t < 60 ? wave(2, t) : wave(6, t)));
  const spectrogram = spectrogramOf(samples, 1_000 * SECOND, 1_120 * SECOND)!;
  assert.ok(Math.abs(spectrogram.highestHz - RATE / 2) < 1e-9);
  assert.ok(Math.abs(lineAt(spectrogram, 1_030 * SECOND)! - 2) < 0.05);
  assert.ok(Math.abs(lineAt(spectrogram, 1_090 * SECOND)! - 6) < 0.05);
  assert.is(lineAt(spectrogram, 900 * SECOND), undefined);
});

test("of samples that come as extremes of intervals, their going up and down is no line", () => {
  // Ten samples a second; of each interval the least, the largest and the last value, a third of it apart.
  const normal = normals(70);
  const times = Array.from({ length: 3_600 }, (_, k) => (Math.floor(k / 3) + (k % 3) / 3) / 10);
  const values = times.map(
    (t, k) => wave(2.5, Math.floor(10 * t + 1e-9) / 10) + [-1, 1, 0.1 * normal()][k % 3]!,
  );
  const all = {
    written: times.length,
    kept: times.length,
    timeAt: (k: number) => (1_000 + times[k]!) * SECOND,
    valueAt: (k: number) => values[k]!,
  };
  assert.ok(Math.abs(lineOf({ ...all, extremesUs: 100_000 })!.hz - 2.5) < 0.02);
  assert.ok(Math.abs(lineOf(all)!.hz - 10) < 0.1, "without that it would be");
});

test("too few samples have no spectrogram, and a line that stands still has none that stands out", () => {
  assert.is(
    spectrogramOf(
      samplesOf(3, (t) => wave(2, t)),
      1_000 * SECOND,
      1_120 * SECOND,
    ),
    null,
  );
  assert.is(
    spectrogramOf(
      samplesOf(0, () => 0),
      0,
      SECOND,
    ),
    null,
  );
  assert.is(lineOf(samplesOf(120, () => 7)), null);
});

test.run();
