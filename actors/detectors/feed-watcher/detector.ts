/**
 * What feeds report about themselves, as signals: `feedStatus` inputs with their counts of samples that were left out.
 *
 * A duplicate is no bad sample, because it was taken once; nor is a gap, which has an event of its own. Every other count is.
 */
import type { Input } from "../../../protocol/messages.ts";
import type { Detector, DetectorContext, Fields } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { feedWatcherMachine } from "./machine.ts";

export const feedWatcher = defineDetector({
  name: "feedWatcher",
  machine: feedWatcherMachine,
  enabled: () => true,
  createDetector: () => new FeedWatcherDetector(),
  machineInput: () => ({}),
});

/** Reasons that are not the sample's fault. */
const NOT_BAD = new Set(["duplicate", "duplicates", "gap"]);

class FeedWatcherDetector implements Detector<typeof feedWatcherMachine> {
  readonly fields: Fields = {};

  onInput(input: Input, context: DetectorContext<typeof feedWatcherMachine>): void {
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
    // Bad samples that a feed counts at its end are announced before the end.
    if (closing && report.bad > 0) context.signal({ type: "spoiled", ...report });
    if (input.status !== "running") context.signal({ type: input.status, ...report });
    if (!closing && report.bad > 0) context.signal({ type: "spoiled", ...report });
  }
}
