/** Scans as JSON, with the names that callers of other scanners know: `scan_id`, `max_signals`, `first_result_ms`. */
import * as v from "valibot";
import type { FollowedScan, ScanMessage, ScanOrder, ScanStats } from "../../actors/mod.ts";
import { ORDERS, SCAN_LIMITS } from "../../actors/mod.ts";
import { fields } from "../../protocol/command-fields.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { exactTimeText } from "../../protocol/text-values.ts";

const { scanSymbolsMax, scanSecondsMax } = SCAN_LIMITS;
const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(128));
const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(scanSymbolsMax));
const seconds = v.pipe(v.number(), v.gtValue(0), v.maxValue(scanSecondsMax));

const order = fields({
  rule: v.string(),
  universe: v.optional(v.union([name, v.pipe(v.array(name), v.minLength(1), v.maxLength(scanSymbolsMax))])),
  max_symbols: v.optional(count),
  order: v.optional(v.picklist(ORDERS)),
  priority: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10))),
  idle_seconds: v.optional(seconds),
  termination_criteria: v.optional(
    fields({
      max_signals: v.optional(count),
      max_results: v.optional(count),
      timeout_seconds: v.optional(seconds),
      min_score: v.optional(v.pipe(v.number(), v.finite())),
    }),
  ),
});

/** Throws for a body of another shape, and names the field. */
export function readOrder(body: unknown): ScanOrder {
  const read = v.safeParse(order, body);
  if (!read.success) {
    const [issue] = read.issues;
    const path = v.getDotPath(issue) ?? "the body";
    const isUnknown = issue.expected === "never";
    const isMissing = !isUnknown && issue.input === undefined;
    throw new EigenwatchError({
      action: "read the scan",
      value: isUnknown
        ? `there is no field ${path}`
        : isMissing
          ? `it has no ${path}`
          : `${path} is ${issue.received}`,
      expected: isUnknown ? issue.message : isMissing ? `a field ${path}` : limitOf(issue.message),
    });
  }
  const { termination_criteria: ends = {}, max_symbols, idle_seconds, ...rest } = read.output;
  return {
    ...rest,
    maxSymbols: max_symbols,
    idleSeconds: idle_seconds,
    maxSignals: ends.max_signals,
    maxResults: ends.max_results,
    timeoutSeconds: ends.timeout_seconds,
    minScore: ends.min_score,
  };
}

/** "Invalid value: Expected <=3600 but received 5000" → "<=3600", with the name of the limit. */
function limitOf(message: string): string {
  const expected = /Expected (.*?)(?: but received|$)/.exec(message)?.[1] ?? message;
  if (expected === `<=${scanSecondsMax}`) return `${expected} (scanSecondsMax)`;
  return expected === `<=${scanSymbolsMax}` ? `${expected} (scanSymbolsMax)` : expected;
}

export function statsBody(stats: ScanStats): Record<string, unknown> {
  const { state, reason, total, processed, signals, errors, saved, stagesMs } = stats;
  return {
    state,
    reason,
    total,
    processed,
    signals,
    errors,
    elapsed_ms: stats.elapsedMs,
    first_result_ms: stats.firstResultMs,
    signal_ms: stats.signalMs,
    signal_work: stats.signalWork,
    random_signal_work: stats.randomSignalWork,
    per_second: stats.perSecond,
    eta_ms: stats.etaMs,
    saved,
    stages_ms: stagesMs,
  };
}

export function progressBody({
  state,
  processed,
  total,
  signals,
  errors,
  etaMs,
}: ScanStats): Record<string, unknown> {
  return { state, processed, total, signals, errors, eta_ms: etaMs };
}

export function scanBody({ id, scan, universe, rule, by, startedUs }: FollowedScan): Record<string, unknown> {
  const { state, processed, total, signals, reason } = scan.stats();
  return {
    scan_id: id,
    universe,
    rule,
    by,
    started: exactTimeText(startedUs),
    state,
    reason,
    processed,
    total,
    signals,
  };
}

/** A message of a stream. */
export function messageBody({ type, data }: ScanMessage): { type: string; data: unknown } {
  return { type, data: type === "complete" ? statsBody(data) : data };
}
