/**
 * One machine of a simulated cluster and the lives of its node: shipped ClusterNode, journal, partitions and gateway sessions.
 *
 *   down ──start──► running ──crash (at any event, in a request, or before an answer)──► down
 *                      ├──pause──► paused, possibly longer than its lease ──wake──► running
 *                      └──stop (also while its code waits for a turn)──► handing over ──► down
 */
import { ClusterNode, type OwnershipChange, RemoteSession } from "../../actors/cluster/mod.ts";
import { listAlerts, type Partition } from "../../actors/mod.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import { type CommandHandler, CommandUnanswered } from "../../actors/ports/commands.ts";
import { type Command, LOGGED_COMMANDS, type LoggedCommandName } from "../../protocol/commands.ts";
import type { Author, Principal } from "../../protocol/principal.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import { BusConnection, type Subscribers } from "./bus-connection.ts";
import type { BusServers } from "./bus-servers.ts";
import type { WorldEnd } from "./checkers/observation.ts";
import { SimulatedClock } from "./clock.ts";
import type { Fault } from "./decisions.ts";
import { SESSION, SETTING_CHANGES, SNAPSHOT_SAMPLES, settingsOf, systemOf } from "./definitions.ts";
import { SimulatedGateway } from "./gateway.ts";
import { NodeRoom } from "./node-room.ts";
import { observePartition } from "./observed-partition.ts";
import { Process } from "./process.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import type { Connection } from "./socket.ts";

/** The largest error of a node's clock, µs. */
export const CLOCK_ERROR_US = { from: -5e6, to: 1e7 };

/** Shorter than a take-over, so that gateways must also report what they cannot know. */
const COMMAND_MS = 2_500;

/** What became of a command: whether it happened, as far as its sender knows. */
export type CommandEnd = "no" | "perhaps" | "yes";

type Live = WorldEnd["live"] extends ReadonlyMap<string, infer Each> ? Each : never;

export class SimulatedNode {
  readonly name: string;
  readonly #world: SimulatedCluster;
  readonly #servers: BusServers;
  readonly #subscribers: Subscribers;
  readonly #partitions: readonly string[];
  readonly #faults: Record<
    | "crashed"
    | "inCall"
    | "inAnswer"
    | "stopped"
    | "inTurn"
    | "inRequest"
    | "paused"
    | "stepped"
    | "configured"
    | "renewed"
    | "restart",
    Fault
  >;
  /** When its lives began by their own clocks, the latest of those before this one. */
  #latestUs = Number.NEGATIVE_INFINITY;
  /** Error of its clock while nothing has set it. */
  readonly #skewUs: number;
  #process: Process;
  #node: ClusterNode | null = null;
  #gateway: SimulatedGateway | null = null;
  #room: NodeRoom | null = null;
  #clock: SimulatedClock | null = null;
  /** Last closed block of each partition in this life. */
  #lastBlocks = new Map<string, number>();
  #epochs = new Map<string, number>();
  /** Sessions of this life, by partition, where every node serves every partition. */
  #remote = new Map<string, RemoteSession>();
  #asked = 0;
  #ending = false;
  readonly live = new Map<string, Live>();

  constructor(
    world: SimulatedCluster,
    servers: BusServers,
    subscribers: Subscribers,
    name: string,
    partitions: readonly string[],
  ) {
    this.#world = world;
    this.#servers = servers;
    this.#subscribers = subscribers;
    this.name = name;
    this.#partitions = partitions;
    this.#process = new Process(name);
    const of = (kind: string): Fault => world.decisions.of(name, kind);
    this.#faults = {
      crashed: of("node crashed"),
      inCall: of("node crashed in a call"),
      inAnswer: of("node crashed in an answer"),
      stopped: of("node stopped"),
      inTurn: of("node stopped in a turn"),
      inRequest: of("node stopped in a request"),
      paused: of("node paused"),
      stepped: of("node clock stepped"),
      configured: of("setting changed"),
      renewed: of("document renewed"),
      restart: of("restart"),
    };
    this.#skewUs = (world.random(`clock of ${name}`).next() - 0.5) * 2000 * world.options.node.skewMs;
    servers.network.addHost(name);
    this.#start();
    this.#misbehave();
  }

  get process(): Process {
    return this.#process;
  }

  accept(connection: Connection): boolean {
    return this.#gateway?.accept(connection) ?? false;
  }

  acceptAuthor(connection: Connection, person: Principal): boolean {
    this.#room?.gateway.accept(connection, person);
    return this.#room !== null;
  }

  owns(partition: string): boolean {
    return this.#node?.owned().has(partition) ?? false;
  }

  heal(): void {
    this.#world.wake(this.#process);
    this.#clock?.stepTo(this.#skewUs);
    if (this.#process.state === "ended") this.#start();
  }

  /** The orderly shutdown of the last life. */
  stop(): void {
    this.#ending = true;
    this.#leave(() => {});
  }

  get #hasDocument(): boolean {
    return this.#world.options.authors > 0;
  }

  // ---- lives ----------------------------------------------------------------------------------------------------

  #start(): void {
    const world = this.#world;
    const process = new Process(this.name);
    this.#process = process;
    this.#lastBlocks = new Map();
    this.#epochs = new Map();
    world.observe({ kind: "nodeStarted", atUs: world.nowUs, node: this.name });
    const { drift, codeUs: readUs } = world.options.node;
    const clock = new SimulatedClock(world, process, {
      offsetUs: this.#skewUs,
      drift,
      readUs,
      waitPoint: (inRequest) => this.#stopInTurn(inRequest),
    });
    const gateway = new SimulatedGateway(world, clock);
    const tap = observePartition(world, this.name);
    const bus = new BusConnection(this.#servers, this.#subscribers, process, () => this.#crashInCall());
    const node = new ClusterNode({
      name: this.name,
      session: SESSION,
      partitions: this.#partitions,
      documents: this.#hasDocument ? [ROOM_PARTITION] : [],
      bus,
      clock,
      definitions: systemOf(world.options, world.recorded),
      settings: settingsOf(world),
      versions: {},
      memory: () => ({ rss: 0, heapUsed: 0 }),
      snapshotSamples: SNAPSHOT_SAMPLES,
      tap: {
        ...tap,
        blockClosed: (partition, closed) => {
          this.#lastBlocks.set(partition, closed.block);
          tap.blockClosed?.(partition, closed);
        },
      },
      log: () => {},
    });
    const epochOf = (partition: string): number => node.epochOf(partition);
    const room = this.#hasDocument
      ? new NodeRoom({ bus, clock, node: this.name, partitions: this.#partitions, epochOf })
      : null;
    node.onChange((change) => this.#changed(gateway, room, change));
    const [sinceUs, latestUs] = [clock.nowUs(), this.#latestUs];
    this.#latestUs = Math.max(sinceUs, latestUs);
    // The program ends then, and whoever runs it starts it again.
    void node.succeeded.then(() => {
      if (latestUs <= sinceUs)
        world.fail(
          "a node gives way to later lives of its name alone",
          `${this.name} ended for an earlier one`,
        );
      if (this.#process === process) this.#leave(() => this.live.clear());
    });
    this.#clock = clock;
    this.#gateway = gateway;
    this.#room = room;
    this.#node = node;
    this.#remote = new Map();
    if (world.options.remote)
      for (const partition of this.#partitions) this.#serve(partition, node, bus, clock);
    node.start();
  }

  /** Serves a partition whoever owns it. */
  #serve(partition: string, node: ClusterNode, bus: Bus, clock: SimulatedClock): void {
    const remote = this.#remote;
    const opening = RemoteSession.open({
      bus,
      clock,
      session: SESSION,
      partition,
      gateway: `${this.name}@${clock.nowUs()}`,
      owner: () => node.ownerOf(partition),
      commandMs: COMMAND_MS,
      log: () => {},
    });
    void opening.then((session) => {
      if (this.#remote !== remote) return;
      remote.set(partition, session);
      this.#gateway?.serve(session);
    });
  }

  #changed(gateway: SimulatedGateway, room: NodeRoom | null, change: OwnershipChange): void {
    const { partition, epoch, owned } = change;
    const { remote } = this.#world.options;
    room?.ownershipChanged(change);
    if (owned === null) {
      this.#world.sometimes("partition let go");
      if (!remote) gateway.drop(partition);
      return;
    }
    if (epoch > 1) this.#world.sometimes("partition taken over");
    this.#epochs.set(partition, epoch);
    if (room !== null && partition === ROOM_PARTITION) return;
    this.#takeCommands(owned);
    if (!remote) gateway.serve(owned);
  }

  #crash(): void {
    const world = this.#world;
    if (this.#process.state === "ended") return;
    world.observe({ kind: "nodeCrashed", atUs: world.nowUs, node: this.name });
    this.#down();
  }

  /** Ends the process. Another one starts later, unless this was the last. */
  #down(): void {
    const world = this.#world;
    world.end(this.#process);
    this.#gateway?.ended();
    this.#room?.gateway.ended();
    this.#node = this.#gateway = this.#room = this.#clock = null;
    this.#remote = new Map();
    if (this.#ending) return;
    const process = this.#process;
    const ms = world.decisions.healed ? 300 : this.#faults.restart.size(100, world.options.node.restartMsMax);
    world.after(ms, null, `${this.name} starts`, () => {
      if (this.#process === process) this.#start();
    });
  }

  /** Ends the process where it would send a request; the request is not sent. */
  #crashInCall(): void {
    if (this.#faults.inCall.happens(this.#world.options.node.crashedInCall)) this.#crashSoon("in a call");
  }

  /** Not in the middle of its own code, which would continue, but at the next event, before any other event of the process. */
  #crashSoon(where: string): void {
    const process = this.#process;
    this.#world.after(0, null, `${this.name} crashes ${where}`, () => {
      if (this.#process === process) this.#crash();
    });
  }

  /** Commands that gateways pass on. The node may end when it has carried one out: its input is durable, and nobody was answered. */
  #takeCommands(owned: Partition): void {
    const { inAnswer } = this.#faults;
    const carriedOut = async (): Promise<void> => {
      if (!inAnswer.happens(this.#world.options.node.crashedInAnswer)) return;
      this.#crashSoon("in an answer");
      await new Promise<never>(() => {});
    };
    const enter =
      (name: LoggedCommandName): CommandHandler<LoggedCommandName> =>
      async (body, { authorId: by, author, authorRole: role }, _signal, id) => {
        const command = id === undefined ? {} : { command: id };
        const source = { source: "gateway", sequence: 0, author: { id: by, name: author, role } };
        const input = await owned.command({ name, body, ...source, ...command });
        await carriedOut();
        return { input: input! };
      };
    owned.commands.handle({
      changeSetting: async ({ path, value }, author, _signal, id) => {
        await owned.configure(path, value, author, id);
        await carriedOut();
        return { settings: owned.core.settings };
      },
      listAlerts: () => listAlerts(owned.core),
      ...Object.fromEntries(LOGGED_COMMANDS.map((name) => [name, enter(name)])),
    });
  }

  #leave(then: () => void): void {
    const node = this.#node;
    const process = this.#process;
    if (node === null) return;
    const held = [...node.owned()];
    void node.stop().then(() => {
      for (const [partition, running] of held)
        this.live.set(partition, {
          node: this.name,
          epoch: this.#epochs.get(partition) ?? 0,
          block: this.#lastBlocks.get(partition) ?? 0,
          hash: running.stateHash(),
        });
      if (this.#process === process && process.state === "running") this.#down();
      then();
    });
  }

  /** Hands over while its code waits for a turn of the event loop, as between two messages of an offer. */
  #stopInTurn(inRequest: boolean): void {
    const { stoppedInTurn, stoppedInRequest } = this.#world.options.node;
    const { inTurn, inRequest: amid } = this.#faults;
    if (inRequest ? !amid.happens(stoppedInRequest) : !inTurn.happens(stoppedInTurn)) return;
    const process = this.#process;
    this.#world.after(0, null, `${this.name} stops in a turn`, () => {
      if (this.#process === process && process.state === "running") this.#leave(() => this.live.clear());
    });
  }

  #misbehave(): void {
    const world = this.#world;
    const { decisions, options } = world;
    const { crashed, stopped, paused, stepped, configured, renewed } = this.#faults;
    world.every(1000, null, `${this.name} second`, () => {
      if (decisions.healed) return false;
      if (crashed.happens(options.node.crashed)) this.#crash();
      if (stopped.happens(options.node.stopped)) this.#leave(() => this.live.clear());
      if (paused.happens(options.node.paused)) this.#pause(paused.size(100, options.node.pauseMsMax));
      if (stepped.happens(options.node.clockStepped))
        this.#clock?.stepTo(stepped.size(CLOCK_ERROR_US.from, CLOCK_ERROR_US.to));
      if (configured.happens(options.node.configured)) this.#configure();
      if (renewed.happens(options.author.renewed) && this.#process.state === "running")
        this.#room?.gateway.renew();
      return true;
    });
  }

  #configure(): void {
    const { configured } = this.#faults;
    const [path, value] = SETTING_CHANGES[Math.floor(configured.size(0, SETTING_CHANGES.length))]!;
    if (this.#process.state !== "running") return;
    for (const partition of this.#remote.keys()) {
      const author = `${this.name} ${++this.#asked}`;
      const by = { author, authorId: author, authorRole: "owner" } as const;
      void this.command(partition, { name: "changeSetting", body: { path, value } }, by);
    }
    if (this.#world.options.remote) return;
    for (const partition of this.#node?.owned().values() ?? [])
      if (partition.partition !== ROOM_PARTITION)
        void partition.configure(path, value, { author: "somebody" });
  }

  /**
   * Sends a command through this node, whoever owns the partition; null while it does not serve the partition. Its author tells it from all
   * others in the log. Never resolves when the node ends.
   */
  command(partition: string, command: Command, author: Author): Promise<CommandEnd> | null {
    const session = this.#remote.get(partition);
    if (session === undefined || this.#process.state !== "running") return null;
    const world = this.#world;
    const answered = (happened: "no" | "perhaps" | "yes"): CommandEnd => {
      const by = command.name === "changeSetting" ? author.author : author.authorId;
      world.sometimes(`command happened: ${happened}`);
      world.observe({ kind: "commanded", atUs: world.nowUs, partition, author: by, happened });
      return happened;
    };
    return session.commands.carryOut(command, author, new AbortController().signal).then(
      () => answered("yes"),
      (error: unknown) => {
        if (error instanceof CommandUnanswered) {
          world.sometimes(`command unanswered: ${error.happened}`);
          return answered(error.happened);
        }
        world.threw(`${this.name} command`, error);
        return "perhaps";
      },
    );
  }

  #pause(ms: number): void {
    const world = this.#world;
    const process = this.#process;
    if (process.state !== "running") return;
    world.pause(process);
    world.observe({ kind: "nodePaused", atUs: world.nowUs, node: this.name });
    world.after(ms, null, `${this.name} wakes`, () => {
      if (process.state !== "paused") return;
      world.wake(process);
      world.observe({ kind: "nodeWoke", atUs: world.nowUs, node: this.name });
    });
  }
}
