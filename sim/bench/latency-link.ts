/** A sender and its clients, each in a process of its own, and the latencies of one run from the one to the other. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import type { Received } from "./latency-client.ts";
import { type Carrier, comesBack } from "./latency-load.ts";
import type { SenderOptions, Spent } from "./latency-sender.ts";
import { machineNowUs } from "./machine-clock.ts";
import { check, p50AndP99, quantile } from "./measure.ts";

const SENDER = fileURLToPath(new URL("./latency-sender.ts", import.meta.url));
const CLIENT = fileURLToPath(new URL("./latency-client.ts", import.meta.url));

/** Latencies in µs. */
export interface LatencyRun {
  /** From the moment the feed offered a frame. */
  offered: Distribution;
  /** From the moment the frame was due: includes every stall of the sender. */
  due: Distribution;
  /** Of `offered`: until the sockets were written. Absent for a bare sender. */
  written: Distribution | null;
  spent: Spent;
  frames: number;
  bytesPerFrame: number;
  seconds: number;
}

export interface Distribution {
  p50: number;
  p99: number;
  p999: number;
}

export class Link {
  readonly #options: SenderOptions;
  readonly #sender: Child;
  /** Null where frames go to another program and come back. */
  readonly #client: Child | null;
  /** The connections of further clients. */
  readonly #crowd: Child | null;
  readonly #folder: string;

  private constructor(options: SenderOptions, clients: number, folder: string) {
    this.#options = options;
    this.#sender = new Child(SENDER, [JSON.stringify(options)]);
    const hasClient = options.kind !== "request" && options.kind !== "moleculer";
    this.#client = hasClient ? new Child(CLIENT, []) : null;
    this.#crowd = clients > 1 ? new Child(CLIENT, []) : null;
    this.#folder = folder;
  }

  /** `folder`: for the times that the processes exchange. */
  static async open(options: SenderOptions, clients: number, folder: string): Promise<Link> {
    const link = new Link(options, clients, folder);
    const url = await link.#sender.ask<string>("url");
    const { kind } = options;
    await link.#client?.ask("connect", { url, kind, count: 1 });
    await link.#crowd?.ask("connect", { url, kind: kind === "echo" ? "push" : kind, count: clients - 1 });
    for (const child of [link.#sender, link.#client]) if (child !== null) await checkClock(child);
    return link;
  }

  async run(seconds: number): Promise<LatencyRun> {
    const { kind, load } = this.#options;
    const files = { sent: this.#file("sent"), arrived: this.#file("arrived") };
    await this.#client?.ask("begin", { frames: Math.round(load.framesPerSecond * seconds) });
    await this.#crowd?.ask("begin", { frames: 0 });
    const frames = await this.#sender.ask<number>("run", { seconds });
    const received = await (this.#client ?? this.#sender).ask<Received>("finish", { out: files.arrived });
    checkReceived(received, frames, kind);
    checkCrowd((await this.#crowd?.ask<number>("lagging")) ?? 0);
    const spent = await this.#sender.ask<Spent>("times", { out: files.sent });
    const [due, offered, third] = columnsOf(files.sent, frames);
    const arrived = comesBack(kind) ? third! : columnsOf(files.arrived, frames)[0]!;
    return {
      offered: distribution(arrived, offered!),
      due: distribution(arrived, due!),
      written: kind === "system" ? distribution(third!, offered!) : null,
      spent,
      frames,
      bytesPerFrame: received.bytes / received.frames,
      seconds,
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#client, this.#crowd, this.#sender].map((child) => child?.stop()));
  }

  #file(name: string): string {
    return join(this.#folder, `${name}-${this.#sender.pid}`);
  }
}

/** The figure is refused unless every frame arrived, in order. */
export function checkReceived(received: Received, frames: number, kind: Carrier): void {
  const { frames: arrived, lagging, outOfOrder } = received;
  check(
    arrived === frames && outOfOrder === 0,
    "every frame that was sent, in order",
    `the client of ${kind} received ${arrived} of ${frames} frames, ${outOfOrder} out of order; it lagged ${lagging} times`,
  );
}

/** The figure is refused when further clients were sent less than they were said to be. */
export function checkCrowd(lagging: number): void {
  check(lagging === 0, "further clients that keep up", `they lagged ${lagging} times`);
}

/** Both processes must read the same clock: the child's time lies between two of ours. */
async function checkClock(child: Child): Promise<void> {
  const before = machineNowUs();
  const now = await child.ask<number>("now");
  check(
    before <= now && now <= machineNowUs(),
    "one clock for all processes",
    `another process reads ${now}`,
  );
}

function columnsOf(path: string, length: number): Float64Array[] {
  const bytes = readFileSync(path);
  const all = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return [0, 1, 2].map((k) => all.subarray(k * length, (k + 1) * length));
}

function distribution(to: Float64Array, from: Float64Array): Distribution {
  const times = to.map((time, k) => time - from[k]!);
  check(!times.some(Number.isNaN), "a time for every frame");
  return { ...p50AndP99(times), p999: quantile(times, 0.999) };
}
