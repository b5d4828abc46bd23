import type { Checker, Observed } from "./checker.ts";

/**
 * What was offered was admitted, shed or a duplicate: by the sequencer's own counters, and by what the log says of them.
 *
 * The log's counts are held against the log itself: since a session was opened, no more can have been admitted than stands there.
 */
export function accounts(): Checker {
  /** By partition: inputs since it was opened, and what was reported as admitted since. */
  const sums = new Map<string, { inputs: number; reported: number }>();
  return {
    name: "accounts",
    rule: "offered = admitted + shed + duplicates",
    hears: ["counts"],
    observe(observation) {
      const counts = observation as Observed<"counts">;
      return unbalanced(`${counts.node} counts of ${counts.partition}`, counts);
    },
    retold({ partition, sequence, input }) {
      const sum = sums.get(partition) ?? { inputs: 0, reported: 0 };
      sums.set(partition, sum);
      if (input.type === "sessionOpened") sum.inputs = sum.reported = 0;
      if (input.type === "shed") {
        sum.reported += input.admitted;
        const where = `input ${sequence} of ${partition} says`;
        if (sum.reported > sum.inputs)
          return `${where} that ${sum.reported} inputs were admitted since the opening, there are ${sum.inputs}`;
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
