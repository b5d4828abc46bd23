/**
 * The shared document of a session, as edits make it.
 *
 *   edit ─► applied ─► entries that are not as their root wants them are put back ─► intents carried out ─► one update for everybody
 *                                                                            └─► what changed, entry by entry
 *
 * D1  Whatever an edit holds, after it every entry is as its root's schema wants it, in the same update: nobody sees a value that is not.
 * D2  A value that is put back is the one of before the edit, field by field where the root has fields. Other changes of the edit stay.
 * D3  A writer (a Yjs client id) belongs to the first author who wrote under it.
 * D4  What partitions have in force replaces what the document shows of it, but for what an edit changed that they have not heard of yet.
 * D5  Only the mapped entries and the writers are hashed: what Yjs keeps of deleted things depends on how updates were merged.
 */
import * as Y from "yjs";
import { isIncidentId } from "../../../protocol/incident-id.ts";
import type { Edit } from "../../../protocol/messages.ts";
import {
  checkEntry,
  isDrawnLevel,
  mayWrite,
  ROOM_AUTHOR,
  ROOM_SCHEMA_VERSION,
  ROOT_NAMES,
  ROOTS,
  type RootName,
  refusalOf,
  STAMPS,
} from "../../../protocol/room-document.ts";
import type { InForce, OfferedWorkflow, PerformedStep } from "../../../protocol/session-facts.ts";
import { WORKFLOW_AUTHOR, type WorkflowRun } from "../../../protocol/workflow.ts";
import { decodedUpdate } from "./decoded-update.ts";
import type { Effect, NoEffect } from "./effects.ts";
import { inForceEffects } from "./in-force.ts";
import { carryOut } from "./intents.ts";
import { sorted, textOf } from "./json-text.ts";
import { movedStep, oldestFinished } from "./workflows.ts";

/** Writes of the document while nobody's id is set: Yjs itself must not choose one. */
const NOBODY = 0;

/** A document is not counted again before it got so many bytes: counting writes all of it. */
const COUNT_EVERY_BYTES = 65_536;

/** Ids whose last change the partitions may not have heard of, the latest: twice what a document has. A document without partitions hears of none. */
const UNHEARD_MAX = 2_048;

/** Writers of earlier epochs that are known as such; with more of them, those of the last epoch alone are. */
const RETIRED_MAX = 65_536;

/** An update without structs and deletions. */
const NO_CHANGES = Uint8Array.of(0, 0);

/** Epoch of a new document. */
const FIRST_EPOCH = 1;

/** An entry that is another one after an edit. Undefined: not there. */
export interface EntryChange {
  readonly root: RootName;
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** An entry, or a field of it, that was put back. */
export interface Repair {
  readonly root: RootName;
  readonly key: string;
  readonly field: string | null;
  readonly expected: string;
  /** Of an intent: what there is instead. */
  readonly found?: string;
}

export interface AppliedEdit {
  /** The edit and what the room added to it, as one update. */
  readonly update: Uint8Array;
  readonly changes: readonly EntryChange[];
  readonly repairs: readonly Repair[];
}

/** What an edit needs from outside. */
export interface EditSurroundings {
  /** Logical time, µs. */
  readonly now: number;
  /** Of the input. */
  readonly sequence: number;
  /** Uniform on [0, 1). */
  random(): number;
}

/** The whole state as plain JSON and bytes. */
export interface SavedDocument {
  readonly update: Uint8Array;
  readonly writers: readonly (readonly [writer: number, author: string])[];
  readonly ownWriter: number;
  readonly unheard?: readonly (readonly [id: string, sequence: number])[];
  /** Absent in the first epoch. */
  readonly epoch?: number;
  readonly retired?: readonly number[];
}

type Entries = Map<string, unknown>;

export class RoomDocument {
  readonly doc: Y.Doc;
  /** Author of each writer. */
  readonly writers = new Map<number, string>();
  /** Writers of earlier epochs: whoever has something of theirs has another document. */
  readonly retired: ReadonlySet<number>;
  readonly epoch: number;
  /** The input that last changed a threshold or its alert, until the partitions have heard of it. */
  private readonly unheard = new Map<string, number>();
  private readonly entries = new Map<RootName, Entries>();
  private readonly roots = new Map<unknown, RootName>();
  /** The room's own writer, 0 before its first write. */
  private ownWriter = NOBODY;
  /** The edit that is applied together with what the room writes itself; null while it has written nothing. */
  private combined: Uint8Array | null = null;
  /** Bytes of the whole when they were last counted, and of the edits since then. Not of the state: they depend on how updates were merged. */
  private readonly size = { counted: 0, since: Number.POSITIVE_INFINITY };

  constructor(saved?: SavedDocument) {
    this.doc = newDoc();
    this.epoch = saved?.epoch ?? FIRST_EPOCH;
    this.retired = new Set(saved?.retired);
    for (const name of ROOT_NAMES) {
      this.roots.set(this.doc.getMap(name), name);
      this.entries.set(name, new Map());
    }
    if (saved !== undefined) this.restore(saved);
  }

  get isEmpty(): boolean {
    return this.writers.size === 0;
  }

  /** Bytes of the whole as one update, an eighth too many at most. */
  bytes(): number {
    const { size } = this;
    if (size.since > Math.max(size.counted / 8, COUNT_EVERY_BYTES)) {
      size.counted = Y.encodeStateAsUpdate(this.doc).length;
      size.since = 0;
    }
    return size.counted + size.since;
  }

  /** An entry as its root's schema has it, or undefined. Never changed afterwards. */
  entry(root: RootName, key: string): unknown {
    return this.entries.get(root)!.get(key);
  }

  /** Keys of a root, sorted. */
  keys(root: RootName): string[] {
    return [...this.entries.get(root)!.keys()].sort();
  }

  apply(edit: Edit, around: EditSurroundings): AppliedEdit {
    const changes: EntryChange[] = [];
    const repairs: Repair[] = [];
    this.size.since += edit.update.length;
    this.claim(edit);
    // By itself: what Yjs encodes after a transaction lacks the values that this edit holds and replaces again.
    const begun = this.entry("meta", "epoch") === undefined ? this.ownWrites(around, () => {}) : null;
    this.combined = null;
    this.doc.transact((transaction) => {
      Y.applyUpdate(this.doc, edit.update);
      for (const [root, key] of this.touched(transaction)) {
        if (root !== "intents") this.settle(root, key, edit, around, changes, repairs);
      }
      for (const key of this.intentKeys()) this.intend(key, edit, around, changes, repairs);
      for (const { root, key, after } of changes) {
        if (root === "thresholds" || root === "alerts") this.notHeard(key, around.sequence);
        // What people did about the alert of a threshold ends with it.
        if (root === "thresholds" && !isObeyed(after) && !isIncidentId(key))
          this.show("alerts", key, undefined, around);
      }
    });
    this.doc.off("update", this.combine);
    const update = this.combined ?? edit.update;
    return { update: begun === null ? update : Y.mergeUpdates([begun, update]), changes, repairs };
  }

  /** Shows what is in force. The room's own update, or null when nothing is another. */
  showInForce({ heard, entries }: InForce, around: EditSurroundings): Uint8Array | null {
    return this.ownWrites(around, () => {
      for (const [id, sequence] of this.unheard) if (sequence <= heard) this.unheard.delete(id);
      for (const each of entries)
        if (!this.unheard.has(each.id))
          for (const { root, id, value } of inForceEffects(each, (root, id) => this.entry(root, id)))
            this.show(root, id, value, around);
    });
  }

  /** Shows a workflow that may be started, or no longer. The room's own update, or null when nothing is another. */
  offer({ name, definition }: OfferedWorkflow, around: EditSurroundings): Uint8Array | null {
    return this.ownWrites(around, () => {
      const { most } = ROOTS.definitions;
      const isOneTooMany =
        this.entry("definitions", name) === undefined && this.entries.get("definitions")!.size >= most;
      if (textOf(this.entry("definitions", name)) !== textOf(definition ?? undefined) && !isOneTooMany)
        this.show("definitions", name, definition ?? undefined, around);
    });
  }

  /** Takes what the program did of an automatic step. Null when the step does not allow it any more: people were first. */
  perform(performed: PerformedStep, around: EditSurroundings): AppliedEdit | null {
    const run = this.entry("workflows", performed.run) as WorkflowRun | undefined;
    const mover = { author: WORKFLOW_AUTHOR, name: WORKFLOW_AUTHOR, role: null, atUs: around.now };
    const isTooLarge = (effect: Effect): boolean =>
      checkEntry("workflows", performed.run, effect.value) !== null;
    let effect = movedStep(performed, run, mover);
    if (!("expected" in effect) && isTooLarge(effect)) {
      // The step goes on without its note: nobody else could end it.
      const { note: _, progress: __, ...rest } = performed;
      effect = movedStep(rest, run, mover);
    }
    if ("expected" in effect || isTooLarge(effect)) return null;
    const changes: EntryChange[] = [];
    const update = this.ownWrites(around, () => this.take(effect, around, changes));
    return update === null ? null : { update, changes, repairs: [] };
  }

  /** The update of what the room writes without an edit, or null when that is nothing. */
  private ownWrites(around: EditSurroundings, write: () => void): Uint8Array | null {
    this.combined = null;
    this.doc.transact(() => {
      write();
      if (this.entry("meta", "epoch") === undefined) this.begin(around);
    });
    this.doc.off("update", this.combine);
    return this.combined;
  }

  /** Whether an edit has changed a threshold or its alert, and the partitions may not have heard of it by that input. */
  isUnheard(id: string, heard: number): boolean {
    return (this.unheard.get(id) ?? 0) > heard;
  }

  save(): SavedDocument {
    const writers = [...this.writers].sort(([a], [b]) => a - b);
    const { ownWriter, unheard } = this;
    const update = Y.encodeStateAsUpdate(this.doc);
    return { update, writers, ownWriter, unheard: [...unheard], ...this.epochs() };
  }

  /** What there is of earlier epochs. */
  private epochs(): Pick<SavedDocument, "epoch" | "retired"> {
    const { epoch } = this;
    return epoch === FIRST_EPOCH ? {} : { epoch, retired: [...this.retired].sort((a, b) => a - b) };
  }

  /** A document with the same entries, all written by the room: the next epoch. Nothing that clients of this one hold belongs to it. */
  renewed(around: EditSurroundings): RoomDocument {
    const own = [...this.writers.keys()];
    const all = [...this.retired, ...own];
    const retired = all.length <= RETIRED_MAX ? all : own;
    const next = new RoomDocument({
      update: NO_CHANGES,
      writers: [],
      ownWriter: NOBODY,
      unheard: [...this.unheard],
      epoch: this.epoch + 1,
      retired,
    });
    next.doc.transact(() => {
      for (const root of ROOT_NAMES)
        if (root !== "meta")
          for (const key of this.keys(root)) next.show(root, key, this.entry(root, key), around);
      next.begin(around);
    });
    next.doc.off("update", next.combine);
    return next;
  }

  /** What is hashed, as one text: the same state gives the same text. */
  text(): string {
    const writers = [...this.writers].sort(([a], [b]) => a - b);
    const entries = ROOT_NAMES.map((root) =>
      this.keys(root).map((key) => [key, sorted(this.entry(root, key))]),
    );
    const unheard = [...this.unheard];
    const { epoch, ownWriter } = this;
    return JSON.stringify({ epoch, ownWriter, writers, unheard, entries, ...this.epochs() });
  }

  private restore({ update, writers, ownWriter, unheard = [] }: SavedDocument): void {
    Y.applyUpdate(this.doc, update);
    for (const [writer, author] of writers) this.writers.set(writer, author);
    for (const [id, sequence] of unheard) this.unheard.set(id, sequence);
    this.ownWriter = ownWriter;
    for (const root of ROOT_NAMES) {
      const map = this.doc.getMap(root);
      for (const key of map.keys()) this.entries.get(root)!.set(key, plain(map.get(key)));
    }
  }

  /** Binds the writers that this edit is the first of. */
  private claim({ update, author }: Edit): void {
    for (const writer of writersOf(update)) if (!this.writers.has(writer)) this.writers.set(writer, author);
  }

  /** Entries that the transaction has touched, in a fixed order. */
  private touched(transaction: Y.Transaction): (readonly [RootName, string])[] {
    const found = new Map<string, readonly [RootName, string]>();
    for (const [type, keys] of transaction.changed) {
      for (const key of keys) {
        const place = this.placeOf(type as Y.AbstractType<unknown>, key);
        if (place !== null) found.set(place.join("\n"), place);
      }
    }
    return [...found.keys()].sort().map((text) => found.get(text)!);
  }

  /** Of the intents, in the order in which they were written: a person may ask for a run and, before that has arrived, for its first step. */
  private intentKeys(): string[] {
    const intents = this.doc.getMap("intents");
    const idOf = (key: string): Y.ID => intents._map.get(key)!.id;
    return [...intents.keys()].sort(
      (a, b) => idOf(a).client - idOf(b).client || idOf(a).clock - idOf(b).clock,
    );
  }

  /** Root and key of what lies in `type` under `key`. */
  private placeOf(type: Y.AbstractType<unknown>, key: string | null): readonly [RootName, string] | null {
    let entry = key;
    for (let at = type; ; ) {
      const root = this.roots.get(at);
      if (root !== undefined) return entry === null ? null : [root, entry];
      const item = at._item;
      if (item === null) return null;
      entry = item.parentSub;
      at = item.parent as Y.AbstractType<unknown>;
    }
  }

  /** Puts back what the author may not write or the schema does not allow, and notes what then is another entry than before. */
  private settle(
    root: RootName,
    key: string,
    edit: Edit,
    around: EditSurroundings,
    changes: EntryChange[],
    repairs: Repair[],
  ): void {
    const entries = this.entries.get(root)!;
    const before = entries.get(key);
    const put = (value: unknown, field: string | null, expected: string): void => {
      repairs.push({ root, key, field, expected });
      this.write(around, () => this.put(root, key, value));
    };
    const after = this.has(root, key) ? plain(this.live(root, key)) : undefined;
    const { author: id, role } = edit;
    const refusal = refusalOf(root, { before, after, count: entries.size }, { id, role });
    if (refusal !== null) put(before, null, refusal);
    else if (this.has(root, key)) {
      let issue = this.issue(root, key);
      if (issue !== null && issue.field !== null && this.live(root, key) instanceof Y.Map) {
        // The rest of the entry stays as the author has changed it.
        const kept = fieldsOf(before)[issue.field];
        put({ ...fieldsOf(plain(this.live(root, key))), [issue.field]: kept }, issue.field, issue.expected);
        issue = this.issue(root, key);
      }
      if (issue !== null) put(before, issue.field, issue.expected);
      if (root === "annotations") this.stamp(key, before, edit, around);
    }
    this.note(root, key, changes);
  }

  /** Makes an annotation bear the name of its author, as the server verified it, and the time at which it was added. */
  private stamp(key: string, before: unknown, { name }: Edit, around: EditSurroundings): void {
    if (!this.has("annotations", key)) return;
    const known = before === undefined ? { name, atUs: around.now } : fieldsOf(before);
    const fields = fieldsOf(plain(this.live("annotations", key)));
    const stamped: Record<string, unknown> = { ...fields };
    for (const stamp of STAMPS) stamped[stamp] = known[stamp as keyof typeof known];
    const isAsItWas = STAMPS.every((stamp) => fields[stamp] === stamped[stamp]);
    if (isAsItWas || checkEntry("annotations", key, JSON.parse(JSON.stringify(stamped))) !== null) return;
    this.write(around, () => this.put("annotations", key, stamped));
  }

  private issue(root: RootName, key: string) {
    const value = this.live(root, key);
    const isMap = value instanceof Y.Map;
    if (isMap !== (ROOTS[root].shape === "fields"))
      return { field: null, expected: isMap ? "a plain value" : "a map of fields" };
    return checkEntry(root, key, plain(value));
  }

  /** Carries out an intent, and removes it. */
  private intend(
    key: string,
    edit: Edit,
    around: EditSurroundings,
    changes: EntryChange[],
    repairs: Repair[],
  ): void {
    const value = plain(this.live("intents", key));
    const issue = mayWrite("intents", edit.role)
      ? this.issue("intents", key)
      : { field: null, expected: "an editor" };
    this.write(around, () => this.put("intents", key, undefined));
    const effect =
      issue ?? carryOut(value as never, (root, id) => this.entry(root, id), { ...edit, atUs: around.now });
    const refusal = "expected" in effect ? effect : this.carriedOut(effect, around, changes);
    if (refusal === null) return;
    repairs.push({ root: "intents", key, ...refusal });
    this.answer(key, refusal, edit, around);
  }

  /** Makes the effect of an intent the entry's value, or says why not. */
  private carriedOut(effect: Effect, around: EditSurroundings, changes: EntryChange[]): NoEffect | null {
    const { root, id, value } = effect;
    let expected = checkEntry(root, id, value)?.expected;
    if (expected === undefined && this.entry(root, id) === undefined) {
      if (root === "workflows") this.makeRoom(around, changes);
      const { most } = ROOTS[root];
      if (this.entries.get(root)!.size >= most) expected = `at most ${most} entries in ${root}`;
    }
    if (expected !== undefined) return { field: null, expected };
    this.take(effect, around, changes);
    return null;
  }

  private take({ root, id, value }: Effect, around: EditSurroundings, changes: EntryChange[]): void {
    this.write(around, () => this.put(root, id, value));
    this.note(root, id, changes);
  }

  /** Says under the key of an intent why it was refused, in the same update. The newest answers stay. */
  private answer(
    key: string,
    { expected, found }: Pick<Repair, "expected" | "found">,
    { author }: Edit,
    around: EditSurroundings,
  ): void {
    const value = {
      to: author,
      expected,
      ...(found === undefined ? {} : { found }),
      input: around.sequence,
    };
    if (checkEntry("answers", key, value) !== null) return;
    const answers = this.entries.get("answers")!;
    if (!answers.has(key) && answers.size >= ROOTS.answers.most) {
      const [oldest] = [...answers.keys()].sort(
        (a, b) => inputOf(answers.get(a)) - inputOf(answers.get(b)) || (a < b ? -1 : 1),
      );
      this.show("answers", oldest!, undefined, around);
    }
    this.show("answers", key, value, around);
  }

  /** Removes a finished run where there are as many as there may be. */
  private makeRoom(around: EditSurroundings, changes: EntryChange[]): void {
    const runs = this.entries.get("workflows")!;
    if (runs.size < ROOTS.workflows.most) return;
    const run = oldestFinished(this.keys("workflows").map((key) => [key, runs.get(key)]));
    if (run === null) return;
    const before = runs.get(run);
    this.show("workflows", run, undefined, around);
    changes.push({ root: "workflows", key: run, before, after: undefined });
  }

  private notHeard(id: string, sequence: number): void {
    this.unheard.delete(id);
    this.unheard.set(id, sequence);
    if (this.unheard.size > UNHEARD_MAX) this.unheard.delete(this.unheard.keys().next().value!);
  }

  /** Writes an entry for what no edit did; nothing is announced of it. */
  private show(root: RootName, key: string, value: unknown, around: EditSurroundings): void {
    if (value === undefined && !this.has(root, key)) return;
    this.write(around, () => this.put(root, key, value));
    this.note(root, key, []);
  }

  private begin(around: EditSurroundings): void {
    this.write(around, () => {
      this.put("meta", "schemaVersion", ROOM_SCHEMA_VERSION);
      this.put("meta", "epoch", this.epoch);
    });
    this.note("meta", "schemaVersion", []);
    this.note("meta", "epoch", []);
  }

  /** Takes the entry into the mapped ones. */
  private note(root: RootName, key: string, changes: EntryChange[]): void {
    const entries = this.entries.get(root)!;
    const before = entries.get(key);
    const after = this.has(root, key) ? plain(this.live(root, key)) : undefined;
    if (textOf(before) === textOf(after)) return;
    if (after === undefined) entries.delete(key);
    else entries.set(key, after);
    changes.push({ root, key, before, after });
  }

  private has(root: RootName, key: string): boolean {
    return this.doc.getMap(root).has(key);
  }

  private live(root: RootName, key: string): unknown {
    return this.doc.getMap(root).get(key);
  }

  /** Makes an entry have this value; undefined removes it. */
  private put(root: RootName, key: string, value: unknown): void {
    const map = this.doc.getMap(root);
    if (value === undefined) map.delete(key);
    else if (ROOTS[root].shape === "whole") map.set(key, value);
    else {
      const live = map.get(key);
      if (live instanceof Y.Map) putFields(live, fieldsOf(value));
      else map.set(key, newFields(fieldsOf(value)));
    }
  }

  private readonly combine = (update: Uint8Array): void => {
    this.combined = update;
  };

  /** Writes under the room's own id. */
  private write(around: EditSurroundings, change: () => void): void {
    while (this.ownWriter === NOBODY || this.writers.get(this.ownWriter) !== ROOM_AUTHOR) {
      const drawn = Math.floor(around.random() * 0x1_0000_0000);
      if (drawn === NOBODY || this.writers.has(drawn) || this.retired.has(drawn)) continue;
      this.ownWriter = drawn;
      this.writers.set(drawn, ROOM_AUTHOR);
    }
    // Encoding a transaction costs as much as applying it. Most edits go on as they came.
    this.doc.on("update", this.combine);
    this.doc.clientID = this.ownWriter;
    try {
      change();
    } finally {
      // Yjs takes a foreign change under its own id for a collision, and would draw another one.
      this.doc.clientID = NOBODY;
    }
  }
}

/** The input that an answer is about. */
function inputOf(answer: unknown): number {
  return (answer as { readonly input: number }).input;
}

/** Whether actors compare with an entry of `thresholds`. */
function isObeyed(value: unknown): boolean {
  return value !== undefined && !isDrawnLevel(value);
}

/** A document whose ids are not drawn at random. */
function newDoc(): Y.Doc {
  const doc = new Y.Doc({ guid: "room" });
  doc.clientID = NOBODY;
  return doc;
}

/** Writers of the structs of an update. */
function writersOf(update: Uint8Array): number[] {
  return [...new Set(decodedUpdate(update).structs.map(({ id }) => id.client))];
}

/** In one order: of a document that was restored, Yjs gives the fields of a map in another one, and whoever writes must write the same. */
function newFields(fields: Record<string, unknown>): Y.Map<unknown> {
  return new Y.Map(
    Object.keys(fields)
      .sort()
      .map((name) => [name, fields[name]]),
  );
}

function putFields(live: Y.Map<unknown>, fields: Record<string, unknown>): void {
  for (const name of [...live.keys()].sort()) if (fields[name] === undefined) live.delete(name);
  for (const name of Object.keys(fields).sort())
    if (fields[name] !== undefined && textOf(plain(live.get(name))) !== textOf(fields[name]))
      live.set(name, fields[name]);
}

function plain(value: unknown): unknown {
  return value instanceof Y.AbstractType ? value.toJSON() : value;
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
