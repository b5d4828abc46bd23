/**
 * What the processes of this machine use, from /proc/PID/stat, status and io: names, no arguments, which may hold secrets.
 *
 * Use within a time is the difference of two looks; a process that began in between counts from its begin, one that ended is not seen.
 */
import { readdir, readFile } from "node:fs/promises";

/** Of the counters in /proc/PID/stat: USER_HZ, the same on all of Linux. */
const TICKS_PER_SECOND = 100;
const KIBIBYTE = 1024;

/** Fields after the name, which may hold anything: proc(5) counts the process id as 1. */
const USER_TICKS = 14 - 3;
const SYSTEM_TICKS = 15 - 3;
const STARTED = 22 - 3;

/** Processes that are read at once: enough to be quick, and few open files. */
const AT_ONCE = 16;

export interface ProcessUse {
  /** Process id and start, in ticks since the machine's: ids come again. */
  readonly key: string;
  readonly pid: number;
  /** At most 15 characters, as the kernel has it. */
  readonly name: string;
  /** Of all processors, since its begin. */
  readonly processorSeconds: number;
  /** In memory, bytes. */
  readonly residentBytes: number;
  /** From and to disks, since its begin; NaN where the system does not tell us. */
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Of all processes that can be read, by key. Empty where there is no such folder. */
export async function readProcesses(folder = "/proc"): Promise<ReadonlyMap<string, ProcessUse>> {
  const names = await readdir(folder).catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  const found = new Map<string, ProcessUse>();
  for (let at = 0; at < pids.length; at += AT_ONCE) {
    const read = await Promise.all(pids.slice(at, at + AT_ONCE).map((pid) => readProcess(folder, pid)));
    for (const use of read) if (use !== null) found.set(use.key, use);
  }
  return found;
}

/** Null for one that ended meanwhile. */
async function readProcess(folder: string, pid: string): Promise<ProcessUse | null> {
  const text = (name: string) => readFile(`${folder}/${pid}/${name}`, "utf8").catch(() => "");
  const [stat, status, io] = await Promise.all([text("stat"), text("status"), text("io")]);
  const nameEnd = stat.lastIndexOf(")");
  if (nameEnd < 0) return null;
  const fields = stat.slice(nameEnd + 2).split(" ");
  const ticks = (field: number): number => Number(fields[field]);
  return {
    key: `${pid} ${fields[STARTED]}`,
    pid: Number(pid),
    name: stat.slice(stat.indexOf("(") + 1, nameEnd),
    processorSeconds: (ticks(USER_TICKS) + ticks(SYSTEM_TICKS)) / TICKS_PER_SECOND,
    // Threads of the kernel have no memory of their own.
    residentBytes: (numberAfter(status, "VmRSS:") || 0) * KIBIBYTE,
    readBytes: numberAfter(io, "\nread_bytes:"),
    writtenBytes: numberAfter(io, "\nwrite_bytes:"),
  };
}

/** NaN where it is not there. */
function numberAfter(text: string, label: string): number {
  const at = text.indexOf(label);
  return at < 0 ? Number.NaN : Number.parseInt(text.slice(at + label.length), 10);
}

/** What a process used between two looks. */
export interface ProcessRate extends Pick<ProcessUse, "pid" | "name" | "residentBytes"> {
  /** In percent of one processor. */
  readonly processor: number;
  /** Bytes a second, from and to disks; NaN where that is not known. */
  readonly disk: number;
}

/** `seconds` between the looks. */
export function ratesBetween(
  before: ReadonlyMap<string, ProcessUse>,
  after: ReadonlyMap<string, ProcessUse>,
  seconds: number,
): ProcessRate[] {
  return [...after.values()].map((now) => {
    const then = before.get(now.key);
    return {
      pid: now.pid,
      name: now.name,
      residentBytes: now.residentBytes,
      processor: (100 * (now.processorSeconds - (then?.processorSeconds ?? 0))) / seconds,
      disk: (now.readBytes - (then?.readBytes ?? 0) + now.writtenBytes - (then?.writtenBytes ?? 0)) / seconds,
    };
  });
}
