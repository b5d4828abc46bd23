/**
 * A live feed that publishes ten times what the owner can take: what becomes of memory, of commands, of the count of frames, and how soon the
 * session is up to date again afterwards.
 *
 *   capacity measured ─► calm ─► overload ─► calm until the end ─► node stopped ─► its log is read and counted
 *
 * The figures are refused unless every frame that was sent is in the log, or counted there as shed or lost.
 */
import { fileURLToPath } from "node:url";
import { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import type { RemoteSession } from "../../actors/cluster/mod.ts";
import { inputs } from "../../actors/mod.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { Child } from "./child.ts";
import type { Flooded, FloodRun } from "./cluster-flood-child.ts";
import { measureFrames } from "./cluster-frame-rate.ts";
import type { NodeMemory } from "./cluster-node-child.ts";
import { ClusterWorld, connectTo } from "./cluster-world.ts";
import { GROUP } from "./latency-load.ts";
import { check, median, pauseMs, quantile } from "./measure.ts";
import { type BenchRow, limited } from "./row.ts";

const FLOOD = fileURLToPath(new URL("./cluster-flood-child.ts", import.meta.url));

/** Offered for each sample that the owner takes when it is asked to wait. */
const TIMES = 10;
const SAMPLES_A_FRAME = 256;

/** Many: the owner then takes so few samples a second that one process beside it can send ten times as many. */
const CHANNELS = 64;

/** Of TIMES, what a machine must really have offered. */
const OFFERED_LEAST = 0.8;

/** Of the calm before and after, relative to the capacity. */
const CALM = 0.1;
const CALM_SECONDS = 5;
const AFTER_SECONDS = 15;

const COMMAND_EVERY_MS = 100;
const MEMORY_EVERY_MS = 500;

/** The aims. */
const COMMAND_MS = 50;
const RECOVERED_SECONDS = 10;
/** Above the memory of the calm: the log's queue of 8 MiB, the gateway's recent frames, the connection's buffers. */
const MEMORY_MB = 256;
/** The last quarter of the overload beside the second: what grows without bound grows by more. */
const GROWTH = 1.2;

/** A session is up to date when its last frame is no older than this. */
const UP_TO_DATE_MS = 100;

export async function overloadRows(seconds: number): Promise<BenchRow[]> {
  const { rate } = await measureFrames({ detectors: true, channels: CHANNELS, seconds: 3 });
  const capacity = rate / SAMPLES_A_FRAME;
  const world = await ClusterWorld.start({ detectors: true });
  const { session, close } = await world.openSession();
  const flood = new Child(FLOOD, [world.server.url, String(CHANNELS)]);
  const send = (framesPerSecond: number, forSeconds: number) => {
    const run: FloodRun = { framesPerSecond, seconds: forSeconds };
    return flood.ask<Flooded>("run", run);
  };
  const watch = new Watch(world, session);
  let isStopped = false;
  try {
    await send(CALM * capacity, CALM_SECONDS);
    const calm = await watch.during(send(CALM * capacity, CALM_SECONDS));
    const overload = send(TIMES * capacity, seconds);
    const over = await watch.during(overload);
    const offered = ((await overload).frames * SAMPLES_A_FRAME) / seconds;
    watch.overEnded();
    const { altogether: sent } = await send(CALM * capacity, AFTER_SECONDS);
    await flood.stop();
    await world.node.stop();
    isStopped = true;
    const counted = await countLog(world);
    check(
      sent === counted.admitted + counted.shed + counted.lost,
      "each frame in the log, or counted there as shed or lost",
      `${sent} sent, ${counted.admitted} admitted, ${counted.shed} shed, ${counted.lost} lost`,
    );
    check(over.commandMs.length > 0, "commands during the overload");
    const rates = `${Math.round(offered).toLocaleString("en-US")} samples/s offered, capacity ${Math.round(rate).toLocaleString("en-US")}`;
    const name = `overload of ${seconds} s`;
    const memory = over.rssMb;
    const quarter = Math.floor(memory.length / 4);
    return [
      limited(
        { name: `${name}: offered ÷ what the owner takes`, unit: "×", runs: [offered / rate], note: rates },
        { atLeast: OFFERED_LEAST * TIMES },
      ),
      limited(
        {
          name: `${name}: commands answered, 99th percentile`,
          unit: "ms",
          runs: [quantile(over.commandMs, 0.99)],
          note: `${over.commandMs.length} commands, ${over.refused} refused; p50 ${median(over.commandMs).toFixed(1)} ms, calm ${median(calm.commandMs).toFixed(1)} ms`,
        },
        { atMost: COMMAND_MS },
      ),
      limited(
        {
          name: `${name}: memory of the owner above that of the calm`,
          unit: "MB",
          runs: [Math.max(...memory) - median(calm.rssMb)],
          note: `${counted.admitted} frames admitted, ${counted.shed} shed, ${counted.lost} lost`,
        },
        { atMost: MEMORY_MB },
      ),
      limited(
        {
          name: `${name}: memory of its last quarter ÷ that of its second`,
          unit: "×",
          runs: [median(memory.slice(-quarter)) / median(memory.slice(quarter, 2 * quarter))],
        },
        { atMost: GROWTH },
      ),
      limited(
        {
          name: `${name}: until the session is up to date again`,
          unit: "s",
          runs: [watch.recoveredSeconds()],
        },
        { atMost: RECOVERED_SECONDS },
      ),
    ];
  } finally {
    watch.end();
    await flood.stop();
    await close();
    if (isStopped) await world.closeConnections();
    else await world.close();
  }
}

interface Phase {
  readonly commandMs: readonly number[];
  readonly refused: number;
  readonly rssMb: readonly number[];
}

/** Sends commands, asks for the memory of the node, and looks how old the frames are that arrive. */
class Watch {
  readonly #world: ClusterWorld;
  readonly #session: RemoteSession;
  readonly #end: () => void;
  #commands = 0;
  #overEndMs = Number.POSITIVE_INFINITY;
  /** The first moment since which all frames were young, after the overload; null while they are not. */
  #upToDateMs: number | null = null;

  constructor(world: ClusterWorld, session: RemoteSession) {
    this.#world = world;
    this.#session = session;
    this.#end = session.subscribe({
      frame: ({ frame }) => this.#look(frame.time[frame.count - 1]! / 1_000),
    });
  }

  async during(work: Promise<unknown>): Promise<Phase> {
    let isOver = false;
    const over = work.then(() => {
      isOver = true;
    });
    const commandMs: number[] = [];
    const rssMb: number[] = [];
    let refused = 0;
    const commands = async () => {
      while (!isOver) {
        const startMs = performance.now();
        await this.#command().catch(() => refused++);
        commandMs.push(performance.now() - startMs);
        await pauseMs(COMMAND_EVERY_MS);
      }
    };
    const memory = async () => {
      while (!isOver) {
        rssMb.push((await this.#world.node.ask<NodeMemory>("memory")).rssBytes / 1e6);
        await pauseMs(MEMORY_EVERY_MS);
      }
    };
    await Promise.all([over, commands(), memory()]);
    return { commandMs, refused, rssMb };
  }

  overEnded(): void {
    this.#overEndMs = performance.now();
  }

  /** Infinity when it never was. */
  recoveredSeconds(): number {
    return this.#upToDateMs === null
      ? Number.POSITIVE_INFINITY
      : Math.max(0, this.#upToDateMs - this.#overEndMs) / 1_000;
  }

  end(): void {
    this.#end();
  }

  async #command(): Promise<void> {
    const value = 0.1 + ++this.#commands / 1e6;
    await this.#session.commands.carryOut(
      { name: "changeSetting", body: { path: "collapse.falseAlarmsPerDay", value } },
      { author: "bench", authorId: "bench", authorRole: "owner" },
      new AbortController().signal,
    );
  }

  #look(frameMs: number): void {
    const nowMs = performance.now();
    if (nowMs < this.#overEndMs) return;
    const isYoung = performance.timeOrigin + nowMs - frameMs <= UP_TO_DATE_MS;
    if (!isYoung) this.#upToDateMs = null;
    else this.#upToDateMs ??= nowMs;
  }
}

interface Counted {
  admitted: number;
  shed: number;
  lost: number;
}

/** What the log says of the frames of the flood. */
async function countLog(world: ClusterWorld): Promise<Counted> {
  const bus = await connectTo(world.server);
  const { session, partition } = world.place;
  const log = await AdmittedLog.open(bus.stream(subjectOf(session, partition, "log")), partition);
  const readable = {
    read: (from = 1) => log.entries(from),
    locate: async () => (log.last === null ? null : 1),
  };
  const counted: Counted = { admitted: 0, shed: 0, lost: 0 };
  for await (const { input } of inputs(readable)) {
    if (input.type === "frame" && input.source === GROUP) counted.admitted++;
    else if (input.type === "shed") counted.shed += input.shed;
    else if (input.type === "feedStatus") counted.lost += input.counts["lost"] ?? 0;
  }
  log.end();
  await bus.close();
  return counted;
}
