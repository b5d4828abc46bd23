import * as Y from "yjs";
import type { Checker, Observed } from "./checker.ts";
import type { WorldEnd } from "./observation.ts";
import type { RoomLog } from "./room-log.ts";

/** A change of the last moments may not have reached a page yet. */
const IN_FLIGHT_US = 4_000_000;

/**
 * At the end every page has the document that the log makes, and the log every change that a page knew to be durable. Where servers lost a part of the
 * log, all pages have the same document.
 */
export function documentSame(log: RoomLog): Checker {
  const saved = new Map<number, number>();
  return {
    name: "document-same",
    rule: "all pages have the document of the log, and no change that was acknowledged is lost",
    observes: ["stored", "saved"],
    observe(observation) {
      if (observation.kind === "stored") {
        log.note(observation.atUs);
        return null;
      }
      const { writer, clock } = observation as Observed<"saved">;
      saved.set(writer, clock);
      return missing(writer, clock);
    },
    finish({ documents = new Map(), heldUs = 0, healed }: WorldEnd) {
      if (!healed) return null;
      if (log.document() === null) return differing(documents);
      for (const [writer, clock] of saved) {
        const what = missing(writer, clock);
        if (what !== null) return what;
      }
      for (const [author, text] of documents)
        if (!log.wasSo(text, heldUs - IN_FLIGHT_US, heldUs))
          return `the page of ${author} has ${text}, which the document of the log was not of late`;
      return null;
    },
  };

  function differing(documents: ReadonlyMap<string, string>): string | null {
    const [first, ...others] = documents;
    const other = others.find(([, text]) => text !== first![1]);
    return other === undefined
      ? null
      : `the page of ${other[0]} has ${other[1]}; expected what that of ${first![0]} has, ${first![1]}`;
  }

  function missing(writer: number, clock: number): string | null {
    const document = log.document();
    if (document === null || document.retired.has(writer)) return null;
    const known = Y.getState(document.doc.store, writer);
    return known >= clock
      ? null
      : `changes of writer ${writer} before ${clock} were acknowledged; the log has those before ${known}`;
  }
}
