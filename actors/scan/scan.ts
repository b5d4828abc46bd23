/**
 * One scan: its items, what became of each, and who follows it.
 *
 *   items ─handed out─► under way ─┬─ result ─► kept, delivered at once
 *                                  ├─ refused ─► problem of that symbol
 *                                  └─ worker lost ─► handed out again, at most ITEM_ATTEMPTS times
 *
 * C1  Every item has at most one outcome: of two that arrive the first counts.
 * C2  Followers hear every result and problem in the order of their numbers, whenever they come.
 * C3  After its last message, `complete`, nothing follows.
 */
import type { ScanProblem, ScanResult } from "../../protocol/scan-messages.ts";
import { MachineHost } from "../core/machine-host.ts";
import type { Clock } from "../ports/clock.ts";
import { randomWorks } from "./order/order.ts";
import type { ParameterValues, Rule } from "./rules/rule.ts";
import { isFinal, type ScanSignal, type ScanState, scanMachine } from "./scan-machine.ts";
import { DEFECTS, type Universe } from "./universe/universe.ts";
import type { EvaluatedItem, ScanTask } from "./work.ts";

/** When a scan ends before all items are done. */
export interface Termination {
  readonly maxSignals?: number | undefined;
  readonly maxResults?: number | undefined;
  readonly timeoutSeconds?: number | undefined;
  /** A result is a signal only with at least this score; a rule that is a number has signals only by it. */
  readonly minScore?: number | undefined;
}

export interface ScanRequest {
  readonly universe: Universe;
  readonly rule: Rule;
  readonly parameters?: ParameterValues;
  /** Indices of symbols in the order of evaluation. */
  readonly items: readonly number[];
  /** Requested symbols that the universe does not have. */
  readonly unknown?: readonly string[];
  readonly termination: Termination;
  /** 0 to 10, default 5. */
  readonly priority?: number | undefined;
  /** Longest evaluation of one symbol. */
  readonly itemSeconds: number;
  /** Hears what became of each item, before its result counts. */
  outcome?(
    item: number,
    answer: { readonly result: EvaluatedItem } | { readonly error: { readonly message: string } },
  ): void;
  /** Time that loading and preparing took, ms. */
  readonly loadMs?: number;
  readonly prepareMs?: number;
}

export type EndReason =
  | "finished"
  | "signals"
  | "results"
  | "timeout"
  | "stopped"
  | "idle"
  | "failed"
  /** The program that evaluated it ended. */
  | "interrupted";

export interface ScanStats {
  readonly state: ScanState;
  readonly total: number;
  readonly processed: number;
  readonly signals: number;
  readonly errors: number;
  /** Since the request, ms. */
  readonly elapsedMs: number;
  readonly firstResultMs: number | null;
  /** Since the request, of each signal. */
  readonly signalMs: readonly number[];
  /** Symbols that were evaluated until each signal, and would be on average in a random order; null until all were evaluated. */
  readonly signalWork: readonly number[];
  readonly randomSignalWork: readonly number[] | null;
  readonly perSecond: number;
  readonly etaMs: number | null;
  /** Share of the items that an early end spared. */
  readonly saved: number;
  readonly stagesMs: Readonly<Record<"load" | "prepare" | "features" | "evaluate" | "rank", number>>;
  readonly reason: EndReason | null;
}

export type ScanMessage =
  | { readonly type: "result"; readonly data: ScanResult }
  | { readonly type: "error"; readonly data: ScanProblem }
  | { readonly type: "complete"; readonly data: ScanStats };

export type ScanListener = (message: ScanMessage) => void;

/** An item whose worker was lost may have killed it: once more, and then it is given up. */
const ITEM_ATTEMPTS = 2;
/** Half of the highest. */
const DEFAULT_PRIORITY = 5;
/** Weight of the last batch in the speed that the remaining time is estimated from. */
const SPEED_WEIGHT = 0.2;

export class Scan {
  readonly id: number;
  /** Of one that is over, without the rows of its symbols: they may be its own. */
  request: ScanRequest;
  readonly task: ScanTask;
  readonly results: ScanResult[] = [];
  readonly problems: ScanProblem[] = [];
  /** When each message came, ms since the request. */
  readonly atMs: number[] = [];
  /** Of each symbol that was evaluated, by its index: whether it had a signal. */
  readonly outcomes = new Map<number, boolean>();
  reason: EndReason | null = null;
  private readonly machine = new MachineHost(scanMachine, {});
  private readonly clock: Clock;
  private readonly startedMs: number;
  private readonly messages: ScanMessage[] = [];
  private readonly listeners = new Set<ScanListener>();
  /** Items that were not handed out, the next one last. */
  private readonly waiting: number[];
  private readonly attempts = new Map<number, number>();
  private readonly settled = new Set<number>();
  private readonly signalMs: number[] = [];
  private readonly signalWork: number[] = [];
  private readonly total: number;
  private errors = 0;
  private endedMs = Number.NaN;
  private firstResultMs: number | null = null;
  private featuresMs = 0;
  private evaluateMs = 0;
  private rankMs = 0;
  private perSecond = 0;
  private measuredMs: number;
  private measuredItems = 0;

  constructor(id: number, request: ScanRequest, clock: Clock) {
    const { rule, parameters = {}, items, unknown = [] } = request;
    this.id = id;
    this.request = request;
    this.clock = clock;
    this.startedMs = clock.monotonicMs();
    this.measuredMs = this.startedMs;
    this.task = { rule: rule.text, parameters };
    this.waiting = [...items].reverse();
    this.total = items.length + unknown.length;
    for (const symbol of unknown) this.refuse(symbol, "the universe has no such symbol");
  }

  /** Since the request; of one that is over, until its end. */
  elapsedMs(): number {
    return (Number.isNaN(this.endedMs) ? this.clock.monotonicMs() : this.endedMs) - this.startedMs;
  }

  get priority(): number {
    return this.request.priority ?? DEFAULT_PRIORITY;
  }

  get state(): ScanState {
    return this.machine.value as ScanState;
  }

  get isOver(): boolean {
    return isFinal(this.state);
  }

  /** Items wait to be handed out, and may be. */
  get hasWork(): boolean {
    return this.state === "running" && this.waiting.length > 0;
  }

  /** Items that were not handed out. */
  get left(): number {
    return this.waiting.length;
  }

  /** Calls `listener` with every message so far, then with each new one. Returns how to leave. */
  follow(listener: ScanListener): () => void {
    for (const message of this.messages) listener(message);
    return this.onMessage(listener);
  }

  /** Calls `listener` with each new message. */
  onMessage(listener: ScanListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** At most `most` messages after number `after`. The last message of a scan, `complete`, has a number too. */
  messagesAfter(after: number, most: number): readonly ScanMessage[] {
    return this.messages.slice(after, after + most);
  }

  signal(type: ScanSignal["type"]): void {
    this.machine.send({ type });
  }

  /** At most `most` items that are to be evaluated now. */
  take(most: number): number[] {
    const items: number[] = [];
    while (items.length < most && this.waiting.length > 0) items.push(this.waiting.pop()!);
    return items;
  }

  /** Items whose worker was lost. `culprit`: the one that was under way. */
  giveBack(items: readonly number[], culprit: number | undefined, reason: string, isFatal: boolean): void {
    if (culprit !== undefined) {
      const attempts = (this.attempts.get(culprit) ?? 0) + 1;
      this.attempts.set(culprit, attempts);
      if (isFatal || attempts >= ITEM_ATTEMPTS) this.fail(culprit, reason);
    }
    for (const item of [...items].reverse()) if (!this.settled.has(item)) this.waiting.push(item);
  }

  succeed(item: number, evaluated: EvaluatedItem): void {
    if (!this.settle(item)) return;
    this.request.outcome?.(item, { result: evaluated });
    const { data } = this.request.universe;
    const symbol = data.symbols[item]!;
    const { score, values, featuresMs, evaluateMs } = evaluated;
    const { minScore } = this.request.termination;
    const isNumber = !evaluated.signal && minScore !== undefined && this.isNumeric;
    const signal = (evaluated.signal || isNumber) && score >= (minScore ?? Number.NEGATIVE_INFINITY);
    this.featuresMs += featuresMs;
    this.evaluateMs += evaluateMs;
    const index = this.messages.length + 1;
    const timeUs = data.timeUs[data.offsets[item + 1]! - 1]!;
    const result = { symbol, score, signal, values, index, timeUs };
    this.results.push(result);
    this.outcomes.set(item, signal);
    const nowMs = this.elapsedMs();
    this.firstResultMs ??= nowMs;
    if (signal) {
      this.signalMs.push(nowMs);
      this.signalWork.push(this.results.length + this.errors);
    }
    this.tell({ type: "result", data: result }, nowMs);
    for (const reason of this.defectsOf(symbol)) this.report({ symbol, reason, evaluated: true });
    this.endEarly();
  }

  fail(item: number, reason: string): void {
    if (!this.settle(item)) return;
    this.request.outcome?.(item, { error: { message: reason } });
    const symbol = this.request.universe.data.symbols[item]!;
    this.refuse(symbol, [reason, ...this.defectsOf(symbol)].join("; "));
    this.endEarly();
  }

  /** Ends it: the last message goes out. */
  end(reason: EndReason): void {
    if (!this.isOver || !Number.isNaN(this.endedMs)) return;
    this.reason ??= reason;
    this.endedMs = this.clock.monotonicMs();
    this.waiting.length = 0;
    this.tell({ type: "complete", data: this.stats() });
    this.listeners.clear();
    this.request = { ...this.request, universe: NO_ROWS };
  }

  /** Results with the signals first, then by score. */
  ranked(): ScanResult[] {
    const startMs = this.clock.monotonicMs();
    const ranked = rankedResults(this.results);
    this.rankMs += this.clock.monotonicMs() - startMs;
    return ranked;
  }

  get isComplete(): boolean {
    return this.settled.size === this.request.items.length;
  }

  stats(): ScanStats {
    const processed = this.results.length + this.errors;
    const elapsedMs = this.elapsedMs();
    this.measureSpeed(processed);
    const left = this.total - processed;
    const { loadMs = 0, prepareMs = 0 } = this.request;
    return {
      state: this.state,
      total: this.total,
      processed,
      signals: this.signalMs.length,
      errors: this.errors,
      elapsedMs,
      firstResultMs: this.firstResultMs,
      signalMs: this.signalMs,
      signalWork: this.signalWork,
      randomSignalWork: left > 0 ? null : randomWorks(this.signalWork.length, this.total),
      perSecond: elapsedMs > 0 ? (1000 * processed) / elapsedMs : 0,
      etaMs: this.isOver || this.perSecond === 0 ? null : (1000 * left) / this.perSecond,
      saved: this.isOver && this.total > 0 ? left / this.total : 0,
      stagesMs: {
        load: loadMs,
        prepare: prepareMs,
        features: this.featuresMs,
        evaluate: this.evaluateMs,
        rank: this.rankMs,
      },
      reason: this.reason,
    };
  }

  private get isNumeric(): boolean {
    const { kind } = this.request.rule.root;
    return kind === "number" || kind === "column" || kind === "call" || kind === "arithmetic";
  }

  private settle(item: number): boolean {
    if (this.isOver || this.state === "stopping" || this.settled.has(item)) return false;
    this.settled.add(item);
    return true;
  }

  private endEarly(): void {
    const { maxSignals, maxResults } = this.request.termination;
    if (maxSignals !== undefined && this.signalMs.length >= maxSignals) this.stop("signals");
    else if (maxResults !== undefined && this.results.length >= maxResults) this.stop("results");
  }

  /** What is under way is not waited for longer than the coordinator says. */
  stop(reason: EndReason): void {
    if (this.isOver || this.state === "stopping") return;
    this.reason = reason;
    this.waiting.length = 0;
    this.signal("stop");
  }

  private defectsOf(symbol: string): string[] {
    const defects = this.request.universe.defects.get(symbol) ?? [];
    return defects.map(({ kind, rows, first }) => `left out ${rows} ${DEFECTS[kind]} (${first})`);
  }

  private refuse(symbol: string, reason: string): void {
    this.errors++;
    this.report({ symbol, reason, evaluated: false });
  }

  private report(found: Omit<ScanProblem, "index">): void {
    const problem = { index: this.messages.length + 1, ...found };
    this.problems.push(problem);
    this.tell({ type: "error", data: problem });
  }

  private tell(message: ScanMessage, atMs = this.elapsedMs()): void {
    this.messages.push(message);
    this.atMs.push(atMs);
    for (const listener of this.listeners) listener(message);
  }

  private measureSpeed(processed: number): void {
    const nowMs = this.clock.monotonicMs();
    const elapsed = nowMs - this.measuredMs;
    if (elapsed <= 0 || processed === this.measuredItems) return;
    const speed = (1000 * (processed - this.measuredItems)) / elapsed;
    this.perSecond = this.perSecond === 0 ? speed : this.perSecond + SPEED_WEIGHT * (speed - this.perSecond);
    this.measuredMs = nowMs;
    this.measuredItems = processed;
  }
}

const NO_ROWS: Universe = {
  name: "",
  data: {
    symbols: [],
    offsets: new Int32Array(1),
    timeUs: new Float64Array(0),
    columns: {},
    market: null,
  },
  defects: new Map(),
};

/** Signals first, then by score; equal ones by name. */
export function rankedResults(results: readonly ScanResult[]): ScanResult[] {
  return [...results].sort(
    (a, b) => Number(b.signal) - Number(a.signal) || b.score - a.score || (a.symbol < b.symbol ? -1 : 1),
  );
}
