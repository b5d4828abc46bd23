/**
 * Tests whether a sample can be predicted from the last one. The detectors guarantee their false-alarm rates only if it cannot.
 *
 * Streaming: an e-detector on the lag-1 product u_t = y_t·y_{t−1}/√n of whitened innovations. For any law of y_t that is
 * symmetric given the past, d = ±λu_t has E[exp(d − d²/2)] ≤ 1. Both signs and several λ are mixed (Shiryaev–Roberts), so that independent
 * samples reach evidence A at most once in A samples. AR(1) with φ gives u a mean of φ√n: detection takes about 2 ln A/(nφ²) samples.
 */
import { EDetector } from "./e-detector.ts";

/** Fractions of the bets, for strong and weak correlations. */
const FRACTIONS: readonly number[] = [0.1, 0.3, 0.6, 1];

export class SerialCorrelation {
  readonly n: number;
  /** All of the state; `scalars` = [samples, EWMA of y_t·y_{t−1}, EWMA of ‖y‖²]. */
  readonly fields: {
    readonly previous: Float64Array;
    readonly scalars: Float64Array;
    readonly logM: Float64Array;
    readonly onset: Float64Array;
    readonly evidence: Float64Array;
  };
  private readonly previous: Float64Array;
  private readonly scalars: Float64Array;
  private readonly logE: Float64Array;
  private readonly detector: EDetector;

  constructor(n: number) {
    if (!Number.isInteger(n) || n < 1) {
      throw new RangeError(
        `Cannot watch the serial correlation of ${n} channels: expected a positive integer`,
      );
    }
    const members = 2 * FRACTIONS.length;
    this.n = n;
    this.previous = new Float64Array(n);
    this.scalars = new Float64Array(3);
    this.logE = new Float64Array(members);
    this.detector = new EDetector(new Float64Array(members).fill(1 / members));
    const inner = this.detector.fields;
    this.fields = {
      previous: this.previous,
      scalars: this.scalars,
      logM: inner.logM,
      onset: inner.onset,
      evidence: inner.scalars,
    };
  }

  /** Processes one whitened sample. O(n + members), allocates nothing. */
  update(y: Float64Array): void {
    const n = this.n;
    let dot = 0;
    let energy = 0;
    for (let i = 0; i < n; i++) {
      dot += y[i]! * this.previous[i]!;
      energy += y[i]! * y[i]!;
      this.previous[i] = y[i]!;
    }
    const samples = this.scalars[0]! + 1;
    this.scalars[0] = samples;
    const weight = Math.max(1 / MEMORY, 1 / samples);
    this.scalars[1] = this.scalars[1]! + weight * (dot - this.scalars[1]!);
    this.scalars[2] = this.scalars[2]! + weight * (energy - this.scalars[2]!);
    if (samples < 2) return;
    const u = dot / Math.sqrt(n);
    for (let f = 0; f < FRACTIONS.length; f++) {
      const d = FRACTIONS[f]! * u;
      const loss = 0.5 * d * d;
      this.logE[2 * f] = d - loss;
      this.logE[2 * f + 1] = -d - loss;
    }
    this.detector.update(this.logE);
  }

  /** ln M, −∞ at the start; serial correlation is established at ≥ ln A. */
  get logEvidence(): number {
    return this.detector.logEvidence;
  }

  /** Lag-1 autocorrelation averaged over channels and the last 500 or so samples, in [−1, 1]. */
  get autocorrelation(): number {
    return this.scalars[2]! > 0 ? this.scalars[1]! / this.scalars[2]! : 0;
  }

  /** Discards the evidence but keeps the last sample. */
  reset(): void {
    this.detector.reset();
  }
}

/** Memory of the reported autocorrelation in samples: its standard deviation is then 0.03/√n. */
const MEMORY = 500;
