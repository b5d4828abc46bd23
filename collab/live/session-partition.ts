/** One partition of a session that `up` runs: in this thread (own-partition.ts), or in another one of this process (thread-partition.ts). */
import type { Feed, ScanLog } from "../../actors/mod.ts";
import type { SessionCommands } from "../../actors/ports/commands.ts";
import type { LiveSession, SessionListener } from "../../actors/ports/session.ts";
import type { OperatorNotice } from "../../protocol/messages.ts";
import type { Settings } from "../../protocol/settings.ts";
import type { ShadowReport } from "../../sim/mod.ts";
import type { CommandTarget } from "../rooms/forwarder.ts";
import type { AlertsSource } from "../rooms/in-force.ts";
import type { StandingSource } from "../workflows/watched-session.ts";
import type { UpConfig } from "./config.ts";

export interface SessionPartition extends StandingSource {
  /** As the gateway has it. Its commands are those of this partition alone, until they are routed (route-commands.ts). */
  readonly session: LiveSession & { readonly commands: SessionCommands };
  /** The folder of its journal, null in memory. */
  readonly recording: string | null;
  /** In force when it was opened. */
  readonly settings: Settings;
  /** As a room has it. */
  readonly target: CommandTarget;
  readonly alerts: AlertsSource;
  readonly scanLog: ScanLog;
  startFeeds(feeds: readonly Feed[]): void;
  /** Resolves when all feeds of one kind have ended and what they brought is durable. */
  feedsEnded(kind: Feed["kind"]): Promise<void>;
  operatorNotice(notice: Omit<OperatorNotice, "type">): Promise<void>;
  /** Resolves with the reason when it halts; never otherwise. */
  whenHalted(): Promise<string>;
  readonly haltReason: string | null;
  shadowCaughtUp(): Promise<void>;
  /** Takes no more, and closes the journal when all is durable. What is there can still be asked for. */
  close(): Promise<void>;
  /** After `close`, the last call: what the log holds, and what the shadow has compared. */
  end(): Promise<PartitionEnd>;
}

/** What the log of a partition holds at its end. */
export interface PartitionEnd {
  readonly inputs: number;
  readonly samples?: number;
  readonly events?: number;
  readonly hash?: string;
  /** Inputs of the core that are not in the log, after a halt; null: nobody can say how many. */
  readonly lost?: number | null;
  readonly shadow: ShadowReport | null;
}

/** What a partition is opened with: plain values, which another thread can be sent. */
export type PartitionPlan = Pick<
  UpConfig,
  "session" | "record" | "durability" | "settings" | "requested" | "shadow" | "retainBytes" | "retainHours"
> & {
  /** How many there are of the session. */
  readonly partitions: number;
};

export interface PartitionOpening {
  readonly name: string;
  readonly plan: PartitionPlan;
  /** Gets every delivery, those of the opening as well. */
  readonly listener: SessionListener;
  log(message: string): void;
}
