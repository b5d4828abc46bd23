/** `eigenwatch bench [NAME]`: the benchmarks, and the detectors' quality over many synthetic worlds. */
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { read } from "../../actors/command-line/option-values.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { wholeNumber } from "../../protocol/text-values.ts";
import { runBench } from "./mod.ts";

/** A thousand seeds of everything take two cores an hour. */
const MAX_SEEDS = 10_000;

export const benchCommand = new Command("bench")
  .description(
    "Runs the benchmarks: throughput, latency, memory, each with its ratio to a peer or limit in the same run. Needs a checkout.",
  )
  .argument("[name]", "only benchmarks whose name contains this")
  .option("--list", "print the names only")
  .option("--suite <name>", "with detect: quality of the detectors; synthetic is every scenario")
  .option(
    "--seeds <n>",
    "with --suite: runs of each scenario (default: 100)",
    read(wholeNumber(1, MAX_SEEDS)),
  )
  .option("--scenario <name>", "with --suite: only this scenario")
  .option("--json", "print JSON, one object per row")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "every benchmark ran", 1: "a benchmark failed" },
      examples: [
        ["eigenwatch bench core --json", "measure the core"],
        [
          "eigenwatch bench detect --suite synthetic --seeds 20",
          "recall, delay and false alarms of every detector",
        ],
      ],
    }),
  )
  .action(exitWith(runBench));
