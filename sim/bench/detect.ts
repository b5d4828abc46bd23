/**
 * `bench detect --suite NAME`: what the detectors find, and how often they are wrong.
 *
 *   suite ─► jobs ─► worker processes ─► results ─► report: tables, and figures beside targets and published values
 *
 * `detect/suite.ts` says what a suite is, `detect/suites.ts` lists them. Figures do not depend on the machine or on the number of processes.
 */
import process from "node:process";
import { startProgress } from "../../actors/command-line/progress.ts";
import type { Work } from "../../actors/workers/mod.ts";
import { inWorkers } from "../../actors/workers/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { dataFolder } from "./detect/data-folder.ts";
import { reportLines, reportText } from "./detect/print.ts";
import type { Given, Scored, Suite, SuiteJob } from "./detect/suite.ts";
import { SUITES } from "./detect/suites.ts";
import { runtimeName } from "./program.ts";

const DEFAULT_SEEDS = 100;

export interface SuiteOptions {
  suite?: string | undefined;
  data?: string | undefined;
  only?: string | undefined;
  seeds?: number | undefined;
  scenario?: string | undefined;
  list?: true | undefined;
  json?: true | undefined;
}

export async function benchDetection(options: SuiteOptions): Promise<number> {
  if (options.list && options.suite === undefined) {
    for (const [name, { summary }] of Object.entries(SUITES))
      process.stdout.write(`${name.padEnd(10)} ${summary}\n`);
    return 0;
  }
  const suite = await suiteNamed(options.suite);
  const given = givenTo(suite, options);
  const jobs = await jobsOf(suite, given, options.only);
  const began = performance.now();
  const report = suite.report(await scoreAll(jobs, given), given);
  if (options.json) {
    process.stdout.write(reportLines(report, { runtime: runtimeName(), suite: given.suite }));
    return 0;
  }
  const seconds = (performance.now() - began) / 1000;
  process.stdout.write(
    `${reportText(report)}\n${runtimeName()}, ${jobs.length} runs, ${seconds.toFixed(0)} s\n`,
  );
  return 0;
}

function suiteNamed(name: string | undefined): Promise<Suite> {
  const entry = name !== undefined && Object.hasOwn(SUITES, name) ? SUITES[name] : undefined;
  if (entry !== undefined) return entry.load();
  throw new EigenwatchError({
    action: "bench detect",
    value: name === undefined ? "there is no suite" : `there is no suite ${name}`,
    expected: `--suite ${Object.keys(SUITES).join(", ")}`,
  });
}

function givenTo(suite: Suite, { suite: name, data, seeds, scenario }: SuiteOptions): Given {
  const own = suite.options ?? [];
  const refused =
    seeds !== undefined && !own.includes("seeds")
      ? "--seeds"
      : scenario !== undefined && !own.includes("scenario")
        ? "--scenario"
        : data !== undefined && suite.data === undefined
          ? "--data"
          : null;
  if (refused !== null)
    throw new EigenwatchError({
      action: `bench detect --suite ${name}`,
      value: `it has no option ${refused}`,
      expected: "--only TEXT to run a part of it",
    });
  return {
    suite: name!,
    data: suite.data === undefined ? "" : dataFolder(name!, suite.data, data),
    seeds: seeds ?? suite.seeds ?? DEFAULT_SEEDS,
    scenario: scenario ?? null,
  };
}

async function jobsOf(suite: Suite, given: Given, only = ""): Promise<readonly SuiteJob[]> {
  const all = await suite.jobs(given);
  const jobs = all.filter(({ name }) => name.includes(only));
  if (jobs.length > 0) return jobs;
  throw new EigenwatchError({
    action: `bench detect --suite ${given.suite}`,
    ...(all.length === 0
      ? { value: `${given.data} has nothing to run`, expected: suite.data?.source ?? "" }
      : { value: `no case has "${only}" in its name`, expected: `part of a name such as ${all[0]!.name}` }),
    kind: "notFound",
  });
}

async function scoreAll(jobs: readonly SuiteJob[], given: Given): Promise<Scored<SuiteJob, unknown>[]> {
  const bar = startProgress(`detect ${given.suite}`, jobs.length, "runs", false);
  try {
    const done = (count: number): void => bar.update(count);
    const results = await inWorkers("detect", detectWork, given, jobs, { done });
    return jobs.map((job, k) => ({ job, result: results[k] }));
  } finally {
    bar.stop();
  }
}

export const detectWork: Work<Given, SuiteJob, unknown> = async (given, job) => {
  const suite = await suiteNamed(given.suite);
  try {
    return await suite.run(job, given);
  } catch (error) {
    if (error instanceof EigenwatchError) throw error;
    throw new Error(`Cannot score ${job.name}: ${String(error)}`);
  }
};
