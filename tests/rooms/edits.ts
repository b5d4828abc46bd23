/** Builders of edits: replicas as people's programs have them, and what they send. */
import * as Y from "yjs";
import type { Edit } from "../../protocol/messages.ts";
import type { Role } from "../../protocol/principal.ts";

/** A person's copy of the document, under a writer of its own. */
export class Replica {
  readonly doc = new Y.Doc();
  readonly author: string;
  readonly role: Role;
  private sent: Uint8Array;

  constructor(writer: number, author = "ana", role: Role = "editor") {
    this.doc.clientID = writer;
    this.author = author;
    this.role = role;
    this.sent = Y.encodeStateVector(this.doc);
  }

  /** The edit that a change of this copy makes. */
  edits(change: (doc: Y.Doc) => void): Edit {
    this.doc.transact(() => change(this.doc));
    return this.unsent();
  }

  /** All changes since the last that were sent, as one edit. */
  unsent(): Edit {
    const update = Y.encodeStateAsUpdate(this.doc, this.sent);
    this.sent = Y.encodeStateVector(this.doc);
    return edit(update, this.author, this.role);
  }

  takes(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update);
    this.sent = Y.encodeStateVector(this.doc);
  }

  json(root: string): unknown {
    return this.doc.getMap(root).toJSON();
  }
}

export function edit(update: Uint8Array, author = "ana", role: Role = "editor"): Edit {
  const name = author[0]!.toUpperCase() + author.slice(1);
  return { type: "edit", update, author, name, role, connection: "c1", epoch: 1 };
}

/** A threshold that the schema takes. */
export function threshold(level: number): Record<string, unknown> {
  return { of: { group: "host", channel: "cpu.user" }, direction: "above", level };
}

export function setsThreshold(id: string, value: unknown): (doc: Y.Doc) => void {
  return (doc) => doc.getMap("thresholds").set(id, value);
}

export function addsPanel(id: string, fields: Record<string, unknown>): (doc: Y.Doc) => void {
  return (doc) => doc.getMap("panels").set(id, new Y.Map(Object.entries(fields)));
}
