/**
 * The cluster on real processes and servers: how soon it goes on after a fault, whether anything is lost, and what the servers do to two
 * writers of one place.
 *
 * The runs choose their faults by turns, so that each kind is met as often as the others; `--runs 84` makes 504 faults.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ownProgram } from "../../actors/workers/mod.ts";
import { contestedAppends } from "./cluster/contested-appends.ts";
import { FAULTS, faultRun } from "./cluster/fault-run.ts";
import { check, quantile } from "./measure.ts";
import { ROOT } from "./program.ts";
import { type BenchRow, limited } from "./row.ts";

/**
 * The built program, where there is one: a node that starts from its sources takes seconds of a processor, and the take-over beside it waits for
 * them.
 */
function builtProgram(): string[] {
  const [runtime, ...args] = ownProgram();
  const built = join(ROOT, "dist", "eigenwatch.mjs");
  if (!existsSync(built)) return [runtime, ...args];
  return "Deno" in globalThis ? [runtime, "run", "-A", built] : [runtime, built];
}

/** Take-overs a run, besides one of each other fault: enough for a 99th percentile over a few dozen runs. */
const KILLS = 3;

const RUNS = 2;

/** From a kill -9 until a command is carried out again, ms: p50 and p99. */
const LIMITS = { standard: [4_200, 5_500], quick: [2_600, 4_000] } as const;

export async function benchCluster({ runs = RUNS }: { runs?: number | undefined } = {}): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const failover of ["standard", "quick"] as const) {
    const kills: number[] = [];
    const problems: string[] = [];
    let faults = 0;
    let acknowledged = 0;
    for (let run = 0; run < runs; run++) {
      const planned = [...FAULTS, ...Array.from({ length: KILLS }, () => "kill owner" as const)];
      const report = await faultRun({
        faults: planned,
        failover,
        programs: [builtProgram()],
        progress: (line) => process.stderr.write(`${failover} ${run + 1}/${runs}: ${line}\n`),
      });
      kills.push(...report.recoveredMs.filter((_, k) => planned[k] === "kill owner"));
      problems.push(...report.problems);
      faults += planned.length;
      acknowledged += report.acknowledged;
    }
    const [p50, p99] = LIMITS[failover];
    const name = `take-over after kill -9, --failover ${failover}`;
    const note = `until a command is carried out again; ${kills.length} of them`;
    rows.push(
      limited({ name, unit: "ms", runs: kills, note }, { atMost: p50 }),
      limited(
        { name: `${name}, 99th percentile`, unit: "ms", runs: [quantile(kills, 0.99)] },
        { atMost: p99 },
      ),
      limited(
        {
          name: `logs that are not one chain, events that differ, settings lost or doubled, ${failover}`,
          unit: "problems",
          runs: [problems.length],
          note: `${faults} faults, ${acknowledged} acknowledged settings${problems.length > 0 ? `: ${problems[0]}` : ""}`,
        },
        { atMost: 0 },
      ),
    );
  }
  rows.push(...(await contestedRows()));
  return rows;
}

/** On three copies the expectation by subject must have let two pass, or the races were none. */
async function contestedRows(): Promise<BenchRow[]> {
  const alone = await contestedAppends(1);
  const copied = await contestedAppends(3);
  check(
    copied.bySubject > 0,
    "races that both writers win where the expectation is by subject",
    `none of ${copied.races}`,
  );
  return Object.entries({ "one server": alone, "three servers, three copies": copied }).map(
    ([where, { races, streamWide, bySubject }]) =>
      limited(
        {
          name: `appends that expect the same end of a stream, both accepted, ${where}`,
          unit: "races",
          runs: [streamWide],
          note: `of ${races}; with the expectation by subject, which we do not use: ${bySubject}`,
        },
        { atMost: 0 },
      ),
  );
}
