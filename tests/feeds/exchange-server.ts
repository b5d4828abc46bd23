/** A server on loopback that speaks as an exchange does, over WebSocket and HTTP, and a feed that reads it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { systemClock } from "../../actors/clock.ts";
import type { Fields, LevelText } from "../../actors/feeds/exchanges/venue.ts";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { Feed } from "../../actors/ports/feed.ts";
import { type CollectingSink, collectingSink } from "./collect.ts";

interface Connected {
  readonly path: string;
  readonly socket: WebSocket;
  /** Below the WebSocket. */
  readonly line: Socket;
  /** Read as JSON. */
  readonly received: unknown[];
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ExchangeServer {
  readonly connections: Connected[];
  /** Paths of requests by HTTP. */
  readonly requests: string[];
  /** Answers them. */
  answer: (path: string) => Answer;
  connected(): Promise<void>;
  /** To all that are connected. */
  send(...messages: readonly (Fields | string)[]): void;
  closeAll(): void;
}

export interface Trading {
  readonly server: ExchangeServer;
  readonly sink: CollectingSink;
  until(isSo: () => boolean): Promise<void>;
  /** Ends the feed. */
  stop(): Promise<void>;
}

interface Opened {
  readonly server: ExchangeServer;
  /** ws://HOST:PORT */
  readonly address: string;
  close(): Promise<void>;
}

/** `port`: 0 for any that is free. */
export async function openExchange(port = 0): Promise<Opened> {
  const connections: Connected[] = [];
  const requests: string[] = [];
  const http = createServer(({ url = "" }, response) => {
    requests.push(url);
    const { status, headers, body } = server.answer(url);
    response.writeHead(status, headers).end(body);
  });
  const sockets = new WebSocketServer({ server: http });
  sockets.on("connection", (socket, { url = "", socket: line }) => {
    const connected: Connected = { path: url, socket, line, received: [] };
    socket.on("message", (data) => connected.received.push(JSON.parse(String(data))));
    socket.on("error", () => {});
    connections.push(connected);
  });
  const server: ExchangeServer = {
    connections,
    requests,
    answer: () => ({ status: 404, body: "{}" }),
    async connected() {
      if (connections.length === 0) await once(sockets, "connection");
    },
    send(...messages) {
      for (const { socket } of connections)
        for (const message of messages)
          socket.send(typeof message === "string" ? message : JSON.stringify(message));
    },
    closeAll() {
      for (const { socket } of connections) socket.terminate();
    },
  };
  await new Promise<void>((resolve) => http.listen(port, "127.0.0.1", resolve));
  return {
    server,
    address: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    async close() {
      server.closeAll();
      sockets.close();
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      });
    },
  };
}

/** `spec`: of a feed, without `url`; or makes a feed that reads this address, ws://HOST:PORT. */
export async function trading(
  spec: string | ((address: string) => Feed),
  use: (trading: Trading) => Promise<void>,
  clock: Clock = systemClock,
): Promise<void> {
  const { server, address, close } = await openExchange();
  const feed = typeof spec === "string" ? feedOf(spec, address, clock) : spec(address);
  const sink = collectingSink();
  const running = feed.run(sink);
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
  };
  const stop = async (): Promise<void> => {
    await feed.stop();
    await running;
  };
  try {
    await use({ sink, until, stop, server });
  } finally {
    await stop();
    await close();
  }
}

function feedOf(spec: string, address: string, clock: Clock): Feed {
  const url = encodeURIComponent(address);
  return createFeed(`${spec}${spec.includes("?") ? "&" : "?"}url=${url}`, { clock, seed: 1 });
}

export const TRADE_MS = Date.UTC(2026, 0, 5);

export function binanceTrade(symbol: string, id: number, price: number, size = 1): Fields {
  const data = { e: "trade", s: symbol, t: id, p: String(price), q: String(size), T: TRADE_MS };
  return { stream: `${symbol.toLowerCase()}@trade`, data };
}

/** Of the book; the time says which is the last. */
export function binanceChange(
  first: number,
  last: number,
  { b = [], a = [] }: { b?: LevelText[]; a?: LevelText[] },
  symbol = "BTCUSDT",
): Fields {
  const data = { e: "depthUpdate", E: TRADE_MS + 100 * last, s: symbol, U: first, u: last, b, a };
  return { stream: `${symbol.toLowerCase()}@depth@100ms`, data };
}
