/**
 * Frequency against time of a line's samples: a windowed Fourier transform of overlapping segments.
 *
 *   samples ─► even steps (their median spacing, between samples straight lines) ─► segments of N, a quarter apart ─► without mean and slope, Hann ─► |FFT|²
 *
 * N is a power of two: about an eighth of the samples that are shown, from 32 to 512. A segment in which a sample is missing for long is left out. A line stands
 * out where its power is many times that of the frequencies around it, so that the rising floor of a random walk is none: many times fewer, the more segments.
 */

import { firstAtOrAfter, type Samples } from "./samples.ts";

export interface Segment {
  readonly middleUs: number;
  /** By frequency k · hzEach, k from 0 to N/2. */
  readonly power: Float64Array;
}

export interface Spectrogram {
  readonly segments: readonly Segment[];
  /** Between the middles of segments. */
  readonly apartUs: number;
  readonly hzEach: number;
  /** Half of the rate of samples. */
  readonly highestHz: number;
}

export interface SpectralLine {
  readonly hz: number;
  /** Of the last stretch of segments in which it stands out. */
  readonly fromUs: number;
  readonly untilUs: number;
  /** Whether that reaches the first segment, and the last one. */
  readonly isFromFirst: boolean;
  readonly isUntilLast: boolean;
}

const [SHORTEST, LONGEST] = [32, 512] as const;
const SEGMENTS_SHOWN = 8;
const OVERLAP = 4;
/** Spacings looked at for their median. */
const SPACINGS = 255;
/** A sample is missing where the next is so many usual spacings away. */
const MISSING = 4;
/** Of one segment, in medians of what is around: noise has one of a hundred frequencies above 20 medians once in some ten thousand. */
const STANDS_OUT = 20;
const STANDS_OUT_STILL = 8;
/** Segments that overlap by three quarters say as much as so many times fewer that do not. */
const ALIKE = 3;
/** Normal quantile of one in a hundred thousand. */
const RARE = 4.26;
/** A floor is not level, and a mean of many segments shows it: below so many medians nothing stands out. */
const STANDS_OUT_LEAST = 4;
/** Frequencies of its own that a Hann window gives a line on each side. */
const OWN = 2;
/** Frequencies on a side whose median says how high the floor is there. */
const SIDE_LEAST = 3;
/** Below, mean and slope are taken away. */
const FIRST_BIN = 3;

/** Null: there are too few samples from `fromUs` to `untilUs`. Of those that come as extremes the last one of each interval counts. */
export function spectrogramOf(all: Samples, fromUs: number, untilUs: number): Spectrogram | null {
  const { extremesUs = 0 } = all;
  const samples = extremesUs > 0 ? lastOfEach(all, extremesUs) : all;
  const oldest = samples.written - samples.kept;
  const begin = firstAtOrAfter(samples, fromUs);
  const end = firstAtOrAfter(samples, untilUs);
  const stepUs = medianSpacing(samples, begin, end);
  if (end - begin < 2 * SHORTEST || !(stepUs > 0)) return null;
  const wanted = (end - begin) / SEGMENTS_SHOWN;
  let size = SHORTEST;
  while (size < LONGEST && 2 * size <= wanted) size *= 2;
  const apartUs = (size / OVERLAP) * stepUs;
  const lengthUs = (size - 1) * stepUs;
  const lastUs = samples.timeAt(end - 1);
  const fourier = new Fourier(size);
  const segments: Segment[] = [];
  // Those that begin before the picture reach into it.
  const leastUs = Math.max(samples.timeAt(oldest), fromUs - lengthUs / 2);
  for (let atUs = Math.ceil(leastUs / apartUs) * apartUs; atUs + lengthUs <= lastUs; atUs += apartUs) {
    if (!resample(samples, atUs, stepUs, fourier.re)) continue;
    segments.push({ middleUs: atUs + lengthUs / 2, power: fourier.power() });
  }
  const highestHz = 5e5 / stepUs;
  return segments.length === 0 ? null : { segments, apartUs, hzEach: (2 * highestHz) / size, highestHz };
}

/** One sample of each interval, the last: extremes go up and down in each. */
function lastOfEach(samples: Samples, intervalUs: number): Samples {
  const places: number[] = [];
  for (let k = samples.written - samples.kept; k < samples.written; k++) {
    const next = k + 1 < samples.written ? samples.timeAt(k + 1) : Number.POSITIVE_INFINITY;
    if (Math.floor(next / intervalUs) > Math.floor(samples.timeAt(k) / intervalUs)) places.push(k);
  }
  return {
    written: places.length,
    kept: places.length,
    timeAt: (k) => samples.timeAt(places[k]!),
    valueAt: (k) => samples.valueAt(places[k]!),
  };
}

/** What stands out most on the whole; null: nothing does. */
export function strongestLine({ segments, apartUs, hzEach }: Spectrogram): SpectralLine | null {
  const mean = new Float64Array(segments[0]!.power.length);
  for (const { power } of segments) for (let k = 0; k < mean.length; k++) mean[k] = mean[k]! + power[k]!;
  const bin = strongestBin(mean, standsOutOf(segments.length), STANDS_OUT);
  if (bin === null) return null;
  const has = segments.map(({ power }) => {
    const own = strongestBin(power, STANDS_OUT_STILL, STANDS_OUT_STILL);
    return own !== null && Math.abs(own - bin) <= OWN;
  });
  const last = has.lastIndexOf(true);
  if (last < 0) return null;
  let first = last;
  while (first > 0 && has[first - 1]!) first--;
  return {
    hz: hzEach * between(mean, bin),
    fromUs: segments[first]!.middleUs - apartUs / 2,
    untilUs: segments[last]!.middleUs + apartUs / 2,
    isFromFirst: first === 0,
    isUntilLast: last === segments.length - 1,
  };
}

/** Medians above which a mean of so many segments is no noise: the mean of exponential powers has a gamma distribution (Wilson and Hilferty 1931). */
function standsOutOf(segments: number): number {
  const ninth = 1 / (9 * Math.max(1, segments / ALIKE));
  return Math.max(STANDS_OUT_LEAST, Math.min(STANDS_OUT, (1 + (RARE * Math.sqrt(ninth)) / (1 - ninth)) ** 3));
}

/** What stands out most in the segment at a time, Hz; null: nothing does; undefined: there is no segment. */
export function lineAt(
  { segments, apartUs, hzEach }: Spectrogram,
  timeUs: number,
): number | null | undefined {
  const segment = segments.find(({ middleUs }) => Math.abs(middleUs - timeUs) <= apartUs / 2);
  if (segment === undefined) return undefined;
  const bin = strongestBin(segment.power, STANDS_OUT_STILL, STANDS_OUT_STILL);
  return bin === null ? null : hzEach * between(segment.power, bin);
}

/** The frequency with the most power among those that are `factor` times what is around them; where little is on one side, `factorAtEnd` times. */
function strongestBin(power: Float64Array, factor: number, factorAtEnd: number): number | null {
  let best: number | null = null;
  for (let k = FIRST_BIN; k < power.length; k++) {
    if (best !== null && power[k]! <= power[best]!) continue;
    if (!(power[k]! > (power[k - 1] ?? 0))) continue;
    const { floor, isAtEnd } = around(power, k);
    if (power[k]! >= (isAtEnd ? factorAtEnd : factor) * floor) best = k;
  }
  return best;
}

/**
 * Power around a frequency, without its own: from half to one and a half of it, at least eight on each side. The geometric mean of the medians of both sides,
 * so that a slope is no line; the median of all where one side has too few.
 */
function around(power: Float64Array, k: number): { floor: number; isAtEnd: boolean } {
  const reach = Math.max(8, k >> 1);
  const below = power.subarray(Math.max(1, k - reach), Math.max(1, k - OWN));
  const above = power.subarray(k + OWN + 1, k + reach + 1);
  if (Math.min(below.length, above.length) < SIDE_LEAST)
    return { floor: medianOf([...below, ...above]), isAtEnd: true };
  return { floor: Math.sqrt(medianOf([...below]) * medianOf([...above])), isAtEnd: false };
}

function medianOf(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] ?? 0;
}

/** Where between frequencies a line lies: the top of the parabola through the logarithms of three. */
function between(power: Float64Array, k: number): number {
  const [a, b, c] = [k - 1, k, k + 1].map((j) => Math.log(Math.max(1e-300, power[j] ?? 0)));
  const bend = a! - 2 * b! + c!;
  return bend < 0 ? k + Math.max(-0.5, Math.min(0.5, (a! - c!) / (2 * bend))) : k;
}

function medianSpacing(samples: Samples, begin: number, end: number): number {
  const spacings: number[] = [];
  const stride = Math.max(1, Math.floor((end - begin - 1) / SPACINGS));
  for (let k = begin + 1; k < end; k += stride) spacings.push(samples.timeAt(k) - samples.timeAt(k - 1));
  return medianOf(spacings);
}

/** `out` ← values at even steps from `atUs` on, without mean and slope. False: samples are missing. */
function resample(samples: Samples, atUs: number, stepUs: number, out: Float64Array): boolean {
  let k = Math.max(samples.written - samples.kept, firstAtOrAfter(samples, atUs) - 1);
  for (let i = 0; i < out.length; i++) {
    const timeUs = atUs + i * stepUs;
    while (k + 2 < samples.written && samples.timeAt(k + 1) <= timeUs) k++;
    const [t, next] = [samples.timeAt(k), samples.timeAt(k + 1)];
    const [value, after] = [samples.valueAt(k), samples.valueAt(k + 1)];
    if (next - t > MISSING * stepUs || !Number.isFinite(value) || !Number.isFinite(after)) return false;
    const share = next > t ? Math.min(1, Math.max(0, (timeUs - t) / (next - t))) : 1;
    out[i] = value + share * (after - value);
  }
  level(out);
  return true;
}

function level(values: Float64Array): void {
  const middle = (values.length - 1) / 2;
  let [sum, tilt, square] = [0, 0, 0];
  values.forEach((value, i) => {
    sum += value;
    tilt += value * (i - middle);
    square += (i - middle) * (i - middle);
  });
  for (let i = 0; i < values.length; i++)
    values[i] = values[i]! - sum / values.length - (tilt / square) * (i - middle);
}

/** The fast Fourier transform (Cooley and Tukey 1965) of N = 2^k values under a Hann window. */
class Fourier {
  /** The values; changed by `power`. */
  readonly re: Float64Array;
  private readonly im: Float64Array;
  private readonly hann: Float64Array;

  constructor(size: number) {
    this.re = new Float64Array(size);
    this.im = new Float64Array(size);
    this.hann = Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
  }

  power(): Float64Array {
    const { re, im, hann } = this;
    for (let i = 0; i < re.length; i++) re[i] = re[i]! * hann[i]!;
    im.fill(0);
    transform(re, im);
    return Float64Array.from({ length: re.length / 2 + 1 }, (_, k) => re[k]! * re[k]! + im[k]! * im[k]!);
  }
}

/** In place: x_k ← Σ x_i e^{−2πi ik/N}. N is a power of two. */
export function transform(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j]!, re[i]!];
    [im[i], im[j]] = [im[j]!, im[i]!];
  }
  for (let half = 1; half < n; half *= 2)
    for (let k = 0; k < half; k++) {
      const [c, s] = [Math.cos((Math.PI * k) / half), -Math.sin((Math.PI * k) / half)];
      for (let i = k; i < n; i += 2 * half) {
        const j = i + half;
        const [x, y] = [c * re[j]! - s * im[j]!, c * im[j]! + s * re[j]!];
        re[j] = re[i]! - x;
        im[j] = im[i]! - y;
        re[i] = re[i]! + x;
        im[i] = im[i]! + y;
      }
    }
}
