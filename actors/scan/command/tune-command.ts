/** `eigenwatch scan tune RULE PATH --over rsi.period=7:21`: better parameters of a rule, judged on dates that had no part in the choice. */
import { Command, Option } from "@commander-js/extra-typings";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { decimal, exactTimeText, wholeNumber } from "../../../protocol/text-values.ts";
import { manual } from "../../command-line/manual.ts";
import { read, texts } from "../../command-line/option-values.ts";
import { exitWith } from "../../command-line/program.ts";
import { startProgress } from "../../command-line/progress.ts";
import { print, printJson, report } from "../../command-line/terminal.ts";
import { uniforms } from "../../kernels/uniforms.ts";
import { inOrder } from "../order/order.ts";
import { type ParameterValues, parseRule } from "../rules/rule.ts";
import { EXPECTATIONS, type GainSummary } from "../tune/gains.ts";
import { combinationsOf, readRange, textWith } from "../tune/ranges.ts";
import { type TuneResult, tune } from "../tune/tune.ts";
import { loadUniverse } from "../universe/load.ts";
import { prepareUniverse } from "../universe/prepare.ts";
import { readRule } from "./source.ts";

/** A year of days: what comes later has other causes. */
const MAX_HORIZON = 250;
/** A bar of progress counts in thousandths. */
const PARTS = 1_000;

const command = new Command("tune")
  .summary("look for better parameters of a rule")
  .description(
    "Looks for better parameters of a rule on earlier dates, by successive halving, and judges them on later ones beside the rule as given. A gain is what the close does after a signal, less what it does for all symbols at that time.",
  )
  .argument("<rule>", "a condition, e.g. 'rsi(14) < 30'")
  .argument("<path>", "CSV or NDJSON file, also .gz, folder of such files, or recording")
  .option(
    "--over <range>",
    "NAME.PARAMETER=FROM:TO[:STEP], e.g. rsi.period=7:21; may be given again",
    texts,
    [],
  )
  .option("--horizon <rows>", "rows after a signal", read(wholeNumber(1, MAX_HORIZON)), 5)
  .addOption(
    new Option("--expect <what>", "what shall follow a signal").choices(EXPECTATIONS).default("up" as const),
  )
  .option("--earlier <share>", "share of the dates that is learnt from", read(decimal(0.1, 0.9)), 0.6)
  .option("--seed <n>", "seed of the order in which symbols join", read(wholeNumber(0, 0xffffffff)), 1)
  .option("--json", "print the result as one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "it was judged, whether something is gained or not" },
      examples: [
        [
          "eigenwatch scan tune 'rsi(14) < 30' bars --over rsi.period=7:21",
          "fifteen periods of one indicator",
        ],
        [
          "eigenwatch scan tune 'macd_histogram > 0' bars --over macd_histogram.fast=6:16:2 --over macd_histogram.slow=20:40:4",
          "every combination of two parameters",
        ],
        [
          "eigenwatch scan tune 'volume_spike(20) > 3' bars --over volume_spike.period=5:60:5 --expect move",
          "what foretells a large move, up or down",
        ],
      ],
    }),
  );

export const tuneCommand = command.action(exitWith(runTune));

type TuneOptions = ReturnType<typeof command.opts>;

export async function runTune(text: string, path: string, options: TuneOptions): Promise<number> {
  const rule = readRule(text);
  if (options.over.length === 0)
    throw new EigenwatchError({
      action: "tune a rule",
      value: "no parameter is named",
      expected: "--over NAME.PARAMETER=FROM:TO, as in --over rsi.period=7:21",
      kind: "usage",
    });
  const combinations = combinationsOf(text, options.over.map(readRange)).filter((values) =>
    isReadable(text, values),
  );
  const { universe, unreadable } = await loadUniverse(path);
  for (const { message } of unreadable) report(message);
  const { data } = prepareUniverse(universe, rule);
  const quiet = options.json === true;
  const progress = startProgress("tuning", PARTS, "‰", quiet);
  const symbols = inOrder(
    data.symbols.map((_, s) => s),
    "random",
    uniforms(options.seed),
    () => new Float64Array(0),
  );
  const { horizon, expect: expectation, earlier } = options;
  const result = await tune(
    { data, rule: text, combinations, horizon, expectation, earlier, symbols },
    async (share) => {
      progress.update(Math.round(PARTS * share));
      await new Promise<void>((resolve) => setImmediate(resolve));
    },
  ).finally(() => progress.stop());
  if (quiet) printJson({ rule: text, ...result });
  else print(...words(text, result, options));
  return 0;
}

/** Some combinations are none: a period that the function does not take. */
function isReadable(rule: string, values: ParameterValues): boolean {
  try {
    parseRule(rule, values);
    return true;
  } catch {
    return false;
  }
}

function words(rule: string, result: TuneResult, { horizon, expect }: TuneOptions): string[] {
  const { given, tuned, difference, isGained, dividedUs, rounds, evaluated, withoutHalving } = result;
  const rows = [
    ["", "dates", "signals", "times", `gain after ${horizon} rows`],
    ["given", "earlier", ...cells(given.earlier)],
    ["tuned", "earlier", ...cells(tuned.earlier)],
    ["given", "later", ...cells(given.later)],
    ["tuned", "later", ...cells(tuned.later)],
  ];
  const widths = rows[0]!.map((_, k) => Math.max(...rows.map((row) => row[k]!.length)));
  const own = textWith(rule, tuned.parameters);
  const isSame = Object.keys(tuned.parameters).length === 0 || own === textWith(rule, {});
  return [
    `given: ${textWith(rule, {})}`,
    `tuned: ${isSame ? "the same" : own}`,
    ...rows.map((row) =>
      row
        .map((text, k) => text.padEnd(widths[k]!))
        .join("  ")
        .trimEnd(),
    ),
    `earlier dates end ${exactTimeText(dividedUs)}; ${expect === "up" ? "a gain is a rise" : expect === "down" ? "a gain is a fall" : "a gain is a larger move"} beyond that of all symbols`,
    `halvings: ${rounds.map(({ candidates, symbols }) => `${candidates} on ${symbols}`).join(", ")} symbols; ${evaluated} evaluations in place of ${withoutHalving}`,
    isGained
      ? `Gained on the later dates: ${percent(difference.gain)} ± ${percent(difference.within)} more than the rule as given.`
      : isSame
        ? "Nothing is gained: the rule as given was the best on the earlier dates too."
        : `Nothing is gained: on the later dates the difference is ${percent(difference.gain)} ± ${percent(difference.within)}. Keep the rule as given.`,
  ];
}

function cells({ signals, times, gain, within }: GainSummary): string[] {
  const known = times === 0 ? "–" : `${percent(gain)} ± ${percent(within)}`;
  return [String(signals), String(times), known];
}

function percent(value: number): string {
  return Number.isFinite(value) ? `${(100 * value).toFixed(2)} %` : "–";
}
