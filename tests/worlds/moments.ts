/** Plain statistics with their sampling errors: what worlds are held against. */
import * as assert from "uvu/assert";

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function variance(values: readonly number[]): number {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 2));
}

export function correlation(a: readonly number[], b: readonly number[]): number {
  const meanA = mean(a);
  const meanB = mean(b);
  const product = mean(a.map((value, k) => (value - meanA) * (b[k]! - meanB)));
  return product / Math.sqrt(variance(a) * variance(b));
}

/** Correlation of a series with itself `lag` places later. */
export function autocorrelation(values: readonly number[], lag: number): number {
  const centre = mean(values);
  let sum = 0;
  for (let k = lag; k < values.length; k++) sum += (values[k]! - centre) * (values[k - lag]! - centre);
  return sum / values.length / variance(values);
}

/** Fourth standardised moment less 3. */
export function excessKurtosis(values: readonly number[]): number {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 4)) / variance(values) ** 2 - 3;
}

export function logReturns(prices: readonly number[]): number[] {
  return prices.slice(1).map((price, k) => Math.log(price / prices[k]!));
}

export function differences(values: readonly number[]): number[] {
  return values.slice(1).map((value, k) => value - values[k]!);
}

/** How many standard errors are forgiven: a test of fixed seeds that holds with 4 is no accident, and one that fails is none either. */
const ERRORS = 4;

export function near(value: number, expected: number, standardError: number, what: string): void {
  const off = (value - expected) / standardError;
  assert.ok(
    Math.abs(off) < ERRORS,
    `${what}: ${value}; expected ${expected} ± ${standardError} (${off.toFixed(1)} standard errors off)`,
  );
}

/** Fisher (1921): √n (atanh r − atanh ρ) is nearly standard normal for n independent pairs. */
export function correlationNear(
  a: readonly number[],
  b: readonly number[],
  expected: number,
  what: string,
): void {
  const z = Math.atanh(correlation(a, b));
  near(z, Math.atanh(expected), 1 / Math.sqrt(a.length - 3), `${what}: atanh of the correlation`);
}

/** Of n independent normal values: standard error of the variance is variance · √(2/n). */
export function varianceNear(values: readonly number[], expected: number, what: string): void {
  near(
    variance(values) / expected,
    1,
    Math.sqrt(2 / values.length),
    `${what}: variance over what is expected`,
  );
}
