/** Recorded and invented worlds: the public face of sim/. */

export {
  type InjectRequest,
  injectRequestSchema,
  parseInjectRequest,
  type StartedInjection,
  startInjection,
} from "./feeds/inject.ts";
export { createOverlay } from "./feeds/overlay.ts";
export { injectableNames, scenarioNames } from "./feeds/scenarios.ts";
export { exportCommand, importCommand } from "./archive/record-command.ts";
export { replayCommand } from "./replay/command.ts";
export { inspectCommand } from "./replay/inspect.ts";

/** Loaded when asked for: benches need what only a checkout has. */
export async function benchCommand(
  ...args: Parameters<typeof import("./bench/mod.ts").benchCommand>
): Promise<number> {
  return (await import("./bench/mod.ts")).benchCommand(...args);
}
