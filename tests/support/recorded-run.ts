/** A real recording in a temporary folder: a seeded walk through a real partition onto a real disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../actors/clock.ts";
import type { CoreDefinitions } from "../../actors/core/core.ts";
import { createFeeds } from "../../actors/feeds/session-feeds.ts";
import { openRecording, openRecordingForWriting } from "../../actors/journal/recording.ts";
import { Partition } from "../../actors/partition/partition.ts";
import type { Feed } from "../../actors/ports/feed.ts";
import { defaultSettings, type Settings } from "../../protocol/settings.ts";

export interface RecordedRun {
  directory: string;
  hash: string;
  inputs: number;
  events: number;
  samples: number;
}

/** Feeds a session until the feeds have ended. */
export async function record(options: RecordOptions & { feeds: string[] }): Promise<RecordedRun> {
  const { seed } = options.settings ?? defaultSettings();
  return recordFeeds({ ...options, feeds: createFeeds(options.feeds, { clock: systemClock, seed }) });
}

interface RecordOptions {
  definitions: CoreDefinitions;
  directory?: string;
  settings?: Settings;
}

export async function recordFeeds(
  options: RecordOptions & { feeds: Feed[]; before?: (partition: Partition) => Promise<unknown> },
): Promise<RecordedRun> {
  const directory = options.directory ?? temporaryDirectory();
  const settings = options.settings ?? defaultSettings();
  const partition = await Partition.open({
    session: "test",
    partition: "p0",
    journal: await openRecordingForWriting(directory, { partition: "p0" }),
    clock: systemClock,
    settings,
    definitions: options.definitions,
    versions: {},
    recording: directory,
    log: () => {},
  });
  await options.before?.(partition);
  partition.startFeeds(options.feeds);
  await partition.feedsEnded();
  await partition.close();
  const { core } = partition;
  return {
    directory,
    hash: partition.stateHash(),
    inputs: core.sequence,
    events: core.eventSequence,
    samples: core.samples,
  };
}

export { openRecording };

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "eigenwatch-"));
  if (made.length === 0)
    process.on("exit", () => {
      for (const each of made) rmSync(each, { recursive: true, force: true });
    });
  made.push(directory);
  return directory;
}

/** Removed when the tests end. */
const made: string[] = [];
