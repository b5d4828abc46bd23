/**
 * One connection to a shared document.
 *
 *   open ──a message within firstMessageMsMax──► talking ──breaks a rule · leaves · reads too slowly──► closed
 *
 * S1  Bytes that are no message close the connection with 4400, what is forbidden with 4403; the reason says why.
 * S2  An edit that builds on what is not here is dropped, and the client is asked for what is missing.
 * S3  What a client sends costs it tokens; edits, requests and presence have buckets of their own.
 * S4  Edits that have come in one turn are judged as one: the busier the program, the more of them share its work. If they do not go in together, each is
 *     judged by itself.
 */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import * as Y from "yjs";
import type { Judgement } from "../../actors/mod.ts";
import { CLOSE_CODES, type CloseCode } from "../../protocol/close-codes.ts";
import type { Principal } from "../../protocol/principal.ts";
import type { Standing } from "../gateway/auth.ts";
import { TokenBucket } from "../gateway/rate-limit.ts";
import { joinFrames } from "../gateway/turn-frames.ts";
import { ROOM_LIMITS } from "./limits.ts";
import type { Room, RoomClient } from "./room.ts";
import {
  answerMessage,
  changeMessage,
  presenceMessage,
  type RoomMessage,
  readRoomMessage,
  stateMessage,
} from "./wire.ts";

/** Longest reason that a close may carry, in bytes; ours are ASCII but for names of keys. */
const REASON_CHARACTERS = 100;

/** With what a connection is closed whose sign-in does not hold any more; null while it does. */
export function signInEnded(
  standing: Standing,
): { readonly code: CloseCode; readonly reason: string } | null {
  switch (standing) {
    case "holds":
      return null;
    case "ended":
      return { code: CLOSE_CODES.unauthenticated, reason: "signed out" };
    case "otherRole":
      return { code: CLOSE_CODES.otherRole, reason: "the role was changed" };
    default:
      return unreachable(standing);
  }
}

export class RoomSocket implements RoomClient {
  readonly person: Principal;
  private readonly ws: WebSocket;
  private readonly socket: Socket;
  private readonly room: Room;
  private readonly connection: string;
  private readonly standing: () => Standing;
  private readonly bytes: TokenBucket;
  private readonly edits: TokenBucket;
  private readonly stateRequests: TokenBucket;
  private readonly presences: TokenBucket;
  private readonly pings: TokenBucket;
  private cancelFirst: () => void;
  private cancelGap: (() => void) | null = null;
  /** It was closed from here: nothing that it sent counts any more. */
  private isRefused = false;
  /** Edits of this turn. */
  private offered: Uint8Array[] = [];
  private gapAskedMs = Number.NEGATIVE_INFINITY;
  /** Since when, monotonic ms, what it had then, and whether it asked: nothing more is sent until it has read. */
  private behind: {
    readonly sinceMs: number;
    readonly vector: Map<number, number>;
    readonly asks: boolean;
  } | null = null;
  private isClosed = false;

  constructor(
    ws: WebSocket,
    socket: Socket,
    options: { room: Room; person: Principal; connection: string; standing: () => Standing },
  ) {
    this.ws = ws;
    this.socket = socket;
    this.room = options.room;
    this.person = options.person;
    this.connection = options.connection;
    this.standing = options.standing;
    const nowMs = this.nowMs();
    const limits = ROOM_LIMITS;
    this.bytes = new TokenBucket(limits.bytesBurst, limits.bytesPerSecond, nowMs);
    this.edits = new TokenBucket(limits.editsBurst, limits.editsPerSecond, nowMs);
    this.stateRequests = new TokenBucket(limits.stateRequestsBurst, limits.stateRequestsPerSecond, nowMs);
    this.presences = new TokenBucket(limits.presenceBurst, limits.presencePerSecond, nowMs);
    this.pings = new TokenBucket(limits.pingsBurst, limits.pingsPerSecond, nowMs);
    this.cancelFirst = this.room.clock.after(limits.firstMessageMsMax, () =>
      this.close(CLOSE_CODES.unavailable, `no message within ${limits.firstMessageMsMax} ms`),
    );
    ws.on("message", (data: Buffer, isBinary: boolean) => this.receive(data, isBinary));
    ws.on("ping", () => {
      if (!this.pings.take(this.nowMs())) this.close(CLOSE_CODES.rate, "too many pings");
    });
    // Broken frames, and messages over the limit: the library closes with 1002 or 1009.
    ws.on("error", () => {});
    ws.on("close", () => this.end());
    socket.on("drain", () => this.catchUp());
    this.room.enter(this);
    this.send(stateMessage(this.room.stateVector()));
    const present = this.room.presence.others(this);
    if (present.length > 0) this.send(presenceMessage(present));
  }

  /** It has not read what it was sent: it gets nothing more for now. */
  get isBehind(): boolean {
    return this.behind !== null;
  }

  /** A frame that all share. */
  write(frame: Uint8Array): void {
    if (this.isClosed || this.ws.readyState !== this.ws.OPEN) return;
    this.socket.write(frame);
  }

  /** Whether too much is unread; called before something new is sent. */
  checkBacklog(): void {
    const unread = this.socket.writableLength;
    const nowMs = this.nowMs();
    if (unread > ROOM_LIMITS.endAboveBytes) this.terminate();
    else if (this.behind !== null) {
      if (nowMs - this.behind.sinceMs > ROOM_LIMITS.unreadMsMax) this.terminate();
    } else if (unread > ROOM_LIMITS.skipAboveBytes)
      this.behind = { sinceMs: nowMs, vector: Y.decodeStateVector(this.room.stateVector()), asks: false };
  }

  keepAlive(): void {
    this.checkSignIn();
    if (!this.isClosed) this.checkBacklog();
  }

  askForMissing(): void {
    if (this.isClosed || this.cancelGap !== null) return;
    const waitMs = this.gapAskedMs + ROOM_LIMITS.gapEveryMs - this.nowMs();
    const ask = (): void => {
      this.cancelGap = null;
      this.gapAskedMs = this.nowMs();
      this.send(stateMessage(this.room.stateVector()));
    };
    if (waitMs <= 0) ask();
    else this.cancelGap = this.room.clock.after(waitMs, ask);
  }

  checkSignIn(): void {
    const ended = signInEnded(this.standing());
    if (ended !== null) this.close(ended.code, ended.reason);
  }

  close(code: number, reason: string): void {
    if (this.isClosed) return;
    this.isRefused = true;
    this.end();
    this.ws.close(code, reason.slice(0, REASON_CHARACTERS));
  }

  private nowMs(): number {
    return this.room.clock.monotonicMs();
  }

  private receive(data: Buffer, isBinary: boolean): void {
    if (this.isClosed) return;
    this.cancelFirst();
    if (!isBinary) {
      this.close(CLOSE_CODES.malformed, "text, expected binary messages");
      return;
    }
    this.bytes.spend(data.length);
    if (this.bytes.tokens(this.nowMs()) < 0) {
      this.close(CLOSE_CODES.rate, "too many bytes");
      return;
    }
    const message = readRoomMessage(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    if (message === null) this.close(CLOSE_CODES.malformed, "bytes that are no message");
    else this.handle(message);
  }

  private handle(message: RoomMessage): void {
    switch (message.kind) {
      case "state":
        this.answer(message.vector);
        break;
      case "update":
        this.edit(message.update);
        break;
      case "presence":
        this.show(message.entries);
        break;
      case "presenceRequest":
        this.tellPresence();
        break;
      default:
        unreachable(message);
    }
  }

  private answer(vector: Map<number, number>): void {
    if (!this.takeRequest()) return;
    if (this.room.isStale(vector)) {
      this.close(CLOSE_CODES.epoch, `epoch ${this.room.epoch} of the document: load it again`);
      return;
    }
    this.checkBacklog();
    // It gets the answer when it has read what it has asked for before.
    if (this.behind !== null) this.behind = { ...this.behind, vector, asks: true };
    else this.sendDifference(vector, true);
  }

  /** Who is behind gets it when it has read. */
  private tellPresence(): void {
    if (!this.takeRequest()) return;
    this.checkBacklog();
    if (this.behind === null) this.send(presenceMessage(this.room.presence.others(this)));
  }

  /** What it lacks that has this. As an answer it is what clients wait for: it says that they have everything. */
  private sendDifference(vector: Map<number, number>, isAnswer: boolean): void {
    const parts = this.room.difference(vector);
    for (const part of parts.slice(0, -1)) this.send(changeMessage(part));
    const last = parts.at(-1)!;
    this.send(isAnswer ? answerMessage(last) : changeMessage(last));
  }

  private takeRequest(): boolean {
    if (this.stateRequests.take(this.nowMs())) return true;
    this.close(CLOSE_CODES.rate, "too many requests for the state");
    return false;
  }

  private edit(update: Uint8Array): void {
    if (!this.edits.take(this.nowMs())) {
      this.close(CLOSE_CODES.rate, "too many edits");
      return;
    }
    this.offered.push(update);
    if (this.offered.length === 1) this.room.offerSoon(this);
  }

  /** Also when the client has left meanwhile: what it sent before that counts. */
  offer(): void {
    const updates = this.offered;
    this.offered = [];
    for (const group of groupsOf(updates)) {
      const whole = group.length === 1 ? group[0]! : asOne(group);
      if (whole === null) this.offerEach(group);
      else this.judge(whole, group.length === 1 ? null : group);
    }
  }

  private offerEach(updates: readonly Uint8Array[]): void {
    for (const update of updates) this.judge(update, null);
  }

  /** `parts`: of what the update was made; null: it came so. */
  private judge(update: Uint8Array, parts: readonly Uint8Array[] | null): void {
    if (this.isRefused) return;
    const settle = (judgement: Judgement): void => {
      const isTaken = judgement.kind === "admitted" || judgement.kind === "nothing";
      if (parts === null || isTaken) this.judged(judgement);
      else this.offerEach(parts);
    };
    const judgement = this.room.edit(this.person, this.connection, update);
    if (judgement instanceof Promise) void judgement.then(settle);
    else settle(judgement);
  }

  private judged(judgement: Judgement): void {
    if (judgement.kind === "refused") this.close(judgement.code, judgement.reason);
    else if (judgement.kind === "gap") this.askForMissing();
  }

  private show(entries: Uint8Array): void {
    if (!this.presences.take(this.nowMs())) return;
    const refusal = this.room.presence.receive(this, entries, this.nowMs());
    if (refusal !== null) this.close(refusal.code, refusal.reason);
    else this.room.presenceChanged();
  }

  /** The socket has sent all it had: what it was not sent follows as one difference. */
  private catchUp(): void {
    if (this.behind === null || this.isClosed) return;
    const { vector, asks } = this.behind;
    this.behind = null;
    this.sendDifference(vector, asks);
    this.send(presenceMessage(this.room.presence.others(this)));
  }

  private send(message: Uint8Array): void {
    this.write(joinFrames([message]));
  }

  private terminate(): void {
    this.end();
    this.ws.terminate();
  }

  private end(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.cancelFirst();
    this.cancelGap?.();
    this.room.leave(this);
  }
}

function unreachable(value: never): never {
  throw new Error(`unknown ${JSON.stringify(value)}`);
}

/** Edits that are judged as one: no more than one edit may have, by far. */
function groupsOf(updates: readonly Uint8Array[]): Uint8Array[][] {
  const groups: Uint8Array[][] = [];
  let bytes = 0;
  for (const update of updates) {
    const group = groups.at(-1);
    bytes += update.length;
    if (
      group !== undefined &&
      group.length < ROOM_LIMITS.togetherMax &&
      bytes <= ROOM_LIMITS.togetherBytesMax
    )
      group.push(update);
    else {
      groups.push([update]);
      bytes = update.length;
    }
  }
  return groups;
}

/** Null for what is not to be merged: bytes that are no update. Reading finds them, merging may not end. */
function asOne(updates: readonly Uint8Array[]): Uint8Array | null {
  try {
    for (const update of updates) Y.decodeUpdate(update);
    return Y.mergeUpdates([...updates]);
  } catch {
    return null;
  }
}
