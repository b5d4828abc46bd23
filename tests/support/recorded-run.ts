/** A real recording in a temporary folder: a seeded walk through a real partition onto a real disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../actors/clock.ts";
import type { CoreDefinitions } from "../../actors/core/core.ts";
import { createFeeds } from "../../actors/feeds/session-feeds.ts";
import { openJournal } from "../../actors/journal/mod.ts";
import { openRecording, openRecordingForWriting } from "../../actors/journal/recording.ts";
import type { Partition } from "../../actors/partition/partition.ts";
import type { Feed } from "../../actors/ports/feed.ts";
import { defaultSettings, type Settings } from "../../protocol/settings.ts";
import { openPartition } from "./open-partition.ts";

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
  const partition = await openPartition({
    journal: await openRecordingForWriting(directory, { partition: "p0" }),
    settings,
    definitions: options.definitions,
    recording: directory,
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

/** A copy of what retention would leave of a recording: its oldest snapshot, and the blocks after that. `firstInput`: of these. */
export async function withoutBeginning(of: string): Promise<{ directory: string; firstInput: number }> {
  const directory = temporaryDirectory();
  const source = await openRecording(of);
  const target = await openJournal(directory, { partition: source.partition });
  const { block } = source.snapshots[0]!;
  for await (const entry of source.read(block + 1))
    if (entry.kind === "block") await target.append(entry.block);
  const { timeUs, sequence, bytes } = (await source.loadSnapshot({ block }))!;
  await target.saveSnapshot(block, timeUs, sequence, bytes);
  await target.close();
  await source.close();
  return { directory, firstInput: sequence + 1 };
}

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
