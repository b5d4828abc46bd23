/**
 * Hands commands of a room to the partitions whose actors obey them.
 *
 *   room's events (durable) ──after the last that the partition has──► Partition.command, source "room", number = the event's sequence
 *           ▲                                                                │
 *           └──── read again, after a wait, from what its log has ───────────┘ unavailable
 *
 * W1  Each command counts once in each partition, also when this process ends between two of these steps: the partition's log knows the number
 *     of the last command it took, and all after it are sent again.
 * W2  Commands arrive in the order of the room's log.
 * W3  A partition that takes none for a while gets them when it does again.
 */
import type { Partition } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { LOGGED_COMMANDS, type LoggedCommandName } from "../../protocol/commands.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { CommandInput, EventMessage } from "../../protocol/messages.ts";

/** Names the room among the sources of commands. */
export const ROOM_SOURCE = "room";

/** Events read at once. */
const PAGE = 256;

/** Time until commands are sent again, at first and at most: a partition that changes hands takes them after seconds. */
const RETRY_MS = 250;
const RETRY_MS_MAX = 30_000;

const SECOND_US = 1_000_000;

const NOTHING = (): void => {};

/** What gets the commands. */
export interface CommandTarget extends Pick<Partition, "command" | "notReady"> {
  readonly core: Pick<Partition["core"], "lastCommandOf">;
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
  /** The last event that was handed over, or needed not to be. */
  private after: number;
  private isRunning = false;
  private isAsked = false;
  private isEnded = false;
  private retryMs = RETRY_MS;
  private cancelRetry: (() => void) | null = null;

  constructor(room: Partition, to: CommandTarget, options: ForwardingOptions) {
    this.room = room;
    this.to = to;
    this.options = options;
    this.after = to.core.lastCommandOf(ROOM_SOURCE);
    this.unsubscribe = room.subscribe({
      frame: NOTHING,
      event: NOTHING,
      state: NOTHING,
      metrics: NOTHING,
      channels: NOTHING,
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
      if (this.heard === 0 && this.after > 0) {
        const [last] = await this.room.events(this.after - 1, 1);
        if (last !== undefined) this.heard = inputOf(last);
      }
      while (this.isAsked && !this.isEnded && this.cancelRetry === null) {
        this.isAsked = false;
        await this.handOver();
      }
    } catch (error) {
      this.later(`commands of the room cannot be read: ${String(error)}`);
    } finally {
      // In the same turn as the last look at `isAsked`.
      this.isRunning = false;
    }
  }

  private async handOver(): Promise<void> {
    let hasSent = false;
    let heard = this.heard;
    for (;;) {
      const events = await this.room.events(this.after, PAGE);
      if (this.isEnded || this.cancelRetry !== null) return;
      if (events.length === 0) break;
      for (const event of events) {
        const command = commandOf(event);
        if (command !== null) {
          // Asked before each: one that is taken after another was not would hide that one for good.
          const reason = this.to.notReady();
          if (reason !== null) {
            this.later(reason);
            return;
          }
          hasSent = true;
          this.to.command(command).then(this.taken, this.refused);
        }
        this.after = event.sequence;
        heard = inputOf(event);
      }
    }
    this.heard = heard;
    if (hasSent) this.options.onHeard?.();
  }

  private readonly taken = (): void => {
    if (this.cancelRetry === null) this.retryMs = RETRY_MS;
  };

  private readonly refused = (error: unknown): void => {
    if (error instanceof EigenwatchError && error.kind === "unavailable") this.later(String(error));
    else this.options.log(`a command of the room is passed over: ${String(error)}`);
  };

  /** Begins again, after a wait, with what the partition's log then lacks. */
  private later(why: string): void {
    if (this.isEnded || this.cancelRetry !== null) return;
    if (this.retryMs === RETRY_MS)
      this.options.log(`commands of the room wait until the partition takes them: ${why}`);
    this.cancelRetry = this.options.clock.after(this.retryMs, () => {
      this.cancelRetry = null;
      this.after = this.to.core.lastCommandOf(ROOM_SOURCE);
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
export function commandOf({
  kind,
  sequence,
  timeUs,
  detail,
}: EventMessage): Omit<CommandInput, "type"> | null {
  const name = LOGGED_COMMANDS.find((each) => each === kind);
  if (name === undefined) return null;
  const { author, name: authorName, role, ...fields } = detail;
  const who = { id: String(author), name: String(authorName), role: String(role) };
  return { name, body: bodyOf(name, fields, timeUs), author: who, source: ROOM_SOURCE, sequence };
}

function bodyOf(name: LoggedCommandName, fields: EventMessage["detail"], timeUs: number): unknown {
  const { id } = fields;
  switch (name) {
    case "threshold.set":
      return { ...fields, of: JSON.parse(String(fields["of"])) };
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
