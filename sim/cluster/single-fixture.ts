/**
 * The fixture of one machine with a node on its own disk: the shipped file journal, partition, gateway.
 *
 *   down ──start──► booting (open the journal, recover) ──► running ──killed · power lost · journal halted──► down
 *                        └──cannot open──► down                 └──stop (orderly)──► down
 */
import { join } from "node:path";
import { type FileJournal, openJournal } from "../../actors/journal/mod.ts";
import { Partition } from "../../actors/mod.ts";
import { commandTarget } from "../../collab/rooms/command-target.ts";
import { alertsOf } from "../../collab/rooms/in-force.ts";
import { joinRoom } from "../../collab/rooms/join-room.ts";
import { RoomKeeper } from "../../collab/rooms/room-keeper.ts";
import type { Principal } from "../../protocol/principal.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import { authorsOf } from "./author.ts";
import type { WorldEnd } from "./checkers/observation.ts";
import { SimulatedClient } from "./client.ts";
import { SimulatedClock } from "./clock.ts";
import { SESSION, SETTING_CHANGES, SNAPSHOT_SAMPLES, simulatedSettings, systemOf } from "./definitions.ts";
import { DocumentGateway } from "./document-gateway.ts";
import { SimulatedFeed } from "./feed.ts";
import type { Fixture } from "./fixture.ts";
import { SimulatedGateway } from "./gateway.ts";
import { Network } from "./network.ts";
import { ObservedJournal } from "./observed-journal.ts";
import { observePartition } from "./observed-partition.ts";
import { Process } from "./process.ts";
import { ScanDesk } from "./scan-desk.ts";
import { ScanServers } from "./scan-servers.ts";
import { startScanWorkers } from "./scan-worker.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import type { Connection } from "./socket.ts";
import { TimedDisk } from "./timed-disk.ts";

const PARTITION = "p0";
const DIRECTORY = "/journal";
const DOCUMENT_DIRECTORY = "/document";
const NODE = "n1";

/** Small enough for many segments in a run. */
const SEGMENT_BYTES = 32_768;
const KEEP_SNAPSHOTS = 4;

export function singleFixture(world: SimulatedCluster): Fixture {
  const network = new Network(world);
  const machine = new Machine(world, network);
  const numbers = { next: 1 };
  const clients = Array.from(
    { length: world.options.clients },
    (_, k) => new SimulatedClient(world, network, () => [machine], numbers, k + 1, [PARTITION]),
  );
  const groups = Array.from({ length: world.options.feedsOfPartition }, (_, k) => `g${k}`);
  const authors = authorsOf(world, network, numbers, { groups, nodes: () => [machine] });
  return {
    heal() {
      network.heal();
      machine.heal();
      for (const each of [...clients, ...authors]) each.heal();
    },
    stop: () => machine.stop(),
    notConverged: () =>
      machine.notConverged() ??
      [...clients, ...authors].map((each) => each.notConverged()).find((each) => each !== null) ??
      null,
    documents: () => new Map(authors.map((author) => [author.person.id, author.document()])),
    lastEvents: () => new Map(clients.map((client) => [client.name, client.lastEvents()])),
    end: (clientsHold) => machine.end(clientsHold),
    delivered: () => clients.reduce((sum, client) => sum + client.delivered, 0),
  };
}

class Machine {
  readonly #world: SimulatedCluster;
  #disk: SimulatedDisk;
  #process = new Process(NODE);
  #partition: Partition | null = null;
  #journal: FileJournal | null = null;
  #gateway: SimulatedGateway | null = null;
  /** Of the shared document, in a world that has one. */
  #room: { readonly partition: Partition; readonly journal: FileJournal } | null = null;
  #documents: DocumentGateway | null = null;
  /** What scans are evaluated through, in a world that has some. */
  readonly #scanServers: ScanServers | null;
  #scans: ScanDesk | null = null;
  #life = 0;
  /** The last blocks that were reported as stored. */
  readonly #stored = { [PARTITION]: { last: 0 }, [ROOM_PARTITION]: { last: 0 } };
  #stopping = false;
  #live: WorldEnd["live"] = new Map();

  constructor(world: SimulatedCluster, network: Network) {
    this.#world = world;
    this.#disk = new SimulatedDisk(world.seed, this.#diskFaults());
    network.addHost(NODE);
    this.#scanServers = world.options.scan.workers > 0 ? new ScanServers(world) : null;
    if (this.#scanServers !== null) startScanWorkers(world, this.#scanServers);
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
    this.#documents?.accept(connection, person);
    return this.#documents !== null;
  }

  notConverged(): string | null {
    return this.#partition === null ? `${NODE} does not run ${PARTITION}` : null;
  }

  heal(): void {
    const { faults } = this.#disk;
    delete faults.bytesLeft;
    delete faults.syncsLeft;
    this.#world.wake(this.#process);
    if (this.#process.state === "ended") this.#start();
  }

  /** The orderly shutdown. */
  stop(): void {
    const partition = this.#partition;
    const journal = this.#journal;
    if (partition === null || journal === null) return;
    this.#stopping = true;
    const all = [{ partition, journal }, ...(this.#room === null ? [] : [this.#room])];
    const scansClosed = this.#scans?.close() ?? Promise.resolve();
    void scansClosed
      .then(() => Promise.all(all.map((each) => each.partition.close())))
      .then(() => {
        this.#live = new Map(
          all.map((each) => {
            const block = each.journal.last?.number ?? 0;
            const hash = each.partition.stateHash();
            return [each.partition.partition, { node: NODE, epoch: 0, block, hash }];
          }),
        );
        this.#world.end(this.#process);
      });
  }

  /** Reads the journal from the disk, outside simulated time. */
  async end(clients: WorldEnd["clients"]): Promise<WorldEnd> {
    const streams = new Map<string, { sequence: number; bytes: Uint8Array }[]>();
    for (const [partition, directory] of this.#directories()) {
      const blocks: { sequence: number; bytes: Uint8Array }[] = [];
      streams.set(partition, blocks);
      const journal = await openJournal(directory, { disk: this.#disk.kill(), readOnly: true });
      for await (const entry of journal.read())
        if (entry.kind === "block") blocks.push({ sequence: entry.block.number, bytes: entry.block.bytes });
      await journal.close();
    }
    return {
      atUs: this.#world.nowUs,
      streams,
      live: this.#live,
      clients,
      definitions: systemOf(this.#world.options),
      healed: true,
    };
  }

  // ---- lives of the process -----------------------------------------------------------------------------------

  #start(): void {
    this.#life++;
    const process = new Process(NODE);
    this.#process = process;
    this.#world.observe({ kind: "nodeStarted", atUs: this.#world.nowUs, node: NODE });
    this.#boot(process).catch(() => {
      // Like a program that exits with an error: its supervisor starts it again.
      if (this.#process === process && process.state !== "ended") this.#down("kill", 1_000);
    });
  }

  async #boot(process: Process): Promise<void> {
    const world = this.#world;
    const { node } = world.options;
    const clock = new SimulatedClock(world, process, {
      offsetUs: node.skewMs * 1000,
      drift: node.drift,
      readUs: node.codeUs,
    });
    const { journal, partition } = await this.#open(process, clock, PARTITION);
    this.#journal = journal;
    this.#partition = partition;
    this.#gateway = new SimulatedGateway(world, clock);
    this.#gateway.serve(partition);
    if (this.#hasDocument)
      this.#serveDocument(await this.#open(process, clock, ROOM_PARTITION), partition, clock);
    if (this.#scanServers !== null)
      this.#scans = new ScanDesk(world, process, clock, partition, this.#scanServers, this.#life);
    partition.startFeeds(this.#feeds(partition, clock));
  }

  async #open(process: Process, clock: SimulatedClock, name: typeof PARTITION | typeof ROOM_PARTITION) {
    const world = this.#world;
    const journal = await openJournal(this.#directories().get(name)!, {
      partition: name,
      disk: new TimedDisk(world, process, this.#disk, () => this.#down("power", this.#restartMs())),
      wait: (ms) => new Promise((resolve) => void clock.after(ms, () => resolve(undefined))),
      segmentBytes: SEGMENT_BYTES,
      keepSnapshots: KEEP_SNAPSHOTS,
      onReport: (report) => {
        if (report.kind === "recovered") world.sometimes("torn tail cut off");
      },
    });
    const observed = new ObservedJournal(world, journal, name, this.#stored[name]);
    await observed.reportRecovered();
    const partition = await Partition.open({
      session: SESSION,
      partition: name,
      journal: observed,
      clock,
      settings: simulatedSettings(world.seed),
      definitions: systemOf(world.options),
      versions: {},
      recording: null,
      memory: () => ({ rss: 0, heapUsed: 0 }),
      snapshotSamples: SNAPSHOT_SAMPLES,
      tap: observePartition(world, NODE),
      ...(name === ROOM_PARTITION ? { of: "edits" as const } : {}),
      log: () => {},
    });
    void partition.whenHalted().then(() => {
      world.sometimes("journal halted");
      if (this.#process === process) this.#down("kill", this.#restartMs());
    });
    return { journal, partition };
  }

  /** As collab/live/session-rooms.ts does. */
  #serveDocument(
    room: { partition: Partition; journal: FileJournal },
    session: Partition,
    clock: SimulatedClock,
  ): void {
    this.#room = room;
    const keeper = new RoomKeeper(room.partition, { clock });
    this.#documents = new DocumentGateway({ clock, open: () => Promise.resolve(keeper) });
    const log = (): void => {};
    const targets = [commandTarget(session, log)];
    joinRoom({ room: room.partition, clock, targets, alerts: [alertsOf(session)], log });
  }

  get #hasDocument(): boolean {
    return this.#world.options.authors > 0;
  }

  /** Folder of each log. */
  #directories(): ReadonlyMap<string, string> {
    const folders = new Map<string, string>([[PARTITION, DIRECTORY]]);
    return this.#hasDocument ? folders.set(ROOM_PARTITION, DOCUMENT_DIRECTORY) : folders;
  }

  #feeds(partition: Partition, clock: SimulatedClock): SimulatedFeed[] {
    const world = this.#world;
    return Array.from({ length: world.options.feedsOfPartition }, (_, k) => {
      const source = `${PARTITION}f${k}`;
      const offset = partition.core.lastSequenceOf(source);
      return new SimulatedFeed({
        world,
        partition: PARTITION,
        source,
        group: `g${k}`,
        clock,
        life: this.#life,
        numbered: (sequence) => sequence + offset,
      });
    });
  }

  /** `kill`: the process ends and everything it wrote is kept. `power`: the machine loses power. */
  #down(how: "kill" | "power", restartMs: number): void {
    const world = this.#world;
    if (this.#process.state === "ended") return;
    world.observe({ kind: "nodeCrashed", atUs: world.nowUs, node: NODE });
    world.end(this.#process);
    this.#gateway?.ended();
    this.#documents?.ended();
    this.#gateway = this.#partition = this.#journal = this.#room = this.#documents = this.#scans = null;
    const faults = this.#diskFaults();
    this.#disk = how === "power" ? this.#disk.crash(faults) : this.#disk.kill(faults);
    if (this.#stopping) return;
    const process = this.#process;
    world.after(restartMs, null, `${NODE} starts`, () => {
      if (this.#process !== process) return;
      void this.#damageDisk().then(() => this.#start());
    });
  }

  #restartMs(): number {
    const { decisions, options } = this.#world;
    return decisions.healed ? 300 : decisions.of(NODE, "restart").size(100, options.node.restartMsMax);
  }

  #diskFaults(): { ignoreSync?: true } {
    return this.#world.options.canary ? { ignoreSync: true } : {};
  }

  /** Damages the disk before a restart. Only snapshots and indexes: they can be made again. */
  async #damageDisk(): Promise<void> {
    await this.#damage(DIRECTORY, NODE);
    if (this.#hasDocument) await this.#damage(DOCUMENT_DIRECTORY, `${NODE} ${ROOM_PARTITION}`);
  }

  async #damage(directory: string, component: string): Promise<void> {
    const { decisions, options } = this.#world;
    const flipped = decisions.of(component, "bit flipped");
    const lost = decisions.of(component, "snapshot lost");
    const names = (await this.#disk.list(directory)).sort();
    const snapshot = names.findLast((name) => name.endsWith(".snap"));
    const isLost = snapshot !== undefined && lost.happens(options.disk.snapshotLost);
    if (isLost) await this.#disk.remove(join(directory, snapshot));
    const derived = names.filter((name) => !(isLost && name === snapshot) && /\.(snap|idx)$/.test(name));
    if (derived.length === 0 || !flipped.happens(options.disk.bitFlipped)) return;
    // Half of the time the last by name: the newest snapshot, which is read first.
    const place = flipped.size(0, 1) < 0.5 ? derived.length - 1 : Math.floor(flipped.size(0, derived.length));
    const name = derived[place]!;
    this.#disk.flipBit(join(directory, name), flipped.size(0, 1), Math.floor(flipped.size(0, 8)));
  }

  #misbehave(): void {
    const world = this.#world;
    const { decisions, options } = world;
    const crashed = decisions.of(NODE, "node crashed");
    const paused = decisions.of(NODE, "node paused");
    const configured = decisions.of(NODE, "setting changed");
    const renewed = decisions.of(NODE, "document renewed");
    world.every(1000, null, `${NODE} second`, () => {
      if (decisions.healed) return false;
      if (crashed.happens(options.node.crashed))
        this.#down(crashed.size(0, 1) < 0.5 ? "kill" : "power", this.#restartMs());
      if (paused.happens(options.node.paused)) this.#pause(paused.size(100, options.node.pauseMsMax));
      if (configured.happens(options.node.configured)) {
        const change = SETTING_CHANGES[Math.floor(configured.size(0, SETTING_CHANGES.length))]!;
        void this.#partition?.configure(change[0], change[1], { author: "somebody" });
      }
      if (renewed.happens(options.author.renewed) && this.#process.state === "running")
        this.#documents?.renew();
    });
  }

  #pause(ms: number): void {
    const world = this.#world;
    const process = this.#process;
    if (process.state !== "running") return;
    world.pause(process);
    world.observe({ kind: "nodePaused", atUs: world.nowUs, node: NODE });
    world.after(ms, null, `${NODE} wakes`, () => {
      world.wake(process);
      if (this.#process === process) world.observe({ kind: "nodeWoke", atUs: world.nowUs, node: NODE });
    });
  }
}
