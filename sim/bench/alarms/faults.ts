/**
 * Ten faults of a real machine, each made by processes of this machine, with the channels that must be named for it.
 *
 *   start(seconds) ─► processes ─► stop
 *
 * A fault that this machine or this user does not permit says why it is not run.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pauseMs } from "node:timers/promises";

export interface Fault {
  readonly name: string;
  /** Names, or their beginnings, of the channels that are right to name first. */
  readonly channels: readonly string[];
  /** Longest delay from onset to the incident, s. */
  readonly withinSeconds: number;
  /** Times the usual length of a fault: a leak is slow. */
  readonly length: number;
  /** Why it cannot be run here, or null. */
  refused(): string | null;
  /** Begins the fault. The function that it returns ends it. */
  start(seconds: number): () => Promise<void>;
}

const WITHIN_SECONDS = 15;
/** Memory that a hog takes, as a share of what is free: enough to be seen, never enough to reach the killer of processes. */
const MEMORY_SHARE = 0.4;
const SERVICE_LOAD_PERCENT = 25;
const SMALL_DISK_BYTES = 64 * 2 ** 20;

/** The service that dies: it must have run since the session began. */
export class Service {
  #process: ChildProcess | null = null;

  start(): void {
    this.#process = launch("stress-ng", [
      "--cpu",
      "1",
      "--cpu-load",
      String(SERVICE_LOAD_PERCENT),
      "--switch",
      "1",
    ]);
  }

  async stop(): Promise<void> {
    if (this.#process !== null) await kill(this.#process);
    this.#process = null;
  }
}

export function allFaults(service: Service): readonly Fault[] {
  return [
    stress("processor hog", ["cpu", "load.", "processes.running"], ["--cpu", "0"]),
    stress(
      "memory hog",
      ["memory.", "paging.", "swap."],
      ["--vm", "1", "--vm-keep", "--vm-bytes", String(Math.round(freemem() * MEMORY_SHARE))],
    ),
    stress(
      "disk storm",
      ["disk.", "memory.dirty", "memory.cached", "processes.blocked", "cpu"],
      ["--hdd", "2", "--hdd-bytes", "256m", "--temp-path", tmpdir()],
    ),
    stress("many processes", ["processes.", "kernel.", "paging.", "cpu"], ["--fork", "4"]),
    stress("network flood on loopback", ["network.", "kernel.", "cpu"], ["--sock", "4"]),
    leak(),
    {
      ...usual("a service that dies", ["cpu", "kernel.", "processes.", "load."]),
      refused: needs("stress-ng"),
      start() {
        const stopped = service.stop();
        return async () => {
          await stopped;
          service.start();
        };
      },
    },
    {
      ...usual("clock step", []),
      refused: () => "it would disturb every other program of this machine",
      start: () => async () => {},
    },
    fullDisk(),
    stress(
      "I/O stall",
      ["disk.", "processes.blocked", "cpu", "memory.dirty"],
      ["--io", "4", "--sync-file", "2", "--temp-path", tmpdir()],
    ),
  ];
}

function usual(
  name: string,
  channels: readonly string[],
): Pick<Fault, "name" | "channels" | "withinSeconds" | "length"> {
  return { name, channels, withinSeconds: WITHIN_SECONDS, length: 1 };
}

function stress(name: string, channels: readonly string[], args: readonly string[]): Fault {
  return {
    ...usual(name, channels),
    refused: needs("stress-ng"),
    start() {
      const running = launch("stress-ng", args);
      return () => kill(running);
    },
  };
}

/** Takes memory a little at a time and touches it. */
function leak(): Fault {
  return {
    ...usual("a leak", ["memory.", "own.memory"]),
    withinSeconds: 300,
    length: 10,
    refused: () => null,
    start(seconds) {
      const bytes = Math.round((freemem() * MEMORY_SHARE) / seconds);
      const script = `const kept=[];setInterval(()=>kept.push(Buffer.alloc(${bytes},1)),1000)`;
      const running = launch(process.execPath, "Deno" in globalThis ? ["eval", script] : ["-e", script]);
      return () => kill(running);
    },
  };
}

/** A small file system in memory that programs try to write to after it is full. */
function fullDisk(): Fault {
  const writes = (folder: string) =>
    `while true; do dd if=/dev/zero of=${folder}/file bs=1M 2>/dev/null; done`;
  return {
    ...usual("full disk on a small file system", [
      "memory.",
      "processes.",
      "paging.",
      "cpu",
      "kernel.",
      "disk.",
    ]),
    refused: () => (process.getuid?.() === 0 ? needs("mount")() : "only root may mount a file system"),
    start() {
      const folder = mkdtempSync(join(tmpdir(), "eigenwatch-full-"));
      spawnSync("mount", ["-t", "tmpfs", "-o", `size=${SMALL_DISK_BYTES}`, "tmpfs", folder]);
      const { blocks, bsize } = statfsSync(folder);
      // Without the small file system the loop would fill the machine's own disk.
      if (blocks * bsize !== SMALL_DISK_BYTES) return async () => {};
      const running = launch("sh", ["-c", writes(folder)]);
      return async () => {
        await kill(running);
        spawnSync("umount", ["-l", folder]);
        rmSync(folder, { recursive: true, force: true });
      };
    },
  };
}

function needs(program: string): () => string | null {
  return () =>
    spawnSync("sh", ["-c", `command -v ${program}`]).status === 0 ? null : `${program} is not installed`;
}

/** In a process group of its own, so that `kill` reaches its children too. */
export function launch(command: string, args: readonly string[]): ChildProcess {
  return spawn(command, args, { stdio: "ignore", detached: true });
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  process.kill(-child.pid, "SIGTERM");
  await Promise.race([ended, pauseMs(5_000)]);
}
