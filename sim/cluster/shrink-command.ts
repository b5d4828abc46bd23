/** `eigenwatch sim shrink --seed N`: a failing world made small, printed, and kept as a case. */
import { performance } from "node:perf_hooks";
import process from "node:process";
import cliProgress from "cli-progress";
import { keepCase } from "./corpus.ts";
import { parseMinutes, parseScenario, parseSeed } from "./flags.ts";
import { run } from "./run.ts";
import { factorOf, type Shrunk, shrink } from "./shrink.ts";

/** What a person waits for without leaving. */
const SHRINK_MS = 60_000;

export interface ShrinkFlags {
  seed: string;
  scenario?: string;
  minutes?: string;
  /** Folder of the case; default: the corpus of the checkout, else this folder. */
  to?: string;
  json?: true;
}

/** 1 when the seed fails and was made small, as `sim` says it; 0 when there is nothing to shrink. */
export async function shrinkCommand(flags: ShrinkFlags): Promise<number> {
  const seed = parseSeed("--seed", flags.seed);
  const scenario = parseScenario(flags.scenario ?? "standard");
  const minutes = flags.minutes === undefined ? undefined : parseMinutes(flags.minutes);
  const startedMs = performance.now();
  const elapsedMs = (): number => performance.now() - startedMs;
  const bar = progressBar(flags.json === true);
  const shrunk = await shrink({
    seed,
    scenario,
    ...(minutes === undefined ? {} : { minutes }),
    run(request) {
      bar?.update(Math.min(SHRINK_MS, elapsedMs()) / 1000);
      return run(request);
    },
    mayGoOn: () => elapsedMs() < SHRINK_MS,
    progress: ({ decisions, samples }) => bar?.update({ left: `${decisions} decisions, ${samples} samples` }),
  });
  bar?.stop();
  if (shrunk === null) {
    process.stdout.write(
      flags.json ? "null\n" : `seed ${seed} of ${scenario} breaks no rule: there is nothing to shrink\n`,
    );
    return 0;
  }
  const file = await keepCase({ ...shrunk.case, bug: shrunk.what, mutant: null }, flags.to);
  tell(shrunk, file, elapsedMs() / 1000, flags.json === true);
  return 1;
}

function tell(shrunk: Shrunk, file: string, seconds: number, json: boolean): void {
  const factor = factorOf(shrunk);
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...shrunk, factor, seconds, file })}\n`);
    return;
  }
  const { before, after, runs, what } = shrunk;
  process.stdout.write(
    `${shrunk.case.rule}: ${what}\n` +
      `${before.decisions} decisions and ${before.samples} samples became ${after.decisions} and ${after.samples}: ` +
      `${factor.toFixed(1)} × smaller, ${runs} runs in ${seconds.toFixed(1)} s\n` +
      `${shrunk.case.decisions.map((decision) => `  ${decision}\n`).join("")}` +
      `kept as ${file}\nrerun: eigenwatch sim --seed ${shrunk.case.seed} --scenario ${shrunk.case.scenario} --only-decisions ${file}\n`,
  );
}

function progressBar(json: boolean): cliProgress.SingleBar | null {
  if (json || !process.stderr.isTTY) return null;
  const bar = new cliProgress.SingleBar({
    format: "shrink {bar} {value} s of at most {total} | {left}",
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(SHRINK_MS / 1000, 0, { left: "first run" });
  return bar;
}
