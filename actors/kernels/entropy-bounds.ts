/**
 * Von Neumann entropy known from the purity, or from a few large eigenvalues and the purity: rigorous two-sided bounds.
 *
 * Source: Berry & Sanders 2003, "Bounds on general entropy measures", J. Phys. A 36:12255.
 */
import ln from "@stdlib/math-base-special-ln";

/**
 * Largest entropy of n-mode states with purity γ, in nats: λ₁ = (1+√((n−1)(nγ−1)))/n and the rest equal.
 * γ outside [1/n, 1] counts as the nearer end. Exact extremiser. O(1).
 */
export function entropyUpperBound(n: number, gamma: number): number {
  if (n === 1) return 0;
  const excess = n * gamma - 1;
  const top = Math.min(1, (1 + Math.sqrt((n - 1) * Math.max(excess, 0))) / n);
  const rest = 1 - top;
  return -plogp(top) - (rest > 0 ? rest * ln(rest / (n - 1)) : 0);
}

/**
 * Smallest entropy of states with purity γ, in nats: k = ⌊1/γ⌋ eigenvalues a = (1+√((γ(k+1)−1)/k))/(k+1), one 1−ka.
 * γ above 1 counts as 1. Exact extremiser, whatever n ≥ 1/γ. O(1).
 */
export function entropyLowerBound(gamma: number): number {
  if (!(gamma < 1)) return 0;
  const k = Math.floor(1 / gamma);
  const inner = (gamma * (k + 1) - 1) / k;
  const a = (1 + Math.sqrt(Math.max(inner, 0))) / (k + 1);
  const b = 1 - k * a;
  const bound = -k * plogp(a) - plogp(b);
  return Math.max(bound, 0);
}

/**
 * Entropy from the r largest eigenvalues (or Ritz values) and the purity: writes [lower, upper] in nats to `out`.
 *
 * S = −Σ_{k≤r} λ_k ln λ_k + tail; the other n−r values have weight μ = 1−Σλ_k and purity (γ−Σλ_k²)/μ², so
 * tail ∈ [μ S_min − μ ln μ, μ S_max − μ ln μ]. `leak` = Σ over r×(n−r) of |ρ_ij|² in the Ritz basis (0 for exact
 * eigenvalues): the pinched state has tail purity γ − Σλ² − 2·leak and no smaller entropy, so the upper bound is
 * rigorous for Ritz values too; the lower one holds up to the residual. O(r).
 */
export function entropyBoundsFromTop(
  n: number,
  r: number,
  top: Float64Array,
  gamma: number,
  leak: number,
  out: Float64Array,
): void {
  let head = 0;
  let weight = 1;
  let square = gamma;
  for (let k = 0; k < r; k++) {
    const x = top[k]!;
    head -= plogp(x);
    weight -= x;
    square -= x * x;
  }
  if (r >= n || !(weight > 0)) {
    out[0] = head;
    out[1] = head;
    return;
  }
  const scale = weight * weight;
  const spread = -plogp(weight);
  out[0] = head + weight * entropyLowerBound(Math.max(square / scale, 1 / (n - r))) + spread;
  out[1] = head + weight * entropyUpperBound(n - r, (square - 2 * leak) / scale) + spread;
}

function plogp(p: number): number {
  return p > 0 ? p * ln(p) : 0;
}
