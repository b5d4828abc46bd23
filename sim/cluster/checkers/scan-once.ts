import type { ScanFact, ScanOutcome } from "../../../protocol/scan-facts.ts";
import type { Checker, Observed } from "./checker.ts";
import type { ReplayedInput } from "./reference-replay.ts";

interface Scanned {
  readonly symbols: number;
  readonly outcomes: ScanOutcome[];
  readonly evaluated: Set<string>;
  end: string | null;
}

/** So long after the faults every scan has come to its end by itself: the shutdown has none to interrupt. */
const TIME_TO_FINISH_US = 10_000_000;

/** Whoever ends so often with an item of a scan may be ended by it. */
const ENDS_MIN = 2;

/**
 * Every item of a scan has exactly one outcome, under its own symbol, whatever becomes of those who evaluate it: it is a result, but for what hindered
 * them with this symbol. What somebody was told is in the log.
 */
export function scanOnce(scoreOf: (symbol: string) => number): Checker {
  const asked = new Map<string, Observed<"scanAsked">>();
  const told: Observed<"scanTold">[] = [];
  const scans = new Map<string, Scanned>();
  let healedUs = Number.POSITIVE_INFINITY;

  const hindrances: Observed<"scanHindered">[] = [];
  const mayBeRefused = (symbol: string, sinceUs: number): boolean => {
    const met = hindrances.filter(({ atUs, symbols }) => atUs >= sinceUs && symbols.includes(symbol));
    return met.length >= ENDS_MIN || met.some(({ how }) => how !== "ended");
  };

  const enter = (name: string, body: unknown, timeUs: number): string | null => {
    if (name === "scanRequested") {
      const { scan, symbols } = body as ScanFact<"scanRequested">;
      if (!scans.has(scan)) scans.set(scan, { symbols, outcomes: [], evaluated: new Set(), end: null });
    } else if (name === "scanResult") return results(body as ScanFact<"scanResult">);
    else if (name === "scanEnded") return end(body as ScanFact<"scanEnded">, timeUs);
    return null;
  };

  const results = ({ scan, first, outcomes }: ScanFact<"scanResult">): string | null => {
    const known = scans.get(scan);
    if (known === undefined) return `results of scan ${scan}, which nobody asked for`;
    if (known.end !== null) return `results of scan ${scan} after its end`;
    if (first > known.outcomes.length + 1)
      return `scan ${scan} has outcome ${first} after ${known.outcomes.length}`;
    for (const [k, outcome] of outcomes.entries()) {
      const number = first + k;
      const before = known.outcomes[number - 1];
      const { symbol } = outcome.data;
      if (before !== undefined) {
        if (before.data.symbol === symbol) continue;
        return `outcome ${number} of scan ${scan} is ${before.data.symbol}, and ${symbol}`;
      }
      known.outcomes.push(outcome);
      const counts = outcome.type === "result" || !outcome.data.evaluated;
      if (counts && known.evaluated.has(symbol)) return `${symbol} counts twice in scan ${scan}`;
      known.evaluated.add(symbol);
      if (outcome.type === "result" && outcome.data.score !== scoreOf(symbol))
        return `scan ${scan} has the score ${outcome.data.score} for ${symbol}; expected ${scoreOf(symbol)}`;
    }
    return null;
  };

  const end = ({ scan, reason }: ScanFact<"scanEnded">, timeUs: number): string | null => {
    const known = scans.get(scan);
    if (known === undefined || known.end !== null) return null;
    known.end = reason;
    if (reason === "interrupted" && timeUs > healedUs + TIME_TO_FINISH_US)
      return `scan ${scan} did not come to its end: ${known.evaluated.size} of ${known.symbols} symbols`;
    return reason !== "finished" || known.evaluated.size === known.symbols
      ? null
      : `scan ${scan} finished with ${known.evaluated.size} of ${known.symbols} symbols`;
  };

  return {
    name: "scan-once",
    rule: "every item of a scan has exactly one outcome, and what was told of it is in the log",
    observes: ["scanAsked", "scanTold", "scanHindered", "healed"],
    observe(observation) {
      if (observation.kind === "scanAsked") asked.set(observation.scan, observation);
      else if (observation.kind === "healed") healedUs = observation.atUs;
      else if (observation.kind === "scanHindered") hindrances.push(observation);
      else {
        const one = observation as Observed<"scanTold">;
        const { scan, symbol, refused } = one;
        told.push(one);
        if (refused !== null && !mayBeRefused(symbol, asked.get(scan)?.beganUs ?? 0))
          return `${symbol} of scan ${scan} has no result (${refused}), and nothing hindered whoever was at it`;
      }
      return null;
    },
    replayed({ input, timeUs, sequence }: ReplayedInput) {
      if (input.type !== "command") return null;
      const what = enter(input.name, input.body, timeUs);
      return what === null ? null : `input ${sequence}: ${what}`;
    },
    finish({ healed }) {
      for (const { scan, symbols } of asked.values()) {
        const known = scans.get(scan);
        if (known === undefined) return `scan ${scan} was answered as durable, and is not in the log`;
        const other = [...known.evaluated].find((symbol) => !symbols.includes(symbol));
        if (other !== undefined) return `scan ${scan} has ${other}, which was not asked for`;
      }
      for (const { scan, index, symbol } of told) {
        const found = scans.get(scan)?.outcomes[index - 1]?.data.symbol;
        if (found !== symbol)
          return `somebody was told ${symbol} as outcome ${index} of scan ${scan}; the log has ${found}`;
      }
      if (!healed) return null;
      for (const [scan, { end }] of scans) if (end === null) return `scan ${scan} has no end`;
      return null;
    },
  };
}
