/** Recorded and invented worlds: the public face of sim/. */

export { benchCommand } from "./bench/mod.ts";
export { replayCommand } from "./replay/command.ts";
export { inspectCommand } from "./replay/inspect.ts";
