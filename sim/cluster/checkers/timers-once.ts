import type { WorldEnd } from "../observation.ts";
import type { Checker } from "./checker.ts";
import type { Retelling } from "./retelling.ts";

/**
 * Timers fire once and at their time: held against a plain model when the log is folded again (timer-model.ts). That live cores had
 * the same timers, also behind a restart, is in their state's hash (same-state.ts).
 */
export function timersOnce(): Checker {
  return {
    name: "timers-once",
    rule: "a timer fires once, before the first input that reaches it, in order",
    hears: [],
    finish(_end: WorldEnd, { partitions }: Retelling) {
      for (const [partition, { timerTrouble }] of partitions)
        if (timerTrouble !== null) return `${partition}: ${timerTrouble}`;
      return null;
    },
  };
}
