/**
 * The one animation loop. Panels say how often they need to be drawn and whether anything changed; hidden ones are skipped,
 * and when drawing takes too much of a frame all are drawn less often.
 */

/** Panels drawn by the loop. */
export interface Panel {
  readonly element: Element;
  /** Least time between two drawings because of new data, ms. */
  readonly everyMs: number;
  /** Whether a hand moved something: that is not kept waiting. */
  isUrgent?(): boolean;
  /** Draws if something changed. Returns whether it did. */
  draw(nowMs: number): boolean;
}

/** Above this share of a 60 Hz frame, drawings are thinned out; below the lower one they come back. */
const BUSY_MS = 8;
const CALM_MS = 3;
const MOST_THINNING = 8;
/** Smoothing of the measured cost: about a second of frames. */
const SMOOTHING = 1 / 32;

/** Text follows the data at this pace: faster cannot be read. */
const PULSE_MS = 200;

export class Loop {
  readonly #panels = new Map<Panel, { seen: boolean; lastMs: number }>();
  readonly #observer: IntersectionObserver;
  #costMs = 0;
  #thinning = 1;
  #pulseMs = 0;
  readonly #pulse: () => void;

  constructor(pulse: () => void) {
    this.#pulse = pulse;
    this.#observer = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        for (const [panel, at] of this.#panels)
          if (panel.element === entry.target) at.seen = entry.isIntersecting;
      }
    });
  }

  add(panel: Panel): () => void {
    this.#panels.set(panel, { seen: true, lastMs: 0 });
    this.#observer.observe(panel.element);
    return () => {
      this.#panels.delete(panel);
      this.#observer.unobserve(panel.element);
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
    for (const [panel, at] of this.#panels) {
      // 2 ms of slack: frames do not come at exact multiples.
      if (!at.seen) continue;
      const isEarly = nowMs - at.lastMs < panel.everyMs * this.#thinning - 2;
      if (isEarly && panel.isUrgent?.() !== true) continue;
      if (panel.draw(nowMs)) at.lastMs = nowMs;
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
