/** What all benchmarks measure with: quantiles, CPU time, pauses, temporary folders, and the check of their own results. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { EigenwatchError } from "../../protocol/errors.ts";

/** The value at rank ⌊q·n⌋ of the sorted values; NaN without values. */
export function quantile(values: ArrayLike<number>, q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

export function p50AndP99(values: ArrayLike<number>): { p50: number; p99: number } {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99) };
}

/** CPU time of this process so far, user and system: a busy machine does not make the code look slow. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

export async function secondsOf(act: () => unknown): Promise<number> {
  const startedMs = performance.now();
  await act();
  return (performance.now() - startedMs) / 1000;
}

export function pauseMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Gives `act` a folder that is removed afterwards. EIGENWATCH_BENCH_DIR chooses the disk; a tmpfs flatters the figures. */
export async function inTemporaryFolder<Result>(act: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(process.env["EIGENWATCH_BENCH_DIR"] ?? tmpdir(), "eigenwatch-bench-"));
  try {
    return await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A benchmark whose result is wrong reports no figure: the error names the check. */
export function check(holds: boolean, expected: string, found = "its own check failed"): asserts holds {
  if (!holds)
    throw new EigenwatchError({ action: "report a figure", value: found, expected, kind: "failed" });
}
