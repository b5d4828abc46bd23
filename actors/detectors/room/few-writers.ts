/**
 * Makes a transaction of Yjs count what few writers have written.
 *
 * Before and after each transaction Yjs notes how far every writer has come. With five hundred of them that takes longer than to apply an edit, and
 * leaves sixty kilobytes of garbage. Only those change that write in it: what an edit holds, and the room.
 *
 * F1  A transaction within `among` sees no difference, if only these writers write in it.
 * F2  Outside of it a store lists all its writers.
 */
import * as Y from "yjs";

type Clients = Y.Doc["store"]["clients"];
type Structs = Clients extends Map<number, infer S> ? S : never;

export class FewWriters {
  private readonly doc: Y.Doc;
  private readonly clients = new ListedClients();

  /** `doc`: a new one. */
  constructor(doc: Y.Doc) {
    this.doc = doc;
    doc.store.clients = this.clients;
  }

  /** A transaction in which none but these write. A writer that is drawn within it may be added to them before it writes. */
  among(writers: ReadonlySet<number>, change: (transaction: Y.Transaction) => void): void {
    const { store } = this.doc;
    // What waits for others might go in now, whoever wrote it.
    const isAlone = store.pendingStructs === null;
    this.clients.listed = isAlone ? writers : null;
    try {
      this.doc.transact((transaction) => {
        if (isAlone) transaction.beforeState = new StatesBefore(transaction.beforeState, writers, store);
        change(transaction);
      });
    } finally {
      this.clients.listed = null;
    }
  }
}

/** The writers of a store, of which only some are listed at times. */
class ListedClients extends Map<number, Structs> {
  listed: ReadonlySet<number> | null = null;

  override forEach(visit: (structs: Structs, writer: number, all: Map<number, Structs>) => void): void {
    const { listed } = this;
    if (listed === null) super.forEach(visit);
    else
      for (const writer of listed) {
        const structs = this.get(writer);
        if (structs !== undefined) visit(structs, writer, this);
      }
  }
}

/** How far each writer had come before a transaction: those that do not write in it are where they were. */
class StatesBefore extends Map<number, number> {
  private readonly writing: ReadonlySet<number>;
  private readonly store: Y.Doc["store"];

  constructor(states: ReadonlyMap<number, number>, writing: ReadonlySet<number>, store: Y.Doc["store"]) {
    super();
    for (const [writer, clock] of states) this.set(writer, clock);
    this.writing = writing;
    this.store = store;
  }

  override get(writer: number): number | undefined {
    // Yjs says nothing of who has written nothing, and takes another answer for a change.
    return this.writing.has(writer) ? super.get(writer) : Y.getState(this.store, writer) || undefined;
  }
}
