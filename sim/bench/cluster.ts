/**
 * The cluster on real processes and servers, in sections that run alone with `--only`:
 *
 *   takeover     how soon it goes on after its owner was killed
 *   faults       whether anything is lost or doubled by any fault; `--runs 56` makes 504 faults for each kind of fail-over
 *   contested    what the servers do to two writers of one place, and that take-overs count once; `--races 10000`
 *   throughput   the journal on a stream, and frames from a feed to a gateway
 *   latency      from a feed to a client
 *   overload     ten times what the owner can take, for `--seconds 60`
 *
 * Each needs nats-server. Faults are chosen by turns, so that each kind is met as often as the others.
 */
import { EigenwatchError } from "../../protocol/errors.ts";
import { contestedRows } from "./cluster-contested.ts";
import { faultRows, takeoverRows } from "./cluster-faults.ts";
import { clusterLatencyRows } from "./cluster-latency.ts";
import { overloadRows } from "./cluster-overload.ts";
import { throughputRows } from "./cluster-throughput.ts";
import type { BenchRow } from "./row.ts";

export interface ClusterBenchOptions {
  /** Sections, separated by commas; default: all. */
  only?: string | undefined;
  /** Of nine faults each. */
  runs?: number | undefined;
  /** Of each kind. */
  races?: number | undefined;
  /** Of the overload, of a turn of latency, and of a measurement of throughput. */
  seconds?: number | undefined;
}

const RUNS = 2;
const RACES = 300;
const OVERLOAD_SECONDS = 60;

type Section = (options: ClusterBenchOptions) => Promise<BenchRow[]>;

const SECTIONS: Readonly<Record<string, Section>> = {
  takeover: ({ runs = RUNS }) => takeoverRows(runs),
  faults: ({ runs = RUNS }) => faultRows(runs),
  contested: ({ races = RACES }) => contestedRows(races),
  throughput: ({ seconds }) => throughputRows(seconds),
  latency: ({ seconds }) => clusterLatencyRows(seconds),
  overload: ({ seconds = OVERLOAD_SECONDS }) => overloadRows(seconds),
};

export async function benchCluster(options: ClusterBenchOptions): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const name of sectionsOf(options.only)) rows.push(...(await SECTIONS[name]!(options)));
  return rows;
}

function sectionsOf(only: string | undefined): string[] {
  const all = Object.keys(SECTIONS);
  const names = only === undefined ? all : only.split(",");
  const unknown = names.find((name) => !Object.hasOwn(SECTIONS, name));
  if (unknown === undefined) return names;
  throw new EigenwatchError({
    action: `run bench cluster --only ${only}`,
    value: `there is no section "${unknown}"`,
    expected: `one or several of ${all.join(",")}`,
  });
}
