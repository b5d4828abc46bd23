/**
 * `npm run mutation -- [OPTIONS] [FILE OR FOLDER]…`: of small random changes of the sources, how many the tests notice.
 *
 * A task of the checkout. Exit code 0 when the score reaches --least, 1 when it does not, 2 for bad usage.
 */
import { execFileSync } from "node:child_process";
import process from "node:process";
import { Command, CommanderError } from "@commander-js/extra-typings";
import { ROOT } from "../../.ci/runtime.mjs";
import { read } from "../../actors/command-line/option-values.ts";
import { startProgress } from "../../actors/command-line/progress.ts";
import { EigenwatchError, errorText } from "../../protocol/errors.ts";
import { decimal, wholeNumber } from "../../protocol/text-values.ts";
import { jobs, seed } from "../../sim/cluster/sim-options.ts";
import { killRunning } from "../support/run-process.ts";
import { EQUIVALENT } from "./equivalent.ts";
import { type LotResult, runLot, staleEquivalents } from "./run.ts";
import { scoresOf, shareOf } from "./score.ts";

/** All mutations of the tree are tens of thousands. */
const MUTANTS_MAX = 100_000;
/** More than there are test files. */
const TESTS_MAX = 1_000;

const command = new Command("npm run mutation --")
  .description(
    "Puts small random changes into the sources, one at a time, and runs the nearest tests until one fails. " +
      "Without FILE OR FOLDER: into the files that changed since --since.",
  )
  .argument("[places...]", "files and folders, such as actors/core")
  .option("--since <ref>", "the commit to compare with when no place is given", "main")
  .option("--mutants <n>", "changes to draw by lot", read(wholeNumber(1, MUTANTS_MAX)), 50)
  .option("--seed <n>", "of the lot", read(seed), 1)
  .option("--tests <n>", "most test files for one change", read(wholeNumber(1, TESTS_MAX)), 12)
  .option("--jobs <n>", "processes at the same time", read(jobs), 1)
  .option("--least <percent>", "the score that is expected", read(decimal(0, 100)), 0)
  .option("--json", "print the result as one JSON object")
  .exitOverride();

/** Ctrl-C ends the run with a report of what is done. */
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    stop.abort();
    killRunning();
  });

try {
  command.parse();
  process.exitCode = await hunt(command.args, command.opts());
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`${errorText(error)}\n`);
    process.exitCode = 2;
  }
}

async function hunt(given: readonly string[], options: ReturnType<typeof command.opts>): Promise<number> {
  const { mutants, seed, tests, jobs, least } = options;
  const json = options.json === true;
  const places =
    given.length > 0 ? given.map((place) => place.replace(/\/$/, "")) : changedSince(options.since);
  const bar = startProgress("mutants", mutants, "mutants", json);
  let done = 0;
  const results = await runLot({
    root: ROOT,
    places,
    seed,
    size: mutants,
    testsMax: tests,
    jobs,
    equivalent: EQUIVALENT,
    signal: stop.signal,
    done(result) {
      bar.update(++done);
      if (!json && result.caught === null && result.equivalent === null)
        process.stdout.write(survivor(result));
    },
  }).finally(() => bar.stop());
  if (results.length === 0 && !stop.signal.aborted) throw nothingToChange(places);
  const rerun = `npm run mutation -- --seed ${seed} --mutants ${mutants} --tests ${tests} ${places.join(" ")}`;
  const stale = staleEquivalents(ROOT, EQUIVALENT).map(({ path, line }) => `${path}: ${line}`);
  process.stdout.write(json ? jsonOf(results, stale, rerun) : reportOf(results, stale, rerun));
  return shareOf(results) * 100 >= least ? 0 : 1;
}

function changedSince(ref: string): string[] {
  const args = ["diff", "--name-only", "--diff-filter=d", ref];
  try {
    return execFileSync("git", args, { cwd: ROOT, stdio: ["ignore", "pipe", "ignore"] })
      .toString()
      .split("\n");
  } catch {
    const expected = "a commit or branch of this repository";
    throw new EigenwatchError({
      action: "list changed files",
      value: `--since ${ref}`,
      expected,
      kind: "notFound",
    });
  }
}

function nothingToChange(places: readonly string[]): EigenwatchError {
  const value = places.join(" ") || "no file";
  const expected = "files or folders of the sources, such as actors/core";
  return new EigenwatchError({ action: "make mutants", value, expected, kind: "notFound" });
}

function jsonOf(results: readonly LotResult[], stale: readonly string[], rerun: string): string {
  const mutants = results.map(({ mutation, before, after, caught, equivalent }) => {
    const { path, line } = mutation;
    return {
      path,
      line,
      before,
      after,
      caughtBy: caught?.test ?? null,
      hangs: caught?.hangs ?? false,
      equivalent,
    };
  });
  return `${JSON.stringify({ rerun, score: shareOf(results), folders: scoresOf(results), stale, mutants })}\n`;
}

function reportOf(results: readonly LotResult[], stale: readonly string[], rerun: string): string {
  const scores = scoresOf(results);
  const width = Math.max(...scores.map(({ folder }) => folder.length));
  const lines = scores.map(
    ({ folder, drawn, caught, equivalent }) =>
      `${folder.padEnd(width)}  ${percent(caught, drawn - equivalent)}  ${caught} of ${drawn - equivalent} caught` +
      (equivalent > 0 ? `, ${equivalent} equivalent` : ""),
  );
  return (
    `${lines.join("\n")}\n` +
    stale.map((each) => `no longer there, take it out of tests/mutation/equivalent.ts: ${each}\n`).join("") +
    `score ${(100 * shareOf(results)).toFixed(1)} % of ${results.length}\nrerun: ${rerun}\n`
  );
}

function survivor({ mutation, before, after, reachable }: LotResult): string {
  const { path, line } = mutation;
  return `survived ${path}:${line} (${reachable} test files reach it)\n  - ${before}\n  + ${after}\n`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "    – %" : `${((100 * part) / whole).toFixed(1).padStart(5)} %`;
}
