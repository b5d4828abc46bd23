/**
 * Runs each bug in a bundle and a process of its own until a seed catches it.
 *
 *   mutants ─► [bundle ─► worlds-process, seeds 1, 2, …] × jobs ─► caught by which rule, after how many seeds
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Mutant } from "./all.ts";
import { bundleWorlds } from "./build.ts";
import type { WorldsAnswer, WorldsRequest } from "./worlds-process.ts";

export interface MutantResult extends WorldsAnswer {
  readonly mutant: Mutant;
}

export interface MutantRun {
  readonly mutants: readonly Mutant[];
  readonly request: WorldsRequest;
  /** Processes at the same time. */
  readonly jobs: number;
  /** A mutant that takes longer than this hangs and counts as caught. */
  readonly timeoutMs: number;
  done?(result: MutantResult): void;
}

/** In the order of `mutants`. */
export async function runMutants(run: MutantRun): Promise<MutantResult[]> {
  const folder = await mkdtemp(join(tmpdir(), "eigenwatch-mutants-"));
  const results: MutantResult[] = [];
  const waiting = [...run.mutants.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, mutant] = next;
      const file = join(folder, `${mutant.name}.mjs`);
      await bundleWorlds(mutant, file);
      const result = { mutant, ...(await askWorlds(file, run.request, run.timeoutMs)) };
      results[index] = result;
      run.done?.(result);
      await rm(file);
    }
  };
  try {
    await Promise.all(Array.from({ length: run.jobs }, work));
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a bundle and returns its answer. A process that dies or hangs gives an answer too. */
export function askWorlds(file: string, request: WorldsRequest, timeoutMs: number): Promise<WorldsAnswer> {
  const flags = "Deno" in globalThis ? ["run", "-A"] : [];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, file, JSON.stringify(request)], {
      // The process ends when its stdin ends: an open pipe keeps it running.
      stdio: ["pipe", "pipe", "pipe"],
    });
    let out = "";
    let errors = "";
    let hangs = false;
    const timer = setTimeout(() => {
      hangs = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.stdout.on("data", (data: Buffer) => {
      out += data.toString();
    });
    child.stderr.on("data", (data: Buffer) => {
      errors = (errors + data.toString()).slice(-4_000);
    });
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(timer);
      if (out.endsWith("\n")) resolve(JSON.parse(out) as WorldsAnswer);
      else resolve(died(request, hangs ? "hangs" : "dies", errors));
    });
  });
}

function died(request: WorldsRequest, rule: "hangs" | "dies", errors: string): WorldsAnswer {
  const scenario = request.scenarios[0] ?? request.case?.scenario ?? "standard";
  return { runs: 1, events: 0, failure: { seed: 1, scenario, rule, what: errors.trim() }, shrunk: null };
}
