/**
 * Slow versions of kernels for comparison: counting, sums by definition, closed forms.
 */
import betaincinv from "@stdlib/math-base-special-betaincinv";
import erfc from "@stdlib/math-base-special-erfc";
import gammaincinv from "@stdlib/math-base-special-gammaincinv";

/** p-value of the last of `scores` among all of them, by counting. */
export function conformalByCounting(scores: ArrayLike<number>, theta: number): number {
  const last = scores[scores.length - 1]!;
  let above = 0;
  let equal = 0;
  for (let s = 0; s < scores.length; s++) {
    if (scores[s]! > last) above++;
    else if (scores[s]! === last) equal++;
  }
  return (above + theta * equal) / scores.length;
}

/** ln f_s(p) of the energy bet on n channels: −(n/2) ln s + q(1−1/s), q the upper p-quantile of Gamma(n/2, 1). */
export function energyBet(n: number, s: number, p: number): number {
  return (-n / 2) * Math.log(s) + gammaincinv(p, n / 2, true) * (1 - 1 / s);
}

/** ln f_θ(p) of the share bet: −½ ln θ − (n/2) ln(1−(1−1/θ)q), q the upper p-quantile of Beta(½, (n−1)/2). */
export function shareBet(n: number, theta: number, p: number): number {
  const q = betaincinv(p, 0.5, (n - 1) / 2, true);
  return -0.5 * Math.log(theta) - (n / 2) * Math.log1p(-(1 - 1 / theta) * q);
}

/** Re and Im of Mψ for an n×n row-major M. */
export function product(
  n: number,
  re: Float64Array,
  im: Float64Array,
  psiRe: Float64Array,
  psiIm: Float64Array,
): { re: Float64Array; im: Float64Array } {
  const out = { re: new Float64Array(n), im: new Float64Array(n) };
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      out.re[i]! += re[i * n + j]! * psiRe[j]! - im[i * n + j]! * psiIm[j]!;
      out.im[i]! += re[i * n + j]! * psiIm[j]! + im[i * n + j]! * psiRe[j]!;
    }
  return out;
}

/** ψ†ρψ for a unit vector ψ: the fidelity of ρ with a pure state. */
export function pureOverlap(
  n: number,
  re: Float64Array,
  im: Float64Array,
  psiRe: Float64Array,
  psiIm: Float64Array,
): number {
  const image = product(n, re, im, psiRe, psiIm);
  return image.re.reduce((sum, x, i) => sum + psiRe[i]! * x + psiIm[i]! * image.im[i]!, 0);
}

/** Purity after ρ ← (1−α)ρ + αψψ†, from the purity γ and q = ψ†ρψ before: (1−α)²γ + 2α(1−α)q + α². */
export function purityAfterUpdate(gamma: number, overlap: number, alpha: number): number {
  const keep = 1 - alpha;
  return keep * keep * gamma + 2 * alpha * keep * overlap + alpha * alpha;
}

/** The factor of a matrix with rows √λ_k x_k, from its eigensystem (eigenvectors as rows); negative λ count as 0. */
export function eigenFactor(
  n: number,
  values: Float64Array,
  vecRe: Float64Array,
  vecIm: Float64Array,
): { re: Float64Array; im: Float64Array } {
  const root = (k: number) => Math.sqrt(Math.max(0, values[Math.floor(k / n)]!));
  return { re: vecRe.map((x, k) => root(k) * x), im: vecIm.map((x, k) => root(k) * x) };
}

/**
 * The synchrony factor by its definition: average of e^{−iω(n₁(s)−n₂(s))} over s from `from` to `to`, n = next tick after s; both
 * channels must tick at or after `to`. Times in seconds, ascending. Returns [Re, Im].
 */
export function synchronyByDefinition(
  t1: readonly number[],
  t2: readonly number[],
  omega: number,
  from: number,
  to: number,
): [number, number] {
  const events = [...t1, ...t2, from, to].filter((t) => t >= from && t <= to).sort((a, b) => a - b);
  const sum: [number, number] = [0, 0];
  for (let k = 1; k < events.length; k++) {
    const begin = events[k - 1]!;
    const share = (events[k]! - begin) / (to - from);
    if (share === 0) continue;
    const angle = -omega * (t1.find((t) => t > begin)! - t2.find((t) => t > begin)!);
    sum[0] += share * Math.cos(angle);
    sum[1] += share * Math.sin(angle);
  }
  return sum;
}

/** Φ(x) of the standard normal law, in [0, 1], to rounding in both tails. */
export function normalCdf(x: number): number {
  return 0.5 * erfc(-x / Math.SQRT2);
}

/** Binary entropy h(p) = −p ln p − (1−p) ln(1−p) of p in (0, 1), in nats. */
export function binaryEntropy(p: number): number {
  return -p * Math.log(p) - (1 - p) * Math.log1p(-p);
}
