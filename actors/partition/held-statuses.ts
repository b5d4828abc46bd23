/**
 * Reports of feeds that wait while the log has no room: one of each source, so that days without room cost no more memory than an hour. The latest
 * status and detail stand; the counts are those of all together.
 */
import type { FeedStatus } from "../../protocol/messages.ts";

/** Reports of further sources are dropped, with their counts. */
const SOURCES_MAX = 4_096;

export class HeldStatuses {
  readonly #bySource = new Map<string, FeedStatus>();

  add(status: FeedStatus): void {
    const { source } = status;
    const before = this.#bySource.get(source);
    if (before === undefined && this.#bySource.size >= SOURCES_MAX) return;
    const counts: Record<string, number> = { ...before?.counts };
    for (const [reason, count] of Object.entries(status.counts))
      counts[reason] = (counts[reason] ?? 0) + count;
    this.#bySource.set(source, { ...status, counts });
  }

  /** Returns them and keeps none. */
  take(): FeedStatus[] {
    const held = [...this.#bySource.values()];
    this.#bySource.clear();
    return held;
  }
}
