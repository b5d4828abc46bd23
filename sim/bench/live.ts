/** A live system for a benchmark (partition, gateway, journal), and recordings made with one. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { letHeapGrow } from "../../actors/command-line/run.ts";
import {
  createMemoryJournal,
  type Feed,
  openRecordingForWriting,
  Partition,
  type ScanService,
  SYSTEM,
  systemClock,
} from "../../actors/mod.ts";
import { createGateway, type Gateway } from "../../collab/gateway/gateway.ts";
import { applySetting, defaultSettings, type Settings } from "../../protocol/settings.ts";
import { Shadow, type ShadowReport } from "../recordings/replay/shadow.ts";

export interface Live {
  partition: Partition;
  gateway: Gateway;
  /** URL of the WebSocket. */
  socketUrl: string;
  directory: string | null;
  /** Report of the shadow: null without a shadow, and before `close`. */
  shadowed: ShadowReport | null;
  close(): Promise<void>;
}

export async function startLive(options: {
  durability: "memory" | "file";
  detectors: boolean;
  set?: Record<string, unknown>;
  /** Start a second process that executes the recording again: durability "file" only. */
  shadow?: boolean;
  /** Served by its gateway. */
  scans?: ScanService;
}): Promise<Live> {
  // As the program does for itself.
  letHeapGrow();
  const directory = options.durability === "file" ? await mkdtemp(join(tmpdir(), "eigenwatch-bench-")) : null;
  const log = (message: string) => void process.stderr.write(`${message}\n`);
  const journal = directory
    ? await openRecordingForWriting(directory, { partition: "p0" })
    : createMemoryJournal({});
  const partition = await Partition.open({
    session: "bench",
    partition: "p0",
    journal,
    clock: systemClock,
    settings: settingsWith(options.set),
    definitions: options.detectors ? SYSTEM : { group: [], session: SYSTEM.session },
    versions: {},
    recording: directory,
    log,
  });
  const shadow =
    options.shadow && "snapshots" in journal
      ? new Shadow(journal, { announce: ({ title }) => log(title), log })
      : null;
  const gateway = await createGateway({ sessions: [partition], scans: options.scans });
  const live: Live = {
    partition,
    gateway,
    socketUrl: `${gateway.url.replace("http", "ws")}ws`,
    directory,
    shadowed: null,
    async close() {
      await partition.close();
      await gateway.close();
      if (shadow) live.shadowed = await shadow.finish();
      if (directory) await rm(directory, { recursive: true, force: true });
    },
  };
  return live;
}

/** Runs a feed to its end through a live partition with all actors and returns the final state hash. */
export async function record(
  directory: string,
  feeds: Feed[],
  set: Record<string, unknown> = {},
): Promise<string> {
  const partition = await Partition.open({
    session: "bench",
    partition: "p0",
    journal: await openRecordingForWriting(directory, { partition: "p0" }),
    clock: systemClock,
    settings: settingsWith(set),
    definitions: SYSTEM,
    versions: {},
    recording: directory,
    log: () => {},
  });
  partition.startFeeds(feeds);
  await partition.feedsEnded();
  await partition.close();
  return partition.stateHash();
}

function settingsWith(changes: Record<string, unknown> = {}): Settings {
  return Object.entries(changes).reduce(
    (settings, [path, value]) => applySetting(settings, path, value),
    defaultSettings(),
  );
}
