/** A bar with ETA where a person looks, nothing where a program reads. */
import process from "node:process";
import cliProgress from "cli-progress";

export interface Progress {
  update(value: number): void;
  stop(): void;
}

export function startProgress(action: string, total: number, unit: string, json: boolean): Progress {
  if (json || !process.stderr.isTTY || total === 0) return { update() {}, stop() {} };
  const bar = new cliProgress.SingleBar({
    format: `${action} {bar} {percentage}% | {value}/{total} ${unit} | ETA {eta_formatted}`,
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(total, 0);
  return bar;
}
