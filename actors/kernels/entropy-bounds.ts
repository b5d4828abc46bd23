/**
 * Rigorous bounds of the von Neumann entropy from the purity.
 *
 * Source: Berry & Sanders 2003, "Bounds on general entropy measures", J. Phys. A 36:12255.
 */
import ln from "@stdlib/math-base-special-ln";

/**
 * Largest entropy of n-mode states with purity γ, in nats: λ₁ = (1+√((n−1)(nγ−1)))/n and the rest equal.
 * γ outside [1/n, 1] is clipped. The bound is attained. O(1).
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
 * γ above 1 counts as 1. The bound is attained for every n ≥ 1/γ. O(1).
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

function plogp(p: number): number {
  return p > 0 ? p * ln(p) : 0;
}
