/** `eigenwatch bench [NAME]`: the benchmarks, and the detectors' quality over many synthetic worlds. */
import { Command, Option } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { read } from "../../actors/command-line/option-values.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { MAX_FRAME_SAMPLES, MAX_GROUP_CHANNELS } from "../../protocol/limits.ts";
import { decimal, wholeNumber } from "../../protocol/text-values.ts";
import { runBench } from "./mod.ts";

/** A thousand seeds of everything take two cores an hour. */
const MAX_SEEDS = 10_000;

/** What the gateway accepts from one address. */
const MAX_CLIENTS = 128;

/** An hour: the stamps of a turn are kept in memory. */
const MAX_SECONDS = 3_600;

/** A day. */
const MAX_MINUTES = 1_440;

/** The schedule's timer fires a thousand times a second: more frames come in long bursts. */
const MAX_FRAMES = 100_000;

/** A week. */
const MAX_HOURS = 168;

/** A run takes about a minute. */
const MAX_RUNS = 1_000;

/** A race takes some ms. */
const MAX_RACES = 100_000;

export const benchCommand = new Command("bench")
  .description(
    "Runs the benchmarks: throughput, latency, memory, each beside a limit or a peer of the same run; medians of five runs. Needs a checkout.",
  )
  .argument("[name]", "only benchmarks whose name contains this")
  .option("--list", "print the names only; with detect: the suites and what they measure")
  .option("--suite <name>", "with detect: a suite of data; detect --list names all")
  .option(
    "--data <path>",
    "with --suite: the folder with its data (default: its place in EIGENWATCH_DATA); with scan: daily bars to judge the learned order on; with market-day: a recorded session of Binance",
  )
  .option(
    "--only <text>",
    "with --suite: only cases whose name contains this; with cluster: only these sections, of takeover,faults,contested,throughput,latency,overload; with alarms: only this phase, of quiet,load",
  )
  .option(
    "--seeds <n>",
    "with --suite: runs of each case (default: 100; market: 3)",
    read(wholeNumber(1, MAX_SEEDS)),
  )
  .option("--scenario <name>", "with --suite synthetic: only this scenario")
  .option(
    "--channels <n>",
    "with latency: channels (default: 16); with dashboard (default: 64)",
    read(wholeNumber(1, MAX_GROUP_CHANNELS)),
  )
  .option("--clients <n>", "with latency: connected clients (default: 1)", read(wholeNumber(1, MAX_CLIENTS)))
  .addOption(
    new Option("--durability <kind>", "with latency: where the journal is (default: memory)").choices([
      "memory",
      "file",
    ] as const),
  )
  .option(
    "--seconds <n>",
    "with latency: length of a turn (default: 5); with dashboard: of the measurement (default: 20); with cluster: of the overload (default: 60)",
    read(wholeNumber(1, MAX_SECONDS)),
  )
  .option(
    "--frames <n>",
    "with latency: frames a second (default: 6250, and fewer for many clients)",
    read(wholeNumber(1, MAX_FRAMES)),
  )
  .option(
    "--samples <n>",
    "with latency: samples in a frame (default: 16)",
    read(wholeNumber(1, MAX_FRAME_SAMPLES)),
  )
  .option(
    "--hours <n>",
    "with soak: how long (default: 1), with market-day: of recorded time (default: 24); fractions are allowed",
    read(decimal(0.01, MAX_HOURS)),
  )
  .option(
    "--minutes <n>",
    "with alarms: length of the quiet and of the loaded phase (default: 40)",
    read(wholeNumber(1, MAX_MINUTES)),
  )
  .option("--faults <names>", "with alarms: parts of names of faults, separated by commas (default: all)")
  .option(
    "--fault-seconds <n>",
    "with alarms: length of a fault; a leak takes ten times as long (default: 60)",
    read(wholeNumber(10, MAX_SECONDS)),
  )
  .option("--runs <n>", "with cluster: runs of nine faults each (default: 2)", read(wholeNumber(1, MAX_RUNS)))
  .option(
    "--races <n>",
    "with cluster: contested appends and take-overs of each kind (default: 300)",
    read(wholeNumber(1, MAX_RACES)),
  )
  .option("--recording <dir>", "with alarms: score the recordings in this folder, or keep new ones there")
  .option("--commit", "with regression: write the ratios of this runtime as the ones to compare with")
  .option("--json", "print JSON, one object per row")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "every benchmark ran", 1: "a check of a benchmark failed: it prints no figure" },
      examples: [
        ["eigenwatch bench core --json", "measure the core"],
        [
          "eigenwatch bench latency --channels 64 --clients 10 --seconds 40",
          "latency at steady state, beside a bare push and an echo",
        ],
        [
          "eigenwatch bench detect --suite synthetic --seeds 20",
          "recall, delay and false alarms of every detector",
        ],
        ["eigenwatch bench cluster --only takeover,latency", "parts of the cluster; needs nats-server"],
        [
          "eigenwatch bench alarms --minutes 40 --recording alarms",
          "incidents of this machine: quiet, under load, with ten faults; needs stress-ng",
        ],
      ],
    }),
  )
  .action(exitWith(runBench));
