/**
 * A multivariate Hawkes process with exponential kernels, drawn exactly by thinning (Ogata 1981).
 *
 *   λ_i(t) = μ_i + Σ_j Σ_{t_k^j < t} α_ij e^{−β (t − t_k^j)}        branching n_ij = α_ij / β: children of kind i of an event of kind j
 *
 * Between events the excitation only falls, so the total intensity just after an event is an upper bound until the next one. Every event
 * has `own` children of its own kind and `shared` children spread over all kinds. The branching ratio, the largest eigenvalue of n, is
 * own + shared, and the mean rate of a kind is μ / (1 − own − shared).
 */
import exp from "@stdlib/math-base-special-exp";
import type { Variates } from "../model/variates.ts";

export interface HawkesOptions {
  readonly kinds: number;
  /** Events without a parent, per second and kind. */
  readonly baseRate: number;
  /** 1/s: the excitation of an event lasts a few 1/β. */
  readonly decay: number;
}

/** Mean number of children of an event: of its own kind, and over all kinds. */
export interface Branching {
  readonly own: number;
  readonly shared: number;
}

export class Hawkes {
  /** Seconds; time of the last event. */
  time = 0;
  kind = 0;
  private readonly options: HawkesOptions;
  private readonly variates: Variates;
  /** Excitation of each kind by its own events, at `at`. */
  private readonly own: Float64Array;
  /** Excitation of every kind by all events, at `at`. */
  private shared = 0;
  private at = 0;

  constructor(options: HawkesOptions, variates: Variates) {
    this.options = options;
    this.variates = variates;
    this.own = new Float64Array(options.kinds);
  }

  /** Moves to the next event, which will have the children of the current `branching`. */
  next(branching: (seconds: number) => Branching): void {
    for (;;) {
      const bound = this.total();
      this.decayTo(this.at + this.variates.exponential() / bound);
      const drawn = this.variates.uniform() * bound;
      const total = this.total();
      if (drawn >= total) continue;
      this.time = this.at;
      this.kind = this.kindAt(drawn);
      const { own, shared } = branching(this.time);
      this.own[this.kind] = this.own[this.kind]! + own * this.options.decay;
      this.shared += (shared * this.options.decay) / this.options.kinds;
      return;
    }
  }

  private total(): number {
    const { kinds, baseRate } = this.options;
    let total = kinds * (baseRate + this.shared);
    for (let k = 0; k < kinds; k++) total += this.own[k]!;
    return total;
  }

  private decayTo(seconds: number): void {
    const factor = exp(-this.options.decay * (seconds - this.at));
    for (let k = 0; k < this.own.length; k++) this.own[k] = this.own[k]! * factor;
    this.shared *= factor;
    this.at = seconds;
  }

  /** The kind at `position` of the total intensity. */
  private kindAt(position: number): number {
    const { kinds, baseRate } = this.options;
    let left = position;
    for (let k = 0; k < kinds - 1; k++) {
      left -= baseRate + this.shared + this.own[k]!;
      if (left < 0) return k;
    }
    return kinds - 1;
  }
}
