/** An exchange on loopback with one client: messages by WebSocket, which may be cut, and whole books by HTTP. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { pauseMs } from "./measure.ts";

export interface LoopbackServer {
  readonly address: string;
  readonly isConnected: boolean;
  connected(): Promise<void>;
  send(text: string): void;
  /** In the middle of something. */
  cut(): void;
  /** Resolves when what was sent is taken; without a connection after a moment. */
  taken(): Promise<void>;
  close(): Promise<void>;
}

/** `whole`: what HTTP answers for a symbol. */
export async function openServer(whole: (symbol: string) => string): Promise<LoopbackServer> {
  let socket: WebSocket | null = null;
  const http = createServer(({ url = "" }, response) => {
    response.end(whole(/symbol=(\w+)/.exec(url)![1]!));
  });
  const sockets = new WebSocketServer({ server: http });
  sockets.on("connection", (connected) => {
    socket = connected;
    connected.on("error", () => {});
    connected.on("close", () => {
      if (socket === connected) socket = null;
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    address: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    get isConnected() {
      return socket !== null;
    },
    async connected() {
      while (socket === null) await once(sockets, "connection");
    },
    send(text) {
      socket?.send(text);
    },
    cut() {
      socket?.terminate();
      socket = null;
    },
    async taken() {
      if (socket === null) return pauseMs(1);
      const at = socket;
      await new Promise<void>((resolve) => {
        const taken = (): void => {
          at.off("pong", taken);
          at.off("close", taken);
          resolve();
        };
        at.on("pong", taken);
        at.on("close", taken);
        at.ping();
      });
    },
    async close() {
      sockets.close();
      socket?.terminate();
      http.closeAllConnections();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}
