/**
 * A channel's own noise, learnt while it runs: mean and standard deviation of its increments, and the time between them.
 *
 * Exponentially weighted (memory MEMORY increments), equally weighted before the memory is full. What an injection does is
 * measured in units of it, so that "strength 1" means the same on a price and on a temperature.
 */

/** Increments after which an old one has 1/e of its weight: follows a change of volatility within some minutes of seconds. */
const MEMORY = 256;
/** Increments before an estimate of the spread is worth using: its relative error is then 1/√16 = 25 %. */
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

  /** Standard deviation of the increments; 0 while it is not known. */
  get deviation(): number {
    return this.known ? Math.sqrt(this.variance) : 0;
  }

  /** Takes the next sample and returns its increment, 0 for the first. */
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
