/**
 * Pushes samples over HTTP in a process of its own, at a rate: over connections that stay open, with several requests ahead of their answers, as agents
 * do. Arguments: the port, on loopback, and the body as JSON.
 */
import { connect, type Socket } from "node:net";
import process from "node:process";
import { answerRequests } from "./child.ts";

export interface PushLoad {
  readonly pushesPerSecond: number;
  readonly seconds: number;
}

export interface PushResult {
  /** With 200. */
  readonly answered: number;
  readonly refused: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
}

const CONNECTIONS = 4;
/** Requests of a connection without an answer. */
const AHEAD = 64;

const [, , port, body] = process.argv;
const request =
  `POST /api/ingest/bench HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n` +
  `content-length: ${Buffer.byteLength(body!)}\r\n\r\n${body}`;

class Connection {
  answered = 0;
  refused = 0;
  ahead = 0;
  private readonly socket: Socket;
  /** The end of what came last, in which a status line may have begun. */
  private tail = "";

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.receive(chunk.toString("latin1")));
    socket.on("close", () => {
      if (this.ahead > 0) throw new Error(`a connection was closed with ${this.ahead} requests unanswered`);
    });
  }

  send(count: number): void {
    this.ahead += count;
    this.socket.write(request.repeat(count), "latin1");
  }

  end(): void {
    this.socket.destroy();
  }

  private receive(text: string): void {
    const seen = this.tail + text;
    let from = 0;
    for (;;) {
      const at = seen.indexOf(STATUS, from);
      if (at < 0 || at + STATUS.length + 3 > seen.length) break;
      from = at + STATUS.length;
      this.ahead--;
      if (seen.startsWith("200", from)) this.answered++;
      else this.refused++;
    }
    this.tail = seen.slice(Math.max(from, seen.length - STATUS.length - 2));
  }
}

const STATUS = "HTTP/1.1 ";

function open(): Promise<Connection> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), "127.0.0.1", () => {
      socket.setNoDelay(true);
      resolve(new Connection(socket));
    });
  });
}

answerRequests({
  /** Resolves when all that was sent is answered. Its connections are its own: a server closes those that were idle for some seconds. */
  async send({ pushesPerSecond, seconds }: PushLoad): Promise<PushResult> {
    const connections = await Promise.all(Array.from({ length: CONNECTIONS }, open));
    const total = (of: "answered" | "refused" | "ahead"): number =>
      connections.reduce((sum, connection) => sum + connection[of], 0);
    const began = performance.now();
    const elapsed = (): number => (performance.now() - began) / 1000;
    let sent = 0;
    while (elapsed() < seconds) {
      const due = Math.floor(elapsed() * pushesPerSecond);
      for (const connection of connections) {
        const count = Math.min(AHEAD - connection.ahead, Math.ceil((due - sent) / CONNECTIONS));
        if (count <= 0) continue;
        connection.send(count);
        sent += count;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (total("ahead") > 0) await new Promise((resolve) => setImmediate(resolve));
    const result = { answered: total("answered"), refused: total("refused"), seconds: elapsed() };
    for (const connection of connections) connection.end();
    return result;
  },
});
