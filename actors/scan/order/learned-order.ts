/**
 * Learns which symbols are likely to have a signal, from the scans before.
 *
 *   scan ends ─► outcomes of its symbols ─► weights of its rule's terms, hits of its symbols
 *   next scan ─► worth of a symbol = Σ over traits of (weight for all rules + weights of this rule's terms) × trait
 *
 * The weights are those of a logistic regression from the traits (traits.ts) to "has a signal". Each has a normal prior, which a scan makes
 * into the prior of the next one: a mean and a precision (Chapelle & Li 2011, algorithm 3). What rules have in common is learnt by the weights for all rules, and
 * what is theirs alone by those of their terms (`rsi low`): a rule that was never scanned is ordered by what its terms taught.
 *
 * L1  Nothing is learnt from a symbol that was not evaluated.
 * L2  What was learnt long ago is forgotten: a precision shrinks with every scan, and hits are weighed less.
 */
import type { Rule } from "../rules/rule.ts";
import { termsOf } from "../rules/terms.ts";
import type { UniverseData } from "../universe/universe.ts";
import { type SymbolPast, TRAITS, traitsOf } from "./traits.ts";

/** A weight as the scans so far have it: 0 is no influence. */
export interface LearnedWeight {
  readonly mean: number;
  /** 1/variance. */
  readonly precision: number;
}

/** What can be kept in a file. */
export interface OrderState {
  scans: number;
  symbols: Record<string, { tried: number; hits: number; signalUs: number | null; seenUs: number }>;
  /** By term; ALL_RULES: what all have in common. In the order of TRAITS. */
  weights: Record<string, LearnedWeight[]>;
  /** By term: how often it was scanned, and the hits of each symbol then. */
  terms: Record<string, { tried: number; hits: Record<string, number> }>;
}

export const ALL_RULES = "all rules";

/** Precision of a weight of which nothing is known: 95 % are within ±2.8, and 2.8 orders nearly all. */
const FIRST_PRECISION = 0.5;
/** Before the first scan: a symbol that often and lately had signals, or that moves much, is looked at first. */
const FIRST_MEANS: readonly number[] = [1, 0.5, 0.5, 0.5, 0, 0.5, 0, 0];
/** A scan counts half after 34 others. */
const KEEP = 0.98;
/** Weight of the common rate in that of a symbol, in scans. */
const PRIOR_SCANS = 4;
/** Outcomes that one scan teaches: every signal, and so many without one. More of them change little, and cost time. */
const MOST_OUTCOMES = 2_000;
/** The fit has converged long before. */
const SWEEPS = 12;
/** Terms that are kept: those of some hundred rules. The ones that were used least go. */
const MOST_TERMS = 256;

const K = TRAITS.length;

export class LearnedOrder {
  private state: OrderState;

  constructor(state: OrderState = emptyOrder()) {
    this.state = state;
  }

  /** For a file, and for people. */
  get learned(): OrderState {
    return this.state;
  }

  reset(): void {
    this.state = emptyOrder();
  }

  /** By the index of a symbol; the largest comes first. */
  worth(rule: Rule, data: UniverseData): Float64Array {
    const terms = termsOf(rule);
    const weights = this.sumOf(terms);
    const traits = this.traits(terms, data);
    return Float64Array.from(data.symbols, (_, s) => dot(weights, traits, s));
  }

  /** `signals`: of each symbol that was evaluated, by its index, whether it had one. */
  learn(rule: Rule, data: UniverseData, signals: ReadonlyMap<number, boolean>): void {
    if (signals.size === 0) return;
    const terms = termsOf(rule);
    // As they were when the order was made: before this scan counts.
    this.fit([ALL_RULES, ...terms], this.traits(terms, data), sample(signals));
    this.count(terms, data, signals);
    this.state.scans++;
    this.forgetTerms();
  }

  private traits(terms: readonly string[], data: UniverseData): Float64Array {
    return traitsOf(data, this.pastOf(terms));
  }

  private pastOf(terms: readonly string[]): (symbol: string) => SymbolPast {
    const { symbols, terms: known } = this.state;
    const records = terms.flatMap((term) => known[term] ?? []);
    const tried = records.reduce((sum, record) => sum + record.tried, 0);
    return (symbol) => {
      const past = Object.hasOwn(symbols, symbol) ? symbols[symbol]! : null;
      const hits = records.reduce((sum, record) => sum + hitsOf(record, symbol), 0);
      return {
        ownRate: hits / (tried + PRIOR_SCANS),
        hitRate: past === null ? 0 : past.hits / (past.tried + PRIOR_SCANS),
        signalUs: past?.signalUs ?? Number.NEGATIVE_INFINITY,
        seenUs: past?.seenUs ?? Number.NEGATIVE_INFINITY,
      };
    };
  }

  private weightsOf(key: string): readonly LearnedWeight[] {
    return this.state.weights[key] ?? (key === ALL_RULES ? FIRST_WEIGHTS : NO_WEIGHTS);
  }

  private sumOf(terms: readonly string[]): Float64Array {
    const sum = new Float64Array(K);
    for (const key of [ALL_RULES, ...terms])
      this.weightsOf(key).forEach(({ mean }, k) => {
        sum[k]! += mean;
      });
    return sum;
  }

  /** Fits the sum of the weights, and gives each of `keys` its share of the change: the less is known of it, the more. */
  private fit(keys: readonly string[], traits: Float64Array, outcomes: readonly Outcome[]): void {
    const before = this.sumOf(keys.slice(1));
    const variances = keys.map((key) => this.weightsOf(key).map(({ precision }) => 1 / precision));
    const variance = before.map((_, k) => variances.reduce((sum, each) => sum + each[k]!, 0));
    const { weights, information } = regression(before, variance, traits, outcomes);
    keys.forEach((key, j) => {
      this.state.weights[key] = this.weightsOf(key).map(({ mean, precision }, k) => {
        const share = variances[j]![k]! / variance[k]!;
        const kept = FIRST_PRECISION + KEEP * (precision - FIRST_PRECISION);
        return {
          mean: mean + share * (weights[k]! - before[k]!),
          precision: kept + share * information[k]!,
        };
      });
    });
  }

  private count(
    terms: readonly string[],
    { symbols, offsets, timeUs }: UniverseData,
    signals: ReadonlyMap<number, boolean>,
  ): void {
    const { state } = this;
    for (const term of terms) {
      const record = state.terms[term] ?? { tried: 0, hits: {} };
      state.terms[term] = record;
      record.tried = KEEP * record.tried + 1;
      for (const symbol of Object.keys(record.hits)) record.hits[symbol]! *= KEEP;
    }
    for (const [s, signal] of signals) {
      const symbol = symbols[s]!;
      const latestUs = timeUs[offsets[s + 1]! - 1]!;
      const past = Object.hasOwn(state.symbols, symbol) ? state.symbols[symbol]! : NEW_SYMBOL;
      state.symbols[symbol] = {
        tried: KEEP * past.tried + 1,
        hits: KEEP * past.hits + (signal ? 1 : 0),
        signalUs: signal ? latestUs : past.signalUs,
        seenUs: latestUs,
      };
      if (!signal) continue;
      for (const term of terms) {
        const record = state.terms[term]!;
        record.hits[symbol] = hitsOf(record, symbol) + 1;
      }
    }
  }

  private forgetTerms(): void {
    const { terms, weights } = this.state;
    const byUse = Object.keys(terms).sort((a, b) => terms[b]!.tried - terms[a]!.tried);
    for (const term of byUse.slice(MOST_TERMS)) {
      delete terms[term];
      delete weights[term];
    }
  }
}

export function emptyOrder(): OrderState {
  return { scans: 0, symbols: {}, weights: {}, terms: {} };
}

const NEW_SYMBOL = { tried: 0, hits: 0, signalUs: null, seenUs: 0 };
const FIRST_WEIGHTS = FIRST_MEANS.map((mean) => ({ mean, precision: FIRST_PRECISION }));
const NO_WEIGHTS = FIRST_MEANS.map(() => ({ mean: 0, precision: FIRST_PRECISION }));

interface Outcome {
  readonly symbol: number;
  readonly signal: boolean;
}

function hitsOf({ hits }: { readonly hits: Readonly<Record<string, number>> }, symbol: string): number {
  return Object.hasOwn(hits, symbol) ? hits[symbol]! : 0;
}

/** All signals, and of the others an even choice: that shifts the constant of the regression alone, which the order does not depend on. */
function sample(signals: ReadonlyMap<number, boolean>): Outcome[] {
  const all = [...signals].map(([symbol, signal]) => ({ symbol, signal }));
  const found = all.filter(({ signal }) => signal).slice(0, MOST_OUTCOMES);
  const others = all.filter(({ signal }) => !signal);
  const step = Math.max(1, others.length / MOST_OUTCOMES);
  for (let at = 0; at < others.length; at += step) found.push(others[Math.floor(at)]!);
  return found;
}

/**
 * The weights of greatest probability, and the information on each: Newton's steps, one weight after the other. The constant has no prior.
 */
function regression(
  before: Float64Array,
  variance: Float64Array,
  traits: Float64Array,
  outcomes: readonly Outcome[],
): { weights: Float64Array; information: Float64Array } {
  const weights = before.slice();
  const information = new Float64Array(K);
  const logits = Float64Array.from(outcomes, ({ symbol }) => dot(weights, traits, symbol));
  let constant = 0;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let k = -1; k < K; k++) {
      let slope = k < 0 ? 0 : (before[k]! - weights[k]!) / variance[k]!;
      let curvature = 0;
      for (let i = 0; i < outcomes.length; i++) {
        const x = k < 0 ? 1 : traits[outcomes[i]!.symbol * K + k]!;
        const p = 1 / (1 + Math.exp(-logits[i]! - constant));
        slope += x * ((outcomes[i]!.signal ? 1 : 0) - p);
        curvature += x * x * p * (1 - p);
      }
      if (k >= 0) information[k] = curvature;
      // Where all or none have a signal the constant has no finite value: a step is bounded.
      const step = Math.max(-1, Math.min(1, slope / (curvature + (k < 0 ? 1e-3 : 1 / variance[k]!))));
      if (k < 0) {
        constant += step;
        continue;
      }
      weights[k]! += step;
      for (let i = 0; i < outcomes.length; i++) logits[i]! += step * traits[outcomes[i]!.symbol * K + k]!;
    }
  }
  return { weights, information };
}

function dot(weights: Float64Array, traits: Float64Array, symbol: number): number {
  let sum = 0;
  for (let k = 0; k < K; k++) sum += weights[k]! * traits[symbol * K + k]!;
  return sum;
}
