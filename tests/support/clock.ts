/**
 * A clock that a test moves by hand. While it moves, timers fire in order of due time, then of creation.
 *
 *     const clock = createManualClock(1_000_000);
 *     await clock.advance(100);       // 100 ms; awaits everything that the timers' callbacks start
 */
import type { Clock } from "../../actors/ports/clock.ts";

export interface ManualClock extends Clock {
  /** Moves time by `ms` and fires each timer at its due time; promise reactions run after each timer and at the end. */
  advance(ms: number): Promise<void>;
  /** Moves time at once, then fires overdue timers, as after a suspended process. */
  jump(ms: number): Promise<void>;
  readonly pending: number;
}

export function createManualClock(startUs = 0): ManualClock {
  let now = startUs;
  let created = 0;
  const timers = new Map<number, { dueUs: number; act: () => void }>();

  function nextDue(untilUs: number): number | null {
    let best: number | null = null;
    for (const [id, { dueUs }] of timers)
      if (dueUs <= untilUs && (best === null || dueUs < timers.get(best)!.dueUs)) best = id;
    return best;
  }

  async function fireUntil(untilUs: number): Promise<void> {
    for (let id = nextDue(untilUs); id !== null; id = nextDue(untilUs)) {
      const { dueUs, act } = timers.get(id)!;
      timers.delete(id);
      now = Math.max(now, dueUs);
      act();
      await settle();
    }
  }

  return {
    nowUs: () => now,
    monotonicMs: () => now / 1000,
    after(ms, act) {
      const id = created++;
      timers.set(id, { dueUs: now + Math.max(0, Math.round(ms * 1000)), act });
      return () => timers.delete(id);
    },
    soon(act) {
      setImmediate(act);
    },
    async advance(ms) {
      await settle();
      const until = now + Math.round(ms * 1000);
      await fireUntil(until);
      now = Math.max(now, until);
      await settle();
    },
    async jump(ms) {
      await settle();
      now += Math.round(ms * 1000);
      await fireUntil(now);
    },
    get pending() {
      return timers.size;
    },
  };
}

/** Runs promise reactions and callbacks of `setImmediate`. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
