/** What an order has learnt, as people and programs read it. */
import { ALL_RULES, type LearnedOrder, type LearnedWeight } from "./learned-order.ts";
import { TRAITS, type Trait } from "./traits.ts";

export interface OrderReport {
  readonly scans: number;
  readonly symbols: number;
  /** By "all rules", then by term; `± deviation` of 0.1 is well known, of 1.4 not at all. */
  readonly weights: readonly {
    readonly of: string;
    readonly traits: Readonly<Record<Trait, { readonly weight: number; readonly deviation: number }>>;
  }[];
  /** The most frequent first. */
  readonly oftenSignals: readonly { readonly symbol: string; readonly rate: number }[];
}

export function orderReport({ learned }: LearnedOrder, most: number): OrderReport {
  const { scans, symbols, weights } = learned;
  const keys = Object.keys(weights).filter((key) => key !== ALL_RULES);
  const rates = Object.entries(symbols).map(([symbol, { hits, tried }]) => ({ symbol, rate: hits / tried }));
  return {
    scans,
    symbols: rates.length,
    weights: [...(weights[ALL_RULES] === undefined ? [] : [ALL_RULES]), ...keys.sort()].map((key) => ({
      of: key,
      traits: byTrait(weights[key]!),
    })),
    oftenSignals: rates
      .filter(({ rate }) => rate > 0)
      .sort((a, b) => b.rate - a.rate || (a.symbol < b.symbol ? -1 : 1))
      .slice(0, most),
  };
}

function byTrait(weights: readonly LearnedWeight[]): OrderReport["weights"][number]["traits"] {
  const entries = TRAITS.map((trait, k) => {
    const { mean, precision } = weights[k]!;
    return [trait, { weight: mean, deviation: 1 / Math.sqrt(precision) }];
  });
  return Object.fromEntries(entries) as OrderReport["weights"][number]["traits"];
}
