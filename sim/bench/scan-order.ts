/**
 * How much sooner the learned order of a scan comes to its signals than a random one.
 *
 *   dates   ├── learnt from: 20 rules, every fifth day ──┤ judged: 20 other rules, on later days ──┤
 *
 * Work is the number of symbols that are evaluated until the fifth signal. The rules that are judged differ from those that are learnt from, and
 * every judged day is later than every day that was learnt from. Most judged rules look for what some rule before looked for, with other periods, thresholds
 * and companions; none has its text.
 */
import { RandomStream } from "../../actors/core/random.ts";
import { LearnedOrder } from "../../actors/scan/order/learned-order.ts";
import { inOrder } from "../../actors/scan/order/order.ts";
import { computeFeatures, evaluateFeatures } from "../../actors/scan/rules/evaluate.ts";
import { parseRule } from "../../actors/scan/rules/rule.ts";
import { prepareUniverse } from "../../actors/scan/universe/prepare.ts";
import { sharedColumn, type Universe, UniverseSymbol } from "../../actors/scan/universe/universe.ts";

/** What the order learns from. */
export const LEARNT_RULES: readonly string[] = [
  "rsi(14) < 30",
  "rsi(14) > 70",
  "rsi(7) < 20",
  "volume_spike(20) > 2",
  "return(5) > 5%",
  "return(5) < -5%",
  "return(1) > 3%",
  "drawdown(60) > 20%",
  "bollinger_percent(20) < 0",
  "bollinger_percent(20) > 1",
  "volatility(20) > 3%",
  "crosses_above(sma(10), sma(50))",
  "crosses_below(close, sma(20))",
  "close > 1.1 * sma(50)",
  "close < 0.9 * sma(50)",
  "macd_histogram > 0 and rsi(14) > 60",
  "atr(14) / close > 3%",
  "coherence(20) < 0.2",
  "bollinger_width(20) > 0.2",
  "rsi(14) < 35 and volume_spike(20) > 1.5",
];

/** What it is judged by: no text of the list above. */
export const JUDGED_RULES: readonly string[] = [
  "rsi(9) < 25",
  "rsi(21) > 65",
  "rsi(10) < 35 and volatility(30) > 2%",
  "volume_spike(10) > 2.5",
  "volume_spike(30) > 1.8 and return(1) > 1%",
  "return(10) < -8%",
  "return(3) > 4%",
  "return(20) > 10%",
  "drawdown(120) > 25%",
  "drawdown(30) > 12% and rsi(14) < 40",
  "bollinger_percent(14) < 0.05",
  "bollinger_percent(30, 2.5) > 0.95",
  "volatility(10) > 3%",
  "crosses_above(ema(5), ema(20))",
  "crosses_below(sma(5), sma(30))",
  "close < 0.93 * ema(30)",
  "close > 1.06 * ema(30)",
  "atr(7) / close > 3.5%",
  "bollinger_width(30) > 0.25 or volatility(20) > 4%",
  "macd(8, 21) / close < -1.5%",
];

const SIGNALS = 5;
const RANDOM_ORDERS = 100;
/** The longest period of a rule has passed. */
const FIRST_DAY = 130;
const LEARN_EVERY = 5;
const JUDGE_EVERY = 20;

export interface JudgedRule {
  readonly rule: string;
  /** Days on which it had at least SIGNALS signals. */
  readonly days: number;
  readonly learnedWork: number;
  readonly randomWork: number;
}

/** Days of the universe, the middle of which divides what is learnt from from what is judged. */
export function judgeOrder(universe: Universe): JudgedRule[] {
  const days = [...new Set(universe.data.timeUs)].sort((a, b) => a - b);
  const order = new LearnedOrder();
  const half = Math.floor(days.length / 2);
  for (let d = FIRST_DAY; d < half; d += LEARN_EVERY) {
    const then = universeUntil(universe, days[d]!);
    for (const text of LEARNT_RULES) {
      const signals = signalsOf(then, text);
      const rule = parseRule(text);
      order.learn(rule, prepareUniverse(then, rule).data, signals);
    }
  }
  const random = new RandomStream(1, "orders");
  const judged = JUDGED_RULES.map((rule) => ({ rule, days: 0, learnedWork: 0, randomWork: 0 }));
  for (let d = half + LEARN_EVERY; d < days.length; d += JUDGE_EVERY) {
    const then = universeUntil(universe, days[d]!);
    for (const each of judged) {
      const signals = signalsOf(then, each.rule);
      const items = [...signals.keys()];
      if ([...signals.values()].filter(Boolean).length < SIGNALS) continue;
      const worth = () => order.worth(parseRule(each.rule), then.data);
      const next = () => random.next();
      each.days++;
      for (let k = 0; k < RANDOM_ORDERS; k++) {
        each.randomWork += workUntil(inOrder(items, "random", next, worth), signals) / RANDOM_ORDERS;
      }
      each.learnedWork += workUntil(inOrder(items, "learned", next, worth), signals);
    }
  }
  return judged;
}

/** As a scan has them: symbols with too few rows have no outcome. */
function signalsOf(universe: Universe, text: string): Map<number, boolean> {
  const rule = parseRule(text);
  const { data } = prepareUniverse(universe, rule);
  const signals = new Map<number, boolean>();
  for (let s = 0; s < data.symbols.length; s++) {
    try {
      const features = computeFeatures(rule, new UniverseSymbol(data, s));
      signals.set(s, evaluateFeatures(rule, features).signal);
    } catch {
      // Too few rows until this day.
    }
  }
  return signals;
}

function workUntil(items: readonly number[], signals: ReadonlyMap<number, boolean>): number {
  let found = 0;
  for (let k = 0; k < items.length; k++) if (signals.get(items[k]!) && ++found === SIGNALS) return k + 1;
  return items.length;
}

/** The universe as it was at the end of that day. */
export function universeUntil(universe: Universe, lastUs: number): Universe {
  const { symbols, offsets, timeUs, columns } = universe.data;
  const ends = symbols.map((_, s) => {
    let end = offsets[s]!;
    while (end < offsets[s + 1]! && timeUs[end]! <= lastUs) end++;
    return end;
  });
  const cut = new Int32Array(symbols.length + 1);
  ends.forEach((end, s) => {
    cut[s + 1] = cut[s]! + end - offsets[s]!;
  });
  const cutColumn = (column: Float64Array) => {
    const to = sharedColumn(cut[symbols.length]!);
    ends.forEach((end, s) => {
      to.set(column.subarray(offsets[s]!, end), cut[s]!);
    });
    return to;
  };
  return {
    ...universe,
    data: {
      symbols,
      offsets: cut,
      timeUs: cutColumn(timeUs),
      columns: Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, cutColumn(column)])),
      market: null,
    },
  };
}
