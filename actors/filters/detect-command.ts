/** `eigenwatch detect FILE|-`: a detector over a table, as a filter. */
import { Command, Option } from "@commander-js/extra-typings";
import { listOf, pathAndValue, words } from "../../protocol/text-values.ts";
import { manual } from "../command-line/manual.ts";
import { read, repeated } from "../command-line/option-values.ts";
import { exitWith } from "../command-line/program.ts";
import { detectFile } from "./detect.ts";

export const detectCommand = new Command("detect")
  .description(
    "Runs a detector over a CSV or NDJSON file, as a filter: one output row per input row, without look-ahead.",
  )
  .argument("<file>", "file, also .gz; - for stdin")
  .addOption(
    new Option("--detector <name>", "the detector")
      .choices(["coherence", "collapse", "anomaly", "changes"] as const)
      .default("anomaly" as const),
  )
  .option(
    "--columns <names>",
    "value columns, separated by commas, at most 1,024, for coherence 128 (default: all numeric ones)",
    read(listOf(words)),
  )
  .addOption(
    new Option("--out <format>", "format of the output")
      .choices(["csv", "ndjson"] as const)
      .default("csv" as const),
  )
  .option(
    "--set <path=value>",
    "change a setting; may be given again",
    repeated(read(pathAndValue("anomaly.windowSamples=1024"))),
    [],
  )
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "every row was scored", 1: "the input or output broke off" },
      examples: [
        ["eigenwatch detect prices.csv > scores.csv", "score every row of a table"],
        [
          "eigenwatch detect --detector changes sales.csv",
          "find where levels and trends change, and when that showed",
        ],
        ["eigenwatch feed level-shift | eigenwatch detect - --out ndjson", "score a synthetic world"],
      ],
    }),
  )
  .action(exitWith(detectFile));
