import type { Checker, Observed } from "./checker.ts";

/**
 * Every offered input was admitted, shed or a duplicate, both in the sequencer's counters and in the counts that it logs.
 *
 * The logged counts are also compared with the log itself: no more inputs can have been admitted since the session was opened than the
 * log holds.
 */
export function balancedCounts(): Checker {
  /** By partition: inputs since it was opened, and inputs reported as admitted since then. */
  const sums = new Map<string, { inputs: number; reported: number }>();
  return {
    name: "balanced-counts",
    rule: "offered = admitted + shed + duplicates",
    observes: ["counts"],
    observe(observation) {
      const counts = observation as Observed<"counts">;
      return unbalanced(`${counts.node} counts of ${counts.partition}`, counts);
    },
    replayed({ partition, sequence, input }) {
      const sum = sums.get(partition) ?? { inputs: 0, reported: 0 };
      sums.set(partition, sum);
      if (input.type === "sessionOpened") sum.inputs = sum.reported = 0;
      if (input.type === "shed") {
        sum.reported += input.admitted;
        const where = `input ${sequence} of ${partition} says`;
        if (sum.reported > sum.inputs)
          return `${where} that ${sum.reported} inputs were admitted since the opening; expected at most ${sum.inputs}`;
        const wrong = unbalanced(where, input);
        if (wrong !== null) return wrong;
      }
      sum.inputs++;
      return null;
    },
  };
}

interface Counts {
  readonly offered: number;
  readonly admitted: number;
  readonly shed: number;
  readonly duplicates: number;
}

function unbalanced(where: string, { offered, admitted, shed, duplicates }: Counts): string | null {
  if (offered === admitted + shed + duplicates) return null;
  return `${where}: ${offered} offered, ${admitted} admitted, ${shed} shed, ${duplicates} duplicates`;
}
