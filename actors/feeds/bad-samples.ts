/**
 * Counts the bad samples of a feed per reason: what it left out, gaps, and times that go back.
 *
 * The first bad sample of each reason is reported at once, with its place; totals follow at intervals and at the end. Each report has the
 * counts since the report before, so their sum is the total. docs/feeds.md explains every reason.
 */

import type { FeedStatus } from "../../protocol/messages.ts";

export type Reason =
  | "missing"
  | "nan"
  | "infinite"
  | "unparsable"
  | "badTime"
  | "backward"
  | "gap"
  | "ragged"
  | "noSymbol"
  | "notPositive"
  | "tooManyChannels"
  | "nameTooLong"
  | "tooManyGroups"
  | "malformed"
  | "duplicate"
  | "lost";

type Report = (
  status: FeedStatus["status"],
  detail: string,
  counts: Readonly<Record<string, number>>,
) => void;

export class BadSamples {
  readonly #report: Report;
  #counts: Record<string, number> = {};
  readonly #seen = new Set<Reason>();
  #pending = false;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Counts them. True for the first of their reason: the caller then reports it with `first`. */
  add(reason: Reason, count = 1): boolean {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + count;
    this.#pending = true;
    if (this.#seen.has(reason)) return false;
    this.#seen.add(reason);
    return true;
  }

  /** Counts them, and reports the first of their reason with what `detail` says. */
  count(reason: Reason, count: number, detail: () => string): void {
    if (this.add(reason, count)) this.first(reason, detail());
  }

  first(reason: Reason, detail: string): void {
    this.#send(reason === "gap" ? "gap" : "running", detail);
  }

  /** Reports the counts since the last report, if there are any. */
  total(): void {
    if (this.#pending) this.#send((this.#counts["gap"] ?? 0) > 0 ? "gap" : "running", "");
  }

  /** Returns and clears the counts since the last report, for a closing status. */
  take(): Readonly<Record<string, number>> {
    const counts = this.#counts;
    this.#counts = {};
    this.#pending = false;
    return counts;
  }

  #send(status: FeedStatus["status"], detail: string): void {
    const counts = this.take();
    const listed = Object.entries(counts).map(([reason, count]) => `${count} ${reason}`);
    this.#report(status, detail === "" ? listed.join(", ") : detail, counts);
  }
}
