/** How much a cluster takes: into the journal on a stream, from a feed to a gateway, and by several partitions beside one. */

import { measureFrames } from "./cluster-frame-rate.ts";
import { JournalRate } from "./cluster-journal-rate.ts";
import { check, median } from "./measure.ts";
import { type BenchRow, compared, limited } from "./row.ts";
import { inTurns } from "./turns.ts";

/** The aims. */
const INPUTS_PER_SECOND = 200_000;
const TIMES_ONE_BY_ONE = 20;
const SAMPLES_PER_SECOND = 1_000_000;
const TIMES_ONE_PARTITION = 1.6;

/** Of the comparison of partitions: enough that nearly all the time is that of the cores, which is what partitions divide. */
const WIDE = 128;

/** `seconds`: of each measurement of frames. */
export async function throughputRows(seconds?: number): Promise<BenchRow[]> {
  return [...(await journalRows()), ...(await frameRows(seconds)), await partitionRow(seconds)];
}

async function journalRows(): Promise<BenchRow[]> {
  const rates = await JournalRate.start();
  try {
    const { ours, single, windowed } = await inTurns(
      { ours: () => rates.ours(), single: () => rates.oneByOne(1), windowed: () => rates.oneByOne(256) },
      { warmUpMs: 0 },
    );
    return [
      compared(
        { name: "stream journal, R1, inputs of one sample, durable", unit: "inputs/s", runs: ours },
        { "one publish for each, 256 under way": windowed },
        { atLeast: INPUTS_PER_SECOND },
      ),
      limited(
        {
          name: "the same ÷ one publish for each, acknowledged before the next",
          unit: "×",
          runs: ours.map((rate, k) => rate / single[k]!),
          note: `${Math.round(median(single)).toLocaleString("en-US")} a second one by one`,
        },
        { atLeast: TIMES_ONE_BY_ONE },
      ),
    ];
  } finally {
    await rates.close();
  }
}

async function frameRows(seconds: number | undefined): Promise<BenchRow[]> {
  const turn = (detectors: boolean) => () => measureFrames({ detectors, seconds });
  const { spine, all } = await inTurns({ spine: turn(false), all: turn(true) }, { warmUpMs: 0 });
  check(spine.length > 0 && all.length > 0, "runs of frames");
  return Object.entries({ "without detectors": spine, "all actors, n = 16": all }).map(([name, runs]) =>
    limited(
      {
        name: `feed → NATS → owner → stream → gateway, ${name}`,
        unit: "samples/s received",
        runs: runs.map(({ rate }) => rate),
        note: `all of ${runs.at(-1)!.samples.toLocaleString("en-US")} samples in the last run, in order`,
      },
      { atLeast: SAMPLES_PER_SECOND },
    ),
  );
}

async function partitionRow(seconds: number | undefined): Promise<BenchRow> {
  const turn = (nodes: number, partitions: number) => () =>
    measureFrames({ detectors: true, channels: WIDE, nodes, partitions, seconds });
  const { four, one } = await inTurns({ four: turn(2, 4), one: turn(1, 1) }, { warmUpMs: 0 });
  const rates = (runs: typeof one) => runs.map(({ rate }) => rate);
  return limited(
    {
      name: `four partitions on two nodes ÷ one, all actors, n = ${WIDE}`,
      unit: "×",
      runs: rates(four).map((rate, k) => rate / rates(one)[k]!),
      note: `${Math.round(median(rates(four))).toLocaleString("en-US")} beside ${Math.round(median(rates(one))).toLocaleString("en-US")} samples/s; feeds, server and gateway on the same processors`,
    },
    { atLeast: TIMES_ONE_PARTITION },
  );
}
