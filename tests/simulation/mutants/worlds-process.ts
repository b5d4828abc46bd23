/**
 * The program of a bundle with a mutant in it: runs worlds until one fails.
 *
 *   worlds-process '{"scenarios":["standard","single"],"seeds":200,"shrinkMs":60000}'
 *   {"runs":17,"events":…,"failure":{"seed":…,"scenario":…,"rule":…,"what":…},"shrunk":{…} | null}
 *
 * Seeds count from 1; the scenarios take turns. With `worlds`, those instead; with `case`, that world alone.
 */

import { performance } from "node:perf_hooks";
import process from "node:process";
import { type CorpusCase, runCase } from "../../../sim/cluster/corpus.ts";
import { readRecordedInputs } from "../../../sim/cluster/recorded/inputs.ts";
import { type RunResult, run } from "../../../sim/cluster/run.ts";
import type { ScenarioName } from "../../../sim/cluster/scenarios.ts";
import { type Shrunk, shrink } from "../../../sim/cluster/shrink.ts";

export interface World {
  readonly seed: number;
  readonly scenario: ScenarioName;
}

export interface WorldsRequest {
  readonly scenarios: readonly ScenarioName[];
  readonly seeds: number;
  /** Of simulated time; default: as the scenario has it. */
  readonly minutes?: number;
  /** Time to make a failing world small; 0: do not. */
  readonly shrinkMs: number;
  /** Run these instead of seeds. */
  readonly worlds?: readonly World[];
  /** Folder of the recording that feeds the worlds; absent: simulated feeds. */
  readonly recording?: string;
  /** Run this case instead of seeds. */
  readonly case?: CorpusCase;
}

export interface WorldsAnswer {
  /** Worlds that were run, including the failing one. */
  readonly runs: number;
  readonly events: number;
  readonly failure: { seed: number; scenario: ScenarioName; rule: string; what: string } | null;
  readonly shrunk: Shrunk | null;
}

async function answer(request: WorldsRequest): Promise<WorldsAnswer> {
  if (request.case !== undefined) {
    const result = await runCase(request.case);
    return {
      runs: 1,
      events: result.events,
      failure: failureOf(result, request.case.scenario),
      shrunk: null,
    };
  }
  const { minutes, recording } = request;
  const common = {
    ...(minutes === undefined ? {} : { minutes }),
    ...(recording === undefined ? {} : { recorded: await readRecordedInputs(recording) }),
  };
  let events = 0;
  let runs = 0;
  for (const { seed, scenario } of worldsOf(request)) {
    runs++;
    const result = await run({ seed, scenario, ...common });
    events += result.events;
    const failure = failureOf(result, scenario);
    if (failure === null) continue;
    const untilMs = performance.now() + request.shrinkMs;
    const mayGoOn = (): boolean => performance.now() < untilMs;
    const shrunk = request.shrinkMs > 0 ? await shrink({ seed, scenario, run, mayGoOn }) : null;
    return { runs, events, failure, shrunk };
  }
  return { runs, events, failure: null, shrunk: null };
}

function* worldsOf({ worlds, scenarios, seeds }: WorldsRequest): Generator<World> {
  if (worlds !== undefined) yield* worlds;
  else
    for (let seed = 1; seed <= seeds; seed++)
      yield { seed, scenario: scenarios[(seed - 1) % scenarios.length]! };
}

function failureOf({ seed, violation }: RunResult, scenario: ScenarioName): WorldsAnswer["failure"] {
  return violation === null ? null : { seed, scenario, rule: violation.rule, what: violation.what };
}

// When stdin ends the parent process is gone, and nothing waits for the answer.
process.stdin.on("end", () => process.exit(1)).resume();
const request = JSON.parse(process.argv[2] ?? "null") as WorldsRequest;
const line = `${JSON.stringify(await answer(request))}\n`;
// Exit explicitly: a hung promise of a finished world must not keep the process alive.
process.stdout.write(line, () => process.exit(0));
