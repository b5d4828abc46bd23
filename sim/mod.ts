/** What the live system takes from sim/. */
export { holdsAlert } from "./alert-commands.ts";
export { beginWithLearnt } from "./recordings/learnt/begin.ts";
export { withSameChannels } from "./recordings/learnt/same-channels.ts";
export { recordedDocument } from "./recordings/replay/document.ts";
export { Shadow, type ShadowReport } from "./recordings/replay/shadow.ts";
export { RecordingFolder } from "./recordings/shelf/folder.ts";
export { type LivePartition, liveCommands } from "./session-commands.ts";
export { synthWorlds } from "./worlds/worlds.ts";
