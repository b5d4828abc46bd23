/** What the live system takes from sim/. */
export { Shadow } from "./recordings/replay/shadow.ts";
export { liveCommands } from "./session-commands.ts";
export { synthWorlds } from "./worlds/worlds.ts";
