import * as Y from "yjs";
import { readRoomMessage } from "../../../collab/rooms/wire.ts";
import type { Checker, Observed } from "./checker.ts";
import type { RoomLog } from "./room-log.ts";

/**
 * Whatever a page is sent of the shared document is in its log on the servers by then, change by change: what comes back to its author is
 * acknowledged, and whoever builds on it builds on the same everywhere.
 */
export function documentDurable(log: RoomLog): Checker {
  /** A message is written to many connections, one after the other. */
  let last: Uint8Array | null = null;
  return {
    name: "document-durable",
    rule: "pages are sent of the shared document what is in its log, and no more",
    observes: ["documentSent"],
    observe(observation) {
      const { message: bytes, connection } = observation as Observed<"documentSent">;
      if (bytes === last) return null;
      last = bytes;
      const message = readRoomMessage(bytes);
      if (message === null) return `connection ${connection} was sent bytes that are no message`;
      if (message.kind !== "update") return null;
      const document = log.document();
      if (document === null) return null;
      for (const struct of Y.decodeUpdate(message.update).structs) {
        const { id, length } = struct;
        if (document.retired.has(id.client)) continue;
        const change = `connection ${connection} was sent change ${id.clock} of writer ${id.client}`;
        const known = Y.getState(document.doc.store, id.client);
        if (id.clock + length > known) return `${change}; the log has its changes before ${known}`;
        const expected = Y.getItem(document.doc.store, id);
        if (placeOf(struct) !== null && placeOf(expected) !== null && placeOf(struct) !== placeOf(expected))
          return `${change}, which is of ${placeOf(struct)}; in the log it is of ${placeOf(expected)}`;
      }
      return null;
    },
  };
}

/** The key or field that a change is of; null: it builds on another change of it, or is forgotten. */
function placeOf(struct: unknown): string | null {
  return struct instanceof Y.Item ? struct.parentSub : null;
}
