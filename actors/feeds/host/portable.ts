/** Meters that every platform has through the runtime: load, memory, processors, and this process. */

import { cpus, freemem, loadavg, platform, totalmem } from "node:os";
import { channel, type Meter, Rates } from "./meter.ts";

const LOADS = ["load.1m", "load.5m", "load.15m"];

/** Null on Windows, where the load is always 0. */
export function loadMeter(): Meter | null {
  if (platform() === "win32") return null;
  return {
    channels: [
      channel("load.1m", "Load, 1 minute", ""),
      channel("load.5m", "Load, 5 minutes", ""),
      channel("load.15m", "Load, 15 minutes", ""),
    ],
    missing: [],
    read(into, at) {
      const loads = loadavg();
      for (let k = 0; k < LOADS.length; k++) into[at + k] = loads[k] ?? Number.NaN;
    },
    close() {},
  };
}

/** This process. Its processor time is in percent of one core: 200 % are two busy cores. */
export function ownMeter(): Meter {
  const rates = new Rates(1);
  return {
    channels: [
      channel("own.cpu", "Own processor time", "%"),
      channel("own.memory", "Own memory", "B"),
      channel("own.heap", "Own heap used", "B"),
    ],
    missing: [],
    read(into, at, seconds) {
      const { user, system } = process.cpuUsage();
      const memory = process.memoryUsage();
      // µs per second to percent.
      into[at] = rates.rate(0, user + system, seconds) / 1e4;
      into[at + 1] = memory.rss;
      into[at + 2] = memory.heapUsed;
    },
    close() {},
  };
}

/** Processors through node:os, on systems without /proc. */
export function osProcessorMeter(): Meter {
  const cores = Math.min(cpus().length, 32);
  const busyBefore = new Float64Array(cores).fill(Number.NaN);
  const totalBefore = new Float64Array(cores).fill(Number.NaN);
  return {
    channels: Array.from({ length: cores }, (_, k) => channel(`cpu${k}.busy`, `Core ${k} busy`, "%")),
    missing: [],
    read(into, at) {
      const now = cpus();
      for (let k = 0; k < cores; k++) {
        const times = now[k]?.times ?? { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 };
        const busy = times.user + times.nice + times.sys + times.irq;
        const total = busy + times.idle;
        const share = ((busy - busyBefore[k]!) * 100) / (total - totalBefore[k]!);
        into[at + k] = Number.isFinite(share) ? share : Number.NaN;
        busyBefore[k] = busy;
        totalBefore[k] = total;
      }
    },
    close() {},
  };
}

/** Memory through node:os, on systems without /proc. */
export function osMemoryMeter(): Meter {
  return {
    channels: [channel("memory.used", "Memory used", "B")],
    missing: [],
    read(into, at) {
      into[at] = totalmem() - freemem();
    },
    close() {},
  };
}
