/** Faults on real processes: how soon the cluster goes on after a kill, and whether anything is lost or doubled by any fault. */
import process from "node:process";
import { FAULTS, type Fault, faultRun } from "./cluster/fault-run.ts";
import { check, quantile } from "./measure.ts";
import { builtProgram } from "./program.ts";
import { type BenchRow, limited } from "./row.ts";

type Failover = "standard" | "quick";
const FAILOVERS: readonly Failover[] = ["standard", "quick"];

/** From a kill -9 until a command is carried out again, ms: p50 and p99. */
const LIMITS: Readonly<Record<Failover, readonly [number, number]>> = {
  standard: [4_200, 5_500],
  quick: [2_600, 4_000],
};

/** Kills of the owner in a run that measures take-overs. */
const KILLS = Array.from({ length: 9 }, () => "kill owner" as const);

/** Each fault once, and the owner killed three times more: most faults of a cluster are those of its owner. */
const EACH_FAULT: readonly Fault[] = [...FAULTS, ...KILLS.slice(0, 3)];

/** How long the cluster stands still. A run whose log is not sound has no figure. */
export async function takeoverRows(runs: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const failover of FAILOVERS) {
    const { recoveredMs, problems } = await manyRuns(failover, KILLS, runs);
    check(problems.length === 0, "logs that are one chain, with nothing lost or doubled", problems[0]);
    const [p50, p99] = LIMITS[failover];
    const name = `take-over after kill -9, --failover ${failover}`;
    const note = `until a command is carried out again; ${recoveredMs.length} of them`;
    rows.push(
      limited({ name, unit: "ms", runs: recoveredMs, note }, { atMost: p50 }),
      limited(
        { name: `${name}, 99th percentile`, unit: "ms", runs: [quantile(recoveredMs, 0.99)] },
        { atMost: p99 },
      ),
    );
  }
  return rows;
}

export async function faultRows(runs: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const failover of FAILOVERS) {
    const { problems, acknowledged, recoveredMs } = await manyRuns(failover, EACH_FAULT, runs);
    rows.push(
      limited(
        {
          name: `logs that are not one chain, events that differ, settings lost or doubled, ${failover}`,
          unit: "problems",
          runs: [problems.length],
          note: `${recoveredMs.length} faults, ${acknowledged} acknowledged settings${problems.length > 0 ? `: ${problems[0]}` : ""}`,
        },
        { atMost: 0 },
      ),
    );
  }
  return rows;
}

interface Runs {
  readonly recoveredMs: readonly number[];
  readonly acknowledged: number;
  readonly problems: readonly string[];
}

async function manyRuns(failover: Failover, faults: readonly Fault[], runs: number): Promise<Runs> {
  const recoveredMs: number[] = [];
  const problems: string[] = [];
  let acknowledged = 0;
  for (let run = 0; run < runs; run++) {
    const report = await faultRun({
      faults,
      failover,
      programs: [builtProgram()],
      progress: (line) => process.stderr.write(`${failover} ${run + 1}/${runs}: ${line}\n`),
    });
    recoveredMs.push(...report.recoveredMs);
    problems.push(...report.problems);
    acknowledged += report.acknowledged;
  }
  return { recoveredMs, acknowledged, problems };
}
