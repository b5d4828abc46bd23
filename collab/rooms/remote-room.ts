/**
 * The shared document of a session in a cluster, as the gateway of any node has it: its owner judges (room-service.ts), the log says what counts.
 *
 *   edit of a client ──request──► owner ──judgement──► the gateway
 *                                   └─► log ──admitted blocks──► replica ─► room ─► clients
 *
 * Q1  An edit may be asked for any number of times: one that the document has holds nothing new.
 * Q2  Without a judgement that counts, the client is asked for what is missing, as for any gap. It sends all that the log lacks, until that is there.
 */
import * as v from "valibot";
import { Replica } from "../../actors/cluster/mod.ts";
import { type Judgement, type RoomDocument, roomIn, roomOf, SYSTEM } from "../../actors/mod.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { MAX_EDIT_BYTES } from "../../protocol/limits.ts";
import type { Edit, MessageOf } from "../../protocol/messages.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { renewal } from "./room-keeper.ts";
import type { RoomListener, RoomSource } from "./room-source.ts";

/** For one answer. An owner judges an edit at once; the longest is a fifth of a second's work. */
const ANSWER_MS = 2_000;

const GAP: Judgement = { kind: "gap" };

const judgement = v.variant("kind", [
  v.object({ kind: v.literal("admitted"), newWriters: v.number() }),
  v.object({ kind: v.literal("nothing") }),
  v.object({ kind: v.literal("gap") }),
  v.object({ kind: v.literal("refused"), code: v.picklist(Object.values(CLOSE_CODES)), reason: v.string() }),
]);

export interface RemoteRoomOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly session: string;
  /** This gateway, in the names of its connections. */
  readonly node: string;
  /** Closes the room, also before its log is read. */
  readonly signal?: AbortSignal;
  log(message: string): void;
}

export class RemoteRoom implements RoomSource {
  private readonly options: RemoteRoomOptions;
  private readonly replica: Replica;
  private readonly subject: string;

  /** Resolves when the log was read to its end. Rejects when no node has begun it yet, or the room was stopped. */
  static async open(options: RemoteRoomOptions): Promise<RemoteRoom> {
    const replica = await Replica.open({ ...options, partition: ROOM_PARTITION, definitions: SYSTEM });
    try {
      roomOf(replica.core);
    } catch (error) {
      replica.close();
      throw error;
    }
    return new RemoteRoom(options, replica);
  }

  private constructor(options: RemoteRoomOptions, replica: Replica) {
    this.options = options;
    this.replica = replica;
    this.subject = subjectOf(options.session, ROOM_PARTITION, "command");
  }

  document(): RoomDocument {
    return roomOf(this.replica.core).document;
  }

  edit(edit: Omit<Edit, "type">): Judgement | Promise<Judgement> {
    const { node } = this.options;
    const request: Edit = { type: "edit", ...edit, connection: `${node} ${edit.connection}` };
    const here = roomIn(this.replica.core)?.judge(request);
    // What everybody has the owner has too. Of all else it may know more than the log that was read here.
    if (here?.kind === "nothing") return here;
    if (here?.kind === "refused" && edit.update.length > MAX_EDIT_BYTES) return here;
    return this.judged(request);
  }

  async renew(epoch: number): Promise<void> {
    const { error } = await this.ask({ type: "command", ...renewal(epoch) });
    if (error !== undefined) throw new EigenwatchError(error);
  }

  subscribe(listener: RoomListener): () => void {
    return this.replica.subscribe({ ownerChanged() {}, rewound() {}, ...listener });
  }

  private async judged(edit: Edit): Promise<Judgement> {
    try {
      const { epoch, body } = await this.ask(edit);
      // A node that was succeeded without noticing it.
      if (body === undefined || epoch < this.replica.epoch) return GAP;
      return v.parse(judgement, JSON.parse(body));
    } catch {
      return GAP;
    }
  }

  private async ask(request: Edit | MessageOf<"command">): Promise<MessageOf<"answer">> {
    return decodeAs(
      "answer",
      await this.options.bus.request(this.subject, encodeMessage(request), ANSWER_MS),
    );
  }
}
