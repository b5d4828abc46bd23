/** Recorded and invented worlds: the public face of sim/. */
export { replayCommand } from "./replay/command.ts";
export { inspectCommand } from "./replay/inspect.ts";
export { benchCommand } from "./bench/mod.ts";
