/**
 * The way out to people and programs: HTTP, Server-Sent Events and WebSocket over one port.
 *
 *   session ──► SessionHub ─┬─► SocketClient (/ws)        samples · state · events · metrics
 *                           ├─► EventStream  (/events)    events
 *                           └─► pollEvents   (/api/events) events
 *   browser ──► RequestGuard (rate, Host, Origin, base path, sign-in) ──► routes
 *
 * G1  The same events go all three ways, each once, in the order of their sequences.
 * G2  A slow client costs others nothing: it is conflated, then cut with a reason, and resumes from its cursor.
 * G3  Bound to more than loopback, nothing but /healthz and the page's files is served without the token.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, isIPv6, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import type { Duplex } from "node:stream";
import type { SessionControls } from "../../actors/ports/controls.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import { Auth, type Identity, noToken, randomToken, TOKEN_CHARACTERS_MIN } from "./auth.ts";
import { ConnectionCount } from "./connection-count.ts";
import { Counters, countUp } from "./counters.ts";
import type { EventStream } from "./event-stream.ts";
import { isLoopback } from "./hosts.ts";
import { HttpError } from "./http-error.ts";
import { GATEWAY_LIMITS, type GatewayLimits } from "./limits.ts";
import type { RequestContext } from "./request-context.ts";
import { RequestGuard } from "./request-guard.ts";
import { refuseUpgrade, respondRefusal } from "./respond.ts";
import type { GatewayParts, Route } from "./route.ts";
import { OPEN_PATHS, routes } from "./routes.ts";
import { SessionHub } from "./session-hub.ts";
import { SocketServer } from "./socket-server.ts";
import { readStaticFiles, type StaticFile, serveFile } from "./static-files.ts";

export interface GatewayOptions {
  /** The first is the one a request means that names none. */
  readonly sessions: readonly LiveSession[];
  /** What people may do to a session beside looking, by its name. */
  readonly controls?: Readonly<Record<string, SessionControls>>;
  /** Default 127.0.0.1. Beyond loopback a token is required, and made when none is given. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Path below which everything lies, "/eigenwatch"; default "". */
  readonly basePath?: string;
  /** At least TOKEN_CHARACTERS_MIN characters. */
  readonly token?: string;
  /** A file that holds the token. */
  readonly tokenFile?: string;
  /** Names under which the gateway is reached beside loopback, "example.org" or "example.org:8443". */
  readonly allowedHosts?: readonly string[];
  /** Believe X-Forwarded-For, -Proto and -Prefix: only behind a proxy that sets them. */
  readonly trustProxy?: boolean;
  /** Folder of the built dashboard. */
  readonly staticDir?: string;
  readonly limits?: Partial<GatewayLimits>;
  /** Program and version as clients are told: "eigenwatch 0.1.0". */
  readonly server?: string;
  readonly log?: (line: string) => void;
  /** Monotonic ms; for tests. */
  readonly nowMs?: () => number;
}

export interface Gateway {
  /** Of the page, ending with "/". */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** `url`, with `#token=…` where a token is required: to be shown once, to whoever started the program. */
  readonly loginUrl: string;
  /** Tells every client, waits at most `closeGraceMs`, then takes their sockets away. */
  close(): Promise<void>;
}

/** Starts a gateway. Rejects when the port is taken (the error has its `code`), and when token, base path or folder cannot be used. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  if (options.sessions.length === 0)
    throw new Error("Cannot start gateway: no session; expected at least one");
  const limits: GatewayLimits = { ...GATEWAY_LIMITS, ...options.limits };
  const host = options.host ?? "127.0.0.1";
  const token = chooseToken(options, host);
  const basePath = checkBasePath(options.basePath ?? "");
  const files =
    options.staticDir === undefined ? new Map() : readStaticFiles(options.staticDir, limits.staticBytesMax);

  const { headerBytesMax, headersMsMax, requestMsMax, slowCheckMs } = limits;
  const server = createServer({
    maxHeaderSize: headerBytesMax,
    headersTimeout: headersMsMax,
    requestTimeout: requestMsMax,
    connectionsCheckingInterval: slowCheckMs,
  });
  const port = await listen(server, host, options.port ?? 0);
  const running = new RunningGateway(server, options, { limits, host, port, token, basePath, files });
  const url = `http://${authority(host, port)}${basePath}/`;
  return {
    url,
    host,
    port,
    loginUrl: token === null ? url : `${url}#token=${token}`,
    close: () => running.close(),
  };
}

interface Settled {
  readonly limits: GatewayLimits;
  readonly host: string;
  readonly port: number;
  readonly token: string | null;
  readonly basePath: string;
  readonly files: ReadonlyMap<string, StaticFile>;
}

class RunningGateway {
  readonly #server: Server;
  readonly #limits: GatewayLimits;
  readonly #log: (line: string) => void;
  readonly #files: ReadonlyMap<string, StaticFile>;
  readonly #door: RequestGuard;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #hubs: readonly SessionHub[];
  readonly #counters = new Counters();
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Set<EventStream>();
  readonly #socketServer: SocketServer;
  readonly #beat: ReturnType<typeof setInterval>;
  #closing: Promise<void> | null = null;

  constructor(server: Server, options: GatewayOptions, settled: Settled) {
    const { limits, host, port, token, basePath, files } = settled;
    const nowMs = options.nowMs ?? (() => performance.now());
    const auth = new Auth(token, port, limits);
    const hosts = { boundHost: host, port, allowedHosts: options.allowedHosts ?? [] };
    const connections = new ConnectionCount(limits);
    this.#server = server;
    this.#limits = limits;
    this.#log = options.log ?? (() => {});
    this.#files = files;
    this.#door = new RequestGuard({
      auth,
      hosts,
      basePath,
      trustProxy: options.trustProxy === true,
      limits,
      nowMs,
    });
    this.#hubs = options.sessions.map((session) => new SessionHub(session));
    const parts: GatewayParts = {
      hubs: this.#hubs,
      controls: options.controls ?? {},
      auth,
      connections,
      counters: this.#counters,
      limits,
      nowMs,
      server: options.server ?? "eigenwatch",
      streams: this.#streams,
    };
    this.#routes = routes(parts);
    this.#socketServer = new SocketServer(parts);
    this.#beat = setInterval(() => this.#keepAlive(), limits.keepAliveMs);
    this.#beat.unref();
    server.on("connection", (socket: Socket) => this.#hold(socket));
    server.on("request", (request, response) => void this.#answer(request, response));
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => refuseBytes(error, socket, limits));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that leaves while something is written to it is no failure of ours.
    response.on("error", () => response.destroy());
    response.on("finish", () => countUp(this.#counters.requests, response.statusCode));
    try {
      await this.#route(request, response);
    } catch (error) {
      const refusal = error instanceof HttpError ? error : this.#failure(request, error);
      if (response.headersSent) response.destroy();
      else respondRefusal(request, response, refusal);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const visitor = this.#door.enter(request);
    const { path } = visitor;
    if (path === "") {
      // Relative, so that it holds behind any proxy: the page's own URLs are relative to this slash.
      const last = (request.url ?? "").split("?")[0]!.split("/").pop()!;
      throw new HttpError(308, "serve the page", last, `${last}/`, { location: `${last}/` });
    }
    if (path === "/ws")
      throw new HttpError(426, "open a WebSocket", "a plain request", "an upgrade", { upgrade: "websocket" });
    const file = this.#files.get(path);
    const route = this.#routes.get(path);
    if (file === undefined && route === undefined)
      throw new HttpError(404, "find", path, wantedPath(path, this.#files));
    const methods = file !== undefined ? ["GET", "HEAD"] : route!.methods;
    if (!methods.includes(request.method ?? "")) {
      const allow = methods.join(", ");
      throw new HttpError(405, `answer ${path}`, request.method, allow, { allow });
    }
    if (file !== undefined) return serveFile(request, response, file);
    const identity: Identity = OPEN_PATHS.has(path)
      ? { kind: "stranger" }
      : this.#door.identify(request, visitor);
    if (identity.kind === "stranger" && !OPEN_PATHS.has(path)) throw noToken();
    const exchange: RequestContext = { ...visitor, request, response, identity };
    await route!.answer(exchange);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    try {
      const visitor = this.#door.enter(request);
      if (visitor.path !== "/ws") throw new HttpError(404, "upgrade to WebSocket at", visitor.path, "/ws");
      if (this.#closing !== null)
        throw new HttpError(503, "open a WebSocket", "closing", "a running gateway");
      // A stranger may still say the token in its hello: a browser is not told why an upgrade was refused, but it can read `closing`.
      const identity = this.#door.identify(request, visitor);
      this.#socketServer.accept(request, socket as Socket, head, visitor, identity);
    } catch (error) {
      refuseUpgrade(socket, error instanceof HttpError ? error : this.#failure(request, error));
    }
  }

  /** An error of ours: told to the log in full, to the client without its inside. */
  #failure(request: IncomingMessage, error: unknown): HttpError {
    const path = (request.url ?? "").split("?")[0];
    this.#log(
      `gateway: cannot answer ${request.method} ${path}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return new HttpError(500, "answer", path, "no failure of the server: see its log");
  }

  #hold(socket: Socket): void {
    if (this.#sockets.size >= this.#limits.socketsMax) {
      countUp(this.#counters.closed, "socketsMax");
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #keepAlive(): void {
    for (const stream of [...this.#streams]) stream.keepAlive();
    this.#socketServer.keepAlive();
  }

  async #close(): Promise<void> {
    clearInterval(this.#beat);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const stream of [...this.#streams]) stream.end();
    for (const hub of this.#hubs) hub.close();
    this.#socketServer.close();
    this.#server.closeIdleConnections();
    const grace = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, this.#limits.closeGraceMs);
    await closed;
    clearTimeout(grace);
  }
}

function chooseToken(options: GatewayOptions, host: string): string | null {
  const given =
    options.tokenFile === undefined ? options.token : readFileSync(options.tokenFile, "utf8").trim();
  if (given === undefined) return isLoopback(host) ? null : randomToken();
  if (/^[\x21-\x7e]+$/.test(given) && given.length >= TOKEN_CHARACTERS_MIN) return given;
  const from = options.tokenFile === undefined ? "token" : `token of ${options.tokenFile}`;
  const expected = `at least ${TOKEN_CHARACTERS_MIN} visible ASCII characters without spaces`;
  throw new Error(`Cannot start gateway: the ${from} has ${given.length} characters; expected ${expected}`);
}

function checkBasePath(basePath: string): string {
  const bare = basePath.replace(/\/+$/, "");
  if (bare === "" || /^(\/[\w.~-]+)+$/.test(bare)) return bare;
  throw new Error(`Cannot start gateway: base path ${basePath}; expected "" or a path such as "/eigenwatch"`);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const error = new Error(`Cannot listen on ${host}:${port}: ${cause.message}`, { cause });
      reject(Object.assign(error, { code: cause.code }));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Host and port for a link; for "all addresses" the first one others reach this machine by. */
function authority(host: string, port: number): string {
  const name = host === "0.0.0.0" || host === "::" ? outwardAddress() : host;
  return isIPv6(name) ? `[${name}]:${port}` : `${name}:${port}`;
}

function outwardAddress(): string {
  for (const addresses of Object.values(networkInterfaces()))
    for (const { family, internal, address } of addresses ?? [])
      if (family === "IPv4" && !internal) return address;
  return "127.0.0.1";
}

function wantedPath(path: string, files: ReadonlyMap<string, StaticFile>): string {
  if (path === "/" && files.size === 0) return "a gateway with a built dashboard (staticDir)";
  return "a file of the page, /healthz, /readyz, /metrics, /events, /ws or /api/…";
}

/** Bytes that are no HTTP, or too many of them. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Duplex, limits: GatewayLimits): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  if (error.code === "HPE_HEADER_OVERFLOW") {
    const expected = `at most ${limits.headerBytesMax} bytes (headerBytesMax)`;
    refuseUpgrade(socket, new HttpError(431, "read headers", "longer headers", expected));
  } else {
    refuseUpgrade(socket, new HttpError(400, "read request", error.code ?? "unknown bytes", "HTTP/1.1"));
  }
}
