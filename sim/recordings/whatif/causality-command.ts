/**
 * `eigenwatch causality PATH --event ID`: how likely an event was, by how far back one rewinds.
 *
 *   rewind  happened  probability  95 %
 *       1s   200/200        1.000  0.981–1.000  ████████████████████████
 *      60s    41/200        0.205  0.155–0.266  ████▉
 */
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../../actors/command-line/manual.ts";
import { read } from "../../../actors/command-line/option-values.ts";
import { exitWith } from "../../../actors/command-line/program.ts";
import { startProgress } from "../../../actors/command-line/progress.ts";
import { print, printJson } from "../../../actors/command-line/terminal.ts";
import { openRecording, recordedPartitions } from "../../../actors/mod.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import {
  decimal,
  duration,
  durationText,
  exactTimeText,
  listOf,
  wholeNumber,
} from "../../../protocol/text-values.ts";
import { seed } from "./branch-options.ts";
import { causality, INEVITABLE, inevitableFrom, type RewindResult, wilson } from "./causality.ts";
import { readQuestion } from "./causality-question.ts";
import { checkPlot, panelsSvg, writePlot } from "./plot.ts";
import { bar, table } from "./table.ts";

/** Of each rewind: the interval is a thousandth wide then; a larger number is a typing error. */
const MAX_RUNS = 1_000_000;

/** More noise than this leaves nothing of the values. */
const MAX_NOISE_TIMES = 1_000;

const command = new Command("causality")
  .description(
    "Rewinds to points before an event, perturbs the inputs, and estimates how likely the event still was.",
  )
  .argument("<path>", "a recording: the folder given to --record")
  .requiredOption("--event <id>", "id of the event, such as p0/4711/1 (inspect --events --json)")
  .option(
    "--rewinds <durations>",
    "how far back to go (default: 1s,2s,5s,10s,20s,30s,60s)",
    read(listOf(duration())),
  )
  .option("--runs <n>", "runs of each rewind", read(wholeNumber(1, MAX_RUNS)), 200)
  .option("--noise <times>", "multiples of each channel's own noise", read(decimal(0, MAX_NOISE_TIMES)), 1)
  .option(
    "--tolerance <duration>",
    "how far from its time the event may happen (default: 10s, or more in long recordings)",
    read(duration()),
  )
  .option("--seed <n>", "seed of the perturbations", read(seed), 1)
  .option("--plot <file>", "write the probabilities as an SVG file")
  .option("--json", "print the result as one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "the table is complete" },
      examples: [
        [
          "eigenwatch causality recordings/today --event p0/4711/1 --runs 1000",
          "show when an event became inevitable",
        ],
      ],
    }),
  );

export const causalityCommand = command.action(exitWith(runCausality));

export type CausalityOptions = ReturnType<typeof command.opts>;

export async function runCausality(path: string, options: CausalityOptions): Promise<number> {
  const { runs } = options;
  if (options.plot !== undefined) checkPlot(options.plot);
  const directory = await folderOfEvent(path, options.event);
  const journal = await openRecording(directory);
  const question = await readQuestion(journal, options).finally(() => journal.close());
  const { event, rewindsUs, left } = question;
  const request = { recording: directory, ...question, seed: options.seed, noiseTimes: options.noise };
  const progress = startProgress("causality", runs * rewindsUs.length, "runs", options.json === true);
  try {
    const total = rewindsUs.length * Math.ceil(runs / 10);
    const results = await causality(request, rewindsUs, runs, {
      done: (count) => progress.update((count / total) * runs * rewindsUs.length),
    });
    progress.stop();
    const inevitableUs = inevitableFrom(results);
    if (options.json) printJson({ event, rewinds: results, inevitableUs });
    else printTable(event, results, inevitableUs, left);
    if (options.plot !== undefined) await writePlot(options.plot, plotOf(results));
    return 0;
  } finally {
    progress.stop();
  }
}

function printTable(
  event: EventMessage,
  results: readonly RewindResult[],
  inevitableUs: number | null,
  left: readonly number[],
): void {
  const rows = results.map(({ rewindUs, happened, runs, probability, low, high }) => [
    durationText(rewindUs),
    `${happened}/${runs}`,
    probability.toFixed(3),
    `${low.toFixed(3)}–${high.toFixed(3)}`,
    bar(probability),
  ]);
  print(
    `${event.id} at ${exactTimeText(event.timeUs)}: ${event.title}`,
    ...table([["rewind", "happened", "probability", "95 %", ""], ...rows]).split("\n"),
    verdict(results, inevitableUs),
  );
  if (left.length > 0) {
    const skipped = left.map((us) => durationText(us)).join(", ");
    print(`left out, before the recording begins: ${skipped}`);
  }
}

function verdict(results: readonly RewindResult[], inevitableUs: number | null): string {
  const percent = `${100 * INEVITABLE} %`;
  const { runs } = results[0]!;
  if (wilson(runs, runs).low <= INEVITABLE)
    return `too few runs to call anything inevitable (above ${percent}): expected at least 73`;
  if (inevitableUs === null)
    return `not inevitable (above ${percent}) even ${durationText(results[0]!.rewindUs)} before it`;
  const longest = results.at(-1)!.rewindUs === inevitableUs;
  return `inevitable (above ${percent}) from ${durationText(inevitableUs)} before it on${longest ? ", or earlier" : ""}`;
}

/** The folder of the partition that the id of the event names; of the first one where there is no such partition. */
async function folderOfEvent(path: string, id: string): Promise<string> {
  const folders = await recordedPartitions(path);
  const named = folders.find(({ partition }) => id.startsWith(`${partition}/`));
  return (named ?? folders[0]).directory;
}

function plotOf(results: readonly RewindResult[]): string {
  const points = results.map(({ rewindUs, probability, low, high }) => ({
    x: rewindUs / 1e6,
    y: probability,
    low,
    high,
  }));
  const panel = { title: "probability that the event still happens", points, range: { low: 0, high: 1.05 } };
  return panelsSvg("rewind, s", [panel]);
}
