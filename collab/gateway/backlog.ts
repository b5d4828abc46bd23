/**
 * How much one client has not read yet, and what follows.
 *
 *   flowing ──above conflateAboveBytes──► lagging ──at most half of it──► flowing
 *                                           └──above cutAboveBytes, or laggingMsMax long──► cut
 *
 * B1  A lagging client gets no samples and only the newest state of each group. What it misses is counted; `lagging` reports the counts once
 *     the client flows again.
 * B2  Events are sent in every state until the cut. After a cut the client resumes from its cursor.
 */
import type { GatewayLimits } from "./limits.ts";

export type BacklogState = "flowing" | "lagging" | "recovered" | "cut";

export class Backlog {
  readonly #limits: GatewayLimits;
  #laggingSinceMs: number | null = null;

  constructor(limits: GatewayLimits) {
    this.#limits = limits;
  }

  get lagging(): boolean {
    return this.#laggingSinceMs !== null;
  }

  /** The state for this number of unread bytes. `recovered` comes once; do not ask again after `cut`. */
  judge(bufferedBytes: number, nowMs: () => number): BacklogState {
    const { conflateAboveBytes, cutAboveBytes, laggingMsMax } = this.#limits;
    if (this.#laggingSinceMs === null) {
      if (bufferedBytes <= conflateAboveBytes) return "flowing";
      this.#laggingSinceMs = nowMs();
    }
    if (bufferedBytes > cutAboveBytes) return "cut";
    if (bufferedBytes <= conflateAboveBytes / 2) {
      this.#laggingSinceMs = null;
      return "recovered";
    }
    return nowMs() - this.#laggingSinceMs > laggingMsMax ? "cut" : "lagging";
  }
}
