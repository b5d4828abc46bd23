import type { Checker } from "./checker.ts";
import type { WorldEnd } from "./observation.ts";
import type { ReplayedLogs } from "./replayed-logs.ts";

/**
 * Timers fire once and at their time, compared with a plain model during the replay (timer-model.ts). That live cores have the same timers,
 * also after a restart, follows from their state hashes (same-state.ts).
 */
export function timersOnce(): Checker {
  return {
    name: "timers-once",
    rule: "a timer fires once, before the first input that reaches it, in order",
    observes: [],
    finish(_end: WorldEnd, { partitions }: ReplayedLogs) {
      for (const [partition, { timerTrouble }] of partitions)
        if (timerTrouble !== null) return `${partition}: ${timerTrouble}`;
      return null;
    },
  };
}
