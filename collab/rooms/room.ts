/**
 * One shared document and the connections to it.
 *
 *   edit of a client ─► source (gate, log, actor) ──durable──► edited ─► what gathered in this turn, as one frame for all ─► clients
 *
 * R1  A client gets a change, its own as well, only when that is durable: what comes back is acknowledged.
 * R2  The copy here holds what was sent and no more: whoever connects gets nothing that a crash could take back.
 * R3  Sending takes a share of the processor, however many clients there are: after a frame that took long, the next gathers for longer.
 * R4  A client that reads slowly costs no memory: it is passed over, and gets one difference when it has read.
 */
import * as Y from "yjs";
import type { Judgement } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { LARGE_DOCUMENT_BYTES, MAX_DOCUMENT_BYTES } from "../../protocol/limits.ts";
import type { Principal } from "../../protocol/principal.ts";
import { joinFrames } from "../gateway/turn-frames.ts";
import { ROOM_LIMITS } from "./limits.ts";
import { merged } from "./merge.ts";
import { Presence, type PresenceOwner } from "./presence.ts";
import type { PresenceLink, PresenceSaid } from "./presence-link.ts";
import type { RoomListener, RoomSource } from "./room-source.ts";
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
  /** Offers the edits that it has brought in this turn. */
  offer(): void;
  /** Asks the client for what it has and the document lacks. */
  askForMissing(): void;
  /** Ends the connection when its person is not signed in any more. */
  checkSignIn(): void;
  close(code: number, reason: string): void;
}

export interface RoomOptions {
  readonly clock: Clock;
  /** Is told when the document becomes large. */
  warn(message: string): void;
  /** To the other gateways of the session; absent: there are none. */
  readonly link?: PresenceLink | undefined;
}

/** Changes that are applied to the copy at once, and their bytes: more would keep memory and cost no less, and nothing is sent meanwhile. */
const NOT_TAKEN_MAX = 64;
const NOT_TAKEN_BYTES_MAX = 16_384;

export class Room {
  readonly presence = new Presence();
  /** Of the document. */
  epoch: number;
  readonly clock: Clock;
  private readonly source: RoomSource;
  /** What clients have been sent, but for what is not taken into it yet. */
  private sentBefore: Y.Doc;
  /** Most changes are sent and nobody asks for the whole: applied together they cost less. */
  private notTaken: Uint8Array[] = [];
  private notTakenBytes = 0;
  private readonly sockets = new Set<RoomClient>();
  /** Those that have edits to offer. */
  private offering: RoomClient[] = [];
  /** Durable changes that have not been sent. */
  private unsent: Uint8Array[] = [];
  /** Until the next epoch is durable, nobody comes in. */
  private renewing: Promise<unknown> = Promise.resolve();
  private isRenewing = false;
  private isSendScheduled = false;
  /** Nothing is sent before this, monotonic ms. */
  private restUntilMs = Number.NEGATIVE_INFINITY;
  /** What writing the last frame to all took. */
  private writingMs = Number.POSITIVE_INFINITY;
  private cancelPresence: (() => void) | null = null;
  private wholeState: readonly Uint8Array[] | null = null;
  private readonly unsubscribe: () => void;
  private readonly link: PresenceLink | undefined;
  private readonly unlink: () => void;
  /** When the other gateways that have connections said so last, monotonic ms. What has begun before anything of it was heard counts as one. */
  private readonly others = new Map<string, number>();
  private readonly warn: (message: string) => void;
  private isLarge = false;
  private isClosed = false;

  /** All edits of the source so far are durable. */
  constructor(source: RoomSource, { clock, warn, link }: RoomOptions) {
    this.source = source;
    this.clock = clock;
    this.warn = warn;
    this.link = link;
    this.unlink = link?.hear((said) => this.hear(said)) ?? (() => {});
    // Until all had time to say that they are there.
    if (link !== undefined) this.others.set("", clock.monotonicMs());
    link?.say(0, [], true);
    const { epoch, doc } = source.document();
    this.epoch = epoch;
    this.sentBefore = copyOf(Y.encodeStateAsUpdate(doc));
    this.unsubscribe = source.subscribe(this.listener());
    this.renewWhereNeeded();
  }

  /** Resolves when somebody may come in. */
  async ready(): Promise<this> {
    await this.renewing;
    return this;
  }

  /** Whether a copy of the document has something of an earlier epoch. */
  isStale(vector: ReadonlyMap<number, number>): boolean {
    const { retired } = this.source.document();
    return retired.size > 0 && [...vector.keys()].some((writer) => retired.has(writer));
  }

  /** Begins another epoch when too many writers have changed the document. */
  private renewWhereNeeded(): void {
    const { writers, epoch } = this.source.document();
    const { epochWriters, epochWritersMax } = ROOM_LIMITS;
    const isNobodyThere = this.isEmpty && this.others.size === 0;
    if (this.isClosed || this.isRenewing || writers.size <= (isNobodyThere ? epochWriters : epochWritersMax))
      return;
    this.isRenewing = true;
    this.renewing = this.source
      .renew(epoch)
      .catch((error: unknown) => this.warn(`it is not made anew: ${String(error)}`))
      .finally(() => {
        this.isRenewing = false;
      });
  }

  /** All that was sent is of an earlier epoch. */
  private begin(epoch: number, state: Uint8Array): void {
    this.epoch = epoch;
    this.unsent = [];
    this.sentBefore = copyOf(state);
    this.forgetNotTaken();
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
    if (this.isEmpty) this.renewWhereNeeded();
  }

  get isEmpty(): boolean {
    return this.sockets.size === 0;
  }

  /**
   * Lets a connection offer its edits when all have brought theirs: those of one turn become durable together, and while sending rests those of more
   * than one, since they could not be sent before.
   */
  offerSoon(client: RoomClient): void {
    this.offering.push(client);
    if (this.offering.length > 1) return;
    const waitMs = this.restUntilMs - ROOM_LIMITS.offerAheadMs - this.clock.monotonicMs();
    if (waitMs < 1) this.clock.soon(() => this.offer());
    else this.clock.after(waitMs, () => this.offer());
  }

  private offer(): void {
    const clients = this.offering;
    this.offering = [];
    for (const each of clients) each.offer();
  }

  /** Offers an edit to the log. What it changes comes back when it is durable. */
  edit(
    { id, name, role }: Principal,
    connection: string,
    update: Uint8Array,
  ): Judgement | Promise<Judgement> {
    return this.source.edit({ update, author: id, name, role, connection, epoch: this.epoch });
  }

  private get sent(): Y.Doc {
    this.takeSent();
    return this.sentBefore;
  }

  private takeSent(): void {
    const { notTaken, sentBefore } = this;
    // Merged before, they cost several times as much.
    if (notTaken.length > 0)
      sentBefore.transact(() => {
        for (const update of notTaken) Y.applyUpdate(sentBefore, update);
      });
    this.forgetNotTaken();
  }

  private forgetNotTaken(): void {
    this.notTaken = [];
    this.notTakenBytes = 0;
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
      const { entries, ahead, here } = this.presence.takeChanges();
      if (here.length > 0) this.link?.say(this.sockets.size, here);
      this.toAll(presenceMessage(entries), (socket) => !socket.isBehind && !ahead.has(socket));
      for (const socket of this.sockets)
        if (ahead.has(socket) && !socket.isBehind)
          socket.write(joinFrames([presenceMessage(this.presence.without(socket, entries))]));
    });
  }

  checkSignIns(): void {
    for (const socket of this.sockets) socket.checkSignIn();
  }

  /** Another gateway says who is there. */
  private hear({ gateway, connections, asks, entries }: PresenceSaid): void {
    const nowMs = this.clock.monotonicMs();
    if (connections > 0) this.others.set(gateway, nowMs);
    else this.others.delete(gateway);
    this.presence.hear(gateway, entries, nowMs);
    this.presenceChanged();
    if (asks === true) this.link?.say(this.sockets.size, this.presence.here());
  }

  keepAlive(): void {
    const empty = presenceMessage([]);
    this.forgetSilent();
    if (!this.isEmpty) this.link?.say(this.sockets.size, []);
    for (const socket of [...this.sockets]) socket.keepAlive();
    this.toAll(empty, (socket) => !socket.isBehind);
  }

  private forgetSilent(): void {
    const sinceMs = this.clock.monotonicMs() - ROOM_LIMITS.othersSilentMs;
    for (const [gateway, heardMs] of this.others) if (heardMs < sinceMs) this.others.delete(gateway);
    this.presence.expire(sinceMs);
    this.presenceChanged();
  }

  /** Ends all connections; their clients connect again elsewhere. */
  close(code: number, reason: string): void {
    this.isClosed = true;
    this.unsubscribe();
    this.unlink();
    for (const socket of [...this.sockets]) socket.close(code, reason);
    this.cancelPresence?.();
    this.link?.say(0, this.presence.takeChanges().here);
  }

  private listener(): RoomListener {
    return {
      edited: ({ update, epoch }) => {
        if (epoch === this.epoch) this.unsent.push(update);
        else this.begin(epoch, update);
      },
      flush: () => {
        if (this.unsent.length === 0 || this.isSendScheduled) return;
        this.isSendScheduled = true;
        const waitMs = this.restUntilMs - this.clock.monotonicMs();
        // Edits that other sockets bring in this turn leave in the same frame.
        if (waitMs <= 0) this.clock.soon(() => this.send());
        else this.clock.after(waitMs, () => this.send());
      },
      // After what is durable has left, so that they send no more than what got lost.
      ownerChanged: () =>
        this.clock.soon(() => {
          for (const socket of [...this.sockets]) socket.askForMissing();
        }),
      rewound: () => {
        const { epoch, doc } = this.source.document();
        this.begin(epoch, Y.encodeStateAsUpdate(doc));
      },
    };
  }

  private send(): void {
    this.isSendScheduled = false;
    if (this.unsent.length === 0) return;
    const update = merged(this.unsent);
    this.unsent = [];
    for (const socket of this.sockets) socket.checkBacklog();
    this.notTaken.push(update);
    this.notTakenBytes += update.length;
    this.wholeState = null;
    const beganMs = this.clock.monotonicMs();
    this.toAll(changeMessage(update), (socket) => !socket.isBehind);
    this.rest(beganMs);
    if (this.notTaken.length >= NOT_TAKEN_MAX || this.notTakenBytes >= NOT_TAKEN_BYTES_MAX) this.takeSent();
    this.checkSize();
    this.renewWhereNeeded();
  }

  /** After a frame that was written to all from then on. What else a change costs is no reason: waiting saves nothing of it. */
  private rest(beganMs: number): void {
    const nowMs = this.clock.monotonicMs();
    const writingMs = nowMs - beganMs;
    // Where one took much longer than the one before, the program was held up.
    const restMs = ROOM_LIMITS.restPerSend * Math.min(writingMs, this.writingMs);
    this.writingMs = writingMs;
    this.restUntilMs = nowMs + Math.min(restMs, ROOM_LIMITS.restMsMax);
  }

  private checkSize(): void {
    const bytes = this.source.document().bytes();
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

function copyOf(state: Uint8Array): Y.Doc {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  return doc;
}
