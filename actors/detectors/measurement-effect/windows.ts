/**
 * The last samples of z, and the change of the state around a place among them.
 *
 *   samples   ├────── window ──────┼────── window ──────┤        a span
 *             ├── ρ before ──┤ embargo   embargo ├── ρ after ──┤
 *
 * Both states are means of as many ψψ†. The embargo is at least as long as the filter reaches back, so no sample before knows of one after.
 */
import { DensityEstimate } from "../../kernels/density.ts";
import { hilbertSchmidtDistance } from "../../kernels/overlap.ts";
import { correctedPurity } from "../../kernels/sample-size.ts";
import type { Fields } from "../../ports/detector.ts";
import type { TakesSignal } from "../estimator/signal-source.ts";
import { namedNumbers } from "../registered-numbers.ts";

/** Samples that are kept, in windows: an event that is marked so late is still measured. */
const WINDOWS = 8;

const Scalars = namedNumbers(
  /** Samples taken; whether there is a gap before the next one. */
  "samples",
  "isGap",
);

type Kappa = (density: Pick<DensityEstimate, "kappa" | "count">) => number;

export class StateWindows implements TakesSignal {
  readonly fields: Fields;
  /** Of the last `measure`. */
  readonly before: DensityEstimate;
  readonly after: DensityEstimate;
  readonly window: number;
  private readonly capacity: number;
  private readonly n: number;
  private readonly scalars = new Scalars();
  private readonly re: Float64Array;
  private readonly im: Float64Array;
  /** One of the samples. */
  private readonly zRe: Float64Array;
  private readonly zIm: Float64Array;
  private readonly time: Float64Array;
  /** 1: there is a gap before the sample. */
  private readonly gap: Uint8Array;

  constructor(n: number, window: number) {
    this.n = n;
    this.window = window;
    this.capacity = WINDOWS * window;
    this.re = new Float64Array(this.capacity * n);
    this.im = new Float64Array(this.capacity * n);
    this.zRe = new Float64Array(n);
    this.zIm = new Float64Array(n);
    this.time = new Float64Array(this.capacity);
    this.gap = new Uint8Array(this.capacity);
    // With a smaller weight than any sample has, all weigh the same.
    this.before = new DensityEstimate(n, 1 / (2 * window));
    this.after = new DensityEstimate(n, 1 / (2 * window));
    this.fields = { scalars: this.scalars.array, re: this.re, im: this.im, time: this.time, gap: this.gap };
  }

  get samples(): number {
    return this.scalars.samples;
  }

  /** A sample z; false when it has no direction. `stamp` follows. */
  update(zRe: Float64Array, zIm: Float64Array): boolean {
    const { n, re, im } = this;
    const first = (this.scalars.samples % this.capacity) * n;
    let power = 0;
    for (let i = 0; i < n; i++) {
      re[first + i] = zRe[i]!;
      im[first + i] = zIm[i]!;
      power += zRe[i]! * zRe[i]! + zIm[i]! * zIm[i]!;
    }
    return power > 0 && power < Infinity;
  }

  /** The time of the sample taken last. */
  stamp(timeUs: number): void {
    const { scalars } = this;
    this.time[scalars.samples % this.capacity] = timeUs;
    this.gap[scalars.samples % this.capacity] = scalars.isGap;
    scalars.isGap = 0;
    scalars.samples = scalars.samples + 1;
  }

  break(): void {
    this.scalars.isGap = 1;
  }

  /** Time of sample k = 0, 1, …, one of the last. */
  timeOf(k: number): number {
    return this.time[k % this.capacity]!;
  }

  /** The first sample after a time; those that are no longer kept count as before it. */
  firstAfter(timeUs: number): number {
    const oldest = Math.max(0, this.samples - this.capacity);
    let k = this.samples;
    while (k > oldest && this.timeOf(k - 1) > timeUs) k--;
    return k;
  }

  /** Why the span of two windows around sample `at` can't be measured, "" when it can. */
  missing(at: number): string {
    const start = at - this.window;
    if (start < Math.max(0, this.samples - this.capacity)) return "there are too few rows before it";
    for (let k = start + 1; k < at + this.window; k++)
      if (this.gap[k % this.capacity] === 1) return "there is a gap in the rows around it";
    return "";
  }

  /**
   * Loads the states before and after sample `at`, and returns the squared Hilbert–Schmidt distance between them less what chance makes of it,
   * (κ₁+κ₂)(1−γ̃). `embargo`: samples that are left out on either side.
   */
  measure(at: number, embargo: number, kappaOf: Kappa): number {
    const { n, before, after, window } = this;
    this.fill(before, at - window, at - embargo);
    this.fill(after, at + embargo, at + window);
    const kappa = kappaOf(before);
    const purity = (correctedPurity(before.purity, kappa) + correctedPurity(after.purity, kappa)) / 2;
    const distance = hilbertSchmidtDistance(n, before.re, before.im, after.re, after.im);
    return distance * distance - 2 * kappa * (1 - purity);
  }

  /** Mean power of the samples of the window before sample `at`. */
  volatility(at: number): number {
    const { n, capacity, re, im, window } = this;
    let sum = 0;
    for (let k = at - window; k < at; k++) {
      const first = (k % capacity) * n;
      for (let i = first; i < first + n; i++) sum += re[i]! * re[i]! + im[i]! * im[i]!;
    }
    return sum / window;
  }

  private fill(density: DensityEstimate, from: number, to: number): void {
    const { n, capacity, re, im, zRe, zIm } = this;
    density.reset();
    for (let k = from; k < to; k++) {
      const first = (k % capacity) * n;
      for (let i = 0; i < n; i++) {
        zRe[i] = re[first + i]!;
        zIm[i] = im[first + i]!;
      }
      density.update(zRe, zIm);
    }
  }
}
