/**
 * The nodes of a world that evaluate scans: the shipped worker's end of the queue, with threads that take simulated time.
 *
 *   running ──dies──► away ──a little later──► running (anew)          running ──stalls──► paused ──► running, and speaks of what it had
 */
import {
  parseRule,
  ScanCoordinator,
  type ScanThread,
  type ScanThreadListener,
  type Universe,
  WorkerEnd,
} from "../../actors/scan/mod.ts";
import { scoreOf } from "./checkers/scan-score.ts";
import { SimulatedClock } from "./clock.ts";
import { Process } from "./process.ts";
import type { ScanServers } from "./scan-servers.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** Time of an item, ms, and the most that it may take. */
const ITEM_MS = [2, 40] as const;
export const ITEM_SECONDS = 1;

export const UNIVERSE_NAME = "simulated";
const SYMBOLS = 24;

/** Symbols of one row: only their names and numbers count. */
export const UNIVERSE: Universe = {
  name: UNIVERSE_NAME,
  data: {
    symbols: Array.from({ length: SYMBOLS }, (_, k) => `S${k}`),
    offsets: Int32Array.from({ length: SYMBOLS + 1 }, (_, k) => k),
    timeUs: new Float64Array(SYMBOLS),
    columns: {},
    market: null,
  },
  defects: new Map(),
};

export function startScanWorkers(world: SimulatedCluster, servers: ScanServers): void {
  for (let k = 1; k <= world.options.scan.workers; k++) new ScanWorker(world, servers, `w${k}`);
}

class ScanWorker {
  private readonly world: SimulatedCluster;
  private readonly servers: ScanServers;
  private readonly name: string;
  private process: Process;

  constructor(world: SimulatedCluster, servers: ScanServers, name: string) {
    this.world = world;
    this.servers = servers;
    this.name = name;
    this.process = new Process(name);
    this.start();
    this.misbehave();
  }

  private start(): void {
    const { world, servers } = this;
    const process = new Process(this.name);
    this.process = process;
    const clock = new SimulatedClock(world, process);
    const coordinator = new ScanCoordinator({
      clock,
      workers: 2,
      startThread: (listener) => new SimulatedThread(world, process, listener),
    });
    new WorkerEnd({
      bus: servers.busOf(process),
      queue: servers.queueOf(process),
      clock,
      coordinator,
      jobs: 2,
      universe: () => Promise.resolve(UNIVERSE),
      log: () => {},
    });
  }

  private misbehave(): void {
    const { world } = this;
    const { decisions, options } = world;
    const died = decisions.of(this.name, "scan worker died");
    const stalled = decisions.of(this.name, "scan worker stalled");
    world.every(1_000, null, `${this.name} second`, () => {
      if (decisions.healed) {
        world.wake(this.process);
        if (this.process.state === "ended") this.start();
        return false;
      }
      const { process } = this;
      if (died.happens(options.scan.died) && process.state !== "ended") {
        world.end(process);
        world.after(died.size(200, 5_000), null, `${this.name} starts`, () => {
          if (this.process === process) this.start();
        });
      }
      if (stalled.happens(options.scan.stalled) && process.state === "running") {
        world.pause(process);
        world.after(stalled.size(100, 9_000), null, `${this.name} wakes`, () => world.wake(process));
      }
      return true;
    });
  }
}

class SimulatedThread implements ScanThread {
  finished = 0;
  private readonly world: SimulatedCluster;
  private readonly process: Process;
  private readonly listener: ScanThreadListener;
  private isOver = false;
  private isCalledOff = false;
  private jobs: number[] = [];

  constructor(world: SimulatedCluster, process: Process, listener: ScanThreadListener) {
    this.world = world;
    this.process = process;
    this.listener = listener;
    this.later(5, () => listener.ready());
  }

  begin(): void {}

  end(): void {}

  run(_task: number, jobs: readonly unknown[]): void {
    this.finished = 0;
    this.isCalledOff = false;
    this.jobs = [...(jobs as readonly number[])];
    this.next();
  }

  add(_task: number, jobs: readonly unknown[]): void {
    this.jobs.push(...(jobs as readonly number[]));
  }

  callOff(): void {
    this.isCalledOff = true;
  }

  terminate(): void {
    this.isOver = true;
  }

  private next(): void {
    const { decisions, options } = this.world;
    const item = this.jobs[this.finished];
    if (item === undefined || this.isCalledOff) {
      this.listener.answered([], true);
      return;
    }
    const died = decisions.of(this.process.name, "scan thread died");
    const stuck = decisions.of(this.process.name, "scan item stuck");
    if (stuck.happens(options.scan.stuck)) return;
    const [least, most] = ITEM_MS;
    this.later(least + ((most - least) * ((item * 7) % SYMBOLS)) / SYMBOLS, () => {
      if (died.happens(options.scan.threadDied)) {
        this.isOver = true;
        this.listener.ended("it was killed", this.finished);
        return;
      }
      this.finished++;
      const result = {
        score: scoreOf(item),
        signal: item % 3 === 0,
        values: {},
        featuresMs: 1,
        evaluateMs: 1,
      };
      this.listener.answered([{ result }], false);
      this.next();
    });
  }

  private later(ms: number, act: () => void): void {
    this.world.after(ms, this.process, `${this.process.name} evaluates`, () => {
      if (!this.isOver) act();
    });
  }
}

export const RULE = parseRule("close > 1");
