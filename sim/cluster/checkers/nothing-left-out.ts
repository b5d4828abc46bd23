import type { StoredLogs } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";
import type { ReplayedInput } from "./reference-replay.ts";

/**
 * Of a feed that is delivered once, no frame is missing in the log before one that is there. What its process had not delivered when it
 * ended is lost with it; that the last process delivers all is checked in convergence.ts.
 */
export function nothingLeftOut(stored: StoredLogs): Checker {
  /** Numbers in the order sent, by partition, source and life. */
  const queued = new Map<string, { partition: string; source: string; numbers: number[] }>();
  const admitted = new Map<string, Set<number>>();
  return {
    name: "nothing-left-out",
    rule: "of a feed that is delivered once, no frame is missing before one that is in the log",
    observes: ["queued"],
    observe(observation) {
      const { partition, source, life, sourceSequence } = observation as Observed<"queued">;
      const key = `${partition}/${source}/${life}`;
      const known = queued.get(key) ?? { partition, source, numbers: [] };
      queued.set(key, known);
      known.numbers.push(sourceSequence);
      return null;
    },
    replayed({ partition, input }: ReplayedInput) {
      if (input.type !== "frame") return null;
      const key = `${partition}/${input.source}`;
      const known = admitted.get(key) ?? new Set();
      admitted.set(key, known);
      known.add(input.sequence);
      return null;
    },
    finish() {
      for (const { partition, source, numbers } of queued.values()) {
        if (stored.lossy.has(partition)) continue;
        const there = admitted.get(`${partition}/${source}`) ?? new Set();
        const last = numbers.findLastIndex((number) => there.has(number));
        const missing = numbers.findIndex((number, k) => k < last && !there.has(number));
        if (missing >= 0)
          return `frame ${numbers[missing]} of ${source} is not in the log of ${partition}, ${numbers[last]} is`;
      }
      return null;
    },
  };
}
