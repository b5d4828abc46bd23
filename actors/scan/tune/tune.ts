/**
 * Looks for better parameters of a rule by successive halving, and judges what it found on dates that it has not seen.
 *
 *   earlier dates   all combinations on few symbols ─► the better half on twice as many ─► … ─► the last two on all
 *   later dates     the winner beside the rule as it was given
 *
 * T1  No close of the later dates has a part in the choice.
 * T2  The rule as given is one of the candidates; only a difference whose 95 % interval is above 0 on the later dates is called a gain.
 */
import { EigenwatchError } from "../../../protocol/errors.ts";
import { type ParameterValues, parseRule, type Rule } from "../rules/rule.ts";
import type { UniverseData } from "../universe/universe.ts";
import { type Expectation, type GainSummary, Gains, type GainsByTime, type Stretch } from "./gains.ts";

export interface TuneRequest {
  readonly data: UniverseData;
  readonly rule: string;
  readonly combinations: readonly ParameterValues[];
  readonly horizon: number;
  readonly expectation: Expectation;
  /** Share of the times that is learnt from. */
  readonly earlier: number;
  /** The order in which symbols join: a permutation of them. */
  readonly symbols: readonly number[];
}

export interface Candidate {
  /** Of the parameters that were tried; empty for the rule as given. */
  readonly parameters: ParameterValues;
  readonly earlier: GainSummary;
  readonly later: GainSummary;
}

export interface TuneResult {
  readonly given: Candidate;
  readonly tuned: Candidate;
  /** On the later dates, tuned less given. */
  readonly difference: { readonly gain: number; readonly within: number };
  readonly isGained: boolean;
  readonly dividedUs: number;
  /** One for each halving. */
  readonly rounds: readonly { readonly candidates: number; readonly symbols: number }[];
  /** Symbols that a rule was evaluated for, in all; and how many a search without halving needs. */
  readonly evaluated: number;
  readonly withoutHalving: number;
}

/** A candidate with fewer times is not compared: its gain is luck. */
const FEWEST_TIMES = 10;
/** Symbols of the first round at least: with fewer, chance decides. */
const FEWEST_SYMBOLS = 16;
/** Evaluations between two reports: some milliseconds. */
const REPORT_EVERY = 64;

/** `progress` hears the share that is done, and may wait: meanwhile others have their turn. */
export async function tune(
  request: TuneRequest,
  progress: (share: number) => Promise<void>,
): Promise<TuneResult> {
  const { data, rule, combinations, horizon, expectation } = request;
  const { earlier, later } = divide(data, request.earlier, horizon);
  const gains = new Gains(data, horizon, expectation);
  const given: Contender = { parameters: {}, rule: parseRule(rule), gains: new Map(), seen: 0 };
  let left: Contender[] = [
    given,
    ...combinations.map((parameters) => ({
      parameters,
      rule: parseRule(rule, parameters),
      gains: new Map() as GainsByTime,
      seen: 0,
    })),
  ];
  const rounds = roundsOf(left.length, request.symbols.length);
  const planned = workOf(rounds) + 2 * request.symbols.length;
  let evaluated = 0;
  const evaluate = async (rule: Rule, symbol: number, stretch: Stretch, into: GainsByTime) => {
    if (evaluated % REPORT_EVERY === 0) await progress(evaluated / planned);
    evaluated++;
    try {
      gains.add(rule, symbol, stretch, into);
    } catch (error) {
      // It lacks a column: it has no signal.
      if (!(error instanceof EigenwatchError) || error.kind !== "input") throw error;
    }
  };
  for (const { candidates, symbols } of rounds) {
    left = left.slice(0, candidates);
    for (const each of left)
      for (; each.seen < symbols; each.seen++)
        await evaluate(each.rule, request.symbols[each.seen]!, earlier, each.gains);
    left = ranked(left, gains);
  }
  const [winner] = left as [Contender, ...Contender[]];
  // The rule as given may have dropped out: it is shown all the same, over the same symbols.
  for (; given.seen < request.symbols.length; given.seen++)
    await evaluate(given.rule, request.symbols[given.seen]!, earlier, given.gains);
  const judged = async ({ rule }: Contender) => {
    const into: GainsByTime = new Map();
    for (const symbol of request.symbols) await evaluate(rule, symbol, later, into);
    return into;
  };
  const [laterGiven, laterTuned] = [await judged(given), await judged(winner)];
  const difference = gains.difference(laterTuned, laterGiven);
  await progress(1);
  return {
    given: {
      parameters: {},
      earlier: gains.summary(given.gains),
      later: gains.summary(laterGiven),
    },
    tuned: {
      parameters: winner.parameters,
      earlier: gains.summary(winner.gains),
      later: gains.summary(laterTuned),
    },
    difference,
    isGained: winner !== given && difference.gain > difference.within,
    dividedUs: earlier.toUs,
    rounds,
    evaluated,
    withoutHalving: (combinations.length + 1 + 2) * request.symbols.length,
  };
}

interface Contender {
  readonly parameters: ParameterValues;
  readonly rule: Rule;
  readonly gains: GainsByTime;
  /** Symbols that it was evaluated for. */
  seen: number;
}

/** By how surely the gain is above 0; those with too few signals last. */
function ranked(contenders: readonly Contender[], gains: Gains): Contender[] {
  const worth = new Map(
    contenders.map((each) => {
      const { gain, within, times } = gains.summary(each.gains);
      return [each, times < FEWEST_TIMES || within === 0 ? Number.NEGATIVE_INFINITY : gain / within];
    }),
  );
  // Infinite worths have no difference.
  return [...contenders].sort((a, b) => (worth.get(a) === worth.get(b) ? 0 : worth.get(b)! - worth.get(a)!));
}

/** Each round has half of the candidates of the one before and twice its symbols; the last one has two, and all symbols. */
function roundsOf(candidates: number, symbols: number): { candidates: number; symbols: number }[] {
  const rounds: { candidates: number; symbols: number }[] = [];
  for (let c = candidates; ; c = Math.max(2, Math.ceil(c / 2))) {
    rounds.push({ candidates: c, symbols });
    if (c <= 2) break;
  }
  for (let k = rounds.length - 2; k >= 0; k--) {
    const share = Math.ceil(rounds[k + 1]!.symbols / 2);
    rounds[k]!.symbols = Math.min(symbols, Math.max(FEWEST_SYMBOLS, share));
  }
  return rounds;
}

function workOf(rounds: readonly { candidates: number; symbols: number }[]): number {
  return rounds.reduce(
    (sum, { candidates, symbols }, k) => sum + candidates * (symbols - (rounds[k - 1]?.symbols ?? 0)),
    0,
  );
}

function divide(
  { timeUs }: UniverseData,
  share: number,
  horizon: number,
): { earlier: Stretch; later: Stretch } {
  const times = [...new Set(timeUs)].sort((a, b) => a - b);
  const at = Math.floor(share * times.length);
  if (Math.min(at, times.length - at) <= horizon)
    throw new EigenwatchError({
      action: "tune a rule",
      value: `there are ${times.length} times`,
      expected: `more than ${horizon} earlier and later ones each`,
      kind: "input",
    });
  return {
    earlier: { fromUs: times[0]!, toUs: times[at - 1]! },
    later: { fromUs: times[at]!, toUs: times[times.length - 1]! },
  };
}
