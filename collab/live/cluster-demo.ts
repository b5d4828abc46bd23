/**
 * A cluster on one machine: a NATS server with a folder of its own, nodes a, b and c, and a synthetic feed, each a process.
 *
 *   demo ─► server ─► nodes, feed ─► a file for each demo that names them ◄── kill NAME, drain NAME, with --port where several demos run
 *             └─ a node that ends is started again ─┘       Ctrl-C: everything is ended
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import * as v from "valibot";
import { stopSignal } from "../../actors/command-line/stop-signal.ts";
import { print, report } from "../../actors/command-line/terminal.ts";
import { type NatsServer, startNatsServer, systemClock } from "../../actors/mod.ts";
import { ownProgram } from "../../actors/workers/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { visibleText } from "../../protocol/visible-text.ts";
import { findScenario } from "../../sim/mod.ts";
import { checkAddress } from "../gateway/gateway.ts";
import { connectBus } from "./nats-flags.ts";
import { clusterStatus } from "./node-status.ts";
import { readUserState, removeUserState, userStates, writeUserState } from "./user-state.ts";

const NODES = ["a", "b", "c"];
/** Of the first node; the others have the next ones. */
export const DEMO_PORT = 7420;
export const MAX_DEMO_PORT = 65_535 - (NODES.length - 1);
const SESSION = "demo";

/** Between the end of a node and its next start: long enough to see the take-over. */
const RESTART_MS = 8_000;

/** Files that name the processes of a demo, for `kill` and `drain`. Two demos cannot have the same port. */
const STATES = "cluster-demo-";
const stateName = (port: number): string => `${STATES}${port}.json`;
const demoState = v.object({
  port: v.number(),
  /** Of the demo itself: one that was killed leaves its file. */
  pid: v.number(),
  nodes: v.record(v.string(), v.number()),
});
type DemoState = v.InferOutput<typeof demoState>;

export async function runDemo({ port, scenario }: { port: number; scenario: string }): Promise<number> {
  findScenario(scenario);
  for (const k of NODES.keys()) await checkAddress("127.0.0.1", port + k);
  const demo = new Demo(port);
  try {
    await demo.start(scenario);
    print("", "  node  page", ...NODES.map((name, k) => `  ${name}     http://127.0.0.1:${port + k}/`), "");
    const which = port === DEMO_PORT ? "" : ` --port ${port}`;
    print(`  elsewhere:  eigenwatch cluster kill a${which}     eigenwatch cluster drain b${which}`);
    print(
      `              eigenwatch status --nats ${demo.url} --session ${SESSION} --watch`,
      "  stop        Ctrl-C",
      "",
    );
    await stopSignal({ hangUp: true });
    return 0;
  } finally {
    await demo.end();
  }
}

/** Options of `kill` and `drain`. */
interface Which {
  /** Of the first node of a demo; absent: there is one. */
  readonly port?: number | undefined;
}

export function killNode(name: string, { port }: Which): number {
  return signal(name, port, "SIGKILL", "killed");
}

export function drainNode(name: string, { port }: Which): number {
  return signal(name, port, "SIGTERM", "asked to hand over");
}

function signal(name: string, port: number | undefined, kind: NodeJS.Signals, done: string): number {
  const { nodes } = chosenDemo(port);
  const pid = nodes[name];
  if (pid === undefined)
    throw new EigenwatchError({
      action: `signal node ${name}`,
      value: `the demo has no node ${name}`,
      expected: `one that it has: ${Object.keys(nodes).join(", ")}`,
      kind: "notFound",
    });
  try {
    process.kill(pid, kind);
  } catch (cause) {
    const hasEnded = (cause as NodeJS.ErrnoException).code === "ESRCH";
    throw new EigenwatchError(
      {
        action: `signal node ${name}`,
        value: hasEnded ? "it has ended" : `process ${pid}: ${(cause as Error).message}`,
        expected: hasEnded
          ? `a node that runs: it starts again ${RESTART_MS / 1000} s after its end`
          : "a process of this user",
        kind: "conflict",
      },
      { cause },
    );
  }
  print(`node ${name} was ${done}`);
  return 0;
}

/** Throws an EigenwatchError when there is none, or several and none of them was named. */
function chosenDemo(port: number | undefined): DemoState {
  const demos = runningDemos();
  const [first, ...others] = port === undefined ? demos : demos.filter((demo) => demo.port === port);
  const ports = demos.map((demo) => `--port ${demo.port}`).join(" or ");
  if (first === undefined)
    throw new EigenwatchError({
      action: "find the demo",
      value: port === undefined || demos.length === 0 ? "none runs" : `none runs with --port ${port}`,
      expected: ports || "`eigenwatch cluster demo` in another terminal",
      kind: "notFound",
    });
  if (others.length > 0)
    throw new EigenwatchError({
      action: "choose a demo",
      value: `${demos.length} run`,
      expected: ports,
      kind: "conflict",
    });
  return first;
}

function runningDemos(): DemoState[] {
  return userStates(STATES).flatMap((name) => {
    const text = readUserState(name);
    try {
      const found = v.parse(demoState, JSON.parse(text ?? ""));
      return isRunning(found.pid) ? [found] : [];
    } catch {
      // Removed meanwhile, or of another version: as good as none.
      return [];
    }
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

class Demo {
  url = "";
  readonly #port: number;
  #server: NatsServer | null = null;
  readonly #children = new Set<ChildProcess>();
  readonly #nodes = new Map<string, ChildProcess>();
  #ending = false;

  constructor(port: number) {
    this.#port = port;
  }

  async start(scenario: string): Promise<void> {
    this.#server = await startNatsServer({ detached: true });
    this.url = this.#server.url;
    for (const name of NODES) this.#startNode(name);
    void this.#startFeed(scenario).catch((error: unknown) => report(`the feed cannot start: ${error}`));
  }

  /** When there is somebody to take what it sends. */
  async #startFeed(scenario: string): Promise<void> {
    const bus = await connectBus({ nats: this.url }, "demo", report);
    try {
      while (!this.#ending && (await clusterStatus(bus, SESSION)).partitions.length === 0);
    } finally {
      await bus.close();
    }
    if (this.#ending) return;
    const feed = ["feed", scenario, "--to", `nats:${this.url}`, "--session", SESSION];
    this.#run("feed", feed).on("exit", (code) => {
      if (!this.#ending) report(`the feed ended with ${code}`);
    });
  }

  async end(): Promise<void> {
    this.#ending = true;
    removeUserState(stateName(this.#port));
    const children = [...this.#children];
    const ended = children.map(
      (child) => new Promise<void>((resolve) => child.once("exit", () => resolve())),
    );
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(ended);
    // Last: the nodes hand over and sign off through it.
    await this.#server?.dispose();
  }

  #startNode(name: string): void {
    const port = String(this.#port + NODES.indexOf(name));
    const child = this.#run(name, [
      "node",
      "--nats",
      this.url,
      "--session",
      SESSION,
      "--name",
      name,
      "--port",
      port,
    ]);
    this.#nodes.set(name, child);
    this.#writeState();
    child.on("exit", () => {
      if (this.#ending) return;
      report(`node ${name} has ended; it starts again in ${RESTART_MS / 1000} s`);
      systemClock.after(RESTART_MS, () => this.#ending || this.#startNode(name));
    });
  }

  #run(name: string, args: string[]): ChildProcess {
    const [path, ...before] = ownProgram();
    const child = spawn(path, [...before, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    this.#children.add(child);
    child.on("exit", () => this.#children.delete(child));
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        print(
          ...text
            .trimEnd()
            .split("\n")
            .map((line) => `${name.padEnd(4)} ${visibleText(line)}`),
        );
      });
    }
    return child;
  }

  #writeState(): void {
    const started = [...this.#nodes].flatMap(([name, { pid }]) => (pid === undefined ? [] : [[name, pid]]));
    const nodes: DemoState["nodes"] = Object.fromEntries(started);
    const state: DemoState = { port: this.#port, pid: process.pid, nodes };
    writeUserState(stateName(this.#port), JSON.stringify(state));
  }
}
