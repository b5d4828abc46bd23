// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { oklchToRgb } from "../../collab/charts/oklch.ts";
import {
  colourOf,
  DARK_ENDS,
  LIGHT_ENDS,
  MAGNITUDES,
  PHASES,
  paletteIndex,
  phasePalette,
  phaseStep,
} from "../../collab/charts/phase-palette.ts";
import { StateHistory } from "../../collab/dashboard/model/state-history.ts";
import { drawDensity, entryOf } from "../../collab/dashboard/panels/state/density-image.ts";

test("OKLCH gives the sRGB colours known for it", () => {
  assert.equal(oklchToRgb(0, 0, 0), [0, 0, 0]);
  assert.equal(oklchToRgb(1, 0, 0), [255, 255, 255]);
  // sRGB red in OKLCH, from the CSS Color 4 specification's conversion: L 0.62796, C 0.25768, h 29.234°.
  const [r, g, b] = oklchToRgb(0.62796, 0.25768, 29.234 / 360);
  assert.ok(r >= 254 && g <= 3 && b <= 3, `${r} ${g} ${b}`);
});

test("a colour outside sRGB keeps its lightness and hue and loses chroma", () => {
  const wide = oklchToRgb(0.8, 0.4, 0.4);
  assert.ok(wide.every((part) => part >= 0 && part <= 255));
  assert.ok(Math.abs(relativeLightness(wide) - relativeLightness(oklchToRgb(0.8, 0.05, 0.4))) < 0.1);
});

test("a larger magnitude is lighter in dark colours and darker in light ones, at every phase", () => {
  for (let p = 0; p < PHASES; p++) {
    for (const [ends, sign] of [
      [DARK_ENDS, 1],
      [LIGHT_ENDS, -1],
    ] as const) {
      let before = relativeLightness(colourOf(ends, 0, p / PHASES));
      for (let m = 8; m < MAGNITUDES; m += 8) {
        const now = relativeLightness(colourOf(ends, m / (MAGNITUDES - 1), p / PHASES));
        assert.ok(sign * (now - before) > 0, `phase ${p} magnitude ${m}`);
        before = now;
      }
    }
  }
});

test("magnitude zero has the same colour at every phase", () => {
  const palette = phasePalette(DARK_ENDS);
  for (let p = 1; p < PHASES; p++) assert.is(palette[p], palette[0]);
});

test("phase steps go once around the circle and meet at its ends", () => {
  for (let p = 0; p < PHASES; p++) {
    const angle = (2 * Math.PI * p) / PHASES;
    assert.is(phaseStep(Math.cos(angle), Math.sin(angle)), p);
  }
  assert.is(phaseStep(-1, 1e-12), phaseStep(-1, -1e-12));
});

test("a conjugated entry has the opposite phase and the same magnitude", () => {
  const index = paletteIndex(0.3, 0.4, 1);
  const mirrored = paletteIndex(0.3, -0.4, 1);
  assert.is(Math.floor(index / PHASES), Math.floor(mirrored / PHASES));
  assert.is(((index % PHASES) + (mirrored % PHASES)) % PHASES, 0);
});

test("the picture of a Hermitian matrix has the colour of each entry", () => {
  const n = 5;
  const { re, im } = hermitian(n);
  const palette = phasePalette(DARK_ENDS);
  const pixels = new Uint32Array(n * n);
  drawDensity(pixels, re, im, n, "density", palette);
  const full = Math.max(...Array.from({ length: n }, (_, i) => re[i * n + i]!));
  for (let k = 0; k < n * n; k++)
    assert.is(pixels[k], palette[paletteIndex(re[k]!, im[k]!, full)], `entry ${k}`);
});

test("the picture of pairs does not depend on the weight of a channel", () => {
  const n = 4;
  const { re, im } = hermitian(n);
  const scaled = { re: re.slice(), im: im.slice() };
  const weights = [1, 4, 0.25, 2];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const by = weights[i]! * weights[j]!;
      scaled.re[i * n + j]! *= by;
      scaled.im[i * n + j]! *= by;
    }
  }
  const palette = phasePalette(LIGHT_ENDS);
  const one = new Uint32Array(n * n);
  const other = new Uint32Array(n * n);
  drawDensity(one, re, im, n, "coherence", palette);
  drawDensity(other, scaled.re, scaled.im, n, "coherence", palette);
  assert.equal(other, one);
});

test("a pair without population has no coherence", () => {
  const re = Float32Array.from([1, 0, 0, 0]);
  const im = new Float32Array(4);
  assert.ok(Number.isNaN(entryOf(re, im, 2, 0, 1).coherence));
});

test("an entry is read in polar form, row leading column with positive phase", () => {
  const re = Float32Array.from([0.5, 0, 0, 0.5]);
  const im = Float32Array.from([0, 0.25, -0.25, 0]);
  const entry = entryOf(re, im, 2, 0, 1);
  assert.is(entry.magnitude, 0.25);
  assert.is(entry.degrees, 90);
  assert.is(entry.coherence, 0.5);
});

test("the history of states finds the state of a time, and drops the oldest", () => {
  const n = 2;
  const history = new StateHistory(n, 3 * 8 * n * n);
  assert.is(history.indexBefore(100), -1);
  for (let k = 1; k <= 5; k++)
    history.add(k * 100, new Float32Array(4).fill(k), new Float32Array(4), [k, -k]);
  assert.is(history.kept, 3);
  assert.is(history.indexBefore(299), -1);
  assert.is(history.timeAt(history.indexBefore(450)), 400);
  assert.is(history.matrixAt(history.indexBefore(1e9)).re[0], 5);
  assert.equal([...history.spectrumAt(history.indexBefore(450))], [4, -4]);
});

/** Gram matrix of fixed vectors: Hermitian and positive. */
function hermitian(n: number): { re: Float32Array; im: Float32Array } {
  const re = new Float32Array(n * n);
  const im = new Float32Array(n * n);
  const x = Array.from({ length: n * 2 }, (_, k) => ((k * 37) % 11) / 8 - 0.5);
  const y = Array.from({ length: n * 2 }, (_, k) => ((k * 53) % 13) / 8 - 0.6);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < 2; k++) {
        const [a, b, c, d] = [x[2 * i + k]!, y[2 * i + k]!, x[2 * j + k]!, y[2 * j + k]!];
        re[i * n + j]! += a * c + b * d;
        if (i !== j) im[i * n + j]! += b * c - a * d;
      }
    }
  }
  return { re, im };
}

/** Relative luminance to the power 1/3: near enough to lightness for comparisons. */
function relativeLightness(colour: readonly number[]): number {
  const linear = colour.map((part) => {
    const x = part / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  });
  return Math.cbrt(0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!);
}

test.run();
