/** What the live system takes from sim/. */
export { liveCommands } from "./session-commands.ts";
export { SessionShadow } from "./shadow/session-shadow.ts";
export { synthWorlds } from "./worlds/worlds.ts";
