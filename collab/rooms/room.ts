/**
 * One shared document and the connections to it.
 *
 *   edit of a client ─► partition (gate, log, actor) ──durable──► edited ─► what gathered in this turn, as one frame for all ─► clients
 *
 * R1  A client gets a change, its own as well, only when that is durable: what comes back is acknowledged.
 * R2  The copy here holds what was sent and no more: whoever connects gets nothing that a crash could take back.
 * R3  A client that reads slowly costs no memory: it is passed over, and gets one difference when it has read.
 */
import * as Y from "yjs";
import type { Judgement, Partition } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { SessionListener } from "../../actors/ports/session.ts";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { LARGE_DOCUMENT_BYTES, MAX_DOCUMENT_BYTES } from "../../protocol/limits.ts";
import type { Principal } from "../../protocol/principal.ts";
import { ROOM_AUTHOR } from "../../protocol/room-document.ts";
import { RateLimit } from "../gateway/rate-limit.ts";
import { joinFrames } from "../gateway/turn-frames.ts";
import { ROOM_LIMITS } from "./limits.ts";
import { Presence, type PresenceOwner } from "./presence.ts";
import { stateParts } from "./state-parts.ts";
import { changeMessage, presenceMessage } from "./wire.ts";

/** A connection, as its room sees it. */
export interface RoomClient extends PresenceOwner {
  /** It has not read what it was sent: it gets nothing more for now. */
  readonly isBehind: boolean;
  /** Sends a frame, which all share. */
  write(frame: Uint8Array): void;
  /** Called before something new is sent. */
  checkBacklog(): void;
  keepAlive(): void;
  /** Ends the connection when its person is not signed in any more. */
  checkSignIn(): void;
  close(code: number, reason: string): void;
}

const NOTHING = (): void => {};

export interface RoomOptions {
  readonly clock: Clock;
  /** Is told when the document becomes large. */
  warn(message: string): void;
  /** Everybody is one author, who brings as many writers as a load test has clients. */
  readonly isOpen?: boolean;
}

export class Room {
  readonly presence = new Presence();
  /** Of the document. */
  epoch: number;
  readonly clock: Clock;
  private readonly partition: Partition;
  /** What clients have been sent. */
  private sent: Y.Doc;
  private readonly sockets = new Set<RoomClient>();
  /** Durable changes that have not been sent. */
  private unsent: Uint8Array[] = [];
  /** Until the next epoch is durable, nobody comes in. */
  private renewing: Promise<unknown> = Promise.resolve();
  private isSendScheduled = false;
  private cancelPresence: (() => void) | null = null;
  private wholeState: readonly Uint8Array[] | null = null;
  private readonly unsubscribe: () => void;
  private readonly warn: (message: string) => void;
  private isLarge = false;
  private isClosed = false;
  /** What each author may bring; null: as many as the document takes. */
  private readonly newWriters: RateLimit | null;

  /** All edits of the partition so far are durable. */
  constructor(partition: Partition, { clock, warn, isOpen = false }: RoomOptions) {
    this.partition = partition;
    this.clock = clock;
    this.warn = warn;
    const { newWritersBurst, newWritersPerSecond, newWritersPeople } = ROOM_LIMITS;
    this.newWriters = isOpen ? null : new RateLimit(newWritersBurst, newWritersPerSecond, newWritersPeople);
    this.sent = new Y.Doc();
    const { document } = partition.room();
    this.epoch = document.epoch;
    Y.applyUpdate(this.sent, Y.encodeStateAsUpdate(document.doc));
    this.unsubscribe = partition.subscribe(this.listener());
    this.renewWhereNeeded();
  }

  /** Resolves when somebody may come in. */
  async ready(): Promise<this> {
    await this.renewing;
    return this;
  }

  /** Whether a copy of the document has something of an earlier epoch. */
  isStale(vector: ReadonlyMap<number, number>): boolean {
    const { retired } = this.partition.room().document;
    return retired.size > 0 && [...vector.keys()].some((writer) => retired.has(writer));
  }

  /** Begins another epoch when too many writers have changed the document. */
  private renewWhereNeeded(): void {
    const { writers, epoch } = this.partition.room().document;
    const { epochWriters, epochWritersMax } = ROOM_LIMITS;
    if (writers.size <= (this.isEmpty ? epochWriters : epochWritersMax)) return;
    const author = { id: ROOM_AUTHOR };
    this.renewing = this.partition
      .command({ name: "document.renewed", body: { epoch }, author, source: "session", sequence: 0 })
      .catch((error: unknown) => this.warn(`it is not made anew: ${String(error)}`));
  }

  /** All that was sent is of an earlier epoch. */
  private begin(epoch: number, state: Uint8Array): void {
    this.epoch = epoch;
    this.unsent = [];
    this.sent = new Y.Doc();
    Y.applyUpdate(this.sent, state);
    this.wholeState = null;
    for (const socket of [...this.sockets])
      socket.close(CLOSE_CODES.epoch, `epoch ${epoch} of the document: load it again`);
  }

  enter(socket: RoomClient): void {
    this.sockets.add(socket);
  }

  leave(socket: RoomClient): void {
    if (!this.sockets.delete(socket)) return;
    this.presence.leave(socket);
    this.presenceChanged();
    if (this.isEmpty && !this.isClosed) this.renewWhereNeeded();
  }

  get isEmpty(): boolean {
    return this.sockets.size === 0;
  }

  /** Offers an edit to the log. What it changes comes back when it is durable. */
  edit({ id, name, role }: Principal, connection: string, update: Uint8Array): Judgement {
    const edit = { update, author: id, name, role, connection, epoch: this.epoch };
    if (this.newWriters === null) return this.partition.edit(edit);
    const left = this.newWriters.bucket(id, this.clock.monotonicMs());
    const judgement = this.partition.edit(edit, Math.max(0, Math.floor(left.left)));
    if (judgement.kind === "admitted") left.spend(judgement.newWriters);
    return judgement;
  }

  /** What has been sent to all. */
  stateVector(): Uint8Array {
    return Y.encodeStateVector(this.sent);
  }

  /** What somebody lacks who has this, in parts that are applied in their order. */
  difference(vector: Map<number, number>): readonly Uint8Array[] {
    if (vector.size > 0)
      return stateParts(Y.encodeStateAsUpdate(this.sent, Y.encodeStateVector(vector)), ROOM_LIMITS.partBytes);
    // Many connect at once, all with nothing.
    this.wholeState ??= stateParts(Y.encodeStateAsUpdate(this.sent), ROOM_LIMITS.partBytes);
    return this.wholeState;
  }

  /** Somebody's presence may have changed: all are told, soon. */
  presenceChanged(): void {
    if (!this.presence.hasChanges || this.cancelPresence !== null) return;
    this.cancelPresence = this.clock.after(ROOM_LIMITS.presenceEveryMs, () => {
      this.cancelPresence = null;
      const { entries, ahead } = this.presence.takeChanges();
      this.toAll(presenceMessage(entries), (socket) => !socket.isBehind && !ahead.has(socket));
      for (const socket of this.sockets)
        if (ahead.has(socket) && !socket.isBehind)
          socket.write(joinFrames([presenceMessage(this.presence.without(socket, entries))]));
    });
  }

  checkSignIns(): void {
    for (const socket of this.sockets) socket.checkSignIn();
  }

  keepAlive(): void {
    const empty = presenceMessage([]);
    for (const socket of [...this.sockets]) socket.keepAlive();
    this.toAll(empty, (socket) => !socket.isBehind);
  }

  /** Ends all connections; their clients connect again elsewhere. */
  close(code: number, reason: string): void {
    this.isClosed = true;
    this.unsubscribe();
    this.cancelPresence?.();
    for (const socket of [...this.sockets]) socket.close(code, reason);
  }

  private listener(): SessionListener {
    return {
      frame: NOTHING,
      event: NOTHING,
      state: NOTHING,
      metrics: NOTHING,
      channels: NOTHING,
      edited: ({ update, epoch }) => {
        if (epoch === this.epoch) this.unsent.push(update);
        else this.begin(epoch, update);
      },
      flush: () => {
        if (this.unsent.length === 0 || this.isSendScheduled) return;
        this.isSendScheduled = true;
        // Edits that other sockets bring in this turn leave in the same frame.
        this.clock.soon(() => this.send());
      },
    };
  }

  private send(): void {
    this.isSendScheduled = false;
    const [first, ...more] = this.unsent;
    this.unsent = [];
    if (first === undefined) return;
    const update = more.length === 0 ? first : Y.mergeUpdates([first, ...more]);
    for (const socket of this.sockets) socket.checkBacklog();
    Y.applyUpdate(this.sent, update);
    this.wholeState = null;
    this.toAll(changeMessage(update), (socket) => !socket.isBehind);
    this.checkSize();
    this.renewWhereNeeded();
  }

  private checkSize(): void {
    const bytes = this.partition.room().document.bytes();
    const isLarge = bytes > LARGE_DOCUMENT_BYTES;
    if (isLarge && !this.isLarge)
      this.warn(
        `it has ${bytes} bytes and loads slowly; above ${MAX_DOCUMENT_BYTES} entries can only be removed`,
      );
    this.isLarge = isLarge;
  }

  private toAll(message: Uint8Array, isMeant: (socket: RoomClient) => boolean): void {
    const frame = joinFrames([message]);
    for (const socket of this.sockets) if (isMeant(socket)) socket.write(frame);
  }
}
