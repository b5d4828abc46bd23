/**
 * Real servers of NATS: each on a free loopback port, with a folder of its own; killed at the latest when the test process ends.
 *
 *     // requires: nats-server
 *     const server = await startNatsServer();
 *     … server.url … await server.kill(); await server.start(); await server.pause(); server.resume();
 *     await server.dispose();
 */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { EigenwatchError } from "../../protocol/errors.ts";

/** Folders that may not be on the PATH of everybody. */
const PLACES = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin"];

/** NATS_SERVER, or the first nats-server on the PATH. Throws an EigenwatchError that says how to install one. */
export function natsServerProgram(): string {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...PLACES];
  const named = process.env["NATS_SERVER"];
  for (const path of named ? [named] : folders.map((folder) => join(folder, "nats-server"))) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  throw new EigenwatchError({
    action: "start a NATS server",
    value: named ? `NATS_SERVER ${named} cannot be run` : "there is no nats-server on the PATH",
    expected:
      "one: apt-get install nats-server, brew install nats-server, or github.com/nats-io/nats-server/releases",
    kind: "unavailable",
  });
}

export interface NatsServerOptions {
  /** Default true. */
  jetStream?: boolean;
  /** Lines of its configuration file. */
  config?: string;
  /** Out of reach of a Ctrl-C in the terminal, which all processes of a group get at once: it ends when its owner says so. */
  detached?: boolean;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Resolves when it takes connections. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = new NatsServer(await freePort(), options);
  await server.start();
  return server;
}

export class NatsServer {
  readonly port: number;
  readonly url: string;
  readonly folder = mkdtempSync(join(tmpdir(), "eigenwatch-nats-"));
  readonly #options: NatsServerOptions;
  #child: ChildProcess | null = null;

  constructor(port: number, options: NatsServerOptions) {
    this.port = port;
    this.url = `nats://127.0.0.1:${port}`;
    this.#options = options;
  }

  /** Starts it, or starts it again with what it has stored. */
  async start(): Promise<void> {
    const { jetStream = true, config, detached = false } = this.#options;
    const args = ["-a", "127.0.0.1", "-p", String(this.port)];
    if (jetStream) args.push("-js", "-sd", join(this.folder, "store"));
    if (config !== undefined) {
      const path = join(this.folder, "server.conf");
      writeFileSync(path, config);
      args.push("-c", path);
    }
    const child = spawn(natsServerProgram(), args, { detached, stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    running.add(child);
    let said = "";
    child.stderr!.setEncoding("utf8");
    child.stderr!.on("data", (text: string) => {
      said = (said + text).slice(-4_000);
    });
    let ended = false;
    child.on("exit", () => {
      ended = true;
      running.delete(child);
    });
    while (!(await takesConnections(this.port)))
      if (ended)
        throw new EigenwatchError({ action: "start nats-server", value: said.trim(), kind: "failed" });
  }

  /** Deletes what it has stored. It must not run. */
  forget(): void {
    rmSync(join(this.folder, "store"), { recursive: true, force: true });
  }

  /** Resolves when all its threads stand still; where there is no /proc, as soon as it was asked to. */
  async pause(): Promise<void> {
    this.#signal("SIGSTOP");
    while (this.#child !== null && isMoving(this.#child.pid!)) await pass(STOP_POLL_MS);
  }

  resume(): void {
    this.#signal("SIGCONT");
  }

  /** Not by `ChildProcess.kill`: Deno's sends a process one signal, and no second one. */
  #signal(signal: NodeJS.Signals): void {
    if (this.#child !== null) process.kill(this.#child.pid!, signal);
  }

  /** By SIGKILL. Resolves when it is gone. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode !== null || child.signalCode !== null) return;
    process.kill(child.pid!, signal);
    await gone;
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A process that a busy machine does not schedule takes milliseconds to notice a signal. */
const STOP_POLL_MS = 1;

/** Whether a process of Linux is neither stopped nor gone; false elsewhere. */
function isMoving(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !"TtZX".includes(status.slice(status.lastIndexOf(")") + 2)[0]!);
  } catch {
    return false;
  }
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Whether a server says hello there within a moment. */
function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (takes: boolean) => {
      socket.destroy();
      // A port that refuses does so at once.
      if (takes) resolve(true);
      else setTimeout(() => resolve(false), 20);
    };
    socket.once("data", () => settle(true));
    socket.once("error", () => settle(false));
    socket.once("close", () => settle(false));
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
