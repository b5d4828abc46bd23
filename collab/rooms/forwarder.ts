/**
 * Hands commands of a room to the partitions whose actors obey them.
 *
 *   room's events (durable) ──after the last that the partition has──► Partition.command, source "room", number = the event's sequence
 *
 * W1  Each command counts once in each partition, also when this process ends between two of these steps: the partition's log knows the number
 *     of the last command it took, and all after it are sent again.
 * W2  Commands arrive in the order of the room's log.
 */
import type { Partition } from "../../actors/mod.ts";
import { LOGGED_COMMANDS, type LoggedCommandName } from "../../protocol/commands.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { CommandInput, EventMessage } from "../../protocol/messages.ts";

/** Names the room among the sources of commands. */
export const ROOM_SOURCE = "room";

/** Events read at once. */
const PAGE = 256;

const SECOND_US = 1_000_000;

const NOTHING = (): void => {};

/** Forwards from now on, what is missing first. Returns what ends it. */
export function forwardCommands(room: Partition, to: Partition, log: (message: string) => void): () => void {
  let after = to.core.lastCommandOf(ROOM_SOURCE);
  let isRunning = false;
  let isAsked = false;
  let isEnded = false;
  const pump = async (): Promise<void> => {
    isAsked = true;
    if (isRunning) return;
    isRunning = true;
    while (isAsked && !isEnded) {
      isAsked = false;
      for (let events = await room.events(after, PAGE); events.length > 0 && !isEnded; ) {
        for (const event of events) {
          after = event.sequence;
          const command = commandOf(event);
          if (command !== null) to.command(command).catch(refused);
        }
        events = await room.events(after, PAGE);
      }
    }
    isRunning = false;
  };
  const refused = (error: unknown): void => {
    // A partition that closes or has halted takes it when it goes on: its log knows what it lacks.
    if (error instanceof EigenwatchError && error.kind === "unavailable") isEnded = true;
    else log(`a command of the room is passed over: ${String(error)}`);
  };
  const look = (): void =>
    void pump().catch((error: unknown) => {
      isRunning = false;
      log(`commands of the room cannot be read: ${String(error)}`);
    });
  const unsubscribe = room.subscribe({
    frame: NOTHING,
    event: NOTHING,
    state: NOTHING,
    metrics: NOTHING,
    channels: NOTHING,
    flush: look,
  });
  look();
  return () => {
    isEnded = true;
    unsubscribe();
  };
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
