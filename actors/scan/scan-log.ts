/**
 * Enters a scan into the log of a session, and releases its messages when they are durable.
 *
 *   Scan ─message─► waiting ─one input at a time, many outcomes in it─► log ─durable─► released ─► followers
 *
 * L1  Followers see no message that is not durable: whatever they saw is there after a crash.
 * L2  While the log takes nothing, messages wait; an input that comes again is passed over (N1 of protocol/scan-facts.ts).
 */
import { EigenwatchError } from "../../protocol/errors.ts";
import {
  SCAN_OUTCOMES_MAX,
  SCAN_OUTCOMES_TEXT,
  SCAN_TEXT,
  type ScanFact,
  type ScanFactName,
  type ScanOutcome,
} from "../../protocol/scan-facts.ts";
import type { ScanProblem, ScanResult } from "../../protocol/scan-messages.ts";
import type { Core } from "../core/core.ts";
import { ScansDetector } from "../detectors/scans/detector.ts";
import type { LoggedScan } from "../detectors/scans/logged-scan.ts";
import type { Clock } from "../ports/clock.ts";
import { loggedStats, type ScanView } from "./followed-scan.ts";
import type { Scan, ScanMessage, ScanStats } from "./scan.ts";

/** The log of a session, as scans use it. */
export interface ScanLog {
  /** Resolves when the fact is durable. Rejects with kind "unavailable" while the log takes nothing. `by`: who asked, in words. */
  enter<Name extends ScanFactName>(name: Name, body: ScanFact<Name>, by: string): Promise<unknown>;
  /** The newest first. */
  list(): readonly LoggedScan[];
}

/** The scans in the log that a core stands in, the newest first. */
export function loggedScans(core: Core): readonly LoggedScan[] {
  const detector = core.detectorOf("scans");
  return detector instanceof ScansDetector ? detector.book.list() : [];
}

/** Whose scans have ended with their program, by the begin of their ids: all of a node, but not those of its present run. */
export interface EndedRun {
  readonly node: string;
  readonly present: string;
}

/** Ends what an earlier run of the program left unfinished; without `of`, everything. Resolves when that is durable. */
export async function endInterrupted(log: ScanLog, of?: EndedRun): Promise<void> {
  const open = log.list().filter(({ end, requested }) => end === null && isOf(requested.scan, of));
  await Promise.all(
    open.map((scan) =>
      log.enter(
        "scanEnded",
        endOf(scan.requested.scan, "failed", "interrupted", loggedStats(scan)),
        "system",
      ),
    ),
  );
}

function isOf(scan: string, of: EndedRun | undefined): boolean {
  return of === undefined || (scan.startsWith(of.node) && !scan.startsWith(`${of.present}-`));
}

/** The log is asked again so often while it takes nothing. */
const AGAIN_MS = 500;

/** What `EnteredScan` needs to know of a scan. */
export interface EnteredBy {
  readonly id: string;
  readonly universe: string;
  readonly by: string;
  readonly startedUs: number;
  readonly clock: Clock;
  readonly log: ScanLog;
}

export class EnteredScan implements ScanView {
  /** The request is durable; rejects where the log does not take it. */
  readonly requested: Promise<unknown>;
  /** The end is durable, or nothing is written any more. */
  readonly over: Promise<void>;
  private readonly scan: Scan;
  private readonly of: EnteredBy;
  private readonly listeners = new Set<() => void>();
  private released = 0;
  private isOverReleased = false;
  /** The log has the request. */
  private isRequested = false;
  private isScheduled = false;
  private isWriting = false;
  private isClosing = false;
  private resolveOver: () => void = () => {};

  constructor(scan: Scan, of: EnteredBy) {
    this.scan = scan;
    this.of = of;
    const { id, universe, startedUs, by, log } = of;
    const { rule, items, unknown = [] } = scan.request;
    const symbols = items.length + unknown.length;
    this.over = new Promise((resolve) => {
      this.resolveOver = resolve;
    });
    this.requested = log.enter(
      "scanRequested",
      { scan: id, universe, rule: rule.text, symbols, startedUs },
      by,
    );
    this.requested.then(
      () => {
        this.isRequested = true;
        this.schedule();
      },
      () => this.resolveOver(),
    );
    scan.onMessage(() => this.schedule());
  }

  get isOver(): boolean {
    return this.isOverReleased;
  }

  get problems(): readonly ScanProblem[] {
    return this.scan.problems.filter(({ index }) => index <= this.released);
  }

  stats(): ScanStats {
    return this.scan.stats();
  }

  ranked(): readonly ScanResult[] {
    return this.scan.ranked().filter(({ index }) => index <= this.released);
  }

  messagesAfter(after: number, most: number): readonly ScanMessage[] {
    return this.scan.messagesAfter(after, Math.max(0, Math.min(most, this.released - after)));
  }

  onMessage(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Resolves when it is durable that the scan was paused, or goes on. */
  async hold(held: boolean): Promise<void> {
    await this.of.log.enter("scanHeld", { scan: this.of.id, held }, this.of.by);
  }

  /** Resolves when all is durable, or the log does not take it now. */
  async settle(): Promise<void> {
    this.isClosing = true;
    await this.requested.catch(() => {});
    await this.write();
    await this.over;
  }

  private schedule(): void {
    if (this.isScheduled || this.isWriting || !this.isRequested) return;
    this.isScheduled = true;
    this.of.clock.soon(() => {
      this.isScheduled = false;
      void this.write();
    });
  }

  private async write(): Promise<void> {
    if (this.isWriting || !this.isRequested) return;
    this.isWriting = true;
    for (let count = await this.enterNext(); count > 0; count = await this.enterNext()) {
      this.released += count;
      for (const listener of [...this.listeners]) listener();
    }
    this.isWriting = false;
    if (this.isOverReleased || this.isClosing) this.resolveOver();
  }

  /** Enters what waits, as much as one input holds; how many messages are durable then. */
  private async enterNext(): Promise<number> {
    const messages = this.scan.messagesAfter(this.released, SCAN_OUTCOMES_MAX);
    const [first] = messages;
    if (first === undefined) return 0;
    const { id, by, log } = this.of;
    if (first.type === "complete") {
      const { state, reason } = first.data;
      const end = endOf(id, state as ScanFact<"scanEnded">["state"], reason ?? "failed", first.data);
      if (!(await this.entered(() => log.enter("scanEnded", end, by)))) return 0;
      this.isOverReleased = true;
      return 1;
    }
    const outcomes = this.outcomesOf(messages);
    const fact = { scan: id, first: this.released + 1, outcomes };
    return (await this.entered(() => log.enter("scanResult", fact, by))) ? outcomes.length : 0;
  }

  /** False when that was given up. */
  private async entered(enter: () => Promise<unknown>): Promise<boolean> {
    for (;;) {
      try {
        await enter();
        return true;
      } catch (error) {
        if (!(error instanceof EigenwatchError && error.kind === "unavailable")) throw error;
        if (!this.isClosing)
          await new Promise<void>((resolve) => void this.of.clock.after(AGAIN_MS, resolve));
        if (this.isClosing) return false;
      }
    }
  }

  private outcomesOf(messages: readonly ScanMessage[]): ScanOutcome[] {
    const outcomes: ScanOutcome[] = [];
    let characters = 0;
    for (const [k, message] of messages.entries()) {
      if (message.type === "complete") break;
      const { index: _, ...data } = message.data;
      const outcome = { type: message.type, atMs: this.scan.atMs[this.released + k]!, data: shortened(data) };
      characters += JSON.stringify(outcome).length;
      if (outcomes.length > 0 && characters > SCAN_OUTCOMES_TEXT) break;
      outcomes.push(outcome as ScanOutcome);
    }
    return outcomes;
  }
}

/** Plain JSON, with texts as long as a person reads. */
function shortened(data: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === "string" ? value.slice(0, SCAN_TEXT) : value]),
  );
}

function endOf(
  scan: string,
  state: ScanFact<"scanEnded">["state"],
  reason: string,
  {
    signalMs: _times,
    signalWork: _work,
    randomSignalWork: _random,
    state: _state,
    reason: _reason,
    ...stats
  }: ScanStats,
): ScanFact<"scanEnded"> {
  return { scan, state, reason, stats };
}
