/**
 * All benchmarks by name; prints their rows as text or as JSON.
 *
 * A benchmark prints its rows when all its checks have passed, or none.
 */
import process from "node:process";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { AlarmsOptions } from "./alarms.ts";
import type { ClusterBenchOptions } from "./cluster.ts";
import type { SuiteOptions } from "./detect.ts";
import type { LatencyOptions } from "./latency.ts";
import { runtimeName } from "./program.ts";
import { type BenchRow, rowText } from "./row.ts";
import type { SoakOptions } from "./soak.ts";
import { calibrate } from "./turns.ts";

export interface BenchOptions
  extends SuiteOptions,
    LatencyOptions,
    AlarmsOptions,
    ClusterBenchOptions,
    SoakOptions {
  list?: true | undefined;
  commit?: true | undefined;
}

export interface Bench {
  /** Options that only this benchmark has. */
  readonly options?: readonly (keyof BenchOptions)[];
  /** Absent from `bench` without a name: what it measures is a gate or another suite. */
  readonly byNameOnly?: true;
  run(options: BenchOptions): Promise<BenchRow[]>;
}

const BENCHES: Readonly<Record<string, Bench>> = {
  kernels: { run: async () => (await import("./kernels.ts")).benchKernels() },
  protocol: { run: async () => (await import("./protocol.ts")).benchProtocol() },
  journal: { run: async () => (await import("./journal.ts")).benchJournal() },
  feeds: { run: async () => (await import("./feeds.ts")).benchFeeds() },
  worlds: { run: async () => (await import("./worlds.ts")).benchWorlds() },
  detectors: { run: async () => (await import("./detectors.ts")).benchDetectors() },
  gateway: { run: async () => (await import("./gateway.ts")).benchGateway() },
  core: { run: async () => (await import("./core.ts")).benchCore() },
  pipeline: { run: async () => (await import("./pipeline.ts")).benchPipeline() },
  latency: {
    options: ["channels", "clients", "durability", "seconds", "frames", "samples"],
    run: async (options) => (await import("./latency.ts")).benchLatency(options),
  },
  start: { run: async () => (await import("./start.ts")).benchStart() },
  replay: { run: async () => (await import("./replay.ts")).benchReplay() },
  shadow: { run: async () => (await import("./shadow.ts")).benchShadow() },
  whatif: { run: async () => (await import("./whatif.ts")).benchWhatIf() },
  scan: { options: ["data"], run: async ({ data }) => (await import("./scan.ts")).benchScan(data) },
  recovery: { run: async () => (await import("./recovery.ts")).benchRecovery() },
  rooms: { run: async () => (await import("./rooms.ts")).benchRooms() },
  sim: { run: async () => (await import("./sim.ts")).benchSim() },
  cluster: {
    options: ["only", "runs", "races", "seconds"],
    byNameOnly: true,
    run: async (options) => (await import("./cluster.ts")).benchCluster(options),
  },
  dashboard: {
    options: ["channels", "seconds"],
    run: async (options) => (await import("./dashboard.ts")).benchDashboard(options),
  },
  "market-day": {
    options: ["data", "hours"],
    byNameOnly: true,
    run: async ({ data, hours }) => (await import("./feeds-day.ts")).benchFeedsDay(data, hours),
  },
  page: { byNameOnly: true, run: async () => (await import("./page.ts")).benchPage() },
  jumps: { byNameOnly: true, run: async () => (await import("./page-jumps.ts")).benchJumps() },
  soak: {
    options: ["hours"],
    byNameOnly: true,
    run: async (options) => (await import("./soak.ts")).benchSoak(options),
  },
  regression: {
    options: ["commit"],
    byNameOnly: true,
    run: async (options) => (await import("./regression.ts")).benchRegression(options),
  },
};

/** Options of `bench detect`, which prints a table of its own. */
const OF_DETECT: readonly (keyof BenchOptions)[] = ["suite", "data", "only", "seeds", "scenario"];

/** Options of `bench alarms`, which takes hours and prints tables of its own. */
const OF_ALARMS: readonly (keyof BenchOptions)[] = ["minutes", "faults", "faultSeconds", "only", "recording"];

/** 1 when a benchmark failed. */
export async function runBench(name: string | undefined, options: BenchOptions): Promise<number> {
  if (name === "alarms") {
    refuseOthers(name, options, OF_ALARMS);
    return (await import("./alarms.ts")).benchAlarms(options);
  }
  const own = name === undefined ? [] : (BENCHES[name]?.options ?? []);
  const isDetect =
    name === "detect" || OF_DETECT.some((option) => options[option] !== undefined && !own.includes(option));
  if (isDetect) {
    refuseOthers(name, options, name === "detect" ? OF_DETECT : []);
    return (await import("./detect.ts")).benchDetection(options);
  }
  const names = namesLike(name);
  refuseOthers(name, options, names.length === 1 ? BENCHES[names[0]!]!.options : []);
  if (options.list) {
    process.stdout.write(`${names.join("\n")}\n`);
    return 0;
  }
  return runBenches(Object.fromEntries(names.map((each) => [each, BENCHES[each]!])), options);
}

function namesLike(name: string | undefined): string[] {
  const all = Object.keys(BENCHES);
  const names = all.filter((each) =>
    name === undefined ? !BENCHES[each]!.byNameOnly : each === name || each.includes(name),
  );
  if (names.length > 0) return names;
  throw new EigenwatchError({
    action: `run bench ${name}`,
    value: "no benchmark has this in its name",
    expected: `part of one of ${all.join(", ")}`,
  });
}

function refuseOthers(
  name: string | undefined,
  options: BenchOptions,
  own: readonly (keyof BenchOptions)[] = [],
): void {
  const common: readonly (keyof BenchOptions)[] = ["list", "json"];
  const given = Object.keys(options) as (keyof BenchOptions)[];
  const foreign = given.find(
    (option) => options[option] !== undefined && !common.includes(option) && !own.includes(option),
  );
  if (foreign === undefined) return;
  throw new EigenwatchError({
    action: `run bench ${name ?? ""}`.trim(),
    value: `it has no option --${foreign}`,
    expected: OF_DETECT.includes(foreign)
      ? "`bench detect --suite synthetic`"
      : OF_ALARMS.includes(foreign)
        ? `\`bench alarms --${foreign}\``
        : `\`bench ${Object.keys(BENCHES).find((each) => BENCHES[each]!.options?.includes(foreign))} --${foreign}\``,
  });
}

/** Where rows and errors go. */
export interface Output {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** Runs these benchmarks and prints what they return; 1 when one failed. */
export async function runBenches(
  benches: Readonly<Record<string, Bench>>,
  options: BenchOptions,
  { stdout, stderr }: Output = process,
): Promise<number> {
  const print = (bench: string, row: BenchRow): void => {
    const line = options.json ? JSON.stringify({ runtime: runtimeName(), bench, ...row }) : rowText(row);
    stdout.write(`${line}\n`);
  };
  if (!options.json) stdout.write(`${runtimeName()}, ${Object.keys(benches).length} benches\n`);
  let failed = 0;
  for (const [name, bench] of Object.entries(benches)) {
    if (process.stderr.isTTY) stderr.write(`… ${name}\n`);
    try {
      const before = calibrate();
      const rows = await bench.run(options);
      print(name, calibrationRow(name, [before, calibrate()]));
      for (const row of rows) print(name, row);
    } catch (error) {
      failed++;
      stderr.write(`bench ${name} failed: ${messageOf(error)}\n`);
    }
  }
  return failed > 0 ? 1 : 0;
}

/** A failed check says what it expected; anything else is a bug of the benchmark and shows where. */
function messageOf(error: unknown): string {
  if (error instanceof EigenwatchError) return error.message;
  return error instanceof Error ? String(error.stack) : String(error);
}

/** How fast the machine was before and after: far apart, it was not quiet. */
function calibrationRow(name: string, [before, after]: readonly [number, number]): BenchRow {
  return {
    name: `${name}: calibration, a bare loop before and after`,
    value: before,
    unit: "additions/s",
    calibration: true,
    note: `after ${(after / before).toFixed(2)} ×`,
  };
}
