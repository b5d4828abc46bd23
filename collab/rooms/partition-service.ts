/**
 * What the node that owns a partition does for the owner of the session's room (remote-partition.ts): takes the room's commands, and tells it when
 * thresholds or alerts may be others.
 *
 *   offer "commands" ─► entered, in their order ──durable──► number of the last that the log has
 *   events about alerts and thresholds ──durable──► ew.<session>.<partition>.event.<kind>
 *
 * A message that is lost is made good by the next one: the room's owner also looks now and then.
 */
import type { Partition } from "../../actors/mod.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { CountedLines } from "../../actors/ports/counted-lines.ts";
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import { errorText, ProtocolError } from "../../protocol/errors.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { commandTarget } from "./command-target.ts";
import { ROOM_SOURCE, type RoomCommand } from "./forwarder.ts";
import { isAboutAlerts } from "./in-force.ts";
import { commandsSubject } from "./remote-partition.ts";

export interface PartitionServiceOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** It runs here. */
  readonly partition: Partition;
  /** Under which this node owns it. */
  readonly epoch: number;
  log(message: string): void;
}

/** From now on. The returned function ends it. */
export function servePartition(options: PartitionServiceOptions): () => void {
  const { bus, clock, partition, epoch, log } = options;
  const { session, partition: name } = partition;
  const garbage = new CountedLines(clock, log);
  const target = commandTarget(partition, log);
  const endAnswers = bus.answer(commandsSubject(session, name), async (_subject, bytes) => {
    const commands = read(bytes, garbage);
    if (commands === null) return null;
    return target.take(commands).then(
      (last) => encodeMessage({ type: "answer", epoch, body: String(last) }),
      (error: unknown) => refusal(epoch, error),
    );
  });
  const endEvents = partition.subscribe({
    event: (event) => {
      if (isAboutAlerts(event.kind))
        bus.publish(subjectOf(session, name, "event", event.kind), encodeMessage(event));
    },
  });
  return () => {
    endAnswers();
    endEvents();
  };
}

function read(bytes: Uint8Array, garbage: CountedLines): RoomCommand[] | null {
  try {
    const commands = decodeAs("offer", bytes).messages.map((message) => decodeAs("command", message));
    if (commands.every(({ source }) => source === ROOM_SOURCE)) return commands;
    garbage.say("command", `commands of another source than ${ROOM_SOURCE} are passed over`);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    garbage.say("command", `commands of the room are passed over: ${error.message}`);
  }
  return null;
}

function refusal(epoch: number, error: unknown): Uint8Array {
  const value = errorText(error);
  const parts = { action: "take commands", value, expected: "", kind: "unavailable" as const };
  return encodeMessage({ type: "answer", epoch, error: parts });
}
