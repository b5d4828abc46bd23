/** Recorded and invented worlds: the public face of sim/. */

export { feedCommand } from "./feed-command/command.ts";
export { sessionSpec } from "./feed-command/flags.ts";
export { feedListCommand } from "./feed-command/list.ts";
export {
  type InjectRequest,
  injectRequestSchema,
  parseInjectRequest,
  type StartedInjection,
  startInjection,
} from "./feeds/inject.ts";
export { createOverlay } from "./feeds/overlay.ts";
export { injectableNames, scenarioNames } from "./feeds/scenarios.ts";
export { synthWorlds } from "./feeds/worlds.ts";
export { replayCommand } from "./replay/command.ts";
export { inspectCommand } from "./replay/inspect.ts";
export { liveControls } from "./session-controls.ts";
export { SessionShadow } from "./shadow/session-shadow.ts";
export {
  type BranchParent,
  type EventDifference,
  parseWhatIfRequest,
  runWhatIf,
  type WhatIfOptions,
  type WhatIfRequest,
  type WhatIfResult,
} from "./whatif/api.ts";

/** Loaded when asked for: benches need what only a checkout has. */
export async function benchCommand(
  ...args: Parameters<typeof import("./bench/mod.ts").benchCommand>
): Promise<number> {
  return (await import("./bench/mod.ts")).benchCommand(...args);
}

/** Loaded when asked for: every command waits for what stands above. */
export async function whatIfCommand(
  ...args: Parameters<typeof import("./whatif/command.ts").whatIfCommand>
): Promise<number> {
  return (await import("./whatif/command.ts")).whatIfCommand(...args);
}

export async function causalityCommand(
  ...args: Parameters<typeof import("./whatif/causality-command.ts").causalityCommand>
): Promise<number> {
  return (await import("./whatif/causality-command.ts")).causalityCommand(...args);
}

export async function whatIfWorkerCommand(): Promise<number> {
  return (await import("./whatif/worker.ts")).workerCommand();
}

export async function exportCommand(
  ...args: Parameters<typeof import("./archive/record-command.ts").exportCommand>
): Promise<number> {
  return (await import("./archive/record-command.ts")).exportCommand(...args);
}

export async function importCommand(
  ...args: Parameters<typeof import("./archive/record-command.ts").importCommand>
): Promise<number> {
  return (await import("./archive/record-command.ts")).importCommand(...args);
}

export async function verifyCommand(
  ...args: Parameters<typeof import("./archive/verify-command.ts").verifyCommand>
): Promise<number> {
  return (await import("./archive/verify-command.ts")).verifyCommand(...args);
}

export async function keygenCommand(
  ...args: Parameters<typeof import("./archive/key-files.ts").keygenCommand>
): Promise<number> {
  return (await import("./archive/key-files.ts")).keygenCommand(...args);
}

export async function diffCommand(
  ...args: Parameters<typeof import("./archive/diff-command.ts").diffCommand>
): Promise<number> {
  return (await import("./archive/diff-command.ts")).diffCommand(...args);
}

export async function shadowWorkerCommand(
  ...args: Parameters<typeof import("./shadow/worker.ts").shadowWorkerCommand>
): Promise<number> {
  return (await import("./shadow/worker.ts")).shadowWorkerCommand(...args);
}

export async function simCommand(
  ...args: Parameters<typeof import("./cluster/command.ts").simCommand>
): Promise<number> {
  return (await import("./cluster/command.ts")).simCommand(...args);
}

export async function simShrinkCommand(
  ...args: Parameters<typeof import("./cluster/shrink-command.ts").shrinkCommand>
): Promise<number> {
  return (await import("./cluster/shrink-command.ts")).shrinkCommand(...args);
}

export async function simMutantsCommand(
  ...args: Parameters<typeof import("./cluster/mutants-command.ts").mutantsCommand>
): Promise<number> {
  return (await import("./cluster/mutants-command.ts")).mutantsCommand(...args);
}

export async function simWorkerCommand(): Promise<number> {
  return (await import("./cluster/many.ts")).simWorker();
}
