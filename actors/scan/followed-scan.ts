/**
 * A scan as those who follow it see it, wherever it is: one that runs here, one that an earlier run of the program left in the log, one of a recording.
 *
 *   ServedScan (service.ts) ──┐
 *   RecordedScan ─────────────┴─► HTTP, WebSocket, Server-Sent Events
 */
import type { ScanOutcome } from "../../protocol/scan-facts.ts";
import type { ScanProblem, ScanResult } from "../../protocol/scan-messages.ts";
import type { LoggedScan } from "../detectors/scans/logged-scan.ts";
import { randomWorks } from "./order/order.ts";
import { rankedResults, type ScanMessage, type ScanStats } from "./scan.ts";

export interface ScanView {
  /** Its last message can be read. */
  readonly isOver: boolean;
  readonly problems: readonly ScanProblem[];
  stats(): ScanStats;
  /** Results with the signals first, then by score. */
  ranked(): readonly ScanResult[];
  /** At most `most` messages after number `after`. The last message of a scan, `complete`, has a number too. */
  messagesAfter(after: number, most: number): readonly ScanMessage[];
  /** Calls `listener` when there may be new messages. Returns how to leave. */
  onMessage(listener: () => void): () => void;
}

export interface FollowedScan {
  readonly id: string;
  readonly universe: string;
  readonly rule: string;
  readonly by: string;
  readonly startedUs: number;
  readonly scan: ScanView;
  /** Somebody follows, until the returned function is called. */
  enter(): () => void;
  /** Somebody asked. */
  touch(): void;
}

/** A scan that is read from the state of a core. */
export class RecordedScan implements FollowedScan, ScanView {
  readonly id: string;
  readonly universe: string;
  readonly rule: string;
  readonly by: string;
  readonly startedUs: number;
  private readonly logged: () => LoggedScan | undefined;
  private readonly changes: (listener: () => void) => () => void;
  private decoded: { of: LoggedScan; outcomes: number; messages: ScanMessage[] } | null = null;

  /** `logged`: as it is now, undefined where the core stands before it. `changes`: hears of every change of the core. */
  constructor(
    scan: LoggedScan,
    logged: () => LoggedScan | undefined,
    changes: (listener: () => void) => () => void,
  ) {
    const { scan: id, universe, rule, by, startedUs } = scan.requested;
    this.id = id;
    this.universe = universe;
    this.rule = rule;
    this.by = by;
    this.startedUs = startedUs;
    this.logged = logged;
    this.changes = changes;
  }

  get scan(): ScanView {
    return this;
  }

  enter(): () => void {
    return () => {};
  }

  touch(): void {}

  get isOver(): boolean {
    return this.logged()?.end != null;
  }

  get problems(): readonly ScanProblem[] {
    return this.messages().flatMap((message) => (message.type === "error" ? [message.data] : []));
  }

  ranked(): readonly ScanResult[] {
    return rankedResults(
      this.messages().flatMap((message) => (message.type === "result" ? [message.data] : [])),
    );
  }

  stats(): ScanStats {
    const scan = this.logged();
    return scan === undefined ? NOT_BEGUN : loggedStats(scan);
  }

  messagesAfter(after: number, most: number): readonly ScanMessage[] {
    return this.messages().slice(after, after + most);
  }

  onMessage(listener: () => void): () => void {
    return this.changes(listener);
  }

  private messages(): readonly ScanMessage[] {
    const scan = this.logged();
    if (scan === undefined) return [];
    const { outcomes } = scan.counts;
    if (this.decoded?.of !== scan || this.decoded.outcomes !== outcomes)
      this.decoded = { of: scan, outcomes, messages: messagesOf(scan) };
    const { messages } = this.decoded;
    return scan.end === null ? messages : [...messages, { type: "complete", data: loggedStats(scan) }];
  }
}

function messagesOf(scan: LoggedScan): ScanMessage[] {
  return scan.outcomes().map((outcome, k) => {
    const index = k + 1;
    if (outcome.type === "error") return { type: "error", data: { index, ...outcome.data } };
    const { symbol, score, signal, values, ...rest } = outcome.data;
    return { type: "result", data: { symbol, score, signal, values, index, ...rest } } as ScanMessage;
  });
}

/** Of a scan that is asked for later than here. */
const NOT_BEGUN: ScanStats = {
  state: "queued",
  total: 0,
  processed: 0,
  signals: 0,
  errors: 0,
  elapsedMs: 0,
  firstResultMs: null,
  signalMs: [],
  signalWork: [],
  randomSignalWork: null,
  perSecond: 0,
  etaMs: null,
  saved: 0,
  stagesMs: { load: 0, prepare: 0, features: 0, evaluate: 0, rank: 0 },
  reason: null,
};

/** As they were measured at the end, or as far as the log has come. Of one that is over, outcomes are decoded when the times of signals are asked for. */
export function loggedStats(scan: LoggedScan): ScanStats {
  const { requested, counts, end } = scan;
  const total = requested.symbols;
  const processed = counts.results + counts.errors;
  const { signals, errors } = counts;
  const outcomes = end === null ? scan.outcomes() : [];
  const elapsedMs = outcomes.at(-1)?.atMs ?? 0;
  return {
    ...NOT_BEGUN,
    elapsedMs,
    firstResultMs: outcomes.find(({ type }) => type === "result")?.atMs ?? null,
    perSecond: elapsedMs > 0 ? (1000 * processed) / elapsedMs : 0,
    saved: end !== null && total > 0 ? (total - processed) / total : 0,
    ...end?.stats,
    ...{ state: scan.state, total, processed, signals, errors },
    reason: (end?.reason ?? null) as ScanStats["reason"],
    get signalMs() {
      return signalTimes(scan.outcomes());
    },
    get signalWork() {
      return signalWork(scan.outcomes());
    },
    get randomSignalWork() {
      return processed < total ? null : randomWorks(signals, total);
    },
  };
}

function signalTimes(outcomes: readonly ScanOutcome[]): number[] {
  return outcomes.flatMap((outcome) =>
    outcome.type === "result" && outcome.data.signal ? [outcome.atMs] : [],
  );
}

/** Symbols that were evaluated, or could not be, until each signal. */
function signalWork(outcomes: readonly ScanOutcome[]): number[] {
  let work = 0;
  return outcomes.flatMap((outcome) => {
    if (outcome.type === "result" || !outcome.data.evaluated) work++;
    return outcome.type === "result" && outcome.data.signal ? [work] : [];
  });
}
