/** A whole live system for a benchmark: partition, gateway, a recording in a temporary folder. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  createMemoryJournal,
  openRecordingForWriting,
  Partition,
  SYSTEM,
  systemClock,
} from "../../actors/mod.ts";
import { createGateway, type Gateway } from "../../collab/gateway/gateway.ts";
import { applySetting, defaultSettings, type Settings } from "../../protocol/settings.ts";
import { SessionShadow } from "../shadow/session-shadow.ts";
import type { ShadowReport } from "../shadow/shadow.ts";

export interface Live {
  partition: Partition;
  gateway: Gateway;
  /** URL of the WebSocket. */
  socketUrl: string;
  directory: string | null;
  /** Null without one, and before the end. */
  shadowed: ShadowReport | null;
  close(): Promise<void>;
}

export async function startLive(options: {
  durability: "memory" | "file";
  detectors: boolean;
  set?: Record<string, unknown>;
  /** With another process that executes the log once more. */
  shadow?: boolean;
}): Promise<Live> {
  const directory = options.durability === "file" ? mkdtempSync(join(tmpdir(), "eigenwatch-bench-")) : null;
  let settings: Settings = defaultSettings();
  for (const [path, value] of Object.entries(options.set ?? {}))
    settings = applySetting(settings, path, value);
  const log = (message: string) => void process.stderr.write(`${message}\n`);
  const shadow = options.shadow ? new SessionShadow(log) : null;
  const journal = directory
    ? await openRecordingForWriting(directory, { partition: "p0" })
    : createMemoryJournal({});
  const partition = await Partition.open({
    session: "bench",
    partition: "p0",
    journal: shadow === null ? journal : await shadow.follow(journal),
    clock: systemClock,
    settings,
    definitions: options.detectors ? SYSTEM : { group: [], session: SYSTEM.session },
    versions: {},
    recording: directory,
    log,
  });
  const gateway = await createGateway({ sessions: [partition] });
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
      if (directory) rmSync(directory, { recursive: true, force: true });
    },
  };
  return live;
}
