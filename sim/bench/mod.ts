/** All benchmarks by name; prints their rows as text or as JSON. */
import process from "node:process";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { SuiteOptions } from "./detect.ts";
import { runtimeName } from "./program.ts";
import { type BenchRow, rowText } from "./row.ts";

type Bench = () => Promise<BenchRow[]>;

const BENCHES: Record<string, Bench> = {
  kernels: async () => (await import("./kernels.ts")).benchKernels(),
  protocol: async () => (await import("./protocol.ts")).benchProtocol(),
  journal: async () => (await import("./journal.ts")).benchJournal(),
  feeds: async () => (await import("./feeds.ts")).benchFeeds(),
  worlds: async () => (await import("./worlds.ts")).benchWorlds(),
  detectors: async () => (await import("./detectors.ts")).benchDetectors(),
  gateway: async () => (await import("./gateway.ts")).benchGateway(),
  core: async () => (await import("./core.ts")).benchCore(),
  pipeline: async () => (await import("./pipeline.ts")).benchPipeline(),
  latency: async () => (await import("./latency.ts")).benchLatency(),
  replay: async () => (await import("./replay.ts")).benchReplay(),
  shadow: async () => (await import("./shadow.ts")).benchShadow(),
  whatif: async () => (await import("./whatif.ts")).benchWhatIf(),
  recovery: async () => (await import("./recovery.ts")).benchRecovery(),
  sim: async () => (await import("./sim.ts")).benchSim(),
  dashboard: async () => (await import("./dashboard.ts")).benchDashboard(),
};

export interface BenchOptions extends SuiteOptions {
  list?: true | undefined;
}

/** 1 when a benchmark failed. */
export async function runBench(name: string | undefined, options: BenchOptions): Promise<number> {
  const { suite, seeds, scenario, list, json } = options;
  if (suite !== undefined || seeds !== undefined || scenario !== undefined) {
    if (name !== "detect")
      throw new EigenwatchError({
        action: `run bench ${name ?? ""}`.trim(),
        value: "it has no suite",
        expected: "`bench detect --suite synthetic`",
      });
    return (await import("./detect.ts")).benchDetection(options);
  }
  const names = Object.keys(BENCHES).filter((candidate) => candidate.includes(name ?? ""));
  if (list) {
    process.stdout.write(`${names.join("\n")}\n`);
    return 0;
  }
  if (names.length === 0) {
    throw new EigenwatchError({
      action: `run bench ${name}`,
      value: "no benchmark has this in its name",
      expected: `part of one of ${Object.keys(BENCHES).join(", ")}`,
    });
  }
  if (!json) process.stdout.write(`${runtimeName()}, ${names.length} benches\n`);
  let failed = 0;
  for (const each of names) {
    if (process.stderr.isTTY) process.stderr.write(`… ${each}\n`);
    try {
      for (const row of await BENCHES[each]!()) {
        process.stdout.write(
          json ? `${JSON.stringify({ runtime: runtimeName(), bench: each, ...row })}\n` : `${rowText(row)}\n`,
        );
      }
    } catch (error) {
      failed++;
      process.stderr.write(`bench ${each} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    }
  }
  return failed > 0 ? 1 : 0;
}
