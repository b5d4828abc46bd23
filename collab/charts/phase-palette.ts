/**
 * The colours of complex numbers: magnitude as lightness, phase as hue, in one table.
 *
 *     index = step(magnitude) · PHASES + step(phase)          packed ABGR, the order of ImageData on little-endian machines
 *
 * Chroma goes to 0 with the magnitude, because the phase of a tiny number means nothing. Magnitudes are compressed (strengthOf), so that
 * weak entries differ from zero.
 */
import { oklchToRgb, type Rgb } from "./oklch.ts";

export const PHASES = 64;
export const MAGNITUDES = 64;

export interface PaletteEnds {
  /** Lightness and chroma (at the hue of the page) of magnitude 0: the panel's own colour. */
  zero: { lightness: number; chroma: number; hue: number };
  /** Lightness and chroma of magnitude 1. */
  one: { lightness: number; chroma: number };
}

export const DARK_ENDS: PaletteEnds = {
  zero: { lightness: 0.225, chroma: 0.014, hue: 0.72 },
  one: { lightness: 0.86, chroma: 0.16 },
};

export const LIGHT_ENDS: PaletteEnds = {
  zero: { lightness: 0.965, chroma: 0.006, hue: 0.72 },
  one: { lightness: 0.5, chroma: 0.19 },
};

export type PhasePalette = Uint32Array;

export function phasePalette(ends: PaletteEnds): PhasePalette {
  const table = new Uint32Array(PHASES * MAGNITUDES);
  for (let m = 0; m < MAGNITUDES; m++) {
    for (let p = 0; p < PHASES; p++)
      table[m * PHASES + p] = pack(colourOf(ends, m / (MAGNITUDES - 1), p / PHASES));
  }
  return table;
}

/** The colour of a strength in [0, 1] (see strengthOf) and a phase in turns. */
export function colourOf(ends: PaletteEnds, strength: number, turns: number): Rgb {
  const lightness = ends.zero.lightness + (ends.one.lightness - ends.zero.lightness) * strength;
  // Below this strength the page's own tint fades out and the phase's hue fades in.
  const fade = 0.12;
  if (strength < fade) {
    const grey = ends.zero.chroma * (1 - strength / fade);
    const own = ends.one.chroma * strength * (strength / fade);
    return own > grey
      ? oklchToRgb(lightness, own - grey, hueOf(turns))
      : oklchToRgb(lightness, grey - own, ends.zero.hue);
  }
  return oklchToRgb(lightness, ends.one.chroma * Math.min(1, strength * 1.15), hueOf(turns));
}

/** Phase 0 (in step) is blue-green, a quarter turn ahead green-yellow, opposite red-orange, a quarter turn late violet. */
function hueOf(turns: number): number {
  const hue = 0.6 - turns;
  return hue - Math.floor(hue);
}

function pack(colour: Rgb): number {
  return ((255 << 24) | (colour[2] << 16) | (colour[1] << 8) | colour[0]) >>> 0;
}

/** Index of a complex number relative to `full`, the magnitude shown at full strength. */
export function paletteIndex(re: number, im: number, full: number): number {
  const strength = strengthOf(Math.sqrt(re * re + im * im) / full);
  return Math.round(strength * (MAGNITUDES - 1)) * PHASES + phaseStep(re, im);
}

/** How strongly a magnitude (as a share of the full one) is shown: m^¾, between proportional, which hides the weak, and √m, which makes noise loud. */
export function strengthOf(magnitude: number): number {
  const m = Math.min(1, magnitude);
  return Math.sqrt(m * Math.sqrt(m));
}

/** Phase in steps of 1/PHASES turn, 0 … PHASES−1, to the nearest. */
export function phaseStep(re: number, im: number): number {
  const turns = Math.atan2(im, re) / (2 * Math.PI);
  return Math.round(turns * PHASES + PHASES) % PHASES;
}
