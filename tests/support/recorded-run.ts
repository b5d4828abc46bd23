/** A real recording in a temporary folder: a seeded walk through a real partition onto a real disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../actors/clock.ts";
import type { CoreDefinitions } from "../../actors/core/core.ts";
import { createFeeds } from "../../actors/feeds/spec.ts";
import { openRecording, openRecordingForWriting } from "../../actors/journal/recording.ts";
import { Partition } from "../../actors/partition/partition.ts";
import { defaultSettings, type Settings } from "../../protocol/settings.ts";

export interface RecordedRun {
  directory: string;
  hash: string;
  inputs: number;
  events: number;
  samples: number;
}

/** Feeds a session until the feeds have ended; `keepOpen` leaves it as a crash would, without the last checkpoint and snapshot. */
export async function record(options: {
  definitions: CoreDefinitions;
  feeds: string[];
  directory?: string;
  settings?: Settings;
}): Promise<RecordedRun> {
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
  partition.startFeeds(createFeeds(options.feeds, { clock: systemClock, seed: settings.seed }));
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
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
