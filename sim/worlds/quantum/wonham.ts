/**
 * The optimal filter of a hidden Markov chain with a diffusive record: what can be known of a monitored system that jumps.
 *
 *   predict   p_j ← Σ_i p_i T_ij
 *   update    p_j ← p_j exp(s x_j dI − s² x_j² dt/2) / Σ     dI ~ N(s x dt, dt)
 *
 * Exact for a chain that jumps only between steps, and therefore optimal for such a record.
 * Source: Wonham 1965, SIAM J. Control 2:347; for qubits Gambetta et al. 2007, Phys. Rev. A 76:012325.
 */
import exp from "@stdlib/math-base-special-exp";

export class WonhamFilter {
  /** Probability of each level. */
  readonly p: Float64Array;
  private readonly x: readonly number[];
  private readonly transition: readonly (readonly number[])[];
  private readonly snr: number;
  private readonly dt: number;
  private readonly predicted: Float64Array;

  /** `x`: mean signal of each level; `transition[i][j]`: probability of i → j in a step; `snr`: s; starts with equal probabilities. */
  constructor(x: readonly number[], transition: readonly (readonly number[])[], snr: number, dt: number) {
    this.x = x;
    this.transition = transition;
    this.snr = snr;
    this.dt = dt;
    this.p = new Float64Array(x.length).fill(1 / x.length);
    this.predicted = new Float64Array(x.length);
  }

  /** O(n²). */
  step(dI: number): void {
    const { p, x, transition, snr, dt, predicted } = this;
    const n = p.length;
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += p[i]! * transition[i]![j]!;
      predicted[j] = sum;
    }
    let total = 0;
    for (let j = 0; j < n; j++) {
      const shown = snr * x[j]!;
      p[j] = predicted[j]! * exp(shown * dI - 0.5 * shown * shown * dt);
      total += p[j]!;
    }
    for (let j = 0; j < n; j++) p[j] = p[j]! / total;
  }
}
