/**
 * Whoever keeps a shared document, as the connections to it see it: the partition in this process (room-keeper.ts), or, in a cluster, the log
 * and the node that owns it (remote-room.ts).
 *
 * K1  `edited` comes for changes that are durable, each once and in the order of the log, and `flush` after those that came together.
 * K2  A judgement is no acknowledgement: what was admitted and is lost with its owner is asked for again after `ownerChanged`.
 */
import type { EditedDocument, Judgement, RoomDocument } from "../../actors/mod.ts";
import type { Edit } from "../../protocol/messages.ts";

export interface RoomSource {
  /** As all edits so far have made it. It may be ahead of what is durable. */
  document(): RoomDocument;
  /** Offers an edit to the log. What it changes comes back when it is durable. */
  edit(edit: Omit<Edit, "type">): Judgement | Promise<Judgement>;
  /** Begins another epoch after this one. Resolves when it is durable. */
  renew(epoch: number): Promise<unknown>;
  /** The returned function ends it. */
  subscribe(listener: RoomListener): () => void;
}

export interface RoomListener {
  edited(change: EditedDocument): void;
  flush(): void;
  /** Another node judges the edits from now on. */
  ownerChanged?(): void;
  /** Changes that were delivered do not count any more: what `document` has is all there is. */
  rewound?(): void;
}
