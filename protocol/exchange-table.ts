/**
 * What channels trade, and what it costs, as settings give it:
 *
 *   rates       BTC-USD=BTC/USD@kraken, B2=BTC/USD@binance          a channel with the price of BTC in USD at a venue
 *   fees        binance=0.1, *=0.25                                 % of a trade, by venue
 *   transfers   USD=0.05, BTC=0.02                                  % of moving an asset from one venue to another; others cannot be moved
 */

export interface Rate {
  readonly channel: string;
  /** One unit of `base` costs as many of `quote` as the channel says. */
  readonly base: string;
  readonly quote: string;
  readonly venue: string;
}

/** Percent by name; "*" stands for all others. */
export type Costs = ReadonlyMap<string, number>;

export const RATES_EXPECTED = "CHANNEL=BASE/QUOTE@VENUE, … or nothing";
export const COSTS_EXPECTED = "NAME=PERCENT, … with percents from 0 to 50, or nothing";

/** Undefined where the text is none. */
export function readRates(text: string): readonly Rate[] | undefined {
  const rates: Rate[] = [];
  for (const entry of entriesOf(text)) {
    const [, channel, base, quote, venue] = /^(.+)=([^\s=/@]+)\/([^\s=/@]+)@([^\s=/@]+)$/.exec(entry) ?? [];
    if (venue === undefined || base === quote) return undefined;
    rates.push({ channel: channel!.trim(), base: base!, quote: quote!, venue });
  }
  return rates;
}

/** Undefined where the text is none. */
export function readCosts(text: string): Costs | undefined {
  const costs = new Map<string, number>();
  for (const entry of entriesOf(text)) {
    const [, name, percent] = /^([^\s=/@]+)\s*=\s*(\d+(?:\.\d+)?)$/.exec(entry) ?? [];
    if (name === undefined || Number(percent) > 50) return undefined;
    costs.set(name, Number(percent));
  }
  return costs;
}

/** As a share of 1; undefined where the table has none. */
export function costOf(costs: Costs, name: string): number | undefined {
  const percent = costs.get(name) ?? costs.get("*");
  return percent === undefined ? undefined : percent / 100;
}

function entriesOf(text: string): string[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
