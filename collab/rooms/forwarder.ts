/**
 * Hands commands of a room to the partitions whose actors obey them.
 *
 *   room's events (durable) ──after the last that the partition has──► taken: in the partition's log, source "room", number = the event's sequence
 *           ▲                                                                │
 *           └──── read again, after a wait, from what its log has ───────────┘ unavailable
 *
 * W1  Each command counts once in each partition, also when this process ends between two of these steps: the partition's log knows the number
 *     of the last command it took, and all after it are sent again.
 * W2  Commands arrive in the order of the room's log: one is sent when those before it are in the partition's log.
 * W3  A partition that takes none for a while gets them when it does again.
 */
import type { Partition } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { LOGGED_COMMANDS, type LoggedCommandName } from "../../protocol/commands.ts";
import type { CommandInput, EventMessage } from "../../protocol/messages.ts";

/** Names the room among the sources of commands. */
export const ROOM_SOURCE = "room";

/** Events read at once. */
const PAGE = 256;

/** Time until commands are sent again, at first and at most: a partition that changes hands takes them after seconds. */
const RETRY_MS = 250;
const RETRY_MS_MAX = 8_000;

/** Said when the wait has grown so long: every start of a cluster, and every change of hands, takes some tries. */
const SAID_AT_MS = 4_000;

const SECOND_US = 1_000_000;

export type RoomCommand = Omit<CommandInput, "type">;

/** What gets the commands: a partition of this process (command-target.ts), or one that any node owns (remote-partition.ts). */
export interface CommandTarget {
  /**
   * Enters commands in their order, none: just asks. Resolves with the number of the last command of the room that the partition's log has, when that is
   * durable. Rejects when some of them may not be.
   */
  take(commands: readonly RoomCommand[]): Promise<number>;
}

export interface Forwarding {
  /** The last input of the room's log of which the partition has taken all commands. */
  readonly heard: number;
  stop(): void;
}

export interface ForwardingOptions {
  readonly clock: Clock;
  log(message: string): void;
  /** The partition has taken commands. */
  onHeard?(): void;
}

/** Forwards from now on, what is missing first. */
export function forwardCommands(room: Partition, to: CommandTarget, options: ForwardingOptions): Forwarding {
  return new Forwarder(room, to, options);
}

class Forwarder implements Forwarding {
  heard = 0;
  private readonly room: Partition;
  private readonly to: CommandTarget;
  private readonly options: ForwardingOptions;
  private readonly unsubscribe: () => void;
  /** The last event of which the partition has the command, or that is none; null: to be asked. */
  private after: number | null = null;
  private isRunning = false;
  private isAsked = false;
  private isEnded = false;
  private retryMs = RETRY_MS;
  private cancelRetry: (() => void) | null = null;

  constructor(room: Partition, to: CommandTarget, options: ForwardingOptions) {
    this.room = room;
    this.to = to;
    this.options = options;
    this.unsubscribe = room.subscribe({
      flush: () => this.look(),
    });
    this.look();
  }

  stop(): void {
    this.isEnded = true;
    this.cancelRetry?.();
    this.unsubscribe();
  }

  private look(): void {
    this.isAsked = true;
    if (this.isRunning || this.isEnded || this.cancelRetry !== null) return;
    this.isRunning = true;
    void this.pump();
  }

  private async pump(): Promise<void> {
    try {
      this.after ??= await this.lastTaken();
      while (this.isAsked && !this.isEnded) {
        this.isAsked = false;
        await this.handOver(this.after);
      }
    } catch (error) {
      this.later(String(error));
    } finally {
      // In the same turn as the last look at `isAsked`.
      this.isRunning = false;
    }
  }

  /** The number of the last command that the partition has. */
  private async lastTaken(): Promise<number> {
    const after = await this.to.take([]);
    const [last] = after === 0 ? [] : await this.room.events(after - 1, 1);
    if (last !== undefined) this.heard = Math.max(this.heard, inputOf(last));
    return after;
  }

  private async handOver(from: number): Promise<void> {
    let after = from;
    let hasSent = false;
    let heard = this.heard;
    for (;;) {
      const events = await this.room.events(after, PAGE);
      const last = events.at(-1);
      if (this.isEnded || last === undefined) break;
      const commands = events.map(commandOf).filter((command) => command !== null);
      if (commands.length > 0) await this.to.take(commands);
      hasSent ||= commands.length > 0;
      after = last.sequence;
      heard = inputOf(last);
      this.retryMs = RETRY_MS;
    }
    this.after = after;
    this.heard = heard;
    if (hasSent && !this.isEnded) this.options.onHeard?.();
  }

  /** Begins again, after a wait, with what the partition's log then lacks. */
  private later(why: string): void {
    if (this.isEnded) return;
    if (this.retryMs === SAID_AT_MS)
      this.options.log(`commands of the room wait until the partition takes them: ${why}`);
    this.after = null;
    this.cancelRetry = this.options.clock.after(this.retryMs, () => {
      this.cancelRetry = null;
      this.look();
    });
    this.retryMs = Math.min(2 * this.retryMs, RETRY_MS_MAX);
  }
}

/** The input that an event follows from: ids are `partition/inputSequence/k`. */
function inputOf({ id }: EventMessage): number {
  return Number(id.split("/").at(-2));
}

/** The command that an event of a room is for other partitions, or null. */
export function commandOf({ kind, sequence, timeUs, detail }: EventMessage): RoomCommand | null {
  const name = LOGGED_COMMANDS.find((each) => each === kind);
  if (name === undefined) return null;
  const { author, name: authorName, role, ...fields } = detail;
  const who = { id: String(author), name: String(authorName), role: String(role) };
  return { name, body: bodyOf(name, fields, timeUs), author: who, source: ROOM_SOURCE, sequence };
}

function bodyOf(name: LoggedCommandName, fields: EventMessage["detail"], timeUs: number): unknown {
  const { id } = fields;
  switch (name) {
    case "threshold.set": {
      const { of, objective } = fields;
      const parsed = objective === undefined ? {} : { objective: JSON.parse(String(objective)) };
      return { ...fields, of: JSON.parse(String(of)), ...parsed };
    }
    case "alert.acknowledged":
      return { id, note: fields["note"] ?? "" };
    case "alert.assigned":
      return { id, to: fields["assignedTo"] };
    case "alert.snoozed":
      return { id, seconds: (Number(fields["snoozedUntilUs"]) - timeUs) / SECOND_US };
    default:
      return { id };
  }
}
