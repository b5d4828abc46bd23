/** `eigenwatch scan PATH --rule RULE`: a universe of symbols swept with a rule. */
import { Command, Option } from "@commander-js/extra-typings";
import {
  decimal,
  listOf,
  pathAndValue,
  type TextValue,
  wholeNumber,
  words,
} from "../../../protocol/text-values.ts";
import { manual } from "../../command-line/manual.ts";
import { read, repeated } from "../../command-line/option-values.ts";
import { exitWith } from "../../command-line/program.ts";
import { ORDERS } from "../order/order.ts";
import { FUNCTIONS } from "../rules/functions.ts";
import { usage } from "../rules/rule.ts";
import type { SettingsScans } from "../settings-scans.ts";
import { MAX_UNIVERSE_SYMBOLS } from "../universe/universe.ts";
import { LEARNT_FILE } from "./learnt-file.ts";
import { orderCommand } from "./order-command.ts";
import { MAX_ITEM_SECONDS, MAX_SCAN_SECONDS, MAX_WORKERS, runScan } from "./run-scan.ts";
import { BRANCH_SECONDS } from "./source.ts";
import { tuneCommand } from "./tune-command.ts";

const score: TextValue<number> = {
  read: (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined),
  expected: "a number",
};
const someOf = wholeNumber(1, MAX_UNIVERSE_SYMBOLS);

const command = new Command("scan")
  .description(
    "Sweeps many symbols with a rule on all cores. Results come as they are known; the list at the end is best first.",
  )
  .argument("<path>", "CSV or NDJSON file, also .gz, folder of such files, or recording")
  // Not required by commander: that would hold for `scan tune` and `scan order` too.
  .option(
    "--rule <rule>",
    "required: condition, or number to rank by, e.g. 'rsi(14) < 30 and coherence(20) > 0.5'",
  )
  .option(
    "--over <path=values>",
    "of a recording: run its detectors with each of these settings, from:to:step or a,b,c, in place of scanning its channels; given again: all combinations. A rule names incidents, alarms, alarms_per_day",
    repeated(read(pathAndValue("anomaly.falseAlarmsPerDay=0.5:3:0.5"))),
    [],
  )
  .option(
    "--truth <file>",
    "with --over: what happened (feed --truth). A rule names recall, delay_seconds, false_alarms, false_alarms_per_day too",
  )
  .option("--symbols <names>", "only these, separated by commas", read(listOf(words)))
  .option("--max-symbols <n>", "at most so many symbols", read(someOf))
  .option("--max-signals <n>", "end when so many have a signal", read(someOf))
  .option("--max-results <n>", "end when so many are evaluated", read(someOf))
  .option("--timeout <seconds>", "end after this time", read(decimal(0.001, MAX_SCAN_SECONDS)))
  .option(
    "--min-score <score>",
    "a signal needs this score; a rule that is a number has signals only by it",
    read(score),
  )
  .addOption(new Option("--order <order>", "order of evaluation").choices(ORDERS).default("given" as const))
  .option("--learnt <file>", `where --order learned keeps what scans teach (default: ${LEARNT_FILE})`)
  .option(
    "--seed <n>",
    "seed of the random order, and of what the learned one looks at by chance",
    read(wholeNumber(0, 0xffffffff)),
    1,
  )
  .option(
    "--item-seconds <seconds>",
    `longest evaluation of one symbol (default: 10, with --over ${BRANCH_SECONDS})`,
    read(decimal(0.01, MAX_ITEM_SECONDS)),
  )
  .option("--workers <n>", "threads (default: one per core)", read(wholeNumber(1, MAX_WORKERS)))
  .option("--top <n>", "rows of the table", read(wholeNumber(1, 1000)), 20)
  .option("--watch", "scan again whenever the data change, until interrupted")
  .addOption(
    new Option("--out <format>", "each result as it comes, in place of the table").choices([
      "csv",
      "ndjson",
    ] as const),
  )
  .option("--json", "print ranked results, problems and statistics as one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: {
        0: "the scan came to its end, or to one that was asked for",
        1: "interrupted; or no symbol could be evaluated",
      },
      examples: [
        [
          "eigenwatch scan prices.csv.gz --rule 'rsi(14) < 30 and volume_spike(20) > 2'",
          "oversold with volume",
        ],
        [
          "eigenwatch scan bars --rule 'crosses_above(sma(10), sma(50))' --max-signals 5",
          "the first five crossings",
        ],
        [
          "eigenwatch scan bars --rule 'rsi(14) < 30' --order learned --max-signals 5",
          "likely symbols first, as earlier scans taught",
        ],
        ["eigenwatch scan prices.csv --rule 'drawdown(60)' --top 10", "rank by a number"],
        ["eigenwatch scan recordings/today --rule 'anomaly() > 0.9' --out ndjson", "channels of a recording"],
        [
          "eigenwatch scan recordings/today --over anomaly.falseAlarmsPerDay=0.5:3:0.5 --rule 'alarms_per_day < 2'",
          "settings of a detector, each run over the recording",
        ],
      ],
    }) + functionHelp(),
  );

const scanCommand = command.addCommand(tuneCommand).addCommand(orderCommand);

/** `loadSettings`: scans of settings come from outside, for actors/ does not know what-if branches. */
export function createScanCommand(loadSettings: () => Promise<SettingsScans>) {
  return scanCommand.action(exitWith((path, options) => runScan(path, options, loadSettings)));
}

function functionHelp(): string {
  const rows = Object.entries(FUNCTIONS).map(([name, row]) => [usage(name, row), row.help] as const);
  const width = Math.max(...rows.map(([text]) => text.length));
  return `\n\nColumns: open, high, low, close, volume. Functions of a rule, with their defaults:\n${rows
    .map(([text, help]) => `  ${text.padEnd(width)}  ${help}`)
    .join("\n")}\n  crosses_above(a, b), crosses_below(a, b): whether a crossed b at the latest row`;
}
