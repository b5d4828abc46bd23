/** The public face of actors/: what main.ts, collab/ and sim/ build on. */
export { systemClock } from "./clock.ts";
export { asked, askedAsync, CommandError } from "./errors.ts";
export type { Feed, FeedSink } from "./feeds/feed.ts";
export { createFeeds, feedHelp } from "./feeds/spec.ts";
export { detectFile } from "./filters/detect.ts";
export { measureFile } from "./filters/measure.ts";
export { createMemoryJournal } from "./journal/memory.ts";
export { describeRecording, openRecording, openRecordingForWriting } from "./journal/recording.ts";
export { Partition } from "./partition/partition.ts";
export { withSetting } from "./setting-flag.ts";
export { SYSTEM } from "./system.ts";
export { VERSION, VERSIONS } from "./versions.ts";
