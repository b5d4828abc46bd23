/**
 * How far one client is behind, and what follows from it.
 *
 *   flowing ──above conflateAboveBytes──► lagging ──at most half of it──► flowing
 *                                           └──above cutAboveBytes, or laggingMsMax long──► cut
 *
 * B1  A lagging client gets no samples and only the newest state of each group; what it did not get is counted and told once it flows.
 * B2  Events are written in any state until the cut: then the client resumes from its cursor.
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

  /** Judges the bytes that wait to be read. `recovered` is said once; after `cut` nothing more is asked. */
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
