/**
 * Runs each bug in a bundle and a process of its own until a seed catches it.
 *
 *   control: the program as it is ─► nothing may be found in any scenario
 *   mutants ─► [bundle ─► worlds-process, seeds 1, 2, …] × jobs ─► caught by which rule, after how many seeds
 *   control once more, in the worlds of the catches ─► nothing may be found there without the bug
 *
 * Only the finding of a checker catches a bug. A process that dies or hangs has shown nothing: it may do so without the bug too.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { ScenarioName } from "../../../sim/cluster/scenarios.ts";
import type { Mutant } from "./all.ts";
import { bundleWorlds } from "./build.ts";
import type { WorldsAnswer, WorldsRequest } from "./worlds-process.ts";

/** The same scenarios in turn for every mutant: none has a scenario of its own. */
export const SCENARIOS_IN_TURN: readonly ScenarioName[] = [
  "standard",
  "single",
  "storm",
  "disk",
  "gateways",
  "rooms",
  "document",
  "scans",
];

export interface MutantResult extends Ending {
  readonly mutant: Mutant;
}

/** What a process of worlds came to. */
export interface Ending extends WorldsAnswer {
  /** Why there is no answer; null when there is one. */
  readonly broken: { readonly how: "died" | "hung"; readonly errors: string } | null;
}

/** A scenario of the control. */
export interface ControlResult {
  readonly scenario: ScenarioName;
  readonly seeds: number;
  readonly events: number;
}

export interface MutantRun {
  readonly mutants: readonly Mutant[];
  readonly request: WorldsRequest;
  /** Processes at the same time. */
  readonly jobs: number;
  /** A mutant that takes longer than this hangs, which does not catch it. */
  readonly timeoutMs: number;
  done?(result: MutantResult): void;
}

/**
 * Runs the program as it is in each scenario of the request, `seeds` each. Throws, with the scenario, for a finding and for a process that
 * does not answer: then nothing that is found with a bug shows the bug. `changed`: a change of the program, for tests.
 */
export async function runControl(
  request: Pick<WorldsRequest, "scenarios" | "seeds" | "minutes">,
  timeoutMs: number,
  changed: Mutant | null = null,
): Promise<ControlResult[]> {
  const folder = await mkdtemp(join(tmpdir(), "eigenwatch-control-"));
  try {
    const file = join(folder, "control.mjs");
    await bundleWorlds(changed, file);
    const results: ControlResult[] = [];
    for (const scenario of request.scenarios) {
      const ending = await askWorlds(file, { ...request, scenarios: [scenario], shrinkMs: 0 }, timeoutMs);
      refuseFinding(scenario, ending);
      results.push({ scenario, seeds: ending.runs, events: ending.events });
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function refuseFinding(scenario: ScenarioName | null, { failure, broken }: Ending): void {
  if (failure === null && broken === null) return;
  const where = scenario === null ? "a world that caught a mutant" : `scenario ${scenario}`;
  const what =
    failure === null
      ? `the program as it is ${broken!.how} in ${where}: ${broken!.errors}`
      : `scenario ${failure.scenario}, seed ${failure.seed}, finds ${failure.rule} in the program as it is: ${failure.what}`;
  throw new EigenwatchError({
    action: "hunt mutants",
    value: what,
    expected: "a program without findings",
    kind: "failed",
  });
}

/**
 * Runs the program as it is in the worlds in which mutants were caught. Returns how many these are; throws for a finding, which the bug then
 * did not cause.
 */
export async function confirmCatches(
  results: readonly Pick<MutantResult, "failure">[],
  timeoutMs: number,
): Promise<number> {
  const caught = results.flatMap(({ failure }) => (failure === null ? [] : [failure]));
  const worlds = new Map(caught.map(({ seed, scenario }) => [`${scenario} ${seed}`, { seed, scenario }]));
  const folder = await mkdtemp(join(tmpdir(), "eigenwatch-control-"));
  try {
    const file = join(folder, "control.mjs");
    await bundleWorlds(null, file);
    const request = { scenarios: [], seeds: 0, shrinkMs: 0, worlds: [...worlds.values()] };
    const ending = await askWorlds(file, request, timeoutMs);
    refuseFinding(null, ending);
    return worlds.size;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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

/** Runs a bundle to its answer, or to its end without one. */
export function askWorlds(file: string, request: WorldsRequest, timeoutMs: number): Promise<Ending> {
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
      // Libraries print too.
      const last = out.endsWith("\n") ? out.slice(0, -1).split("\n").at(-1)! : "";
      if (last.startsWith("{")) resolve({ ...(JSON.parse(last) as WorldsAnswer), broken: null });
      else resolve({ ...NOTHING, broken: { how: hangs ? "hung" : "died", errors: errors.trim() } });
    });
  });
}

const NOTHING: WorldsAnswer = { runs: 0, events: 0, failure: null, shrunk: null };
