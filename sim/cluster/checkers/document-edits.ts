import * as Y from "yjs";
import type { Edit } from "../../../protocol/messages.ts";
import { ROOM_PARTITION } from "../../../protocol/room-document.ts";
import type { Checker, Observed } from "./checker.ts";
import type { ReplayedInput } from "./reference-replay.ts";

/**
 * Each change in the log of the shared document is of a page of the author that the server names, of the epoch that the document then has, builds on
 * the changes before it, and is of somebody who may write.
 */
export function documentEdits(): Checker {
  const authors = new Map<number, string>();
  /** The clock after the last change of each writer. */
  const clocks = new Map<number, number>();
  let epoch = 1;
  return {
    name: "document-edits",
    rule: "edits in the log are of their authors' own writers, in their order, of the epoch of the document",
    observes: ["writer"],
    observe(observation) {
      const { writer, author } = observation as Observed<"writer">;
      authors.set(writer, author);
      return null;
    },
    replayed({ partition, sequence, input }: ReplayedInput) {
      if (partition !== ROOM_PARTITION) return null;
      if (input.type === "command" && input.name === "document.renewed") {
        if ((input.body as { epoch?: unknown }).epoch === epoch) epoch++;
        return null;
      }
      if (input.type !== "edit") return null;
      const wrong = edited(input);
      return wrong === null
        ? null
        : `input ${sequence} of ${partition}, an edit of ${input.author}, ${wrong}`;
    },
  };

  function edited({ update, author, role, epoch: of }: Edit): string | null {
    if (role === "viewer") return "is of somebody who may only look";
    if (of !== epoch) return `is of epoch ${of}; expected ${epoch}`;
    for (const { id, length } of Y.decodeUpdate(update).structs) {
      // The room's own: a page sends what it has, and the gate lets nothing new of it in.
      if (!authors.has(id.client)) continue;
      const known = clocks.get(id.client) ?? 0;
      if (id.clock + length <= known) continue;
      if (id.clock > known) return `has change ${id.clock} of writer ${id.client}; expected ${known} next`;
      const owner = authors.get(id.client);
      if (owner !== author) return `has a change of writer ${id.client}, which is ${owner ?? "nobody"}'s`;
      clocks.set(id.client, id.clock + length);
    }
    return null;
  }
}
