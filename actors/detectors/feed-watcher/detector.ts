/**
 * Turns the reports of feeds into signals: `feedStatus` inputs with their counts of samples that were left out.
 *
 * A duplicate is not a bad sample, because its first copy was used. A gap is not one either: it has its own event. All other counts are.
 */
import type { FeedStatus, Input } from "../../../protocol/messages.ts";
import type { Detector, DetectorContext, Fields } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { feedWatcherMachine } from "./machine.ts";

export const feedWatcher = defineDetector({
  name: "feedWatcher",
  version: 2,
  machine: feedWatcherMachine,
  enabled: () => true,
  createDetector: () => new FeedWatcherDetector(),
  machineInput: () => ({}),
});

/** Counted reasons that do not make a sample bad. */
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
      reasons: Object.fromEntries(counts),
    };
    const spoiled = { ...report, type: "spoiled", detail: saidOfSamples(input) } as const;
    const closing = input.status === "ended" || input.status === "failed";
    // Bad samples in the last report of a feed are announced before its end.
    if (closing && report.bad > 0) context.signal(spoiled);
    if (input.status !== "running") context.signal({ type: input.status, ...report });
    if (!closing && report.bad > 0) context.signal(spoiled);
  }
}

/** What a feed that goes on says of them: beside their counts, which it lists where it has nothing else to say. */
function saidOfSamples({ status, detail, counts }: FeedStatus): string {
  const listed = Object.entries(counts).map(([reason, count]) => `${count} ${reason}`);
  return status !== "running" || detail === listed.join(", ") ? "" : detail;
}
