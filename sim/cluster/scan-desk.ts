/**
 * Scans of a simulated machine: somebody asks for one now and then, follows it, and sometimes ends it. They are evaluated by other processes
 * (scan-worker.ts) and entered into the machine's log.
 *
 *   asks ─► ScanCoordinator ─► QueueEnd ─► queue ─► workers ─► answers ─► EnteredScan ─► log ─durable─► who follows
 */
import { type Partition, scanLogOf } from "../../actors/mod.ts";
import { EnteredScan, endInterrupted, QueueEnd, type Scan, ScanCoordinator } from "../../actors/scan/mod.ts";
import type { SimulatedClock } from "./clock.ts";
import type { Process } from "./process.ts";
import type { ScanServers } from "./scan-servers.ts";
import { UNIVERSE, UNIVERSE_NAME } from "./scan-universe.ts";
import { ITEM_SECONDS, RULE } from "./scan-worker.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** Mean time between two scans. */
const ASK_MS = 3_000;
/** None is asked for in the last part of the calm: all must have come to their end. */
const QUIET_AFTER_HEALED_MS = 4_000;
/** Batches under way. */
const BATCHES = 4;

export class ScanDesk {
  private readonly world: SimulatedCluster;
  private readonly process: Process;
  private readonly clock: SimulatedClock;
  private readonly partition: Partition;
  private readonly life: number;
  private readonly queueEnd: QueueEnd;
  private readonly coordinator: ScanCoordinator;
  private readonly entered: EnteredScan[] = [];
  private asked = 0;
  private healedMs = 0;

  constructor(
    world: SimulatedCluster,
    process: Process,
    clock: SimulatedClock,
    partition: Partition,
    servers: ScanServers,
    life: number,
  ) {
    this.world = world;
    this.process = process;
    this.clock = clock;
    this.partition = partition;
    this.life = life;
    this.queueEnd = new QueueEnd({
      bus: servers.busOf(process),
      queue: servers.queueOf(process),
      clock,
      answerTo: `answers.${life}`,
      itemSeconds: ITEM_SECONDS,
      nameOf: () => ({ name: UNIVERSE_NAME, digest: "d" }),
    });
    this.coordinator = new ScanCoordinator({
      clock,
      workers: BATCHES,
      startThread: (listener) => this.queueEnd.startThread(listener),
    });
    endInterrupted(scanLogOf(partition)).then(
      () => this.askNext(),
      () => {},
    );
  }

  /** Resolves when the log has the ends of all scans. */
  async close(): Promise<void> {
    this.coordinator.close();
    await Promise.all(this.entered.map((each) => each.settle()));
  }

  private askNext(): void {
    const random = this.world.random(`scan ${this.life} ${this.asked}`);
    this.world.after(ASK_MS * (0.5 + random.next()), this.process, "somebody scans", () => {
      if (this.world.decisions.healed) this.healedMs ||= this.clock.monotonicMs();
      if (this.healedMs > 0 && this.clock.monotonicMs() - this.healedMs > QUIET_AFTER_HEALED_MS) return;
      this.ask(random);
      this.askNext();
    });
  }

  private ask(random: { next(): number }): void {
    const { world, clock } = this;
    const id = `l${this.life}-${++this.asked}`;
    const count = 1 + Math.floor(random.next() * UNIVERSE.data.symbols.length);
    const items = Array.from(
      { length: count },
      (_, k) => (k * 5 + this.asked) % UNIVERSE.data.symbols.length,
    );
    const wish = random.next();
    const beganUs = world.nowUs;
    const scan = this.coordinator.start({
      universe: UNIVERSE,
      rule: RULE,
      items: [...new Set(items)],
      termination: wish < 0.2 ? { maxSignals: 2 } : {},
      itemSeconds: ITEM_SECONDS,
    });
    const log = scanLogOf(this.partition);
    const entered = new EnteredScan(scan, {
      ...{ id, universe: UNIVERSE_NAME, by: "somebody", startedUs: clock.nowUs(), clock, log },
    });
    this.entered.push(entered);
    const symbols = scan.request.items.map((item) => UNIVERSE.data.symbols[item]!);
    entered.requested.then(
      () => world.observe({ kind: "scanAsked", atUs: world.nowUs, scan: id, symbols, beganUs }),
      () => this.coordinator.stop(scan),
    );
    this.follow(id, entered);
    if (wish > 0.85) world.after(200 * random.next(), this.process, "somebody stops", () => this.stop(scan));
  }

  private stop(scan: Scan): void {
    this.coordinator.stop(scan);
  }

  private follow(scan: string, entered: EnteredScan): void {
    const { world } = this;
    let after = 0;
    entered.onMessage(() => {
      for (const { type, data } of entered.messagesAfter(after, 1_000)) {
        after++;
        if (type === "complete") {
          world.sometimes(`scan ended: ${data.reason}`);
          continue;
        }
        const refused = type === "error" && !data.evaluated ? data.reason : null;
        const { symbol } = data;
        world.observe({ kind: "scanTold", atUs: world.nowUs, scan, index: after, symbol, refused });
      }
    });
  }
}
