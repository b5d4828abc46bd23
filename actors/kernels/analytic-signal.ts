/**
 * Analytic signal of regularly sampled channels: x → z = A − iB, with positive frequencies only.
 *
 *        ┌─ z⁻¹ ─ H(c₂) ─ H(c₄) ─ A          H(c): y[k] = c (x[k] + y[k−2]) − x[k−2]
 *   x ───┤
 *        └─ H(c₁) ─ H(c₃) ─────── B
 *
 * The minus sign keeps e^{+iωt}, so that arg ρ_ij > 0 means that i leads j.
 * Two all-pass chains a quarter turn apart: images ≥ 53 dB down from 0.1π to 0.9π, delay 2.7 samples at 0.25π, 5.4 at the
 * band's edge; four multiplications a sample. All channels pass the same filter, so its phase cancels between them.
 * Source: elliptic half-band design of Renfors & Saramäki 1987; coefficients for four sections, transition 0.05.
 */

/** Sections of path A, then of path B. */
const COEFFICIENTS = Float64Array.of(0.390362187235, 0.890786832653, 0.120732117517, 0.663202022419);

const SECTIONS = 4;
/** The one-sample delay of path A, then the last two inputs and outputs of each section. */
const PER_CHANNEL = 1 + 4 * SECTIONS;

export class AnalyticSignal {
  readonly n: number;
  /** All of the state: 17 numbers a channel. */
  readonly fields: { readonly history: Float64Array };
  private readonly history: Float64Array;

  constructor(n: number) {
    if (!Number.isInteger(n) || n < 1) {
      throw new RangeError(`Cannot filter ${n} channels: expected a positive integer`);
    }
    this.n = n;
    this.history = new Float64Array(n * PER_CHANNEL);
    this.fields = { history: this.history };
  }

  /** Filters one sample of every channel to one complex value of every channel. NaN and ±Infinity count as 0. O(n). */
  update(x: Float64Array, outRe: Float64Array, outIm: Float64Array): void {
    const h = this.history;
    for (let i = 0; i < this.n; i++) {
      const at = i * PER_CHANNEL;
      const sample = Number.isFinite(x[i]!) ? x[i]! : 0;
      const delayed = h[at]!;
      h[at] = sample;
      outRe[i] = allPass(h, at + 5, COEFFICIENTS[1]!, allPass(h, at + 1, COEFFICIENTS[0]!, delayed));
      outIm[i] = -allPass(h, at + 13, COEFFICIENTS[3]!, allPass(h, at + 9, COEFFICIENTS[2]!, sample));
    }
  }

  reset(): void {
    this.history.fill(0);
  }
}

/** One section; `h[at..at+3]` = x[k−1], x[k−2], y[k−1], y[k−2]. */
function allPass(h: Float64Array, at: number, c: number, x: number): number {
  const y = c * (x + h[at + 3]!) - h[at + 1]!;
  h[at + 1] = h[at]!;
  h[at] = x;
  h[at + 3] = h[at + 2]!;
  h[at + 2] = y;
  return y;
}
