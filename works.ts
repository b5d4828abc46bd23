/** Every kind of work that this program does in processes of its own (actors/workers). */
import { createWorkerCommand } from "./actors/workers/command.ts";

export const workerCommand = createWorkerCommand({
  whatif: async () => (await import("./sim/recordings/whatif/whatif.ts")).whatIfWork,
  sweep: async () => (await import("./sim/recordings/whatif/sweep.ts")).sweepWork,
  causality: async () => (await import("./sim/recordings/whatif/causality.ts")).causalityWork,
  seed: async () => (await import("./sim/cluster/run-seeds.ts")).seedWork,
  detect: async () => (await import("./sim/bench/detect.ts")).detectWork,
});
