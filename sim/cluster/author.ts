/**
 * Somebody who edits the shared document of a simulated session: a page with a Yjs document, as a stock y-websocket client keeps it.
 *
 *   away ──connects──► open ──connection ends──► away          closed for good (44xx) ─► the page is loaded again, with nothing
 *
 * Faults: it loses its connection, is loaded again, writes without a connection, waits until that is saved, sends messages twice and in another order, writes under the id of
 * somebody else, or although it may only look, and comes back with a document of an earlier epoch. What it writes is often against the schema.
 */
import * as Y from "yjs";
import {
  answerMessage,
  changeMessage,
  presenceMessage,
  type RoomMessage,
  readRoomMessage,
  stateMessage,
} from "../../collab/rooms/wire.ts";
import type { Principal } from "../../protocol/principal.ts";
import { ROOM_PARTITION, ROOT_NAMES } from "../../protocol/room-document.ts";
import { documentText } from "./checkers/document-text.ts";
import type { ConnectionNumbers } from "./client.ts";
import { SimulatedClock } from "./clock.ts";
import type { Fault } from "./decisions.ts";
import type { Network } from "./network.ts";
import { Process } from "./process.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import { Connection, type PageSocket } from "./socket.ts";

/** Changes of others: they are not sent back. */
const REMOTE = Symbol("remote");

/** Mean time between two edits, and until a page connects again or is loaded again. */
const EDIT_MS = 900;
const AWAY_MS = 1_500;

/** A stock client closes a connection on which it has heard nothing for so long. */
const SILENT_MS = 30_000;

/** A connection that does not open in this time is given up: its node may have ended. */
const CONNECT_MS = 6_000;

/** Nothing is written in the last part of the calm: everything must have arrived everywhere at the end. */
const QUIET_AFTER_HEALED_MS = 5_000;

/** Codes with which a stock client does not connect again. */
const FOR_GOOD = { from: 4_400, to: 4_499 };

/** What the server says of a document of an earlier epoch. */
const OTHER_EPOCH = 4_409;

/** A node that an author's page can connect to. */
export interface DocumentNode {
  readonly process: Process;
  acceptAuthor(connection: Connection, person: Principal): boolean;
}

/** Those of a world: the last one only looks. `groups`: of channels, that thresholds are about. */
export function authorsOf(
  world: SimulatedCluster,
  network: Network,
  numbers: ConnectionNumbers,
  place: { readonly groups: readonly string[]; nodes(): readonly DocumentNode[] },
): readonly SimulatedAuthor[] {
  const authors: SimulatedAuthor[] = [];
  for (let k = 1; k <= world.options.authors; k++) {
    const name = `author${k}`;
    const role = k === world.options.authors ? "viewer" : "editor";
    const person = { id: name, name, role } as const;
    authors.push(new SimulatedAuthor(world, network, numbers, { ...place, person, all: () => authors }));
  }
  return authors;
}

type FaultName =
  | "disconnected"
  | "reloaded"
  | "offline"
  | "waits"
  | "sentTwice"
  | "overtaken"
  | "forged"
  | "viewerWrites"
  | "stale";

const KINDS: Record<FaultName, string> = {
  disconnected: "author disconnected",
  reloaded: "author reloaded",
  offline: "author offline",
  waits: "author waits",
  sentTwice: "edit sent twice",
  overtaken: "edit overtaken",
  forged: "author forged",
  viewerWrites: "viewer writes",
  stale: "stale page",
};

export class SimulatedAuthor {
  readonly person: Principal;
  readonly #world: SimulatedCluster;
  readonly #network: Network;
  readonly #nodes: () => readonly DocumentNode[];
  readonly #numbers: ConnectionNumbers;
  /** Everybody with a page, this one too. */
  readonly #all: () => readonly SimulatedAuthor[];
  readonly #groups: readonly string[];
  readonly #host: string;
  readonly #random: { next(): number };
  readonly #faults: Record<FaultName, Fault>;
  #process!: Process;
  #clock!: SimulatedClock;
  #doc!: Y.Doc;
  #socket: PageSocket | null = null;
  #isOpen = false;
  #heardMs = 0;
  /** The clock up to which its own changes are durable, as it knows. */
  #saved = 0;
  #held: Uint8Array | null = null;
  /** It writes nothing before what it wrote is saved. */
  #waits = false;
  #offlineUntilMs = 0;
  /** It has a document of an earlier epoch, and sends that without saying first what it has. */
  #isStale = false;
  /** It has sent nothing that it may be closed for. */
  #isHarmless = true;
  #tries = 0;
  #presences = 0;
  #written = 0;
  #healedMs = Number.POSITIVE_INFINITY;

  constructor(
    world: SimulatedCluster,
    network: Network,
    numbers: ConnectionNumbers,
    place: {
      person: Principal;
      /** Groups of channels that thresholds are about. */
      groups: readonly string[];
      nodes(): readonly DocumentNode[];
      all(): readonly SimulatedAuthor[];
    },
  ) {
    this.#world = world;
    this.#network = network;
    this.#numbers = numbers;
    this.person = place.person;
    this.#groups = place.groups;
    this.#nodes = place.nodes;
    this.#all = place.all;
    this.#host = this.person.id;
    this.#random = world.random(this.#host);
    const of = (name: FaultName): [FaultName, Fault] => [name, world.decisions.of(this.#host, KINDS[name])];
    this.#faults = Object.fromEntries((Object.keys(KINDS) as FaultName[]).map(of)) as Record<
      FaultName,
      Fault
    >;
    network.addHost(this.#host);
    this.#begin();
    this.#misbehave();
  }

  /** All roots of the document, with their keys in one order. */
  document(): string {
    return documentText(this.#doc);
  }

  get writer(): number {
    return this.#doc.clientID;
  }

  /** What is not as it must be when everything is calm, or null. */
  notConverged(): string | null {
    if (!this.#isOpen) return `${this.#host} is not connected to the document`;
    const own = Y.getState(this.#doc.store, this.writer);
    return own <= this.#saved
      ? null
      : `${this.#host} wrote up to ${own}; what it knows to be durable ends at ${this.#saved}`;
  }

  heal(): void {
    this.#offlineUntilMs = 0;
    this.#healedMs = this.#clock.monotonicMs();
    // Somebody who may only look writes nothing after it.
    if (this.#held !== null) this.#send(this.#held);
    this.#held = null;
    if (this.#socket === null) this.#connect();
  }

  // ---- the page -------------------------------------------------------------------------------------------------

  /** A page that was just loaded. */
  #begin(): void {
    const world = this.#world;
    this.#process = new Process(this.#host);
    this.#clock = new SimulatedClock(world, this.#process);
    this.#saved = 0;
    this.#held = null;
    this.#waits = false;
    this.#isHarmless = true;
    this.#isStale = false;
    const doc = new Y.Doc();
    for (const root of ROOT_NAMES) doc.getMap(root);
    doc.clientID = 1 + Math.floor(this.#random.next() * 0xffff_fffe);
    this.#doc = doc;
    world.observe({ kind: "writer", atUs: world.nowUs, writer: doc.clientID, author: this.person.id });
    doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== REMOTE) this.#offer(changeMessage(update));
    });
    if (this.person.role === "viewer") doc.on("afterTransaction", (transaction) => this.#show(transaction));
    this.#connect();
    this.#writeLater();
    world.every(3_000, this.#process, `${this.#host} looks at its line`, () => {
      const silentMs = this.#isOpen ? SILENT_MS : CONNECT_MS;
      if (this.#clock.monotonicMs() - this.#heardMs > silentMs) this.#away();
      return true;
    });
  }

  #reload(): void {
    this.#socket?.close();
    this.#socket = null;
    this.#isOpen = false;
    this.#world.end(this.#process);
    this.#begin();
  }

  #connect(): void {
    const world = this.#world;
    const nodes = this.#nodes();
    const node = nodes[this.#tries++ % nodes.length]!;
    const id = this.#numbers.next++;
    const connection = new Connection(world, this.#network, {
      id,
      partition: ROOM_PARTITION,
      page: this.#process,
      node: node.process,
      isDocument: true,
    });
    const { page } = connection;
    this.#socket = page;
    this.#heardMs = this.#clock.monotonicMs();
    page.addEventListener("open", () => this.#opened());
    page.addEventListener("message", ({ data }) => {
      const message = readRoomMessage(new Uint8Array(data as ArrayBuffer));
      if (message === null) world.fail("harmless-stay", `${this.#host} was sent bytes that are no message`);
      else this.#receive(message);
    });
    page.addEventListener("close", ({ code = 1006, reason = "" }) => {
      if (this.#socket === page) this.#closed(code, reason);
    });
    const what = world.trace.intern(`${this.#host} connects`);
    const up = this.#network.pipe(this.#host, node.process.name);
    const down = this.#network.pipe(node.process.name, this.#host);
    const refuse = (): void => down.send(page.process, what, () => page.closedByPeer(1006, ""));
    if (node.process.state === "ended") refuse();
    else
      up.send(node.process, what, () => (node.acceptAuthor(connection, this.person) ? undefined : refuse()));
  }

  #opened(): void {
    this.#isOpen = true;
    this.#heardMs = this.#clock.monotonicMs();
    if (!this.#isStale) this.#send(stateMessage(Y.encodeStateVector(this.#doc)));
    const state = JSON.stringify({ at: this.#presences });
    this.#send(presenceMessage([{ writer: this.writer, clock: ++this.#presences, state }]));
  }

  #receive(message: RoomMessage): void {
    this.#heardMs = this.#clock.monotonicMs();
    switch (message.kind) {
      case "state": {
        this.#isSaved(message.vector.get(this.writer) ?? 0);
        const update = Y.encodeStateAsUpdate(this.#doc, Y.encodeStateVector(message.vector));
        this.#send(answerMessage(update));
        break;
      }
      case "update": {
        const own = Y.decodeUpdate(message.update).structs.filter(({ id }) => id.client === this.writer);
        Y.applyUpdate(this.#doc, message.update, REMOTE);
        for (const { id, length } of own) this.#isSaved(id.clock + length);
        break;
      }
      // Who else is there changes nothing here.
      case "presence":
      case "presenceRequest":
        break;
      default:
        message satisfies never;
    }
  }

  #isSaved(clock: number): void {
    if (clock <= this.#saved) return;
    this.#saved = clock;
    this.#world.sometimes("author saved");
    this.#world.observe({ kind: "saved", atUs: this.#world.nowUs, writer: this.writer, clock });
  }

  #closed(code: number, reason: string): void {
    const world = this.#world;
    this.#socket = null;
    this.#isOpen = false;
    const isForGood = code >= FOR_GOOD.from && code <= FOR_GOOD.to;
    if (isForGood) world.sometimes("author closed for good");
    if (isForGood && code !== OTHER_EPOCH && this.#isHarmless)
      world.fail("harmless-stay", `${this.#host} was closed with ${code}: ${reason}`);
    this.#isStale = code === OTHER_EPOCH && this.#faults.stale.happens(world.options.author.stale);
    this.#clock.after(this.#random.next() * 2 * AWAY_MS, () => {
      if (this.#socket !== null) return;
      if (isForGood && !this.#isStale) this.#reload();
      else if (this.#clock.monotonicMs() >= this.#offlineUntilMs) this.#connect();
    });
  }

  /** Ends the connection; connects again later. */
  #away(): void {
    const socket = this.#socket;
    if (socket === null) return;
    socket.close();
    this.#closed(1006, "");
  }

  // ---- what it writes -------------------------------------------------------------------------------------------

  #writeLater(): void {
    this.#clock.after(2 * EDIT_MS * this.#random.next(), () => {
      const isQuiet = this.#clock.monotonicMs() > this.#healedMs + QUIET_AFTER_HEALED_MS;
      if (isQuiet) return;
      if (this.person.role !== "viewer" && !this.#isWaiting()) this.#doc.transact(() => this.#write());
      this.#writeLater();
    });
  }

  /** Whether it waits until what it wrote is saved. */
  #isWaiting(): boolean {
    // What it has not sent yet, the next edit takes along.
    const isSaved = this.#held !== null || Y.getState(this.#doc.store, this.writer) <= this.#saved;
    const begins =
      !this.#waits &&
      !isSaved &&
      this.#isOpen &&
      this.#faults.waits.happens(this.#world.options.author.waits);
    this.#waits = !isSaved && (this.#waits || begins);
    return this.#waits;
  }

  #write(): void {
    const draw = (count: number): number => Math.floor(this.#random.next() * count);
    const { id } = this.person;
    const map = (root: string): Y.Map<unknown> => this.#doc.getMap(root);
    // Mostly one that is there, as others have made and named it.
    const shown = [...map("panels").keys()];
    const key = draw(3) > 0 && shown.length > 0 ? shown[draw(shown.length)]! : `${draw(4)}`;
    const panel = map("panels").get(key);
    const group = this.#groups[draw(this.#groups.length)]!;
    const note = `${id}-${++this.#written}`;
    const fields = (values: Record<string, unknown>): Y.Map<unknown> => new Y.Map(Object.entries(values));
    const steps: (() => unknown)[] = [
      () =>
        map("thresholds").set(group, {
          of: { group, channel: `${group}0` },
          direction: "above",
          level: 99 + draw(3),
        }),
      () => map("thresholds").set(group, { broken: id }),
      () => map("thresholds").delete(group),
      () => map("panels").set(`${draw(4)}`, fields({ type: "chart", order: note })),
      () => panel instanceof Y.Map && panel.set("title", note),
      () => panel instanceof Y.Map && panel.set("type", 5),
      () => map("panels").delete(key),
      () => map("panels").set(key, "no map of fields"),
      () => map("meta").set("epoch", draw(9)),
      () => map("intents").set(note, { type: "alert.acknowledge", alert: group }),
      () =>
        map("intents").set(note, {
          type: "workflow.start",
          run: `run-${key}`,
          title: key,
          steps: { look: "Look" },
        }),
      () =>
        map("intents").set(note, { type: "workflow.step", run: `run-${key}`, step: "look", state: "done" }),
      () => map("annotations").set(note, fields({ by: id, body: note, fromUs: draw(1_000_000) })),
      () => map("annotations").set(note, fields({ by: "somebody else", body: note, fromUs: 1 })),
      () => map("view").set("cursor", { timeUs: draw(1_000_000) }),
    ];
    // Several at once, as after a drag.
    for (let changes = 1 + draw(3); changes > 0; changes--) steps[draw(steps.length)]!();
  }

  /** Sends a change of its own, perhaps twice, or after the next one. */
  #offer(message: Uint8Array): void {
    const { author } = this.#world.options;
    const { sentTwice, overtaken } = this.#faults;
    const held = this.#held;
    this.#held = null;
    if (held === null && overtaken.happens(author.overtaken)) this.#held = message;
    else this.#send(message);
    if (held !== null) this.#send(held);
    if (sentTwice.happens(author.sentTwice)) this.#send(message);
  }

  #send(message: Uint8Array): void {
    if (this.#isOpen) this.#socket?.send(message);
  }

  /** The entries that others have changed, as this page shows them. */
  #show(transaction: Y.Transaction): void {
    // What it wrote itself may be against the schema.
    if (transaction.origin !== REMOTE || !this.#isHarmless) return;
    const world = this.#world;
    for (const [type, keys] of transaction.changed) {
      let key: string | null = null;
      let at = type as Y.AbstractType<unknown>;
      for (; at._item !== null; at = at._item.parent as Y.AbstractType<unknown>) key = at._item.parentSub;
      const root = ROOT_NAMES.find((name) => this.#doc.share.get(name) === at) ?? "";
      const changed = key === null ? [...keys].filter((each) => each !== null) : [key];
      for (const each of changed) {
        const value = (at as Y.Map<unknown>).get(each);
        const plain = value instanceof Y.AbstractType ? value.toJSON() : value;
        world.observe({
          kind: "shown",
          atUs: world.nowUs,
          client: this.#host,
          root,
          key: each,
          value: plain,
        });
      }
    }
  }

  // ---- faults ---------------------------------------------------------------------------------------------------

  #misbehave(): void {
    const world = this.#world;
    const { decisions, options } = world;
    const { author } = options;
    const faults = this.#faults;
    world.every(1_000, null, `${this.#host} second`, () => {
      if (decisions.healed) return false;
      if (faults.disconnected.happens(author.disconnected)) this.#away();
      if (faults.reloaded.happens(author.reloaded)) this.#reload();
      if (faults.offline.happens(author.offline)) this.#goOffline(faults.offline.size(1_000, 12_000));
      if (faults.forged.happens(author.forged)) this.#forge(faults.forged);
      if (this.person.role === "viewer" && faults.viewerWrites.happens(author.viewerWrites)) {
        this.#isHarmless = false;
        this.#doc.transact(() => this.#write());
      }
      return true;
    });
  }

  #goOffline(ms: number): void {
    this.#offlineUntilMs = this.#clock.monotonicMs() + ms;
    this.#away();
    this.#clock.after(ms, () => {
      if (this.#socket === null && this.#clock.monotonicMs() >= this.#offlineUntilMs) this.#connect();
    });
  }

  /** Writes under the id of somebody else's page. */
  #forge(fault: Fault): void {
    // An id belongs to whoever writes under it first.
    const others = this.#all().filter((each) => each !== this && each.#saved > 0);
    const victim = others[Math.floor(fault.size(0, others.length))];
    if (!this.#isOpen || victim === undefined) return;
    this.#isHarmless = false;
    const forged = new Y.Doc();
    Y.applyUpdate(forged, Y.encodeStateAsUpdate(this.#doc));
    forged.clientID = victim.writer;
    const before = Y.encodeStateVector(forged);
    forged.getMap("view").set("cursor", { timeUs: 666 });
    this.#send(changeMessage(Y.encodeStateAsUpdate(forged, before)));
  }
}
