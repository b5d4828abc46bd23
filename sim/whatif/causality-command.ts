/**
 * `eigenwatch causality PATH --event ID`: how likely an event was, by how far back one rewinds.
 *
 *   rewind  happened  probability  95 %
 *       1s   200/200        1.000  0.981–1.000  ████████████████████████
 *      60s    41/200        0.205  0.155–0.266  ████▉
 */
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { durationText } from "../../actors/feeds/options.ts";
import { askedAsync, CommandError, openRecording, SYSTEM } from "../../actors/mod.ts";
import { decodeInput, foldJournal } from "../../actors/partition/fold.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { decodeBlock } from "../../protocol/block.ts";
import { isFrame } from "../../protocol/codec.ts";
import { createScratchFrame } from "../../protocol/frame.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { startProgress } from "../archive/progress.ts";
import { iso } from "../replay/place.ts";
import { rangeOf } from "../replay/range.ts";
import { coreBehind, SILENT } from "./base.ts";
import { causality, INEVITABLE, inevitableFrom, type RewindResult } from "./causality.ts";
import { durationOf, wholeOf } from "./flags.ts";
import { type NoiseByGroup, NoiseLearner } from "./measurement-noise.ts";
import { toleranceUs } from "./plan.ts";
import { said } from "./said.ts";
import { panelsSvg } from "./svg.ts";
import { bar, table } from "./table.ts";
import { wilson } from "./wilson.ts";

export interface CausalityFlags {
  event: string;
  rewinds?: string;
  runs: string;
  seed: string;
  noise: string;
  tolerance?: string;
  plot?: string;
  json?: true;
}

const REWINDS_US = [1, 2, 5, 10, 20, 30, 60].map((seconds) => seconds * 1e6);

/** Inputs before the longest rewind from which the channels' noise is learnt. */
const LEARN_INPUTS = 20_000;

export async function causalityCommand(path: string, flags: CausalityFlags): Promise<number> {
  const runs = wholeOf("--runs", flags.runs);
  const noiseTimes = Number(flags.noise);
  if (runs < 1) throw new CommandError(`Cannot run ${flags.runs} times: wanted at least 1`);
  if (!(noiseTimes >= 0) || flags.noise.trim() === "")
    throw new CommandError(`Cannot read --noise ${flags.noise}: wanted a number ≥ 0`);
  const journal = await askedAsync(() => openRecording(path));
  const asked = await said(() => prepare(journal, flags)).finally(() => journal.close());
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
    if (flags.plot !== undefined) await writePlot(flags.plot, results);
    if (flags.json) process.stdout.write(`${JSON.stringify({ event, rewinds: results, inevitableUs })}\n`);
    else tell(event, results, inevitableUs, left);
    return 0;
  } finally {
    progress.stop();
  }
}

/** Everything that may be wrong with the question, before the first run. */
async function prepare(journal: Journal, flags: CausalityFlags) {
  const event = await findEvent(journal, flags.event);
  const { fromUs } = await rangeOf(journal, SYSTEM);
  const asked = flags.rewinds?.split(",").map((text) => durationOf("--rewinds", text.trim()));
  const possible = (us: number) => event.timeUs - us >= fromUs;
  const early = asked?.find((us) => !possible(us));
  if (early !== undefined) {
    throw new CommandError(
      `Cannot rewind ${durationText(early)} from ${iso(event.timeUs)}: the recording begins at ${iso(fromUs)}; ` +
        `wanted at most ${durationText(event.timeUs - fromUs)}`,
    );
  }
  const rewindsUs = asked ?? REWINDS_US.filter(possible);
  if (rewindsUs.length === 0)
    throw new CommandError(`Cannot rewind from ${iso(event.timeUs)}: wanted --rewinds shorter than 1s`);
  return {
    event,
    rewindsUs,
    left: asked ? [] : REWINDS_US.filter((us) => !possible(us)),
    noise: await learnNoise(journal, event, Math.max(...rewindsUs)),
    toleranceUs:
      flags.tolerance === undefined
        ? toleranceUs(journal, fromUs)
        : durationOf("--tolerance", flags.tolerance),
  };
}

/** The event with an id, derived again: whether it was noted or not. */
async function findEvent(journal: Journal, id: string): Promise<EventMessage> {
  const match = /\/(\d{1,15})\/\d+$/.exec(id);
  if (match === null)
    throw new CommandError(
      `Cannot find event ${id}: wanted an id such as p0/4711/1 (inspect --events --json)`,
    );
  const sequence = Number(match[1]);
  const { first, last } = journal;
  const inside = first && last && sequence >= first.firstSequence && sequence <= last.lastSequence;
  const events = inside ? await eventsOfInput(journal, sequence) : [];
  const found = events.find((event) => event.id === id);
  if (found !== undefined) return found;
  const there = events.map((event) => event.id);
  throw new CommandError(
    `Cannot find event ${id}: the recording has none; wanted ${there.length > 0 ? there.join(" or ") : "one that inspect --events --json lists"}`,
  );
}

async function eventsOfInput(journal: Journal, sequence: number): Promise<EventMessage[]> {
  const block = (await journal.locate({ sequence }))!;
  const events: EventMessage[] = [];
  let now = 0;
  const sink = {
    ...SILENT,
    event(event: EventMessage) {
      if (now === sequence) events.push(event);
    },
  };
  const { core } = await coreBehind(journal, SYSTEM, sink, block - 1);
  await foldJournal(journal.read(block), core, {
    input(of) {
      now = of;
      return of <= sequence;
    },
  });
  return events;
}

/** From what came before the longest rewind: the event itself is no noise. */
async function learnNoise(journal: Journal, event: EventMessage, rewindUs: number): Promise<NoiseByGroup> {
  const learner = new NoiseLearner();
  const scratch = createScratchFrame();
  const endUs = event.timeUs - rewindUs;
  const endBlock = (await journal.locate({ timeUs: endUs })) ?? journal.last!.number;
  let end = journal.first!.firstSequence;
  for await (const entry of journal.read(endBlock)) {
    if (entry.kind !== "block") continue;
    end = entry.block.lastSequence;
    break;
  }
  const from = await journal.locate({ sequence: Math.max(1, end - LEARN_INPUTS) });
  for await (const entry of journal.read(from ?? undefined)) {
    if (entry.kind !== "block") continue;
    if (entry.block.firstSequence > end) break;
    decodeBlock(entry.block.bytes).forEach((_sequence, _timeUs, bytes) => {
      if (!isFrame(bytes)) return;
      const input = decodeInput(bytes, scratch);
      if (input.type === "frame") learner.learn(input);
    });
  }
  return learner.noise();
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
    return `too few runs to call anything inevitable (above ${percent}): wanted at least 73`;
  if (inevitableUs === null)
    return `not inevitable (above ${percent}) even ${durationText(results[0]!.rewindUs)} before it`;
  const longest = results.at(-1)!.rewindUs === inevitableUs;
  return `inevitable (above ${percent}) from ${durationText(inevitableUs)} before it on${longest ? ", or earlier" : ""}`;
}

async function writePlot(path: string, results: readonly RewindResult[]): Promise<void> {
  const points = results.map(({ rewindUs, probability, low, high }) => ({
    x: rewindUs / 1e6,
    y: probability,
    low,
    high,
  }));
  const panel = { title: "probability that the event still happens", points, range: { low: 0, high: 1.05 } };
  await writeFile(path, panelsSvg("rewind, s", [panel])).catch((error: Error) => {
    throw new CommandError(`Cannot write the plot to ${path}: ${error.message}`);
  });
}
