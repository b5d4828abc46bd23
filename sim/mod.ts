/**
 * Recorded and invented worlds: the public face of sim/.
 *
 * What the live system is put together of stands here. Commands are loaded when they are asked for: each would make all others wait, and
 * benches need what only a checkout has.
 */

export { liveCommands } from "./session-commands.ts";
export { SessionShadow } from "./shadow/session-shadow.ts";
export { synthWorlds } from "./worlds/worlds.ts";

export const replayCommand = later(
  async () => (await import("./recordings/replay/command.ts")).replayCommand,
);
export const inspectCommand = later(async () => (await import("./recordings/inspect.ts")).inspectCommand);
export const whatIfCommand = later(
  async () => (await import("./recordings/whatif/command.ts")).whatIfCommand,
);
export const causalityCommand = later(
  async () => (await import("./recordings/whatif/causality-command.ts")).causalityCommand,
);
export const diffCommand = later(async () => (await import("./recordings/diff/command.ts")).diffCommand);
export const exportCommand = later(async () => (await import("./recordings/mcap/command.ts")).exportCommand);
export const importCommand = later(async () => (await import("./recordings/mcap/command.ts")).importCommand);
export const verifyCommand = later(async () => (await import("./recordings/seal/command.ts")).verifyCommand);
export const keygenCommand = later(
  async () => (await import("./recordings/seal/key-files.ts")).keygenCommand,
);
export const feedCommand = later(async () => (await import("./worlds/command/command.ts")).feedCommand);
export const feedListCommand = later(async () => (await import("./worlds/command/list.ts")).feedListCommand);
export const sessionSpec = later(async () => (await import("./worlds/command/flags.ts")).sessionSpec);
export const simCommand = later(async () => (await import("./cluster/command.ts")).simCommand);
export const simShrinkCommand = later(
  async () => (await import("./cluster/shrink-command.ts")).shrinkCommand,
);
export const benchCommand = later(async () => (await import("./bench/mod.ts")).benchCommand);

// What this program is asked by another process of itself.
export const whatIfWorkerCommand = later(
  async () => (await import("./recordings/whatif/worker.ts")).workerCommand,
);
export const simWorkerCommand = later(async () => (await import("./cluster/run-seeds.ts")).simWorker);
export const shadowWorkerCommand = later(
  async () => (await import("./shadow/worker.ts")).shadowWorkerCommand,
);
export const benchWorkerCommand = later(async () => (await import("./bench/mod.ts")).benchWorkerCommand);

/** The function, loaded at its first call. */
function later<Arguments extends unknown[], Result>(
  load: () => Promise<(...args: Arguments) => Result | Promise<Result>>,
): (...args: Arguments) => Promise<Result> {
  return async (...args) => (await load())(...args);
}
