/** A gateway with shared documents, and stock y-websocket clients of it. */
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { systemClock } from "../../actors/clock.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import type { Partition } from "../../actors/partition/partition.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { createGateway, type Gateway, type GatewayOptions } from "../../collab/gateway/gateway.ts";
import type { RequestOrigin } from "../../collab/gateway/request.ts";
import { RoomKeeper } from "../../collab/rooms/room-keeper.ts";
import { RoomServer } from "../../collab/rooms/room-server.ts";
import type { Principal } from "../../protocol/principal.ts";
import { condition } from "../support/condition.ts";
import { openPartition } from "../support/open-partition.ts";

export interface RoomWorld {
  readonly gateway: Gateway;
  readonly partition: Partition;
  /** What the server of the documents said. */
  readonly logged: readonly string[];
  /** A stock client under this name; `writer`: its Yjs client id. */
  join(name: string, options?: StockOptions): Stock;
  /** A bare socket, for what no stock client sends. */
  socket(name?: string, path?: string, headers?: Record<string, string>): BareSocket;
  close(): Promise<void>;
}

/** People are who they say in `?name=` and `?role=`; "stranger" may not come in. */
function admit({ query }: RequestOrigin): Principal | null {
  const id = query.get("name") ?? "ana";
  if (id === "stranger") return null;
  return { id, name: id, role: (query.get("role") ?? "editor") as Principal["role"] };
}

export interface RoomWorldOptions {
  readonly token?: string;
  /** The document is open when this resolves. */
  opening?(): Promise<void>;
  /** Of the connections. */
  readonly clock?: Clock;
  /** Further ones of the gateway: who may come in, until when. */
  readonly gateway?: Partial<GatewayOptions>;
}

/** With a token people are who they are signed in as, and a second document, "mill", is there. */
export async function roomWorld(
  journal: Journal = createMemoryJournal({}),
  {
    token,
    opening = () => Promise.resolve(),
    clock = systemClock,
    gateway: options = {},
  }: RoomWorldOptions = {},
): Promise<RoomWorld> {
  const partition = await openRoomPartition(journal);
  const logged: string[] = [];
  const rooms = new RoomServer({
    clock,
    open: (name) =>
      name === "plant" || (name === "mill" && token !== undefined)
        ? opening().then(() => new RoomKeeper(partition, { clock }))
        : null,
    admit: token === undefined ? admit : ({ identity }) => identity.principal,
    log: (message) => void logged.push(message),
  });
  const gateway = await createGateway({
    sessions: [partition],
    upgrades: [rooms],
    ...(token === undefined ? {} : { token }),
    ...options,
  });
  const closing: (() => void)[] = [];
  return {
    gateway,
    partition,
    logged,
    join(name, options) {
      const stock = new Stock(gateway, name, options);
      closing.push(() => stock.leave());
      return stock;
    },
    socket(name = "ana", path = "/collab/plant", headers = {}) {
      const socket = new BareSocket(gateway, name, path, headers);
      closing.push(() => socket.ws.terminate());
      return socket;
    },
    async close() {
      for (const close of closing) close();
      await gateway.close();
      await partition.close();
    },
  };
}

export function openRoomPartition(journal: Journal): Promise<Partition> {
  return openPartition({
    session: "plant",
    partition: "room",
    journal,
    of: "edits",
  });
}

interface StockOptions {
  readonly writer?: number;
  readonly role?: string;
  readonly doc?: Y.Doc;
  readonly room?: string;
  readonly ticket?: string;
}

/** A stock y-websocket client, as its users have it. */
export class Stock {
  readonly doc: Y.Doc;
  readonly provider: WebsocketProvider;
  closed: { code: number; reason: string } | null = null;
  /** Of all connections that the server closed. */
  readonly codes: number[] = [];
  readonly #condition = condition();

  constructor(
    gateway: Gateway,
    name: string,
    { writer, role = "editor", doc = new Y.Doc(), room = "plant", ticket }: StockOptions = {},
  ) {
    this.doc = doc;
    if (writer !== undefined) doc.clientID = writer;
    this.provider = new WebsocketProvider(`ws://127.0.0.1:${gateway.port}/collab`, room, doc, {
      WebSocketPolyfill: WebSocket as never,
      disableBc: true,
      params: { name, role, ...(ticket === undefined ? {} : { ticket }) },
      maxBackoffTime: 200,
    });
    const look = () => this.#condition.look();
    doc.on("update", look);
    this.provider.on("sync", look);
    this.provider.on("status", look);
    this.provider.awareness.on("update", look);
    this.provider.on("connection-close", (event) => {
      if (event !== null) this.codes.push(event.code);
      look();
    });
    this.provider.on("closed", (event) => {
      this.closed = event;
      look();
    });
  }

  until(holds: () => boolean): Promise<void> {
    return this.#condition.until(holds);
  }

  async synced(): Promise<this> {
    await this.until(() => this.provider.synced);
    return this;
  }

  map(root: string): Y.Map<unknown> {
    return this.doc.getMap(root);
  }

  json(root: string): Record<string, unknown> {
    return this.map(root).toJSON();
  }

  leave(): void {
    this.provider.destroy();
    this.doc.destroy();
  }
}

/** A WebSocket that sends any bytes. */
export class BareSocket {
  readonly ws: WebSocket;
  readonly received: Uint8Array[] = [];
  /** The HTTP status of a refused upgrade. */
  refusedWith: number | null = null;
  closed: { code: number; reason: string } | null = null;
  readonly #condition = condition();

  constructor(gateway: Gateway, name: string, path: string, headers: Record<string, string> = {}) {
    this.ws = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}?name=${name}`, {
      perMessageDeflate: false,
      headers,
    });
    this.ws.on("open", () => this.#condition.look());
    this.ws.on("message", (data: Buffer) => {
      this.received.push(new Uint8Array(data));
      this.#condition.look();
    });
    this.ws.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#condition.look();
    });
    this.ws.on("error", () => {});
    this.ws.on("unexpected-response", (_request, response) => {
      this.refusedWith = response.statusCode ?? 0;
      this.ws.terminate();
      this.#condition.look();
    });
  }

  until(holds: () => boolean): Promise<void> {
    return this.#condition.until(holds);
  }

  async opened(): Promise<this> {
    await this.until(() => this.received.length > 0 || this.closed !== null);
    return this;
  }

  async sends(...messages: (Uint8Array | string)[]): Promise<void> {
    await this.opened();
    for (const message of messages) this.ws.send(message);
  }

  /** The code it was closed with. */
  async code(): Promise<number> {
    await this.until(() => this.closed !== null);
    return this.closed!.code;
  }
}
