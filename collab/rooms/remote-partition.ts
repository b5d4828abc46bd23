/**
 * A partition that any node of a cluster owns, as the owner of the session's room has it: it takes the room's commands, and says which thresholds
 * and alerts are in force, and how far it has come. Its owner's end is partition-service.ts.
 *
 *   commands ──offer "commands"──► owner ──durable──► number of the last that its log has
 *   listAlerts, readStanding ──request──► owner            events about alerts ──messages──► look
 */
import { RemoteCommands } from "../../actors/cluster/mod.ts";
import { type Bus, NobodyAsked } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import type { AlertsStatus, SessionStanding } from "../../protocol/controls.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { MAX_BLOCK_BYTES, MAX_BLOCK_INPUTS } from "../../protocol/limits.ts";
import { ROOM_AUTHOR } from "../../protocol/room-document.ts";
import { subjectOf, subjectPatterns } from "../../protocol/subjects.ts";
import { type CommandTarget, ROOM_SOURCE, type RoomCommand } from "./forwarder.ts";
import type { AlertsSource } from "./in-force.ts";

/** For the answer that commands are durable: a block takes milliseconds, and a busy owner a second. */
const ANSWER_MS = 2_000;

const AUTHOR = { author: ROOM_AUTHOR, authorId: ROOM_AUTHOR, authorRole: "viewer" } as const;

export interface RemotePartitionOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly session: string;
  readonly partition: string;
  /** This life of the room's owner, unlike any other: its questions have ids that begin with it. */
  readonly asker: string;
  /** Under which a node owns the partition, as far as this one knows. */
  epoch(): number;
}

/** Where the owner of a partition takes the commands of a room. */
export function commandsSubject(session: string, partition: string): string {
  return subjectOf(session, partition, "offer", "commands", ROOM_SOURCE);
}

export class RemotePartition implements CommandTarget, AlertsSource {
  private readonly options: RemotePartitionOptions;
  private readonly asked: RemoteCommands;
  private readonly closing = new AbortController();
  private offers = 0;

  constructor(options: RemotePartitionOptions) {
    const { bus, clock, session, partition, asker, epoch } = options;
    this.options = options;
    const subject = subjectOf(session, partition, "command");
    this.asked = new RemoteCommands({ bus, clock, session, subject, gateway: asker, epoch });
  }

  close(): void {
    this.closing.abort();
  }

  async take(commands: readonly RoomCommand[]): Promise<number> {
    let last = 0;
    for (const messages of offersOf(commands)) last = await this.offer(messages);
    return last;
  }

  async alerts(): Promise<AlertsStatus> {
    const { commands } = this.asked;
    return commands.carryOut({ name: "listAlerts", body: {} }, AUTHOR, this.closing.signal);
  }

  async standing(): Promise<SessionStanding> {
    const { commands } = this.asked;
    return commands.carryOut({ name: "readStanding", body: {} }, AUTHOR, this.closing.signal);
  }

  onChange(look: () => void): () => void {
    const { bus, session, partition } = this.options;
    const [, events] = subjectPatterns(session, partition, "event");
    return bus.subscribe(events, look);
  }

  private async offer(messages: Uint8Array[]): Promise<number> {
    const { bus, session, partition, asker } = this.options;
    const id = `${asker}/${++this.offers}`;
    const request = encodeMessage({ type: "offer", id, messages });
    const refuse = (value: string): EigenwatchError =>
      new EigenwatchError({ action: `send commands to ${partition}`, value, kind: "unavailable" });
    const answer = await bus
      .request(commandsSubject(session, partition), request, ANSWER_MS)
      .catch((error) => {
        throw refuse(error instanceof NobodyAsked ? "no node owns it at the moment" : String(error));
      });
    const { body, error } = decodeAs("answer", answer);
    if (body === undefined) throw refuse(error?.value ?? "no answer that counts");
    return Number(body);
  }
}

/** Commands by request: at least one, which then has none. */
function offersOf(commands: readonly RoomCommand[]): Uint8Array[][] {
  const offers: Uint8Array[][] = [[]];
  let bytes = 0;
  for (const command of commands) {
    const message = encodeMessage({ type: "command", ...command });
    bytes += message.length;
    const offer = offers.at(-1)!;
    const isFull = offer.length === MAX_BLOCK_INPUTS || bytes > MAX_BLOCK_BYTES;
    if (offer.length === 0 || !isFull) offer.push(message);
    else {
      offers.push([message]);
      bytes = message.length;
    }
  }
  return offers;
}
