/**
 * `bench detect --suite synthetic`: every scenario × every detector that works on such data × many seeds.
 *
 *   (case, seed) ─► worker processes ─► two runs through the shipped core, strength 1 and strength 0 ─► tallies ─► table
 *
 * What counts as a hit, a repetition and a false alarm is defined in `detect/score.ts`; the longest delay that counts is ALLOWED_SHARE of
 * the run. False alarms a day are those of the runs in which nothing happens, warm-up included; "< x" means none was seen, and
 * more than x a day would have shown (3 / days watched, 95 %). "promised" leaves out those of which the detector itself said that the
 * data void its promise.
 *
 * Default settings, nothing tuned; the same seeds give the same table.
 */
import type { ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline";
import cliProgress from "cli-progress";
import { CommandError } from "../../actors/mod.ts";
import { findScenario } from "../feeds/scenarios.ts";
import { allCases, type DetectCase, detectorsOf, type SeedScore } from "./detect/case.ts";
import { type DetectRow, summarise, table } from "./detect/summary.ts";
import { runtimeName, startBeside } from "./own-runtime.ts";

const USUAL_SEEDS = 100;
/** A thousand seeds of everything take an hour of two cores. */
const MOST_SEEDS = 10_000;

export interface DetectFlags {
  suite?: string;
  seeds?: string;
  scenario?: string;
  json?: true;
}

export async function benchDetection(flags: DetectFlags): Promise<number> {
  if (flags.suite !== "synthetic") {
    const what = flags.suite === undefined ? "no suite" : `suite ${flags.suite}`;
    throw new CommandError(`Cannot detect with ${what}: wanted --suite synthetic`);
  }
  const seeds = readSeeds(flags.seeds);
  const wanted = flags.scenario === undefined ? null : findScenario(flags.scenario).name;
  const cases = allCases().filter(({ scenario }) => wanted === null || scenario === wanted);
  const began = performance.now();
  const scores = await scoreAll(cases, seeds);
  const rows = cases.flatMap((each, k) => rowsOf(each, scores[k]!));
  if (flags.json) {
    for (const row of rows) process.stdout.write(`${JSON.stringify({ runtime: runtimeName(), ...row })}\n`);
    return 0;
  }
  const seconds = (performance.now() - began) / 1000;
  process.stdout.write(table(rows));
  process.stdout.write(`\n${runtimeName()}, ${seeds} seeds, ${seconds.toFixed(0)} s\n`);
  return 0;
}

function readSeeds(text: string | undefined): number {
  if (text === undefined) return USUAL_SEEDS;
  const seeds = Number(text);
  if (!/^\d+$/.test(text) || seeds < 1 || seeds > MOST_SEEDS)
    throw new CommandError(`Cannot take ${text} seeds: wanted a whole number from 1 to ${MOST_SEEDS}`);
  return seeds;
}

function rowsOf(each: DetectCase, scores: readonly SeedScore[]): DetectRow[] {
  const scenario = findScenario(each.scenario);
  const form = each.form ?? (scenario.family === "quantum" ? "record" : "");
  return detectorsOf(each).map((detector) =>
    summarise(
      { scenario: each.scenario, form, detector },
      scores.map((score) => score[detector]!),
      scenario.usualDurationUs,
    ),
  );
}

/** Scores by case and seed: tasks go to whichever process is free, results to their places. */
async function scoreAll(cases: readonly DetectCase[], seeds: number): Promise<SeedScore[][]> {
  const scores: SeedScore[][] = cases.map(() => new Array<SeedScore>(seeds));
  const total = cases.length * seeds;
  const bar = progressBar(total);
  let next = 0;
  let done = 0;
  const workers = Array.from({ length: Math.min(total, availableParallelism()) }, startWorker);
  try {
    await Promise.all(
      workers.map(async (worker) => {
        const answers = linesOf(worker);
        while (next < total) {
          const task = next++;
          const each = cases[Math.floor(task / seeds)]!;
          const seed = (task % seeds) + 1;
          worker.stdin!.write(`${JSON.stringify({ ...each, seed })}\n`);
          scores[Math.floor(task / seeds)]![seed - 1] = readAnswer(await answers.next(), each, seed);
          bar?.update(++done);
        }
      }),
    );
  } finally {
    bar?.stop();
    for (const worker of workers) worker.kill();
  }
  return scores;
}

function startWorker(): ChildProcess {
  const worker = startBeside(import.meta.url, "./detect/worker.ts", []);
  // One that ended does not read: its end is what is told.
  worker.stdin!.on("error", () => {});
  return worker;
}

function linesOf(worker: ChildProcess): AsyncIterator<string> {
  return createInterface({ input: worker.stdout! })[Symbol.asyncIterator]();
}

function readAnswer(line: IteratorResult<string>, each: DetectCase, seed: number): SeedScore {
  const where = `${each.scenario} ${each.form ?? ""} seed ${seed}`;
  if (line.done) throw new Error(`Cannot score ${where}: its process ended`);
  const answer = JSON.parse(line.value) as { scores: SeedScore } | { error: string };
  if ("error" in answer) throw new Error(`Cannot score ${where}: ${answer.error}`);
  return answer.scores;
}

/** Where a person looks. */
function progressBar(total: number): cliProgress.SingleBar | null {
  if (!process.stderr.isTTY) return null;
  const bar = new cliProgress.SingleBar({
    format: "detect {bar} {percentage}% | {value}/{total} runs | ETA {eta_formatted}",
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(total, 0);
  return bar;
}
