/** The document of a room whose partition runs in this process: how many writers each author may bring, and else the partition itself. */
import type { Judgement, Partition, RoomDocument } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { CommandInput, Edit } from "../../protocol/messages.ts";
import { ROOM_AUTHOR } from "../../protocol/room-document.ts";
import { RateLimit } from "../gateway/rate-limit.ts";
import { ROOM_LIMITS } from "./limits.ts";
import type { RoomListener, RoomSource } from "./room-source.ts";

/** The fact that begins another epoch. */
export const RENEWED = "document.renewed";

/** Of two for one epoch the second changes nothing. */
export function renewal(epoch: number): Omit<CommandInput, "type"> {
  const author = { id: ROOM_AUTHOR };
  return { name: RENEWED, body: { epoch }, author, source: "session", sequence: 0 };
}

export interface RoomKeeperOptions {
  readonly clock: Clock;
  /** Everybody is one author, who brings as many writers as a load test has clients. */
  readonly isOpen?: boolean;
}

export class RoomKeeper implements RoomSource {
  private readonly partition: Partition;
  private readonly clock: Clock;
  /** What each author may bring; null: as many as the document takes. */
  private readonly newWriters: RateLimit | null;

  constructor(partition: Partition, { clock, isOpen = false }: RoomKeeperOptions) {
    this.partition = partition;
    this.clock = clock;
    const { newWritersBurst, newWritersPerSecond, newWritersPeople } = ROOM_LIMITS;
    this.newWriters = isOpen ? null : new RateLimit(newWritersBurst, newWritersPerSecond, newWritersPeople);
  }

  document(): RoomDocument {
    return this.partition.room().document;
  }

  edit(edit: Omit<Edit, "type">): Judgement {
    if (this.newWriters === null) return this.partition.edit(edit);
    const left = this.newWriters.bucket(edit.author, this.clock.monotonicMs());
    const judgement = this.partition.edit(edit, Math.max(0, Math.floor(left.left)));
    if (judgement.kind === "admitted") left.spend(judgement.newWriters);
    return judgement;
  }

  renew(epoch: number): Promise<unknown> {
    return this.partition.command(renewal(epoch));
  }

  subscribe({ edited, flush }: RoomListener): () => void {
    return this.partition.subscribe({
      edited,
      flush,
    });
  }
}
