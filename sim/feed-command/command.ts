/**
 * `eigenwatch feed SCENARIO`: a synthetic world as a table, for `detect`, for `up`, or for anybody else's program.
 *
 *   scenario ─► synth feed (paces) ─► table of the world ─► stdout · file
 *                                └──► truth ─► file, one JSON object a line
 */
import process from "node:process";
import cliProgress from "cli-progress";
import { systemClock } from "../../actors/clock.ts";
import type { Feed } from "../../actors/feeds/feed.ts";
import { createSynthFeed } from "../../actors/feeds/synth.ts";
import { LineWriter } from "../../actors/filters/lines.ts";
import type { ScenarioRun, Truth } from "../feeds/scenario.ts";
import { chosenWorld } from "../feeds/worlds.ts";
import { type FeedFlags, readFlags, type Wanted } from "./flags.ts";
import { openOutput, refuseWithoutFolder } from "./output.ts";
import { WorldTable } from "./world-table.ts";

export async function feedCommand(name: string, flags: FeedFlags): Promise<number> {
  const wanted = readFlags(name, flags);
  for (const path of [wanted.to.path, flags.truth ?? null]) refuseWithoutFolder(path);
  const out = await openOutput(wanted.to.path, wanted.to.gzipped);
  const truthFile = flags.truth === undefined ? null : await openOutput(flags.truth, false);
  const bar = progressBar(name, wanted, flags.json === true);
  const table = new WorldTable(wanted.to.format, new LineWriter(out.stream));
  const truthLines = truthFile === null ? null : new LineWriter(truthFile.stream);
  const world = worldFeed(name, wanted);
  let told = 0;
  table.onPiece = (timeUs) => {
    bar?.update(Math.floor(Math.min(wanted.durationUs, timeUs - wanted.startUs) / 1e6));
    for (const truth of world.truth().slice(told)) truthLines?.write(JSON.stringify(truth));
    told = world.truth().length;
  };
  try {
    await world.feed.run(table);
    await table.end();
    await truthLines?.flush();
  } finally {
    bar?.stop();
    await out.end();
    await truthFile?.end();
  }
  tell(name, wanted, { rows: table.rows, samples: table.samples, truths: told }, flags);
  return 0;
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

/** A bar with ETA where a person looks; a table on stdout says itself how far it is. */
function progressBar(name: string, { durationUs, to }: Wanted, json: boolean): cliProgress.SingleBar | null {
  if (json || to.path === null || !process.stderr.isTTY) return null;
  const bar = new cliProgress.SingleBar({
    format: `${name} {bar} {percentage}% | {value}/{total} s | ETA {eta_formatted}`,
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(durationUs / 1e6, 0);
  return bar;
}

function tell(
  name: string,
  { choice, startUs, durationUs, to }: Wanted,
  counts: { rows: number; samples: number; truths: number },
  flags: FeedFlags,
): void {
  // With the table on stdout the report goes where people look.
  const stream = to.path === null ? process.stderr : process.stdout;
  const { seed, strength } = choice;
  if (flags.json) {
    const report = { scenario: name, seed, strength, startUs, durationUs, to: flags.to, ...counts };
    stream.write(`${JSON.stringify(report)}\n`);
  } else if (to.path !== null)
    stream.write(
      `${to.path}: ${counts.samples} samples in ${counts.rows} rows, ${counts.truths} things happen (${name}, seed ${seed})\n`,
    );
}
