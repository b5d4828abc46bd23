/**
 * What the node that owns a room does in a cluster: it judges the edits that gateways pass on (remote-room.ts), and joins the document with the
 * session's partitions, wherever they run (remote-partition.ts).
 *
 *   ew.<session>.room.command ──edit · renewal──► keeper ──judgement──► the asking gateway
 *   room ──commands──► owners of the partitions ──what is in force──► room
 *
 * V1  An answer names the epoch of the owner. It says that an edit has entered the log here, not that it is durable: that comes from the log.
 */
import type { Partition } from "../../actors/mod.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { CountedLines } from "../../actors/ports/counted-lines.ts";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { decodeMessage, encodeMessage } from "../../protocol/codec.ts";
import { EigenwatchError, ProtocolError } from "../../protocol/errors.ts";
import type { DecodedMessage, MessageOf } from "../../protocol/messages.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { joinRoom } from "./join-room.ts";
import { RemotePartition } from "./remote-partition.ts";
import { RENEWED, RoomKeeper } from "./room-keeper.ts";

/** What is in force is compared so often besides: a message that said that it changed may be lost. */
const LOOK_EVERY_MS = 5_000;

export interface RoomServiceOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** It runs here. */
  readonly room: Partition;
  /** Under which this node owns it. */
  readonly epoch: number;
  /** This node, in the ids of its questions. */
  readonly node: string;
  /** Those whose actors obey what people change, wherever they run. */
  readonly partitions: readonly string[];
  /** Under which a node owns a partition, as far as this one knows. */
  epochOf(partition: string): number;
  /** What else goes on while this node owns the room, of the same partitions. The returned function ends it. */
  along?(partitions: readonly RemotePartition[]): () => void;
  log(message: string): void;
}

/** From now on. The returned function ends it. */
export function serveRoom(options: RoomServiceOptions): () => void {
  const ends = [answerEdits(options), joinPartitions(options)];
  return () => {
    for (const end of ends) end();
  };
}

function answerEdits({ bus, clock, room, epoch, log }: RoomServiceOptions): () => void {
  const keeper = new RoomKeeper(room, { clock });
  const garbage = new CountedLines(clock, log);
  return bus.answer(subjectOf(room.session, room.partition, "command"), async (_subject, bytes) => {
    let asked: DecodedMessage;
    try {
      asked = decodeMessage(bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      garbage.say("edit", `an edit is passed over: ${error.message}`);
      return null;
    }
    const answer = await answerTo(asked, keeper);
    if (answer === null) garbage.say("edit", `a message of type ${asked.type} is no edit`);
    return answer === null ? null : encodeMessage({ type: "answer", epoch, ...answer });
  });
}

/** What people change reaches the session's partitions, and what is in force there the document. */
function joinPartitions(options: RoomServiceOptions): () => void {
  const { bus, clock, room, node, log } = options;
  const asker = `${node}@${clock.nowUs()}`;
  const partitions = options.partitions.map(
    (partition) =>
      new RemotePartition({
        ...{ bus, clock, session: room.session, partition, asker },
        epoch: () => options.epochOf(partition),
      }),
  );
  const end = joinRoom({ room, clock, targets: partitions, alerts: partitions, everyMs: LOOK_EVERY_MS, log });
  const endAlong = options.along?.(partitions);
  return () => {
    endAlong?.();
    end();
    for (const partition of partitions) partition.close();
  };
}

type Answer = Pick<MessageOf<"answer">, "body" | "error">;

/** Null for what nobody may ask for. */
async function answerTo(asked: DecodedMessage, keeper: RoomKeeper): Promise<Answer | null> {
  if (asked.type === "edit") {
    const judgement = keeper.edit(asked);
    // It will not be the owner for long: the gateway asks again.
    const isLeaving = judgement.kind === "refused" && judgement.code === CLOSE_CODES.unavailable;
    return isLeaving ? {} : { body: JSON.stringify(judgement) };
  }
  if (asked.type !== "command" || asked.name !== RENEWED) return null;
  const { epoch } = asked.body as { epoch?: unknown };
  try {
    await keeper.renew(Number(epoch));
    return { body: "" };
  } catch (error) {
    if (!(error instanceof EigenwatchError)) throw error;
    const { action, value, expected, kind } = error;
    return { error: { action, value, expected, kind } };
  }
}
