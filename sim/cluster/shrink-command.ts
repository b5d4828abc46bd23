/** `eigenwatch sim shrink --seed N`: a failing world made small, printed, and kept as a case. */
import { performance } from "node:perf_hooks";
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { read } from "../../actors/command-line/option-values.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { startProgress } from "../../actors/command-line/progress.ts";
import { print, printJson } from "../../actors/command-line/terminal.ts";
import { keepCase } from "./corpus.ts";
import { run } from "./run.ts";
import { factorOf, type Shrunk, shrink } from "./shrink.ts";
import { minutes, scenarioOption, seed } from "./sim-options.ts";

/** What a person waits for without leaving. */
const SHRINK_MS = 60_000;

const command = new Command("shrink")
  .summary("make a failing world small and keep it as a case")
  .description("Makes a failing world small: fewer faults, then a smaller world. Keeps it as a case.")
  .requiredOption("--seed <n>", "a seed that fails", read(seed))
  .addOption(scenarioOption().default("standard" as const))
  .option("--minutes <n>", "simulated time (default: the scenario's)", read(minutes))
  .option(
    "--to <dir>",
    "folder of the case (default: tests/simulation/corpus of a checkout, else this folder)",
  )
  .option("--json", "print the result as one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "the seed breaks no rule", 1: "the seed fails, and the case was written" },
      examples: [
        ["eigenwatch sim shrink --seed 184467 --scenario storm", "shrink a failure of the storm scenario"],
      ],
    }),
  );

export const shrinkCommand = command.action(exitWith(runShrink));

type ShrinkOptions = ReturnType<typeof command.opts>;

/** 1 when the seed fails and was made small, as `sim` reports it; 0 when there is nothing to shrink. */
export async function runShrink(options: ShrinkOptions): Promise<number> {
  const { seed, scenario, minutes } = options;
  const startedMs = performance.now();
  const elapsedMs = (): number => performance.now() - startedMs;
  const bar = startProgress("shrink", SHRINK_MS / 1000, "s at most", options.json === true);
  let left = "";
  const shrunk = await shrink({
    seed,
    scenario,
    ...(minutes === undefined ? {} : { minutes }),
    run(request) {
      bar.update(Math.min(SHRINK_MS, elapsedMs()) / 1000, undefined, left);
      return run(request);
    },
    mayGoOn: () => elapsedMs() < SHRINK_MS,
    progress({ decisions, samples }) {
      left = ` | ${decisions} decisions, ${samples} samples`;
    },
  });
  bar.stop();
  if (shrunk === null) {
    if (options.json) printJson(null);
    else print(`seed ${seed} of ${scenario} breaks no rule: there is nothing to shrink`);
    return 0;
  }
  const file = await keepCase({ ...shrunk.case, bug: shrunk.what, mutant: null }, options.to);
  printCase(shrunk, file, elapsedMs() / 1000, options.json === true);
  return 1;
}

function printCase(shrunk: Shrunk, file: string, seconds: number, json: boolean): void {
  const factor = factorOf(shrunk);
  if (json) {
    printJson({ ...shrunk, factor, seconds, file });
    return;
  }
  const { before, after, runs, what } = shrunk;
  print(
    `${shrunk.case.rule}: ${what}`,
    `${before.decisions} decisions and ${before.samples} samples became ${after.decisions} and ${after.samples}: ` +
      `${factor.toFixed(1)} × smaller, ${runs} runs in ${seconds.toFixed(1)} s`,
    ...shrunk.case.decisions.map((decision) => `  ${decision}`),
    `kept as ${file}`,
    `rerun: eigenwatch sim --seed ${shrunk.case.seed} --scenario ${shrunk.case.scenario} --only-decisions ${file}`,
  );
}
