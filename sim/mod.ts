/** What the live system takes from sim/. */
import type { RecordingFolder } from "./recordings/shelf/folder.ts";

export { holdsAlert } from "./alert-commands.ts";
export { beginWithLearnt } from "./recordings/learnt/begin.ts";
export { withSameChannels } from "./recordings/learnt/same-channels.ts";
export { recordedDocument } from "./recordings/replay/document.ts";
export { Shadow, type ShadowReport } from "./recordings/replay/shadow.ts";
export { type LivePartition, liveCommands } from "./session-commands.ts";
export { findScenario } from "./worlds/scenarios.ts";
export { synthWorlds } from "./worlds/worlds.ts";

/** Loaded where recordings are served: what opens, seals and replays them is much, and most sessions do without. */
export async function openRecordingFolder(
  ...args: ConstructorParameters<typeof RecordingFolder>
): Promise<RecordingFolder> {
  const { RecordingFolder } = await import("./recordings/shelf/folder.ts");
  return new RecordingFolder(...args);
}
