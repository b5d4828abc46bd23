/** A progress bar with the time left, on stderr: drawn on a terminal, not where a program reads. */
import process from "node:process";
import cliProgress from "cli-progress";

export interface Progress {
  /** `total` where it was not known at the start. */
  update(value: number, total?: number, note?: string): void;
  stop(): void;
}

/** `quiet`: draws nothing, as for `--json`. */
export function startProgress(action: string, total: number, unit: string, quiet: boolean): Progress {
  if (quiet || !process.stderr.isTTY) return { update() {}, stop() {} };
  const bar = new cliProgress.SingleBar({
    format: `${action} {bar} {percentage}% | {value}/{total} ${unit} | ETA {eta_formatted}{note}`,
    clearOnComplete: true,
    stream: process.stderr,
  });
  let isStarted = false;
  return {
    update(value, of = total, note = "") {
      // The first value may be far into the work, after a snapshot: time left is estimated from there.
      if (isStarted) bar.update(value, { note });
      else if (of > 0) bar.start(of, value, { note });
      isStarted = of > 0;
    },
    stop: () => bar.stop(),
  };
}
