/** Servers on loopback that feeds read: a broker of MQTT in this process, and programs in folders of their own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { Aedes } from "aedes";
import pg from "pg";
import { freePort } from "../../actors/bus/nats-server.ts";
import type { Certificates } from "../support/certificates.ts";
import { program } from "../support/programs.ts";

/** A broker of MQTT. */
export class Broker {
  readonly port: number;
  private readonly certificates: Certificates | null;
  aedes: Aedes | null = null;
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();

  /** With certificates it takes connections over TLS, as "server". */
  constructor(port: number, certificates: Certificates | null) {
    this.port = port;
    this.certificates = certificates;
  }

  async start(): Promise<void> {
    if (this.server !== null) return;
    const aedes = await Aedes.createBroker();
    const take = (socket: Socket): void => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      aedes.handle(socket);
    };
    const { certificates } = this;
    const server =
      certificates === null
        ? createServer(take)
        : createTlsServer(
            { cert: certificates.text("server.pem"), key: certificates.text("server.key") },
            take,
          );
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    Object.assign(this, { aedes, server });
  }

  async stop(): Promise<void> {
    const { server, aedes } = this;
    this.server = null;
    if (server === null) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => aedes!.close(() => resolve()));
    await closed;
  }

  publish(topic: string, payload: string, more: { retain?: boolean; qos?: 0 | 1 } = {}): Promise<void> {
    const packet = { cmd: "publish", topic, payload, dup: false, qos: 0, retain: false, ...more } as const;
    return new Promise((resolve, reject) =>
      this.aedes!.publish(packet, (error) => (error ? reject(error) : resolve())),
    );
  }
}

export async function openBroker(certificates: Certificates | null = null): Promise<Broker> {
  const broker = new Broker(await freePort(), certificates);
  await broker.start();
  return broker;
}

/** A program that listens, each time it is started with what it has stored. */
export class ProgramServer {
  readonly port: number;
  private readonly folder: string;
  private readonly command: (port: number, folder: string) => readonly string[];
  private readonly user: number | undefined;
  private readonly isReady: (port: number) => Promise<boolean>;
  private child: ChildProcess | null = null;

  constructor(
    port: number,
    command: (port: number, folder: string) => readonly string[],
    isReady: (port: number) => Promise<boolean> = takesConnections,
    user?: number,
  ) {
    this.port = port;
    this.command = command;
    this.user = user;
    this.isReady = isReady;
    this.folder = mkdtempSync(join(tmpdir(), "eigenwatch-server-"));
    if (user !== undefined) chownSync(this.folder, user, user);
    process.on("exit", () => this.child?.kill("SIGKILL"));
  }

  /** What is done once, in its folder. */
  prepare(path: string, args: (folder: string) => readonly string[]): void {
    execFileSync(path, [...args(this.folder)], { stdio: "ignore", ...this.asUser() });
  }

  /** A file in its data, which it alone may read. */
  give(path: string, name: string): void {
    const copy = join(this.folder, "data", name);
    copyFileSync(path, copy);
    chmodSync(copy, 0o600);
    if (this.user !== undefined) chownSync(copy, this.user, this.user);
  }

  async start(): Promise<void> {
    if (this.child !== null) return;
    const [path = "", ...args] = this.command(this.port, this.folder);
    this.child = spawn(path, args, { stdio: "ignore", cwd: this.folder, ...this.asUser() });
    while (!(await this.isReady(this.port)))
      if (this.child.exitCode !== null) throw new Error(`${path} ended`);
  }

  /** In order, but at once for those who are connected. */
  async stop(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null) return;
    const ended = once(child, "exit");
    child.kill("SIGINT");
    await ended;
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private asUser(): { uid?: number; gid?: number } {
    return this.user === undefined ? {} : { uid: this.user, gid: this.user };
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => setTimeout(() => resolve(false), 5));
  });
}

export async function openRedis(certificates: Certificates | null = null): Promise<ProgramServer> {
  const path = program("redis-server")!;
  const server = new ProgramServer(
    await freePort(),
    (port, folder) => [
      ...[path, ...redisPort(port, certificates), "--bind", "127.0.0.1", "--dir", folder],
      ...["--save", "", "--appendonly", "yes", "--appendfsync", "always"],
    ],
    (port) => hasLoaded(port, certificates !== null),
  );
  await server.start();
  return server;
}

/** It takes connections, and refuses what they ask, while it reads what it has stored. */
function hasLoaded(port: number, isEncrypted: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const at = { port, host: "127.0.0.1" };
    const socket = isEncrypted ? connectTls({ ...at, rejectUnauthorized: false }) : connect(at);
    const answer = (loaded: boolean): void => {
      socket.destroy();
      if (loaded) resolve(true);
      else setTimeout(() => resolve(false), 5);
    };
    socket.once(isEncrypted ? "secureConnect" : "connect", () => socket.write("PING\r\n"));
    socket.once("data", (bytes: Buffer) => answer(bytes.toString().startsWith("+PONG")));
    socket.once("error", () => answer(false));
  });
}

function redisPort(port: number, certificates: Certificates | null): string[] {
  if (certificates === null) return ["--port", String(port)];
  const files = [
    "--tls-cert-file",
    certificates.path("server.pem"),
    "--tls-key-file",
    certificates.path("server.key"),
  ];
  return ["--port", "0", "--tls-port", String(port), ...files, "--tls-auth-clients", "no"];
}

/** It takes connections before it has started. */
async function answersQueries(port: number): Promise<boolean> {
  if (!(await takesConnections(port))) return false;
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    user: "postgres",
    database: "postgres",
    ssl: false,
  });
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}

/** PostgreSQL does not run as root. */
const NOBODY = 65_534;

/** With a user and a database called postgres, without passwords. Null where there is none. */
export async function openPostgres(certificates: Certificates | null = null): Promise<ProgramServer | null> {
  const [path, initdb] = [program("postgres"), program("initdb")];
  if (path === null || initdb === null) return null;
  const server = new ProgramServer(
    await freePort(),
    (port, folder) => [
      ...[path, "-D", join(folder, "data"), "-p", String(port), "-k", folder],
      ...["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
      ...(certificates === null ? [] : ["-c", "ssl=on"]),
    ],
    answersQueries,
    process.getuid?.() === 0 ? NOBODY : undefined,
  );
  server.prepare(initdb, (folder) => [
    "-D",
    join(folder, "data"),
    "-U",
    "postgres",
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--no-locale",
  ]);
  if (certificates !== null)
    for (const end of ["pem", "key"] as const)
      server.give(certificates.path(`server.${end}`), end === "pem" ? "server.crt" : "server.key");
  await server.start();
  return server;
}
