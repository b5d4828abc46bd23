/**
 * Latency from a sample at a feed to the message at a client, over NATS, beside a request over NATS and its answer at the same rate, and beside
 * Moleculer where it can be fetched. All take turns.
 */

import { installMoleculer } from "./cluster-moleculer.ts";
import { loadOf, measureLatency } from "./latency.ts";
import type { LatencyRun } from "./latency-link.ts";
import type { SenderOptions } from "./latency-sender.ts";
import { check } from "./measure.ts";
import { type BenchRow, compared } from "./row.ts";

/** 20,000 samples a second: rows of 16 channels. */
const CASE = {
  channels: 16,
  clients: 1,
  durability: "memory",
  seconds: 5,
  frames: 1_250,
  samples: 16,
} as const;

/** The aim, µs. */
const LIMITS = { p50: 800, p99: 3_000 } as const;

const CONTENDERS: Readonly<Record<string, SenderOptions["kind"]>> = {
  ours: "cluster",
  "a request over NATS and its answer": "request",
  "a call of moleculer over NATS": "moleculer",
};

/** `seconds`: of each turn. */
export async function clusterLatencyRows(seconds: number = CASE.seconds): Promise<BenchRow[]> {
  const load = loadOf(CASE);
  const hasMoleculer = await installMoleculer();
  const senders = Object.fromEntries(
    Object.entries(CONTENDERS)
      .filter(([, kind]) => kind !== "moleculer" || hasMoleculer)
      .map(([name, kind]) => [name, { kind, load }]),
  );
  const { ours, ...peers } = (await measureLatency(senders, { seconds })) as Record<string, LatencyRun[]>;
  check(ours !== undefined, "runs of the cluster");
  return (["p50", "p99"] as const).map((rank) =>
    compared(
      {
        name: `feed → NATS → owner → stream → gateway → client, ${CASE.frames.toLocaleString("en-US")} frames/s of ${CASE.samples}, ${rank}`,
        unit: "µs",
        runs: ours.map((run) => run.offered[rank]),
        note: `p99.9 ${ours.map(({ offered }) => offered.p999.toFixed(0)).join(", ")}${hasMoleculer ? "" : "; moleculer could not be fetched"}`,
      },
      Object.fromEntries(
        Object.entries(peers).map(([name, runs]) => [name, runs.map((run) => run.offered[rank])]),
      ),
      { atMost: LIMITS[rank] },
    ),
  );
}
