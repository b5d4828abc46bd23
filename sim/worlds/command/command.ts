/**
 * `eigenwatch feed SCENARIO`: a synthetic world as a table, for `detect`, for `up`, or for any other program.
 *
 *   scenario ─► synth feed (paces) ─► table of the world ─► stdout · file
 *                                └──► truth ─► file, one JSON object a line
 */
import process from "node:process";
import { Command, Option } from "@commander-js/extra-typings";
import { manual } from "../../../actors/command-line/manual.ts";
import { port, read, time } from "../../../actors/command-line/option-values.ts";
import { exitWith } from "../../../actors/command-line/program.ts";
import { startProgress } from "../../../actors/command-line/progress.ts";
import { printTo } from "../../../actors/command-line/terminal.ts";
import { createSynthFeed } from "../../../actors/feeds/mod.ts";
import { LineWriter } from "../../../actors/filters/lines.ts";
import { type Feed, systemClock } from "../../../actors/mod.ts";
import { decimal, duration, rateOrMax, wholeNumber } from "../../../protocol/text-values.ts";
import type { ScenarioRun, Truth } from "../model/scenario.ts";

import { chosenWorld } from "../worlds.ts";
import { checkCommand } from "./check.ts";
import {
  type FeedOptions,
  type FeedPlan,
  feedTarget,
  planFeed,
  refuseName,
  STDOUT,
  sessionSpec,
} from "./feed-options.ts";
import { printScenarios } from "./list.ts";
import { type Output, openOutput, refuseTarget } from "./output.ts";
import { WorldTable } from "./world-table.ts";

export const feedCommand = new Command("feed")
  .description(
    "Writes a synthetic world of known truth as a table, or opens it as a session. `feed list` shows every scenario.",
  )
  .addCommand(checkCommand)
  .argument("<scenario>", "name of a scenario, or list")
  .option("--seed <n>", "seed of the world", read(wholeNumber(0, 0xffffffff)), 1)
  .option(
    "--channels <n>",
    "number of channels (default: the scenario's)",
    read(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
  )
  .option(
    "--rate <n>",
    "samples a second of one channel (default: the scenario's)",
    read(decimal(0, Number.MAX_VALUE)),
  )
  .option("--duration <time>", "such as 90s, 10m, 1d (default: the scenario's)", read(duration()))
  .option(
    "--strength <x>",
    "size of what happens, in multiples of the usual size; 0: nothing",
    read(decimal(0, 100)),
    1,
  )
  .addOption(
    new Option("--speed <n>", "multiples of the world's time, or max")
      .argParser(read(rateOrMax()))
      .default(Number.POSITIVE_INFINITY, "max"),
  )
  .option("--start <time>", "time of the first sample (default: 2024-01-01)", read(time))
  .addOption(
    new Option("--form <form>", "quantum worlds: what is streamed").choices([
      "record",
      "vector",
      "density",
    ] as const),
  )
  .addOption(
    new Option(
      "--to <target>",
      "stdout (NDJSON), file:PATH (.csv, .ndjson, also .gz), session, or nats:URL of a running cluster",
    )
      .argParser(feedTarget)
      .default(STDOUT, "stdout"),
  )
  .option("--session <name>", "session of the cluster", "local")
  .option("--partition <name>", "partition of that session", "p0")
  .option(
    "--name <name>",
    "name of the feed in that session, and of its group; one feed at a time has it (default: synth:SCENARIO)",
  )
  .option("--truth <file>", "write what happens to this file, one JSON object per line")
  .option(
    "--port <port>",
    "of a session: port of the gateway, 0 for any free port (default: 7420)",
    read(port),
  )
  .option("--json", "print the list, or the report, as JSON")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "the table is complete", 1: "the table could not be written" },
      examples: [
        ["eigenwatch feed list", "show every scenario with a plot"],
        ["eigenwatch feed level-shift --seed 3 | eigenwatch detect -", "score a synthetic world"],
        [
          "eigenwatch feed flash-crash --to file:crash.csv --truth truth.ndjson",
          "write a table and its truth",
        ],
        ["eigenwatch feed flash-crash --to session", "watch the world in the dashboard"],
        [
          "eigenwatch feed flash-crash --to nats:nats://10.0.0.5 --session plant",
          "feed a session of a cluster",
        ],
        [
          "eigenwatch feed flash-crash --to nats:nats://10.0.0.5 --session plant --name second",
          "the same world once more beside it",
        ],
      ],
    }),
  )
  .action(exitWith(runFeed));

async function runFeed(scenario: string, options: FeedOptions): Promise<number> {
  if (scenario === "list") return printScenarios(options.json === true);
  if (options.to.kind === "nats") {
    const { publishWorld } = await import("./publish.ts");
    return publishWorld(scenario, options.to.url, options);
  }
  if (options.to.kind !== "session") return writeTable(scenario, options);
  refuseName(options);
  const { up } = await import("../../../collab/live/serve.ts");
  const { port, json } = options;
  return up({ feed: [sessionSpec(scenario, options)], set: [], allowHost: [], allowOrigin: [], port, json });
}

/** What was written. */
export interface FeedReport {
  scenario: string;
  seed: number;
  strength: number;
  startUs: number;
  durationUs: number;
  to: string;
  rows: number;
  samples: number;
  truths: number;
}

/** Returns 0, or the code of the signal that ended it early: the table is complete up to there. */
async function writeTable(name: string, options: FeedOptions): Promise<number> {
  let signalled: keyof typeof SIGNAL_CODES | null = null;
  const stopping = new AbortController();
  // At full speed the event loop may be busy for long: there a signal ends the process at once.
  for (const signal of options.speed === Number.POSITIVE_INFINITY ? [] : (["SIGINT", "SIGTERM"] as const))
    process.once(signal, () => {
      signalled = signal;
      stopping.abort();
    });
  const report = await writeWorld(name, options, stopping.signal);
  printReport(report, options);
  return signalled === null ? 0 : SIGNAL_CODES[signalled];
}

/** 128 and the number of the signal, as shells have it. */
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Writes table and truth, to their end or until `stop`. When it throws, it leaves no incomplete file. */
export async function writeWorld(
  name: string,
  options: FeedOptions,
  stop?: AbortSignal,
): Promise<FeedReport> {
  const plan = planFeed(name, options);
  const { path, startUs, durationUs } = plan;
  for (const target of [path, options.truth ?? null]) refuseTarget(target);
  const outputs: Output[] = [];
  // A table on stdout shows its own progress.
  const bar = startProgress(name, durationUs / 1e6, "s", options.json === true || path === null);
  try {
    const out = await openOutput(path, plan.gzipped);
    outputs.push(out);
    const lines = new LineWriter(out.stream, path ?? undefined);
    const table = new WorldTable(plan.format, lines);
    let truthLines: LineWriter | null = null;
    if (options.truth !== undefined) {
      const truthFile = await openOutput(options.truth, false);
      outputs.push(truthFile);
      truthLines = new LineWriter(truthFile.stream, options.truth);
    }
    const world = worldFeed(name, plan, options.speed);
    const endEarly = () => void world.feed.stop();
    if (stop?.aborted) endEarly();
    stop?.addEventListener("abort", endEarly, { once: true });
    let written = 0;
    table.onPiece = (timeUs) => {
      bar.update(Math.floor(Math.min(durationUs, timeUs - startUs) / 1e6));
      for (const truth of world.truth().slice(written)) truthLines?.write(JSON.stringify(truth));
      written = world.truth().length;
      if (lines.closed || truthLines?.closed) endEarly();
    };
    await world.feed.run(table);
    await table.end();
    await truthLines?.flush();
    for (const output of outputs) await output.end();
    const { seed, strength } = plan.choice;
    const counts = { rows: table.rows, samples: table.samples, truths: written };
    return { scenario: name, seed, strength, startUs, durationUs, to: options.to.text, ...counts };
  } catch (error) {
    for (const output of outputs) await output.discard();
    throw error;
  } finally {
    bar.stop();
  }
}

/** The feed of the world, and its truth so far. */
function worldFeed(
  name: string,
  { choice, startUs }: FeedPlan,
  speed: number,
): { feed: Feed; truth(): readonly Truth[] } {
  const { scenario, options } = chosenWorld(name, choice);
  let run: ScenarioRun | null = null;
  const feed = createSynthFeed({
    source: name,
    group: options.group,
    scenario: name,
    options: {
      ...options,
      duration: options.durationUs,
      speed,
      start: startUs,
      form: options.form,
      truth: false,
    },
    seed: options.seed,
    clock: systemClock,
    worlds: {
      names: [name],
      prepare: () => (beginUs) => {
        run = scenario.create({ ...options, startUs: beginUs });
        return run;
      },
    },
  });
  return { feed, truth: () => run?.truth ?? [] };
}

function printReport(report: FeedReport, options: FeedOptions): void {
  const { scenario, seed, to, rows, samples, truths } = report;
  // A table on stdout is for a program: the report goes to stderr.
  const onStdout = options.to.kind === "stdout";
  const stream = onStdout ? process.stderr : process.stdout;
  if (options.json) printTo(stream, JSON.stringify(report));
  else if (!onStdout)
    printTo(
      stream,
      `${to.slice("file:".length)}: ${samples} samples in ${rows} rows, ${truths} things happen (${scenario}, seed ${seed})`,
    );
}
