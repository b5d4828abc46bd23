/** Prices as the running product of log returns, and the channels that carry them. */
import exp from "@stdlib/math-base-special-exp";
import type { Channels } from "../../../protocol/messages.ts";

/** Standard deviation of a log return over one second: 25 % per year of 252 days with 6.5 hours. */
export const VOLATILITY = 1e-4;
const START = 100;

/** Standard deviation of a log return between two rows: prices diffuse. */
export function rowVolatility(rate: number): number {
  return VOLATILITY / Math.sqrt(rate);
}

/** Adds the returns to the log prices and fills `values` with the prices. */
export function fillPrices(logPrices: Float64Array, returns: Float64Array, values: Float64Array): void {
  for (let k = 0; k < values.length; k++) {
    logPrices[k] = logPrices[k]! + returns[k]!;
    values[k] = priceOf(logPrices[k]!);
  }
}

export function priceOf(logPrice: number): number {
  return START * exp(logPrice);
}

/** Channels "A01", "A02", …: assets. */
export function assets(count: number): Channels["channels"] {
  return Array.from({ length: count }, (_, k) => {
    const number = String(k + 1).padStart(2, "0");
    return { name: `A${number}`, title: `Asset ${number} (synthetic)`, unit: "USD" };
  });
}
