/**
 * The shared documents of a session that runs in this process: opened when somebody comes, or when the recording has one.
 *
 *   /collab/{session} ─► RoomServer ─► partition "room" of the recording, or in memory ──commands──► partitions of the session
 *
 * A session that nobody edits has no such log.
 */

import { existsSync } from "node:fs";
import {
  createMemoryJournal,
  openPartitionForWriting,
  Partition,
  partitionFolder,
  partitionFolders,
  type SharedSync,
  SYSTEM,
  shareSync,
  systemClock,
  VERSIONS,
} from "../../actors/mod.ts";
import { MAX_NAME_BYTES } from "../../protocol/limits.ts";
import type { Principal } from "../../protocol/principal.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import type { GatewayLimits } from "../gateway/limits.ts";
import { joinRoom } from "../rooms/join-room.ts";
import { RoomKeeper } from "../rooms/room-keeper.ts";
import { RoomServer } from "../rooms/room-server.ts";
import { runWorkflows } from "../workflows/runner.ts";
import { type WatchedSession, watchOwners, watchPartitions } from "../workflows/watched-session.ts";
import type { UpConfig } from "./config.ts";
import { OwnPartition } from "./own-partition.ts";
import type { SessionPartition } from "./session-partition.ts";

export interface SessionRoomsOptions {
  readonly config: UpConfig;
  /** Those whose actors obey what people change. */
  readonly partitions: readonly SessionPartition[];
  log(message: string): void;
}

/** Documents of other names, with --open-rooms: a load test has a hundred. */
const OPEN_ROOMS_MAX = 256;

/** A load test of thousands comes from one address, and at once. */
const OPEN_LIMITS: Partial<GatewayLimits> = {
  connectionsMax: 4_096,
  connectionsPerAddressMax: 4_096,
  socketsMax: 8_192,
  strangerSocketsMax: 4_096,
  strangerSocketsPerAddressMax: 4_096,
  socketsPerAddressMax: 4_096,
  requestsBurst: 8_192,
  requestsPerSecond: 4_096,
};

export class SessionRooms {
  readonly server: RoomServer;
  /** Of the gateway. */
  readonly limits: Partial<GatewayLimits>;
  private readonly options: SessionRoomsOptions;
  private readonly open: Promise<Partition>[] = [];
  private readonly stopping: (() => void)[] = [];
  /** Of the logs of a load test's documents: each by itself would have the disk sync it a few dozen times a second. */
  private shared: Promise<SharedSync> | null = null;
  private guests = 0;
  private haltReason: string | null = null;
  private resolveHalted: (reason: string) => void = () => {};
  private readonly halting = new Promise<string>((resolve) => {
    this.resolveHalted = resolve;
  });

  constructor(options: SessionRoomsOptions) {
    const { config, log } = options;
    this.options = options;
    this.limits = config.openRooms ? OPEN_LIMITS : {};
    if (config.openRooms)
      log("warning: --open-rooms: whoever reaches this address edits any shared document, without a ticket");
    this.server = new RoomServer({
      clock: systemClock,
      open: (name) => this.openRoom(name),
      admit: ({ identity }) => (config.openRooms ? this.guest() : identity.principal),
      log,
    });
  }

  /** Opens the document where workflows are offered, and that the recording has: what people changed before may not have reached the other partitions. */
  async resume(): Promise<void> {
    const { record, durability, session, workflows } = this.options.config;
    if (workflows.length > 0) await this.server.roomOf(session);
    if (durability !== "file" || record === null || !existsSync(record)) return;
    const folders = await partitionFolders(record);
    if (folders.some(({ partition }) => partition === ROOM_PARTITION)) await this.server.roomOf(session);
  }

  get hasHalted(): boolean {
    return this.haltReason !== null;
  }

  /** Resolves with the reason when one of the documents' logs halts; never otherwise. */
  whenHalted(): Promise<string> {
    return this.halting;
  }

  /** After the gateway: its clients are gone. */
  async close(): Promise<void> {
    // A gateway that was never opened has not closed it.
    await this.server.close();
    for (const stop of this.stopping) stop();
    await Promise.all(
      this.open.map((room) =>
        room.then(
          (partition) => partition.close(),
          () => {},
        ),
      ),
    );
    await this.shared?.then(
      (shared) => shared.close(),
      () => {},
    );
  }

  private openRoom(name: string): Promise<RoomKeeper> | null {
    const { config } = this.options;
    const isOwn = name === config.session;
    if (!isOwn && !(config.openRooms && this.open.length < OPEN_ROOMS_MAX)) return null;
    const partition = isOwn ? ROOM_PARTITION : `${ROOM_PARTITION}-${name}`;
    if (new TextEncoder().encode(partition).length > MAX_NAME_BYTES) return null;
    const opened = this.openPartition(partition, isOwn);
    this.open.push(opened);
    return opened.then((room) => new RoomKeeper(room, { clock: systemClock, isOpen: config.openRooms }));
  }

  private async openPartition(name: string, isOwn: boolean): Promise<Partition> {
    const { config, partitions, log } = this.options;
    const isRecorded = config.durability === "file";
    const room = await Partition.open({
      session: config.session,
      partition: name,
      journal: isRecorded
        ? await openPartitionForWriting(config.record!, name, { log, ...(await this.disk()) })
        : createMemoryJournal({}),
      clock: systemClock,
      settings: config.settings,
      definitions: SYSTEM,
      versions: VERSIONS,
      recording: isRecorded ? await partitionFolder(config.record!, name) : null,
      of: "edits",
      log,
    });
    void room.whenHalted().then((reason) => {
      this.haltReason = reason;
      this.resolveHalted(reason);
    });
    if (isOwn) this.join(room, partitions);
    return room;
  }

  /** Where many documents may be, their logs share a sync. */
  private async disk(): Promise<{ disk?: SharedSync["disk"] }> {
    const { openRooms, record } = this.options.config;
    if (!openRooms) return {};
    this.shared ??= shareSync(record!);
    return { disk: (await this.shared).disk };
  }

  /** What people change reaches the session's partitions, and what is in force there the document. */
  private join(room: Partition, partitions: readonly SessionPartition[]): void {
    const { log } = this.options;
    const targets = partitions.map(({ target }) => target);
    const alerts = partitions.map((partition) => partition.alerts);
    const stopWorkflows = runWorkflows({
      room,
      session: watched(partitions, log),
      offered: this.options.config.workflows,
      clock: systemClock,
      log,
    });
    this.stopping.push(stopWorkflows, joinRoom({ room, clock: systemClock, targets, alerts, log }));
  }

  /** One author for all: whoever comes back is nobody else. Their names differ. */
  private guest(): Principal {
    return { id: "guest", name: `guest ${++this.guests}`, role: "editor" };
  }
}

/** As workflows see them: at once where all run in this thread, else by asking. */
function watched(partitions: readonly SessionPartition[], log: (message: string) => void): WatchedSession {
  const own = partitions.flatMap((each) => (each instanceof OwnPartition ? [each.session] : []));
  if (own.length === partitions.length) return watchPartitions(own);
  return watchOwners(partitions, { clock: systemClock, log });
}
