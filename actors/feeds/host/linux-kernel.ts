/**
 * Processors and counters of the kernel, from /proc/stat: shares of time per core, and rates of context switches, interrupts and forks.
 *
 * The total includes every kind of work. The channels of a core exclude interrupts and stolen time, so they do not add up to the total.
 * The kernel counts in ticks of 10 ms: at 10 Hz, shares change in steps of about 10 %.
 */

import { cpus } from "node:os";
import { type Channel, channel, type Meter, Rates } from "./meter.ts";
import { ProcFile, word } from "./proc-file.ts";

/** With more cores there is one channel per core, so that all channels fit in one group (MAX_GROUP_CHANNELS = 128). */
const DETAILED_CORES = 24;
const CORES_MAX = 80;

const CPU = word("cpu");
const CONTEXT_SWITCHES = word("ctxt ");
const INTERRUPTS = word("intr ");
const FORKS = word("processes ");
const RUNNING = word("procs_running ");
const BLOCKED = word("procs_blocked ");

/** Columns of a cpu line: user nice system idle iowait irq softirq steal; guest time is inside user. */
const COLUMNS = 8;
const USER = 0;
const NICE = 1;
const SYSTEM = 2;
const IDLE = 3;
const IOWAIT = 4;

export function kernelMeter(path = "/proc/stat", processors = cpus().length): Meter {
  const file = new ProcFile(path);
  const cores = Math.min(processors, CORES_MAX);
  const perCore = cores <= DETAILED_CORES ? 3 : 1;
  // Row 0 is the total, row k + 1 core k.
  const before = new Float64Array((cores + 1) * COLUMNS).fill(Number.NaN);
  const change = new Float64Array(COLUMNS);
  const rates = new Rates(3);
  const afterCores = 1 + cores * perCore;

  /** Fills `change` with shares of time in percent. False: no time has passed. */
  function shares(row: number): boolean {
    let total = 0;
    for (let k = 0; k < COLUMNS; k++) {
      const value = file.number();
      change[k] = value - before[row * COLUMNS + k]!;
      before[row * COLUMNS + k] = value;
      // iowait may run backwards (proc(5)).
      if (change[k]! < 0) change[k] = 0;
      total += change[k]!;
    }
    if (!(total > 0)) return false;
    for (let k = 0; k < COLUMNS; k++) change[k] = (change[k]! * 100) / total;
    return true;
  }

  function readCpu(into: Float64Array, at: number): void {
    if (!file.numberFollows()) {
      into[at] = shares(0) ? 100 - change[IDLE]! - change[IOWAIT]! : Number.NaN;
      return;
    }
    const core = file.number();
    if (core >= cores) return;
    const known = shares(core + 1);
    const first = at + 1 + core * perCore;
    if (!known) into.fill(Number.NaN, first, first + perCore);
    else if (perCore === 1) into[first] = 100 - change[IDLE]! - change[IOWAIT]!;
    else {
      into[first] = change[USER]! + change[NICE]!;
      into[first + 1] = change[SYSTEM]!;
      into[first + 2] = change[IOWAIT]!;
    }
  }

  return {
    channels: kernelChannels(cores, perCore),
    missing: [],
    read(into, at, seconds) {
      const rest = at + afterCores;
      // A core that was taken offline has no line.
      into.fill(Number.NaN, at, rest + 5);
      file.read();
      while (file.nextLine()) {
        if (file.take(CPU)) readCpu(into, at);
        else if (file.take(INTERRUPTS)) into[rest + 1] = rates.rate(1, file.number(), seconds);
        else if (file.take(CONTEXT_SWITCHES)) into[rest] = rates.rate(0, file.number(), seconds);
        else if (file.take(FORKS)) into[rest + 2] = rates.rate(2, file.number(), seconds);
        else if (file.take(RUNNING)) into[rest + 3] = file.number();
        else if (file.take(BLOCKED)) into[rest + 4] = file.number();
      }
    },
    close: () => file.close(),
  };
}

function kernelChannels(cores: number, perCore: number): Channel[] {
  const list = [channel("cpu.busy", "Processors busy", "%")];
  for (let k = 0; k < cores; k++) {
    if (perCore === 1) list.push(channel(`cpu${k}.busy`, `Core ${k} busy`, "%"));
    else
      list.push(
        channel(`cpu${k}.user`, `Core ${k} user`, "%"),
        channel(`cpu${k}.system`, `Core ${k} system`, "%"),
        channel(`cpu${k}.iowait`, `Core ${k} waiting for disk`, "%"),
      );
  }
  list.push(
    channel("kernel.switches", "Context switches", "1/s"),
    channel("kernel.interrupts", "Interrupts", "1/s"),
    channel("processes.forks", "Processes started", "1/s"),
    channel("processes.running", "Processes running", ""),
    channel("processes.blocked", "Processes blocked", ""),
  );
  return list;
}
