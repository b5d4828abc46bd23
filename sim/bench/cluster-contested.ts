/** What real servers do to two writers of one place, and that what they let pass counts once. */

import { contestedAppends } from "./cluster/contested-appends.ts";
import { contestedTakeovers } from "./cluster/contested-takeovers.ts";
import type { Copies } from "./cluster/nats-cluster.ts";
import { check } from "./measure.ts";
import { type BenchRow, limited } from "./row.ts";

const WORLDS: readonly (readonly [string, Copies])[] = [
  ["one server", 1],
  ["three servers, three copies", 3],
];

/** On three copies the expectation by subject must have let two pass, or the races were none. */
export async function contestedRows(races: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [where, copies] of WORLDS) {
    const { accepted, elections, stalls } = await contestedAppends(copies, races);
    if (copies > 1)
      check(
        accepted.bySubject > 0,
        "races that both writers win where the expectation is by subject",
        `none of ${races}`,
      );
    rows.push(
      limited(
        {
          name: `appends that expect the same end of a stream, both accepted, ${where}`,
          unit: "races",
          runs: [accepted.streamWide],
          note: `of ${races}; by subject, which we do not use: ${accepted.bySubject}; without expectation: ${accepted.none}; ${elections} elections, ${stalls} stalls of the servers`,
        },
        { atMost: 0 },
      ),
    );
  }
  for (const [where, copies] of WORLDS) {
    const { problems, kills, storedInVain, blocks, rewound } = await contestedTakeovers(copies, races);
    check(storedInVain > 0, "races in which the servers stored both take-overs", `none of ${races}`);
    rows.push(
      limited(
        {
          name: `take-overs at once that both count, logs that differ, acknowledged blocks lost, ${where}`,
          unit: "problems",
          runs: [problems.length],
          note: [
            `${races} races, ${kills} kills of the leader, ${storedInVain} claims stored in vain`,
            `${blocks} contested blocks acknowledged, ${rewound} ends lost by the servers`,
            ...problems.slice(0, 1),
          ].join("; "),
        },
        { atMost: 0 },
      ),
    );
  }
  return rows;
}
