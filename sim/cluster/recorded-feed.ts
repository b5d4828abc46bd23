/**
 * Sends what a recording holds of one partition into a simulated cluster: in the recorded order, at the recorded times scaled to the world's.
 *
 *   steps ─► runs ─┬─ of one source: a recorded feed, published by shipped code until it is durable ─┐
 *      ▲           └─ of a person: a command through a node, until it is answered ──────────────────┴─► the next run
 *      └── feed restarted: another process reads again from the first run that is not durable
 *
 * A run begins where the source changes, and with each declaration: between runs everything before is durable, so the order of sources and
 * people in the log is the recorded one.
 *
 * Faults: restarts, frames sent twice, silence, bursts. None changes what is sent: the log must hold what the recording does
 * (checkers/recorded-same.ts).
 */
import { publishFeed } from "../../actors/feeds/mod.ts";
import type { Feed, FeedSink } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { BusConnection, type Subscribers } from "./bus-connection.ts";
import type { BusServers } from "./bus-servers.ts";
import { SimulatedClock } from "./clock.ts";
import type { Fault } from "./decisions.ts";
import { SESSION } from "./definitions.ts";
import type { CommandEnd, SimulatedNode } from "./node.ts";
import { Process } from "./process.ts";
import { isData, type RecordedPartition, type RecordedStep } from "./recorded/inputs.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** A person who gets no answer from a node gives it up after so long: a node that ended never answers. */
const PATIENCE_MS = 6_000;

/** Before another node is asked. */
const AGAIN_MS = 300;

/** Steps of one source, or a single step of a person. */
interface Run {
  readonly from: number;
  readonly to: number;
}

type Faults = Record<"restarted" | "duplicated" | "silent" | "burst", Fault>;

export class RecordedSender {
  /** Steps that are durable, and those of people that have ended. */
  done = 0;
  readonly #world: SimulatedCluster;
  readonly #servers: BusServers;
  readonly #subscribers: Subscribers;
  readonly #nodes: readonly SimulatedNode[];
  readonly #recorded: RecordedPartition;
  readonly #runs: readonly Run[];
  readonly #faults: Faults;
  /** By step: a command is given once, however often the feed is restarted. */
  readonly #commands = new Map<number, Promise<void>>();
  /** The machine of the people. */
  readonly #people: Clock;
  /** Until then nothing is sent. */
  #silentUntilUs = 0;
  #aheadUs = 0;
  readonly #firstUs: number;
  readonly #scale: number;

  constructor(
    world: SimulatedCluster,
    servers: BusServers,
    subscribers: Subscribers,
    nodes: readonly SimulatedNode[],
    recorded: RecordedPartition,
  ) {
    this.#world = world;
    this.#servers = servers;
    this.#subscribers = subscribers;
    this.#nodes = nodes;
    this.#recorded = recorded;
    this.#runs = runsOf(recorded.steps);
    const { partition, steps } = recorded;
    const of = (kind: string): Fault => world.decisions.of(`recording of ${partition}`, kind);
    this.#faults = {
      restarted: of("feed restarted"),
      duplicated: of("frame duplicated"),
      silent: of("feed silent"),
      burst: of("feed burst"),
    };
    this.#people = new SimulatedClock(world, new Process(`people of ${partition}`));
    // Before the first data of a recorded feed logical time is 0.
    this.#firstUs = steps.find(({ timeUs }) => timeUs > 0)?.timeUs ?? 0;
    const spanUs = Math.max(1, (steps.at(-1)?.timeUs ?? 0) - this.#firstUs);
    const { minutes, calmSeconds } = world.options;
    this.#scale = (minutes * 60e6 - calmSeconds * 1e6) / spanUs;
    servers.network.addHost(this.#host);
    this.#start(1);
  }

  get partition(): string {
    return this.#recorded.partition;
  }

  get #host(): string {
    return `recording of ${this.#recorded.partition}`;
  }

  #start(life: number): void {
    const process = new Process(this.#host);
    const clock = new SimulatedClock(this.#world, process);
    const restart = (): void => {
      this.#world.end(process);
      this.#start(life + 1);
    };
    void this.#send(new BusConnection(this.#servers, this.#subscribers, process), clock, restart);
  }

  async #send(bus: BusConnection, clock: Clock, restart: () => void): Promise<void> {
    const { partition, steps } = this.#recorded;
    for (const run of this.#runs) {
      if (run.to <= this.done) continue;
      const step = steps[run.from]!;
      if (step.by === "person") {
        await this.#due(step.timeUs, clock);
        const given = this.#commands.get(run.from) ?? this.#give(run.from, step);
        this.#commands.set(run.from, given);
        await given;
      } else {
        const feed = this.#feedOf(step.input.source, run, clock, restart);
        await publishFeed(feed, { bus, session: SESSION, partition, clock });
      }
      this.done = run.to;
      this.#world.observe({
        kind: "recordedDurable",
        atUs: this.#world.nowUs,
        partition,
        steps: this.done,
      });
    }
  }

  // ---- feeds ----------------------------------------------------------------------------------------------------

  #feedOf(source: string, run: Run, clock: Clock, restart: () => void): Feed {
    return {
      source,
      kind: "recorded",
      run: (sink) => this.#feed(run, sink, clock, restart),
      stop: () => Promise.resolve(),
    };
  }

  async #feed({ from, to }: Run, sink: FeedSink, clock: Clock, restart: () => void): Promise<void> {
    const { feed } = this.#world.options;
    const { restarted, duplicated, silent, burst } = this.#faults;
    for (const step of this.#recorded.steps.slice(from, to)) {
      await this.#due(step.timeUs, clock);
      if (!hand(step, sink)) await sink.drained();
      if (step.by !== "feed" || !isData(step.input)) continue;
      if (duplicated.happens(feed.duplicated)) hand(step, sink);
      if (silent.happens(feed.silent)) this.#silentUntilUs = this.#world.nowUs + silent.size(2e6, 15e6);
      if (burst.happens(feed.burst)) this.#aheadUs = burst.size(0, 3e6);
      if (restarted.happens(feed.restarted)) {
        restart();
        // Code of a process that has ended does not go on.
        await new Promise<never>(() => {});
      }
    }
  }

  /** Resolves when it is time for an input of this recorded time. After the faults nothing is late or early. */
  async #due(timeUs: number, clock: Clock): Promise<void> {
    const world = this.#world;
    if (world.decisions.healed) this.#silentUntilUs = this.#aheadUs = 0;
    const offsetUs = Math.max(0, timeUs - this.#firstUs) * this.#scale;
    const dueUs = Math.max(world.startUs + offsetUs - this.#aheadUs, this.#silentUntilUs);
    const waitMs = (dueUs - world.nowUs) / 1000;
    if (waitMs > 0) await new Promise<void>((resolve) => void clock.after(waitMs, resolve));
  }

  // ---- people ---------------------------------------------------------------------------------------------------

  /** Asks node after node until one has an answer. Of a command that perhaps happened nobody knows the place in the log. */
  async #give(index: number, step: RecordedStep & { readonly by: "person" }): Promise<void> {
    const { partition } = this.#recorded;
    const { command, author } = step;
    for (let k = 0; ; k++) {
      const node = this.#nodes[k % this.#nodes.length]!;
      const asked = node.command(partition, command, author);
      const end = asked === null ? "no" : await Promise.race([asked, this.#outOfPatience()]);
      if (end === "yes") return;
      if (end !== "no") {
        this.#world.observe({ kind: "recordedUnsure", atUs: this.#world.nowUs, partition, step: index });
        return;
      }
      await new Promise<void>((resolve) => void this.#people.after(AGAIN_MS, resolve));
    }
  }

  #outOfPatience(): Promise<CommandEnd> {
    return new Promise((resolve) => void this.#people.after(PATIENCE_MS, () => resolve("perhaps")));
  }
}

/** False: the sink is full. */
function hand(step: RecordedStep, sink: FeedSink): boolean {
  if (step.by === "person") return true;
  const { input } = step;
  switch (input.type) {
    case "channels":
      sink.channels(input);
      return true;
    case "feedStatus":
      sink.status(input);
      return true;
    case "frame":
      return sink.frame(input);
    default:
      return sink.quantum(input);
  }
}

function runsOf(steps: readonly RecordedStep[]): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (let k = 1; k <= steps.length; k++)
    if (k === steps.length || beginsRun(steps[k - 1]!, steps[k]!)) {
      runs.push({ from, to: k });
      from = k;
    }
  return runs;
}

function beginsRun(before: RecordedStep, step: RecordedStep): boolean {
  if (before.by === "person" || step.by === "person") return true;
  return step.input.type === "channels" || step.input.source !== before.input.source;
}
