/** `eigenwatch bench [NAME]`: all benchmarks by name; prints their rows as text or as JSON. */
import process from "node:process";
import { CommandError } from "../../actors/mod.ts";
import type { DetectFlags } from "./detect.ts";
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

/** A worker process of `bench detect`. */
export async function benchWorkerCommand(): Promise<number> {
  return (await import("./detect.ts")).detectWorker();
}

export async function benchCommand(
  name: string | undefined,
  flags: { list?: true } & DetectFlags,
): Promise<number> {
  const { suite, seeds, scenario } = flags;
  if (suite !== undefined || seeds !== undefined || scenario !== undefined) {
    if (name !== "detect") {
      throw new CommandError(
        `Cannot run bench ${name ?? ""} with a suite: expected \`bench detect --suite synthetic\``,
      );
    }
    return (await import("./detect.ts")).benchDetection(flags);
  }
  const names = Object.keys(BENCHES).filter((candidate) => candidate.includes(name ?? ""));
  if (flags.list) {
    process.stdout.write(`${names.join("\n")}\n`);
    return 0;
  }
  if (names.length === 0) {
    throw new CommandError(
      `Cannot run bench ${name}: expected part of one of ${Object.keys(BENCHES).join(", ")}`,
    );
  }
  if (!flags.json) process.stdout.write(`${runtimeName()}, ${names.length} benches\n`);
  let failed = 0;
  for (const each of names) {
    if (process.stderr.isTTY) process.stderr.write(`… ${each}\n`);
    try {
      for (const row of await BENCHES[each]!()) {
        process.stdout.write(
          flags.json
            ? `${JSON.stringify({ runtime: runtimeName(), bench: each, ...row })}\n`
            : `${rowText(row)}\n`,
        );
      }
    } catch (error) {
      failed++;
      process.stderr.write(`bench ${each} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    }
  }
  return failed > 0 ? 1 : 0;
}
