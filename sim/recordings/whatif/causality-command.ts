/**
 * `eigenwatch causality PATH --event ID`: how likely an event was, by how far back one rewinds.
 *
 *   rewind  happened  probability  95 %
 *       1s   200/200        1.000  0.981–1.000  ████████████████████████
 *      60s    41/200        0.205  0.155–0.266  ████▉
 */
import process from "node:process";
import { askedAsync, CommandError, openRecording } from "../../../actors/mod.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import { durationText } from "../../../protocol/text-values.ts";
import { startProgress } from "../../terminal/progress.ts";
import { iso } from "../place.ts";
import { said } from "../readable.ts";
import { causality, INEVITABLE, inevitableFrom, type RewindResult, wilson } from "./causality.ts";
import { type AskedFlags, readQuestion } from "./causality-question.ts";
import { wholeOf } from "./flags.ts";
import { checkPlot, panelsSvg, writePlot } from "./plot.ts";
import { bar, table } from "./table.ts";

export interface CausalityFlags extends AskedFlags {
  runs: string;
  seed: string;
  noise: string;
  plot?: string;
  json?: true;
}

/** Of each rewind: the interval is a thousandth wide then, and more is a slip. */
const MAX_RUNS = 1_000_000;

/** Beyond it nothing is left of the values. */
const MAX_NOISE_TIMES = 1_000;

export async function causalityCommand(path: string, flags: CausalityFlags): Promise<number> {
  const runs = wholeOf("--runs", flags.runs);
  const noiseTimes = Number(flags.noise);
  if (runs < 1 || runs > MAX_RUNS)
    throw new CommandError(`Cannot run ${flags.runs} times: expected 1 to ${MAX_RUNS}`);
  if (!(noiseTimes >= 0 && noiseTimes <= MAX_NOISE_TIMES) || flags.noise.trim() === "")
    throw new CommandError(
      `Cannot read --noise ${flags.noise}: expected a number of 0 to ${MAX_NOISE_TIMES}`,
    );
  if (flags.plot !== undefined) checkPlot(flags.plot);
  const journal = await askedAsync(() => openRecording(path));
  const asked = await said(() => readQuestion(journal, flags)).finally(() => journal.close());
  const { event, rewindsUs, left } = asked;
  const question = { recording: path, ...asked, seed: wholeOf("--seed", flags.seed), noiseTimes };
  const progress = startProgress("causality", runs * rewindsUs.length, "runs", flags.json === true);
  try {
    const total = rewindsUs.length * Math.ceil(runs / 10);
    const results = await causality(question, rewindsUs, runs, {
      done: (count) => progress.update((count / total) * runs * rewindsUs.length),
    });
    progress.stop();
    const inevitableUs = inevitableFrom(results);
    if (flags.json) process.stdout.write(`${JSON.stringify({ event, rewinds: results, inevitableUs })}\n`);
    else tell(event, results, inevitableUs, left);
    if (flags.plot !== undefined) await writePlot(flags.plot, plotOf(results));
    return 0;
  } finally {
    progress.stop();
  }
}

function tell(
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
  process.stdout.write(
    `${event.id} at ${iso(event.timeUs)}: ${event.title}\n` +
      `${table([["rewind", "happened", "probability", "95 %", ""], ...rows])}\n${verdict(results, inevitableUs)}\n`,
  );
  if (left.length > 0) {
    const skipped = left.map((us) => durationText(us)).join(", ");
    process.stdout.write(`left out, before the recording begins: ${skipped}\n`);
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
