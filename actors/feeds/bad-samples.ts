/**
 * What a feed had to leave out or found odd, per reason, reported without flooding: the first of each reason at once, then totals
 * when they are due, and at the end.
 *
 * Counts are since the last report, so that whoever adds them up has the total.
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
  | "malformed";

export type Report = (
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

  /** Counts; true for the first of its reason, which the caller reports with `first`. */
  add(reason: Reason): boolean {
    this.#counts[reason] = (this.#counts[reason] ?? 0) + 1;
    this.#pending = true;
    if (this.#seen.has(reason)) return false;
    this.#seen.add(reason);
    return true;
  }

  first(reason: Reason, detail: string): void {
    this.#send(reason === "gap" ? "gap" : "running", detail);
  }

  /** Reports what was counted since the last time, if anything. */
  total(): void {
    if (this.#pending) this.#send((this.#counts["gap"] ?? 0) > 0 ? "gap" : "running", "");
  }

  /** Hands over what was counted since the last report, for a closing status. */
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
