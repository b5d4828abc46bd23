/**
 * The server for people and programs: HTTP, Server-Sent Events and WebSocket on one port.
 *
 *   session ──► SessionHub ─┬─► SocketClient (/ws)         samples · state · events · metrics
 *                           ├─► EventStream  (/events)     events
 *                           └─► pollEvents   (/api/events) events
 *   request ──► RequestGuard (rate, Host, Origin, base path, sign-in) ──► routes.ts ──► SessionCommands, files, events
 *                                  below /recordings/NAME/ ──► the same, of a recording (recordings.ts)
 *
 * G1  All three ways deliver the same events, each once, in the order of their sequences.
 * G2  A slow client does not delay others. It gets fewer samples and states, then is cut with a reason, and resumes from its cursor.
 * G3  Strangers, however many, keep neither signed-in people nor /healthz from being served.
 * G4  On an address other than loopback, only /healthz and the page's files are served without the token.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, isIPv6, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import type { Duplex } from "node:stream";
import { type ScanDesk, systemClock } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { OWNER } from "../../protocol/principal.ts";
import { isLoopback } from "./allowed-hosts.ts";
import { Auth, type Identity, randomToken, type Standing, TOKEN_CHARACTERS_MIN } from "./auth.ts";
import { ConnectionCount } from "./connection-count.ts";
import type { OpenStream, UpgradeRoute } from "./gateway-context.ts";
import { type GrantLog, type GrantStore, Grants, grantsInMemory } from "./grants.ts";
import { HttpError } from "./http-error.ts";
import { GATEWAY_LIMITS, type GatewayLimits } from "./limits.ts";
import { Counters, countUp } from "./metrics.ts";
import { OpenSockets } from "./open-sockets.ts";
import type { PushService } from "./push-service.ts";
import { RateLimit } from "./rate-limit.ts";
import type { RecordingShelf } from "./recording-shelf.ts";
import { placeInRecording, Recordings } from "./recordings.ts";
import type { RequestOrigin } from "./request.ts";
import { RequestGuard } from "./request-guard.ts";
import { allowOrigin, isPreflight, refuseOnSocket, respond, respondError } from "./response.ts";
import { OPEN_PATHS } from "./routes.ts";
import { ServedSessions, type SharedContext } from "./served-sessions.ts";
import { readStaticFiles, type StaticFile, serveFile } from "./static-files.ts";

export interface GatewayOptions {
  /** A request that names no session means the first. */
  readonly sessions: readonly LiveSession[];
  /** Default 127.0.0.1. Any address but loopback requires a token; one is made if none is given. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Path prefix of everything, such as "/eigenwatch"; default "". */
  readonly basePath?: string;
  /** At least TOKEN_CHARACTERS_MIN characters. */
  readonly token?: string;
  /** A file that holds the token. */
  readonly tokenFile?: string;
  /** Host names of the gateway other than loopback: "example.org" or "example.org:8443". */
  readonly allowedHosts?: readonly string[];
  /** Origins of pages elsewhere that may ask this gateway, "https://example.org": they sign in by token or ticket, not by cookie. */
  readonly allowedOrigins?: readonly string[];
  /** Where invitations and guests are kept; default: in memory, until the gateway closes. */
  readonly grants?: GrantStore | GrantLog;
  /** Use X-Forwarded-For, -Proto and -Prefix: only with a proxy that sets them. */
  readonly trustProxy?: boolean;
  /** Folder of the built dashboard. */
  readonly staticDir?: string;
  /** Scans, where universes are served or the log has some; whoever made it closes it. */
  readonly scans?: ScanDesk | undefined;
  /** Recordings that people may open beside the sessions. */
  readonly recordings?: RecordingShelf | undefined;
  /** Web Push, where it is switched on. */
  readonly push?: PushService | undefined;
  /** WebSockets below paths of their own. */
  readonly upgrades?: readonly UpgradeRoute[];
  readonly limits?: Partial<GatewayLimits>;
  /** Program and version, as clients see it: "eigenwatch 0.1.0". */
  readonly server?: string;
  readonly log?: (line: string) => void;
  /** For all timeouts of clients. Default: the system's. */
  readonly clock?: Clock;
  /** Monotonic ms, for limits of rates; for tests. */
  readonly nowMs?: () => number;
  /** Unix time in ms, by which invitations and tickets end; for tests. */
  readonly wallMs?: () => number;
}

export interface Gateway {
  /** Of the page, ending with "/". */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /**
   * `url`, with `#token=…` where a token is required, unless it came from a file: who wrote the file has it, and what collects the output of a
   * service must not get it. Show it once, to the person who started the program.
   */
  readonly loginUrl: string;
  /** Notifies every client, waits at most `closeGraceMs`, then ends their sockets. */
  close(): Promise<void>;
}

/** Starts a gateway. Rejects when the port is taken (kind "conflict"), and when address, token, base path or folder cannot be used ("usage"). */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  if (options.sessions.length === 0) throw cannotStart("no session", "at least one");
  const limits: GatewayLimits = { ...GATEWAY_LIMITS, ...options.limits };
  const host = options.host ?? "127.0.0.1";
  const token = chooseToken(options, host);
  const basePath = checkBasePath(options.basePath ?? "");
  for (const origin of options.allowedOrigins ?? []) checkOrigin(origin);
  const grants = new Grants(options.grants ?? grantsInMemory(), limits, options.wallMs ?? Date.now);
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
  const running = new RunningGateway(server, options, { limits, host, port, token, basePath, files, grants });
  const url = `http://${authority(host, port)}${basePath}/`;
  return {
    url,
    host,
    port,
    loginUrl: token === null || options.tokenFile !== undefined ? url : `${url}#token=${token}`,
    close: () => running.close(),
  };
}

/** Options with their defaults filled in, checked. */
interface CheckedOptions {
  readonly limits: GatewayLimits;
  readonly host: string;
  readonly port: number;
  readonly token: string | null;
  readonly basePath: string;
  readonly files: ReadonlyMap<string, StaticFile>;
  readonly grants: Grants;
}

class RunningGateway {
  readonly #server: Server;
  readonly #limits: GatewayLimits;
  readonly #log: (line: string) => void;
  readonly #files: ReadonlyMap<string, StaticFile>;
  readonly #guard: RequestGuard;
  readonly #allowedOrigins: readonly string[];
  /** The sessions of this process. */
  readonly #own: ServedSessions;
  readonly #recordings: Recordings | null;
  readonly #counters = new Counters();
  readonly #sockets: OpenSockets;
  readonly #streams = new Set<OpenStream>();
  readonly #enterSocket: (socket: Socket, address: string) => void;
  readonly #standing: (identity: Identity) => Standing;
  readonly #clock: Clock;
  #cancelKeepAlive: () => void = () => {};
  #closing: Promise<void> | null = null;

  constructor(server: Server, options: GatewayOptions, checked: CheckedOptions) {
    const { limits, host, port, token, basePath, files, grants } = checked;
    const clock = options.clock ?? systemClock;
    const nowMs = options.nowMs ?? clock.monotonicMs;
    this.#clock = clock;
    const auth = new Auth(token, port, limits, grants);
    const hosts = {
      boundHost: host,
      port,
      allowedHosts: options.allowedHosts ?? [],
      allowedOrigins: options.allowedOrigins ?? [],
    };
    this.#allowedOrigins = hosts.allowedOrigins;
    const trustProxy = options.trustProxy === true;
    this.#sockets = new OpenSockets(limits, !trustProxy, (limit) => countUp(this.#counters.closed, limit));
    this.#server = server;
    this.#limits = limits;
    this.#log = options.log ?? (() => {});
    this.#files = files;
    this.#guard = new RequestGuard({
      auth,
      hosts,
      basePath,
      trustProxy,
      limits,
      nowMs,
    });
    const connections = new ConnectionCount(limits);
    const { sessions, upgrades = [], scans = null, push = null } = options;
    const { decimationBurst, decimationPerSecond, addressesMax } = limits;
    const shared: SharedContext = {
      auth,
      grants,
      connections,
      sockets: this.#sockets,
      counters: this.#counters,
      limits,
      decimationRates: new RateLimit(decimationBurst, decimationPerSecond, addressesMax),
      nowMs,
      server: options.server ?? "eigenwatch",
      recordings: options.recordings ?? null,
      streams: this.#streams,
    };
    this.#own = new ServedSessions(shared, { sessions, clock, upgrades, scans, push });
    this.#recordings =
      shared.recordings === null
        ? null
        : new Recordings(shared.recordings, {
            limits,
            nowMs,
            serve: (opened) =>
              new ServedSessions(shared, {
                sessions: opened.sessions,
                scans: opened.scans,
                clock,
                live: LIVE_OF_RECORDING,
              }),
            log: this.#log,
          });
    this.#enterSocket = (socket, address) => {
      this.#sockets.signIn(socket);
      socket.once("close", connections.enter("ws", address));
    };
    this.#standing = (identity) => auth.standing(identity, nowMs());
    this.#keepAliveLater();
    auth.onSignOut(() => {
      for (const stream of [...this.#streams]) stream.checkSignIn();
      this.#own.checkSignIns();
      this.#recordings?.checkSignIns();
      push?.checkSignIns();
    });
    push?.guard((by) => by === OWNER.id || grants.guest(by) !== null);
    server.on("connection", (socket: Socket) => {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
    });
    server.on("request", (request, response) => void this.#answer(request, response));
    server.on("upgrade", (request, socket, head) => void this.#upgrade(request, socket, head));
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => refuseBytes(error, socket, limits));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that leaves during the answer is not an error.
    response.on("error", () => response.destroy());
    response.on("finish", () => countUp(this.#counters.requests, response.statusCode));
    try {
      await this.#route(request, response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else respondError(request, response, this.#shown(request, error));
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#sockets.heard(request.socket);
    allowOrigin(request, response, this.#allowedOrigins);
    const checked = this.#guard.check(request, "request");
    const from = checked instanceof Promise ? await checked : checked;
    if (request.method === "OPTIONS" && isPreflight(request)) return respond(request, response, 204, {}, "");
    if (from.identity.kind !== "stranger") this.#sockets.signIn(request.socket);
    const at = this.#placeOf(from);
    const { path } = at.from;
    if (path === "") throw withoutSlash(request);
    if (path === "/ws") throw noUpgrade();
    const file = this.#files.get(path);
    const isOpen = OPEN_PATHS.has(path);
    // A recording is not opened for strangers, nor for signing in.
    const isOwn = at.recording === null || file !== undefined || isOpen;
    const served = isOwn ? this.#own : await this.#openFor(from, at.recording!);
    const route = served.routeOf(path);
    if (file === undefined && route === undefined) throw this.#notFound(path);
    const methods = file !== undefined ? ["GET", "HEAD"] : route!.methods;
    if (!methods.includes(request.method ?? "")) throw wrongMethod(path, request.method, methods);
    if (file !== undefined) return serveFile(request, response, file);
    if (!isOpen) this.#guard.requireSignIn(from);
    await route!.answer({ ...at.from, request, response });
  }

  /** The recording that a request is about, null for the sessions of this process, and the request as that sees it. */
  #placeOf(from: RequestOrigin): { readonly recording: string | null; readonly from: RequestOrigin } {
    const place = this.#recordings === null ? null : placeInRecording(from.path);
    if (place === null) return { recording: null, from };
    return { recording: place.name, from: { ...from, path: place.path } };
  }

  /** Rejects for a stranger before anything is opened. */
  async #openFor(from: RequestOrigin, recording: string): Promise<ServedSessions> {
    this.#guard.requireSignIn(from);
    return this.#recordings!.open(recording, from);
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    try {
      this.#sockets.heard(socket as Socket);
      const origin = await this.#guard.check(request, "upgrade");
      const { recording, from } = this.#placeOf(origin);
      const served = recording === null ? this.#own : await this.#openFor(origin, recording);
      const route = served.upgradeOf(from.path);
      if (this.#closing !== null)
        throw new EigenwatchError({
          action: "open a WebSocket",
          value: "closing",
          expected: "a running gateway",
          kind: "unavailable",
        });
      // A stranger may still send the token in its hello. A page cannot read why an upgrade was refused, but it can read `closing`.
      if (from.identity.kind === "stranger" && from.identity.wrongToken) {
        const refusal = this.#guard.refusal(from);
        // A further route tells its clients itself, after the upgrade.
        if (route === null && refusal !== null) throw refusal;
      }
      if (route === null) served.accept(request, socket as Socket, head, from);
      else {
        if (from.identity.kind !== "stranger") this.#enterSocket(socket as Socket, from.address);
        route.accept(request, socket as Socket, head, from, () => this.#standing(from.identity));
      }
    } catch (error) {
      refuseOnSocket(socket, this.#shown(request, error), this.#limits.closeGraceMs);
    }
  }

  /** The error as the client may see it. A fault of this program goes to the log in full, and to the client without details. */
  #shown(request: IncomingMessage, error: unknown): EigenwatchError {
    if (error instanceof EigenwatchError) return error;
    const path = (request.url ?? "").split("?")[0]!;
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#log(`gateway: cannot answer ${request.method} ${path}: ${detail}`);
    const expected = "no failure of the server: see its log";
    return new EigenwatchError({ action: "answer", value: path, expected, kind: "failed" });
  }

  #notFound(path: string): EigenwatchError {
    const expected =
      path === "/" && this.#files.size === 0
        ? "a gateway with a built dashboard"
        : "a file of the page, /healthz, /readyz, /metrics, /events, /ws or /api/…";
    return new EigenwatchError({ action: "find", value: path, expected, kind: "notFound" });
  }

  #keepAliveLater(): void {
    this.#cancelKeepAlive = this.#clock.after(this.#limits.keepAliveMs, () => {
      for (const stream of [...this.#streams]) stream.keepAlive();
      this.#own.keepAlive();
      this.#recordings?.keepAlive();
      this.#keepAliveLater();
    });
  }

  async #close(): Promise<void> {
    this.#cancelKeepAlive();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const stream of [...this.#streams]) stream.end();
    await Promise.all([this.#own.close(), this.#recordings?.close()]);
    this.#server.closeIdleConnections();
    const grace = setTimeout(() => this.#sockets.destroyAll(), this.#limits.closeGraceMs);
    await closed;
    clearTimeout(grace);
  }
}

/** From /recordings/NAME/. */
const LIVE_OF_RECORDING = "../../";

function chooseToken(options: GatewayOptions, host: string): string | null {
  const given = options.tokenFile === undefined ? options.token : readTokenFile(options.tokenFile);
  if (given === undefined) return isLoopback(host) ? null : randomToken();
  if (/^[\x21-\x7e]+$/.test(given) && given.length >= TOKEN_CHARACTERS_MIN) return given;
  const from = options.tokenFile === undefined ? "token" : `token of ${options.tokenFile}`;
  const expected = `at least ${TOKEN_CHARACTERS_MIN} visible ASCII characters without spaces`;
  throw cannotStart(`the ${from} has ${given.length} characters`, expected);
}

function readTokenFile(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw cannotStart(`token file ${path}: ${(cause as Error).message}`, "a readable file");
  }
}

function cannotStart(value: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: "start gateway", value, expected });
}

function checkBasePath(basePath: string): string {
  const bare = basePath.replace(/\/+$/, "");
  if (bare === "" || /^(\/[\w.~-]+)+$/.test(bare)) return bare;
  throw cannotStart(`base path ${basePath}`, '"" or a path such as "/eigenwatch"');
}

function checkOrigin(origin: string): void {
  if (/^https?:\/\/[^/\s]+$/.test(origin) && new URL(origin).origin === origin) return;
  throw cannotStart(
    `allowed origin ${origin}`,
    "scheme, name and port as browsers send them: https://example.org",
  );
}

/** Rejects as a gateway there would, before anything else is begun. */
export async function checkAddress(host: string, port: number): Promise<void> {
  const server = createServer();
  await listen(server, host, port);
  await new Promise((resolve) => server.close(resolve));
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === "EADDRINUSE";
      const expected = isTaken ? "another port, or the end of what listens there" : "";
      const kind = isTaken ? "conflict" : "usage";
      const action = `listen on ${host}:${port}`;
      reject(new EigenwatchError({ action, value: cause.message, expected, kind }, { cause }));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Host and port for a link; for "all addresses" the first address by which others reach this machine. */
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

/** A redirect to the page. It is relative, so that it works with any proxy; the page's own URLs are relative to the slash. */
function withoutSlash(request: IncomingMessage): HttpError {
  const last = (request.url ?? "").split("?")[0]!.split("/").pop()!;
  const parts = { action: "serve the page", value: last, expected: `${last}/` };
  return new HttpError(308, parts, { location: `${last}/` });
}

function noUpgrade(): HttpError {
  const parts = { action: "open a WebSocket", value: "a plain request", expected: "an upgrade" };
  return new HttpError(426, parts, { upgrade: "websocket" });
}

function wrongMethod(path: string, method: string | undefined, methods: readonly string[]): HttpError {
  const allow = methods.join(", ");
  return new HttpError(405, { action: `answer ${path}`, value: String(method), expected: allow }, { allow });
}

/**
 * Answers bytes that are not HTTP, headers that are too long, and requests that come too slowly or not at all. A browser keeps connections in
 * store: it sends a request again that crossed such an answer if the status is 408, and takes any other for the answer to its request.
 */
function refuseBytes(error: NodeJS.ErrnoException, socket: Duplex, limits: GatewayLimits): void {
  if (socket.writable) refuseOnSocket(socket, refusalOf(error, limits), limits.closeGraceMs);
  else socket.destroy();
}

function refusalOf(
  { code = "unknown bytes" }: NodeJS.ErrnoException,
  { headerBytesMax, headersMsMax, requestMsMax }: GatewayLimits,
): EigenwatchError {
  switch (code) {
    case "HPE_HEADER_OVERFLOW": {
      const expected = `at most ${headerBytesMax} bytes (headerBytesMax)`;
      return new HttpError(431, { action: "read headers", value: "longer headers", expected, kind: "limit" });
    }
    case "ERR_HTTP_REQUEST_TIMEOUT": {
      const expected = `its headers within ${headersMsMax} ms (headersMsMax), all of it within ${requestMsMax} ms (requestMsMax)`;
      return new HttpError(408, { action: "read request", value: "a slow request", expected, kind: "limit" });
    }
    default:
      return new EigenwatchError({
        action: "read request",
        value: code,
        expected: "HTTP/1.1",
        kind: "input",
      });
  }
}
