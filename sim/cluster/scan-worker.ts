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
  WorkerEnd,
} from "../../actors/scan/mod.ts";
import { scoreOf } from "./checkers/scan-score.ts";
import { SimulatedClock } from "./clock.ts";
import { Process } from "./process.ts";
import type { ScanServers } from "./scan-servers.ts";
import { hindered, UNIVERSE } from "./scan-universe.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** Time of an item, ms, and the most that it may take. */
const ITEM_MS = [2, 40] as const;
export const ITEM_SECONDS = 1;

export function startScanWorkers(world: SimulatedCluster, servers: ScanServers): void {
  for (let k = 1; k <= world.options.scan.workers; k++) new ScanWorker(world, servers, `w${k}`);
}

class ScanWorker {
  private readonly world: SimulatedCluster;
  private readonly servers: ScanServers;
  private readonly name: string;
  private process: Process;
  private threads: SimulatedThread[] = [];

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
    this.threads = [];
    const clock = new SimulatedClock(world, process);
    const coordinator = new ScanCoordinator({
      clock,
      workers: 2,
      startThread: (listener) => {
        const thread = new SimulatedThread(world, process, listener);
        this.threads.push(thread);
        return thread;
      },
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
        for (const thread of this.threads) thread.isLate();
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

  /** What it is at may take longer than it may. */
  isLate(): void {
    const item = this.jobs[this.finished];
    if (!this.isOver && item !== undefined) hindered(this.world, "late", [item]);
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
    if (stuck.happens(options.scan.stuck)) {
      this.isLate();
      return;
    }
    const [least, most] = ITEM_MS;
    const { length } = UNIVERSE.data.symbols;
    this.later(least + ((most - least) * ((item * 7) % length)) / length, () => {
      if (died.happens(options.scan.threadDied)) {
        this.isOver = true;
        hindered(this.world, "ended", [item]);
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
