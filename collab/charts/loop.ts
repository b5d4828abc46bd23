/**
 * The one animation loop. Charts report how often they need drawing and whether anything changed. The loop skips hidden charts, and
 * draws all charts less often when drawing takes too much of a frame.
 */

export interface Drawable {
  readonly element: Element;
  /** Least time between two drawings because of new data, ms. */
  readonly everyMs: number;
  /** Whether a person changed something, or waited for it: that does not wait for `everyMs`. */
  isUrgent?(): boolean;
  /** Draws if something changed. Returns whether it did. */
  draw(nowMs: number): boolean;
}

/** Drawing that takes longer than this, of the 16 ms of a frame, is thinned out; below CALM_MS it is restored. */
const BUSY_MS = 8;
const CALM_MS = 3;
const MOST_THINNING = 8;
/** Smoothing of the measured cost: about a second of frames. */
const SMOOTHING = 1 / 32;

/** Text follows the data at this pace: nobody reads faster. */
const PULSE_MS = 200;

export class Loop {
  readonly #charts = new Map<Drawable, { visible: boolean; lastMs: number }>();
  readonly #observer: IntersectionObserver;
  #costMs = 0;
  #thinning = 1;
  #pulseMs = 0;
  readonly #pulse: () => void;

  constructor(pulse: () => void) {
    this.#pulse = pulse;
    this.#observer = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        for (const [chart, at] of this.#charts)
          if (chart.element === entry.target) at.visible = entry.isIntersecting;
      }
    });
  }

  add(chart: Drawable): () => void {
    this.#charts.set(chart, { visible: true, lastMs: 0 });
    this.#observer.observe(chart.element);
    return () => {
      this.#charts.delete(chart);
      this.#observer.unobserve(chart.element);
    };
  }

  start(): void {
    requestAnimationFrame(this.#frame);
  }

  #frame = (nowMs: number): void => {
    const begin = performance.now();
    if (nowMs - this.#pulseMs >= PULSE_MS * this.#thinning) {
      this.#pulseMs = nowMs;
      this.#pulse();
    }
    for (const [chart, at] of this.#charts) {
      // 2 ms of slack: frames do not come at exact multiples.
      if (!at.visible) continue;
      const isEarly = nowMs - at.lastMs < chart.everyMs * this.#thinning - 2;
      if (isEarly && chart.isUrgent?.() !== true) continue;
      if (chart.draw(nowMs)) at.lastMs = nowMs;
    }
    this.#adapt(performance.now() - begin);
    requestAnimationFrame(this.#frame);
  };

  #adapt(costMs: number): void {
    this.#costMs += (costMs - this.#costMs) * SMOOTHING;
    if (this.#costMs > BUSY_MS && this.#thinning < MOST_THINNING) {
      this.#thinning *= 2;
      this.#costMs = (BUSY_MS + CALM_MS) / 2;
    } else if (this.#costMs < CALM_MS && this.#thinning > 1) {
      this.#thinning /= 2;
      this.#costMs = (BUSY_MS + CALM_MS) / 2;
    }
  }
}
