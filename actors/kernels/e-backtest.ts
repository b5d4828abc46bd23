/**
 * e-values against forecasts of a value at risk and an expected shortfall, and the bets on them.
 *
 *   value at risk        e = 1{loss > VaR} / tail                       mean ≤ 1 while it is exceeded with probability ≤ tail
 *   expected shortfall   e = (loss − VaR)₊ / (tail (ES − VaR))          mean ≤ 1 while the VaR is right and the ES is not too small
 *   bet                  1 − λ + λ e,  λ in [0, 1)                      mean ≤ 1 if that of e is
 *
 * The forecasts and λ may depend on all losses before. Source: Wang, Wang & Ziegel 2022, "E-backtesting", arXiv:2209.00991.
 */

/** e of a value at risk. `tail` = 1 − level, in (0, 1). O(1). */
export function valueAtRiskE(loss: number, valueAtRisk: number, tail: number): number {
  return loss > valueAtRisk ? 1 / tail : 0;
}

/** e of an expected shortfall above its value at risk; 1, which says nothing, where it is not above. O(1). */
export function shortfallE(loss: number, valueAtRisk: number, shortfall: number, tail: number): number {
  if (!(shortfall > valueAtRisk)) return 1;
  return loss > valueAtRisk ? (loss - valueAtRisk) / (tail * (shortfall - valueAtRisk)) : 0;
}

/** What a share `stake` in [0, 1) of the wealth on e, and the rest kept, leaves of 1. */
export function bet(stake: number, e: number): number {
  return 1 - stake + stake * e;
}
