/**
 * `eigenwatch feed SCENARIO`: a synthetic world as a table, for `detect`, for `up`, or for anybody else's program.
 *
 *   scenario ─► synth feed (paces) ─► table of the world ─► stdout · file
 *                                └──► truth ─► file, one JSON object a line
 */
import process from "node:process";
import { createSynthFeed } from "../../../actors/feeds/mod.ts";
import { LineWriter } from "../../../actors/filters/lines.ts";
import { type Feed, systemClock } from "../../../actors/mod.ts";
import { startProgress } from "../../terminal/progress.ts";
import type { ScenarioRun, Truth } from "../model/scenario.ts";
import { chosenWorld } from "../worlds.ts";
import { type FeedFlags, readFlags, type Wanted } from "./flags.ts";
import { type Output, openOutput, refuseTarget } from "./output.ts";
import { WorldTable } from "./world-table.ts";

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

/** Exit code 0, or that of the signal that ended it early: what came before is a whole table. */
export async function feedCommand(name: string, flags: FeedFlags): Promise<number> {
  let signalled: keyof typeof SIGNAL_CODES | null = null;
  const stopping = new AbortController();
  // At full speed the event loop may not turn for long: there a signal ends the process as always.
  for (const signal of flags.speed === "max" ? [] : (["SIGINT", "SIGTERM"] as const))
    process.once(signal, () => {
      signalled = signal;
      stopping.abort();
    });
  const report = await writeWorld(name, flags, stopping.signal);
  tell(report, flags);
  return signalled === null ? 0 : SIGNAL_CODES[signalled];
}

/** 128 and the number of the signal, as shells have it. */
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Writes table and truth, up to their end or until it is stopped. Throws CommandError, and leaves no half of a file then. */
export async function writeWorld(name: string, flags: FeedFlags, stop?: AbortSignal): Promise<FeedReport> {
  const expected = readFlags(name, flags);
  const { to, startUs, durationUs } = expected;
  for (const path of [to.path, flags.truth ?? null]) refuseTarget(path);
  const outputs: Output[] = [];
  // A table on stdout says itself how far it is.
  const bar = startProgress(name, durationUs / 1e6, "s", flags.json === true || to.path === null);
  try {
    const out = await openOutput(to.path, to.gzipped);
    outputs.push(out);
    const lines = new LineWriter(out.stream, to.path ?? undefined);
    const table = new WorldTable(to.format, lines);
    let truthLines: LineWriter | null = null;
    if (flags.truth !== undefined) {
      const truthFile = await openOutput(flags.truth, false);
      outputs.push(truthFile);
      truthLines = new LineWriter(truthFile.stream, flags.truth);
    }
    const world = worldFeed(name, expected);
    const endEarly = () => void world.feed.stop();
    if (stop?.aborted) endEarly();
    stop?.addEventListener("abort", endEarly, { once: true });
    let told = 0;
    table.onPiece = (timeUs) => {
      bar.update(Math.floor(Math.min(durationUs, timeUs - startUs) / 1e6));
      for (const truth of world.truth().slice(told)) truthLines?.write(JSON.stringify(truth));
      told = world.truth().length;
      if (lines.closed || truthLines?.closed) endEarly();
    };
    await world.feed.run(table);
    await table.end();
    await truthLines?.flush();
    for (const output of outputs) await output.end();
    const { seed, strength } = expected.choice;
    const counts = { rows: table.rows, samples: table.samples, truths: told };
    return { scenario: name, seed, strength, startUs, durationUs, to: flags.to, ...counts };
  } catch (error) {
    for (const output of outputs) await output.discard();
    throw error;
  } finally {
    bar.stop();
  }
}

/** The feed of the world, and what has happened in it so far. */
function worldFeed(
  name: string,
  { choice, speed, startUs }: Wanted,
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

function tell(report: FeedReport, flags: FeedFlags): void {
  const { scenario, seed, to, rows, samples, truths } = report;
  // With the table on stdout the report goes where people look.
  const onStdout = to === "stdout";
  const stream = onStdout ? process.stderr : process.stdout;
  if (flags.json) stream.write(`${JSON.stringify(report)}\n`);
  else if (!onStdout)
    stream.write(
      `${to.slice("file:".length)}: ${samples} samples in ${rows} rows, ${truths} things happen (${scenario}, seed ${seed})\n`,
    );
}
