/**
 * What feeds say about themselves, as signals: `feedStatus` inputs with their counts of samples that had to be left out.
 *
 * A duplicate is no bad sample, it was taken once; nor is a gap, which has an event of its own. Every other count is.
 */
import type { Input } from "../../../protocol/messages.ts";
import type { Detector, DetectorContext, Fields } from "../../ports/detector.ts";

/** Reasons that are not the sample's fault. */
const NOT_BAD = new Set(["duplicate", "duplicates", "gap"]);

export class FeedWatcherDetector implements Detector {
  readonly fields: Fields = {};

  update(): void {}

  onInput(input: Input, context: DetectorContext): void {
    if (input.type !== "feedStatus") return;
    const counts = Object.entries(input.counts).filter(
      ([reason, count]) => count > 0 && !NOT_BAD.has(reason),
    );
    const report = {
      timeUs: context.now,
      source: input.source,
      detail: input.detail,
      bad: counts.reduce((sum, [, count]) => sum + count, 0),
      reasons: counts.map(([reason, count]) => `${reason} ${count}`).join(", "),
    };
    const closing = input.status === "ended" || input.status === "failed";
    // What a feed counts at its end belongs before the end.
    if (closing && report.bad > 0) context.signal({ type: "spoiled", ...report });
    if (input.status !== "running") context.signal({ type: input.status, ...report });
    if (!closing && report.bad > 0) context.signal({ type: "spoiled", ...report });
  }
}
