/**
 * Which edits may enter the log. Once one is in the log it is trusted: applying it neither fails nor waits for another.
 *
 *   bytes ─► size ─► decodes? ─► structs and deletions: whose, where, of what ─► without a gap? ─► admitted
 *              └────────┴───────────────┴─► refused, with the code to close with       └─► gap: the client is asked for what is missing
 *
 * E1  Applying an admitted edit leaves nothing pending in the document.
 * E2  A writer in it is the author's, or has not been seen before. The room's own writer is nobody's.
 * E3  It has only maps and plain values, in the roots of the document, at most MAX_DEPTH deep.
 * E4  An edit that holds nothing new is told from one that does: a viewer may send it, as every stock client does when it connects.
 *
 * What breaks the schema, but none of these, is admitted and repaired (document.ts): refusing one change would leave all later ones of its
 * client without what they build on.
 */
import * as Y from "yjs";
import { CLOSE_CODES, type CloseCode } from "../../../protocol/close-codes.ts";
import { FORBIDDEN_KEYS } from "../../../protocol/fields.ts";
import { MAX_DOCUMENT_BYTES, MAX_EDIT_BYTES } from "../../../protocol/limits.ts";
import type { Edit } from "../../../protocol/messages.ts";
import { isRootName, ROOM_AUTHOR } from "../../../protocol/room-document.ts";
import { ENTRY_ID_CHARACTERS } from "../../../protocol/room-fields.ts";
import { type DecodedUpdate, decodedUpdate } from "./decoded-update.ts";
import type { RoomDocument } from "./document.ts";

/** Structs of one edit: more than a person makes in a day without a connection, and a fifth of a second's work at most. */
const MAX_STRUCTS = 2_048;
/** Writers of one edit: the tabs and restarts of a program that was long without a connection. */
const MAX_WRITERS = 64;
/** Of these, writers that the document does not know yet. Each is kept for good. */
const MAX_NEW_WRITERS = 8;
/** Writers of a document: each costs a few bytes for good. */
const MAX_DOCUMENT_WRITERS = 65_536;
/** Deleted things that one edit may have in a row. */
const MAX_RUN = 1_000_000;
/** Nesting of maps and of values: the schema needs 4. */
const MAX_DEPTH = 8;
/** Ids of writers are 32 bits. */
const MAX_WRITER = 0xffff_ffff;

export type Judgement =
  /** `newWriters`: those in it that the document did not know. */
  | { readonly kind: "admitted"; readonly newWriters: number }
  /** It holds nothing that the document does not have. */
  | { readonly kind: "nothing" }
  /** It builds on changes that are not there. */
  | { readonly kind: "gap" }
  | { readonly kind: "refused"; readonly code: CloseCode; readonly reason: string };

/** Whether the edit may be the next one of the document. `newWritersMax`: how many its author may bring now. Changes nothing. */
export function judgeEdit(document: RoomDocument, edit: Edit, newWritersMax = MAX_NEW_WRITERS): Judgement {
  try {
    return new Examination(document, edit, newWritersMax).judge();
  } catch (error) {
    if (error instanceof Refused) return { kind: "refused", code: error.code, reason: error.message };
    throw error;
  }
}

class Refused extends Error {
  readonly code: CloseCode;

  constructor(code: keyof typeof CLOSE_CODES, reason: string) {
    super(reason);
    this.code = CLOSE_CODES[code];
  }
}

type Struct = ReturnType<typeof Y.decodeUpdate>["structs"][number];

class Examination {
  private readonly document: RoomDocument;
  private readonly edit: Edit;
  /** Structs of the update that are new at least in part, by writer, in the order of their clocks. */
  private readonly fresh = new Map<number, Struct[]>();
  /** The clock after the last struct of each writer in the update. */
  private readonly ends = new Map<number, number>();
  private readonly places = new Map<Y.Item, Place>();
  private readonly newWritersMax: number;
  private newWriters = 0;

  constructor(document: RoomDocument, edit: Edit, newWritersMax: number) {
    this.document = document;
    this.edit = edit;
    this.newWritersMax = newWritersMax;
  }

  judge(): Judgement {
    const { update, epoch, role } = this.edit;
    if (epoch !== this.document.epoch)
      throw new Refused("epoch", `epoch ${epoch}, expected ${this.document.epoch}`);
    if (update.length > MAX_EDIT_BYTES)
      throw new Refused("tooLarge", `${update.length} bytes, expected at most ${MAX_EDIT_BYTES}`);
    const { structs, ds } = decoded(update);
    this.sort(structs);
    if (this.hasGap()) return { kind: "gap" };
    for (const of of this.fresh.values()) for (const struct of of) this.examine(struct);
    const deletes = this.deletions(ds);
    if (deletes === "gap") return { kind: "gap" };
    if (this.fresh.size === 0 && deletes === "known") return { kind: "nothing" };
    if (role === "viewer")
      throw new Refused("forbidden", "a change by a viewer, expected the role editor or owner");
    if (this.fresh.size > 0) this.checkDocument(update.length);
    if (this.newWriters > this.newWritersMax)
      throw new Refused(
        "rate",
        `${this.newWriters} new writers, expected at most ${this.newWritersMax} for now`,
      );
    return { kind: "admitted", newWriters: this.newWriters };
  }

  /** Refuses what makes the document too large. Deletions always go in: they make it smaller. */
  private checkDocument(added: number): void {
    const bytes = this.document.bytes() + added;
    if (bytes > MAX_DOCUMENT_BYTES)
      throw new Refused("tooLarge", `a document of ${bytes} bytes, expected at most ${MAX_DOCUMENT_BYTES}`);
  }

  /** Finds the new structs; refuses writers of others, gaps within the update, and too many of anything. */
  private sort(structs: readonly Struct[]): void {
    if (structs.length > MAX_STRUCTS)
      throw new Refused("tooLarge", `${structs.length} structs, expected at most ${MAX_STRUCTS}`);
    let writer = -1;
    for (const struct of structs) {
      const { client, clock } = struct.id;
      if (!(struct instanceof Y.Item || struct instanceof Y.GC))
        throw new Refused("malformed", "a struct that is skipped");
      if (client !== writer && this.ends.has(client))
        throw new Refused("malformed", `writer ${client} twice`);
      if (client === writer && clock !== this.ends.get(client))
        throw new Refused("malformed", "clocks out of order");
      if (struct.length < 1 || struct.length > MAX_RUN)
        throw new Refused("malformed", `a struct of length ${struct.length}`);
      writer = client;
      this.ends.set(client, clock + struct.length);
      if (clock + struct.length <= this.known(client)) continue;
      this.checkWriter(client);
      const fresh = this.fresh.get(client);
      if (fresh === undefined) this.fresh.set(client, [struct]);
      else fresh.push(struct);
    }
    if (this.fresh.size > MAX_WRITERS)
      throw new Refused("tooLarge", `${this.fresh.size} writers, expected at most ${MAX_WRITERS}`);
    for (const writer of this.fresh.keys()) if (!this.document.writers.has(writer)) this.newWriters++;
    if (this.newWriters > MAX_NEW_WRITERS)
      throw new Refused("tooLarge", `${this.newWriters} new writers, expected at most ${MAX_NEW_WRITERS}`);
  }

  private checkWriter(writer: number): void {
    if (writer < 1 || writer > MAX_WRITER) throw new Refused("malformed", `writer ${writer}`);
    const { writers, retired } = this.document;
    if (retired.has(writer)) throw new Refused("epoch", `writer ${writer} is of an earlier epoch`);
    const owner = writers.get(writer);
    if (owner === ROOM_AUTHOR || (owner !== undefined && owner !== this.edit.author))
      throw new Refused("forbidden", `writer ${writer} is somebody else's`);
    if (owner === undefined && writers.size >= MAX_DOCUMENT_WRITERS)
      throw new Refused("tooLarge", `one more writer, expected at most ${MAX_DOCUMENT_WRITERS}`);
  }

  /** Whether a new struct builds on something that neither the document nor the update has, or two build on each other. */
  private hasGap(): boolean {
    const reached = new Map<number, number>();
    const next = new Map([...this.fresh].map(([writer, structs]) => [writer, { structs, at: 0 }]));
    const has = (id: Y.ID | null): boolean =>
      id === null || id.clock < Math.max(reached.get(id.client) ?? 0, this.known(id.client));
    for (let moved = true; moved; ) {
      moved = false;
      for (const [writer, each] of next) {
        for (; each.at < each.structs.length; each.at++) {
          const struct = each.structs[each.at]!;
          if (!has(before(struct)) || !needsOf(struct).every(has)) break;
          reached.set(writer, struct.id.clock + struct.length);
          moved = true;
        }
        if (each.at === each.structs.length) next.delete(writer);
      }
    }
    return next.size > 0;
  }

  /** Refuses a new struct that is no map entry of a plain value or a map. */
  private examine(struct: Struct): void {
    if (!(struct instanceof Y.Item)) return;
    const { content, rightOrigin, length } = struct;
    if (rightOrigin !== null) throw new Refused("forbidden", "an element of a list, expected maps only");
    const place = this.placeOf(struct);
    if (place.depth > MAX_DEPTH)
      throw new Refused("forbidden", `maps nested ${place.depth} deep, expected ${MAX_DEPTH}`);
    if (content instanceof Y.ContentDeleted) return;
    if (length !== 1) throw new Refused("forbidden", "several values in one place");
    if (content instanceof Y.ContentType) {
      if (!(content.type instanceof Y.Map)) throw new Refused("forbidden", "a type that is no map");
    } else if (content instanceof Y.ContentAny) checkValue(content.arr[0], 0);
    else throw new Refused("forbidden", `content ${content.getRef()}, expected plain values and maps`);
  }

  /** Where a new item lies. Refuses it when that is nowhere in the document. */
  private placeOf(item: Y.Item): Place {
    const known = this.places.get(item);
    if (known !== undefined) return known;
    // Items of a key build on each other: a recursion over them could be as long as the update.
    const chain: Y.Item[] = [];
    let at: Y.Item = item;
    let place: Place | undefined;
    while (place === undefined) {
      chain.push(at);
      if (at.origin === null) place = this.placeBelow(at);
      else {
        const left = this.structAt(at.origin);
        if (!(left instanceof Y.Item)) place = NOWHERE;
        else if (left.id.clock < this.known(left.id.client)) place = placeInDocument(left);
        else {
          place = this.places.get(left);
          at = left;
        }
      }
    }
    for (const each of chain) this.places.set(each, place);
    return place;
  }

  /** The place of an item that names its parent itself. */
  private placeBelow({ parent: named, parentSub }: Y.Item): Place {
    // Of a decoded item that is no part of a document yet, this is a name or an id.
    const parent = named as unknown;
    if (parentSub === null) throw new Refused("forbidden", "an element of a list, expected maps only");
    if (parentSub.length < 1 || parentSub.length > ENTRY_ID_CHARACTERS || FORBIDDEN_KEYS.has(parentSub))
      throw new Refused("forbidden", `key ${JSON.stringify(parentSub.slice(0, ENTRY_ID_CHARACTERS))}`);
    if (typeof parent === "string") {
      if (!isRootName(parent)) throw new Refused("forbidden", `root ${JSON.stringify(parent.slice(0, 64))}`);
      return { depth: 1 };
    }
    if (!(parent instanceof Y.ID)) throw new Refused("malformed", "an item without a parent");
    const holder = this.structAt(parent);
    if (!(holder instanceof Y.Item) || holder.content instanceof Y.ContentDeleted) return NOWHERE;
    if (!(holder.content instanceof Y.ContentType))
      throw new Refused("forbidden", "an item in a plain value");
    const isOld = holder.id.clock < this.known(holder.id.client);
    return { depth: (isOld ? placeInDocument(holder) : this.placeOf(holder)).depth + 1 };
  }

  /** A struct of the document or the update. There is one: the update has no gap. */
  private structAt({ client, clock }: Y.ID): Struct {
    const isOld = clock < this.known(client);
    const structs = isOld ? this.document.doc.store.clients.get(client)! : this.fresh.get(client)!;
    return structs[indexAt(structs, clock)]!;
  }

  /** Whether deletions name things that are not there, things that were there, or only what is deleted already. */
  private deletions({ clients }: ReturnType<typeof Y.decodeUpdate>["ds"]): "gap" | "new" | "known" {
    let answer: "new" | "known" = "known";
    for (const [writer, ranges] of clients) {
      const known = this.known(writer);
      const end = Math.max(known, this.ends.get(writer) ?? 0);
      // Looked through one after the other, they cost no more than the writer's structs.
      let after = 0;
      for (const { clock, len } of ranges) {
        if (len < 1 || clock < after) throw new Refused("malformed", "deletions out of order");
        after = clock + len;
        if (after > end) return "gap";
        if (answer === "known" && (clock + len > known || this.isAlive(writer, clock, len))) answer = "new";
      }
    }
    return answer;
  }

  private isAlive(writer: number, clock: number, length: number): boolean {
    const structs = this.document.doc.store.clients.get(writer)!;
    for (let k = indexAt(structs, clock); k < structs.length && structs[k]!.id.clock < clock + length; k++)
      if (!structs[k]!.deleted) return true;
    return false;
  }

  /** The clock after the last struct that the document has of a writer. */
  private known(writer: number): number {
    return Y.getState(this.document.doc.store, writer);
  }
}

/** How deep an item lies: 1 in a root. */
interface Place {
  readonly depth: number;
}

/** In something that was deleted: the item is deleted with it. */
const NOWHERE: Place = { depth: 0 };

function placeInDocument(item: Y.Item): Place {
  let depth = 1;
  for (let at = item.parent as Y.AbstractType<unknown> | null; at?._item; at = at._item.parent as never)
    depth++;
  return { depth };
}

/** The struct before it of the same writer. */
function before({ id }: Struct): Y.ID | null {
  return id.clock === 0 ? null : Y.createID(id.client, id.clock - 1);
}

function needsOf(struct: Struct): (Y.ID | null)[] {
  if (!(struct instanceof Y.Item)) return [];
  return [struct.origin, struct.rightOrigin, struct.parent instanceof Y.ID ? struct.parent : null];
}

/** Index of the struct that has a clock; they are sorted and without gaps. */
function indexAt(structs: readonly Pick<Struct, "id" | "length">[], clock: number): number {
  let low = 0;
  for (let high = structs.length - 1; low < high; ) {
    const middle = (low + high + 1) >> 1;
    if (structs[middle]!.id.clock <= clock) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Refuses bytes that are no update, and bytes after its end. */
function decoded(update: Uint8Array): DecodedUpdate {
  let result: DecodedUpdate;
  try {
    result = decodedUpdate(update);
  } catch {
    throw new Refused("malformed", "bytes that are no update");
  }
  if (result.end < update.length) throw new Refused("malformed", "bytes after the update");
  return result;
}

/** Refuses what could not be kept as JSON without harm: deep nesting, objects with a prototype of their own, integers without bounds. */
function checkValue(value: unknown, depth: number): void {
  if (typeof value === "bigint") throw new Refused("forbidden", "a BigInt, expected plain JSON");
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  if (depth >= MAX_DEPTH) throw new Refused("forbidden", `values nested deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value)) {
    for (const element of value) checkValue(element, depth + 1);
    return;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new Refused("forbidden", "key __proto__");
  for (const [key, element] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) throw new Refused("forbidden", `key ${key}`);
    checkValue(element, depth + 1);
  }
}
