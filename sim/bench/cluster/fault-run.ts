/**
 * A cluster of real processes under faults: three nodes, a server of NATS, a feed, and somebody who changes a setting again and again.
 *
 *   rounds: kill -9 · SIGSTOP longer than the lease · server killed and started · connections cut ─► an owner again ─► next round
 *   end: nodes hand over and leave ─► the admitted log is read, checked and folded anew
 *
 * Checked: the log is one chain; the events that were recorded are those that one core derives from it, byte for byte; each setting that was
 * acknowledged stands in it once.
 */
import { createNatsBus, type NatsBus } from "../../../actors/bus/nats.ts";
import { type NatsServer, startNatsServer } from "../../../actors/bus/nats-server.ts";
import { systemClock } from "../../../actors/clock.ts";
import { AdmittedLog } from "../../../actors/cluster/admitted-log.ts";
import { RemoteSession } from "../../../actors/cluster/remote-session.ts";
import { Core } from "../../../actors/core/core.ts";
import { publishFeed } from "../../../actors/feeds/bus-publisher.ts";
import { createWalkFeed } from "../../../actors/feeds/walk.ts";
import { foldJournal } from "../../../actors/log/fold.ts";
import { decodeInput } from "../../../actors/log/read.ts";
import { SYSTEM } from "../../../actors/system.ts";
import { encodeMessage } from "../../../protocol/codec.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import { subjectOf } from "../../../protocol/subjects.ts";
import { NodeProcess } from "./node-process.ts";
import { TcpProxy } from "./tcp-proxy.ts";

export type Fault = "kill owner" | "kill other" | "pause owner" | "restart server" | "cut owner" | "cut all";
export const FAULTS: readonly Fault[] = [
  "kill owner",
  "pause owner",
  "restart server",
  "cut owner",
  "kill other",
  "cut all",
];

export interface FaultRunOptions {
  readonly faults: readonly Fault[];
  readonly failover: "standard" | "quick";
  /** The command line that starts the program, by node; the last for all others. */
  readonly programs: readonly (readonly string[])[];
  /** Hears how each round went. */
  progress?(line: string): void;
}

export interface FaultRunReport {
  /** From the fault until a command is carried out again, ms, by round. */
  readonly recoveredMs: readonly number[];
  readonly acknowledged: number;
  readonly lost: number;
  readonly doubled: number;
  readonly blocks: number;
  readonly events: number;
  readonly epochs: number;
  /** What is wrong; empty in a sound run. */
  readonly problems: readonly string[];
}

const SESSION = "fault run";
const PARTITION = "p0";
const NAMES = ["node a", "node b", "node c"];
/** Longer than the lease of quick, 1.4 s, and than the time to live of a heartbeat. */
const PAUSE_MS = 2_500;
const CUT_MS = 1_500;

export async function faultRun(options: FaultRunOptions): Promise<FaultRunReport> {
  const server = await startNatsServer();
  const bus = await createNatsBus({ servers: [server.url], clock: systemClock, log: () => {} });
  const world = await FaultWorld.open(server, bus, options);
  const problems: string[] = [];
  const recoveredMs: number[] = [];
  try {
    await world.joined();
    await world.commanded();
    for (const fault of options.faults) {
      const ms = await world.round(fault);
      recoveredMs.push(ms);
      options.progress?.(`${fault}: ${Math.round(ms)} ms until a command was carried out again`);
    }
    problems.push(...(await world.leave()));
    const checked = await checkLog(bus, world.acknowledged);
    return { recoveredMs, ...checked, problems: [...problems, ...checked.problems] };
  } finally {
    await world.close();
    await bus.close();
    await server.dispose();
  }
}

interface RunningNode {
  readonly name: string;
  readonly proxy: TcpProxy;
  program: NodeProcess;
}

class FaultWorld {
  /** Values of the setting that was changed, as far as that was acknowledged. */
  readonly acknowledged: number[] = [];
  readonly #options: FaultRunOptions;
  readonly #server: NatsServer;
  readonly #session: RemoteSession;
  readonly #nodes: RunningNode[] = [];
  readonly #stopFeed: () => Promise<void>;
  #value = 0;

  static async open(server: NatsServer, bus: NatsBus, options: FaultRunOptions): Promise<FaultWorld> {
    const session = await RemoteSession.open({
      bus,
      clock: systemClock,
      session: SESSION,
      partition: PARTITION,
      gateway: "test",
      log: () => {},
    });
    const world = new FaultWorld(server, bus, session, options);
    for (const [k, name] of NAMES.entries()) {
      const proxy = await TcpProxy.open(server.port);
      world.#nodes.push({ name, proxy, program: world.#start(name, proxy, k) });
    }
    return world;
  }

  private constructor(server: NatsServer, bus: NatsBus, session: RemoteSession, options: FaultRunOptions) {
    this.#options = options;
    this.#server = server;
    this.#session = session;
    const walk = { channels: 4, rate: 200, frame: 20, seed: 1, duration: 0, group: "walk" };
    const feed = createWalkFeed({
      source: "walk",
      group: "walk",
      options: walk,
      seed: 1,
      clock: systemClock,
    });
    const ended = publishFeed(feed, { bus, session: SESSION, partition: PARTITION, clock: systemClock });
    this.#stopFeed = async () => {
      await feed.stop();
      await ended;
    };
  }

  /** Resolves when every node runs: one that cannot reach the servers when it starts says so and ends. */
  async joined(): Promise<void> {
    for (const { program } of this.#nodes) await program.says('"what":"listening"');
  }

  /** Resolves when a setting was changed and that was acknowledged. */
  async commanded(): Promise<void> {
    for (;;) {
      const value = ++this.#value;
      try {
        await this.#session.commands.carryOut(
          { name: "changeSetting", body: { path: SETTING, value: settingOf(value) } },
          { author: "test", authorId: "test", authorRole: "owner" },
          new AbortController().signal,
        );
        this.acknowledged.push(settingOf(value));
        return;
      } catch {
        await pass(50);
      }
    }
  }

  /** Returns how long it took until a command was carried out again, ms. */
  async round(fault: Fault): Promise<number> {
    const owner = await this.#owner();
    const other = this.#nodes.find((node) => node !== owner)!;
    const startMs = performance.now();
    const recovered = this.#carryOut(fault, owner, other);
    await Promise.resolve();
    await this.commanded();
    const ms = performance.now() - startMs;
    await recovered;
    await this.commanded();
    return ms;
  }

  /** Ends the feed and the nodes in order. Returns what went wrong. */
  async leave(): Promise<string[]> {
    await this.#stopFeed();
    await this.commanded();
    const problems: string[] = [];
    for (const { name, program } of this.#nodes) {
      program.kill("SIGTERM");
      const code = await program.ended;
      if (code !== 0) problems.push(`${name} ended with ${code}: ${program.output.slice(-500)}`);
    }
    return problems;
  }

  async close(): Promise<void> {
    await this.#stopFeed();
    this.#session.close();
    for (const { program, proxy } of this.#nodes) {
      program.kill("SIGKILL");
      await proxy.close();
    }
  }

  async #carryOut(fault: Fault, owner: RunningNode, other: RunningNode): Promise<void> {
    switch (fault) {
      case "kill owner":
        return this.#restart(owner);
      case "kill other":
        return this.#restart(other);
      case "pause owner":
        owner.program.kill("SIGSTOP");
        await pass(PAUSE_MS);
        owner.program.kill("SIGCONT");
        return;
      case "restart server":
        await this.#server.kill();
        await pass(300);
        await this.#server.start();
        return;
      case "cut owner":
        owner.proxy.cut();
        await pass(CUT_MS);
        owner.proxy.join();
        return;
      case "cut all":
        for (const { proxy } of this.#nodes) proxy.cut();
        await pass(CUT_MS);
        for (const { proxy } of this.#nodes) proxy.join();
    }
  }

  async #restart(node: RunningNode): Promise<void> {
    node.program.kill("SIGKILL");
    await node.program.ended;
    node.program = this.#start(node.name, node.proxy, this.#nodes.indexOf(node));
    await node.program.says('"what":"listening"');
  }

  #start(name: string, proxy: TcpProxy, k: number): NodeProcess {
    const { failover, programs } = this.#options;
    const args = ["--session", SESSION, "--name", name, "--port", "0", "--failover", failover, "--json"];
    return new NodeProcess([...(programs[k] ?? programs.at(-1)!), "node", "--nats", proxy.url, ...args]);
  }

  /** The node that wrote last that it owns the partition and did not write that it let go. */
  async #owner(): Promise<RunningNode> {
    for (;;) {
      for (const node of this.#nodes) {
        const lines = node.program.output.split("\n").filter((line) => /"what":"(owns|released)"/.test(line));
        if (lines.at(-1)?.includes('"owns"')) return node;
      }
      await pass(20);
    }
  }
}

const SETTING = "collapse.falseAlarmsPerDay";

/** Each change has a value of its own. */
function settingOf(number: number): number {
  return 0.1 + number / 1_000_000;
}

async function checkLog(
  bus: NatsBus,
  acknowledged: readonly number[],
): Promise<Omit<FaultRunReport, "recoveredMs">> {
  const log = await AdmittedLog.open(bus.stream(subjectOf(SESSION, PARTITION, "log")), PARTITION);
  const problems: string[] = [];
  const derived = new Map<number, EventMessage>();
  const core = new Core(SYSTEM, {
    event: (event) => void derived.set(event.sequence, event),
    state() {},
    metrics() {},
  });
  const recorded = new Set<number>();
  const found = new Map<number, number>();
  let last: { number: number; hash: Uint8Array } | null = null;
  let blocks = 0;
  const entries = (async function* () {
    for await (const entry of log.entries(1)) {
      if (entry.kind === "block") last = entry.block;
      yield entry;
    }
  })();
  await foldJournal(entries, core, {
    block(block) {
      blocks++;
      if (block.number !== blocks) problems.push(`block ${block.number} after block ${blocks - 1}`);
      block.forEach((_sequence, _timeUs, bytes) => {
        const input = decodeInput(bytes);
        if (input.type !== "configChanged" || input.path !== SETTING) return;
        found.set(Number(input.value), (found.get(Number(input.value)) ?? 0) + 1);
      });
    },
    derived(block, events) {
      for (const event of events) {
        recorded.add(event.sequence);
        const own = derived.get(event.sequence);
        if (own === undefined || !Buffer.from(encodeMessage(own)).equals(encodeMessage(event)))
          problems.push(`event ${event.id} of block ${block} is not the one that its log derives`);
      }
    },
  });
  const chain: { number: number } | null = last;
  if (chain === null || (chain as { number: number }).number !== log.last?.number)
    problems.push("the log does not end with its last block");
  for (const sequence of derived.keys())
    if (!recorded.has(sequence)) problems.push(`event ${sequence} was not recorded`);
  const lost = acknowledged.filter((value) => !found.has(value)).length;
  const doubled = [...found.values()].filter((times) => times > 1).length;
  if (lost > 0) problems.push(`${lost} acknowledged settings are lost`);
  if (doubled > 0) problems.push(`${doubled} settings stand in the log twice`);
  log.end();
  const { epoch: epochs } = log.state;
  return { acknowledged: acknowledged.length, lost, doubled, blocks, events: derived.size, epochs, problems };
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
