/**
 * The noise of a channel, learnt from its samples: mean and standard deviation of its increments, and the time between samples.
 *
 * Increments are exponentially weighted (memory MEMORY), and equally weighted before the memory is full. Injections are sized in units of
 * this noise, so that strength 1 means the same for a price and for a temperature.
 */

/** Increments after which the weight falls to 1/e: follows a change of volatility within a few minutes at one sample a second. */
const MEMORY = 256;
/** Increments before the estimate of the spread is used: its relative error is then 1/√16 = 25 %. */
const LEAST_INCREMENTS = 8;

export class NoiseFloor {
  /** Last value and its time; NaN before the first. */
  value = Number.NaN;
  timeUs = Number.NaN;
  increments = 0;
  mean = 0;
  private variance = 0;
  /** Mean time between samples, µs. */
  intervalUs = 0;

  get known(): boolean {
    return this.increments >= LEAST_INCREMENTS;
  }

  /** Standard deviation of the increments; 0 while unknown. */
  get deviation(): number {
    return this.known ? Math.sqrt(this.variance) : 0;
  }

  /** Adds the next sample and returns its increment, 0 for the first. */
  add(timeUs: number, value: number): number {
    if (Number.isNaN(this.value)) {
      this.value = value;
      this.timeUs = timeUs;
      return 0;
    }
    const increment = value - this.value;
    const weight = 1 / Math.min(MEMORY, ++this.increments);
    const off = increment - this.mean;
    this.mean += weight * off;
    // West (1979): exact for equal weights, the usual recursion for exponential ones.
    this.variance = (1 - weight) * (this.variance + weight * off * off);
    this.intervalUs += weight * (timeUs - this.timeUs - this.intervalUs);
    this.value = value;
    this.timeUs = timeUs;
    return increment;
  }
}
