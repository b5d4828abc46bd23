/** Runs one command of the test run to its end, or kills it after a timeout, with all processes that it started. */
import { spawn } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";
import { ROOT } from "../../.ci/runtime.mjs";

export interface Outcome {
  /** Exit code, or the signal or error that took its place. */
  code: number | string;
  /** stdout and stderr, interleaved. */
  output: string;
  /** It exceeded its time and was killed. */
  late: boolean;
}

/** How long to wait for pipes after the exit: a grandchild that inherited them may keep them open. */
const PIPE_LINGER_MS = 1_000;

const TICK_MS = 1_000;

/**
 * What a tick counts of the time that a command has: less where more runs than the machine has processors. So a machine under load ends nothing that only
 * waits for its turn, and what hangs is ended when it is left alone.
 */
function tickS(): number {
  return (TICK_MS / 1000) * Math.min(1, availableParallelism() / Math.max(1, loadavg()[0]!));
}

/** Leaders of the running process groups. */
const running = new Set<number>();

/** `timeoutS`: of a machine that is free for it. Runs in the folder, without stdin, in a process group of its own. */
export function runProcess(
  command: string[],
  timeoutS: number,
  env: Record<string, string>,
  folder = ROOT,
): Promise<Outcome> {
  const [path, ...args] = command as [string, ...string[]];
  return new Promise((resolve) => {
    const child = spawn(path, args, {
      cwd: folder,
      env: { ...process.env, ...env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that all processes of a hanging test are killed with it.
      detached: true,
    });
    const chunks: Buffer[] = [];
    let late = false;
    if (child.pid !== undefined) running.add(child.pid);
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    let usedS = 0;
    const timer = setInterval(() => {
      usedS += tickS();
      if (usedS < timeoutS) return;
      late = true;
      if (child.pid !== undefined) killGroup(child.pid);
    }, TICK_MS);
    const end = (code: number | string) => {
      clearInterval(timer);
      // Processes that a test has left running have no owner.
      if (child.pid !== undefined) killGroup(child.pid);
      if (child.pid !== undefined) running.delete(child.pid);
      resolve({ code, output: Buffer.concat(chunks).toString("utf8"), late });
    };
    child.on("error", (error) => end(error.message));
    child.on("exit", () => {
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, PIPE_LINGER_MS).unref();
    });
    child.on("close", (code, signal) => end(code ?? signal ?? "no exit code"));
  });
}

export function killRunning(): void {
  for (const pid of running) killGroup(pid);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has already ended.
  }
}
