/**
 * The system clock as a Clock (ports/clock.ts).
 *
 * `performance` gives µs and never steps, but drifts from the wall clock when that is set or the machine sleeps. So the
 * two are compared about once a second: time set forward is followed at once, time set back is approached by running
 * slower, because a session's time never goes back.
 */

import { setImmediate } from "node:timers";
import type { Clock } from "./ports/clock.ts";

/** Wall and monotonic clock are compared this often: a comparison costs a call, a sleep may end at any time. */
const COMPARE_EVERY_MS = 1000;
/** Differences below are the resolution of `Date.now` and scheduling, not a set clock. */
const TOLERATED_MS = 2;
/** Share of elapsed time by which the clock runs slower until it has met a wall clock that was set back. */
const SLEW = 0.1;

export const systemClock: Clock = createSystemClock(
  () => performance.now(),
  () => Date.now(),
  performance.timeOrigin,
);

/** Built from any monotonic and wall source (ms), so that set-back and sleep can be tested. */
export function createSystemClock(monotonic: () => number, wall: () => number, originMs: number): Clock {
  let originNow = originMs;
  let comparedAt = monotonic();
  let lastUs = 0;

  function compare(now: number): void {
    const ahead = originNow + now - wall();
    if (ahead < -TOLERATED_MS) originNow -= ahead;
    else if (ahead > TOLERATED_MS) originNow -= Math.min(ahead, (now - comparedAt) * SLEW);
    comparedAt = now;
  }

  return {
    nowUs() {
      const now = monotonic();
      if (now - comparedAt >= COMPARE_EVERY_MS) compare(now);
      lastUs = Math.max(lastUs, Math.floor((originNow + now) * 1000));
      return lastUs;
    },
    monotonicMs: monotonic,
    after(ms, act) {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
    soon(act) {
      setImmediate(act);
    },
  };
}
