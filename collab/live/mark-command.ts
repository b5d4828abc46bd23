/** `eigenwatch mark`: says that something happened, to a running session. */
import { readFile } from "node:fs/promises";
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { read, texts, time } from "../../actors/command-line/option-values.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { print, printJson } from "../../actors/command-line/terminal.ts";
import { marksOf } from "../../actors/feeds/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { askGateway } from "./gateway-request.ts";
import { sessionPath, withSession } from "./threshold-command.ts";

export const markCommand = withSession(
  new Command("mark")
    .description(
      "Says that something happened: news, a deployment, an order of your own. Charts show it, and with measurementEffect.enabled it is measured how the state changed around it. It needs the role editor.",
    )
    .argument("[type]", "what kind of thing: those of one type are judged together")
    .option("--title <text>", "what it was")
    .option("--group <name>", "the group that it concerns (default: all)")
    .option(
      "--channel <name>",
      "a channel that it concerns, or a level that was measured; may be given again",
      texts,
      [],
    )
    .option("--at <time>", "when it happened, or will (default: now)", read(time))
    .option("--csv <file>", "many: a table with the columns time, type and perhaps title, group")
    .option("--json", "print {input} as a line of JSON for each mark"),
)
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "it is in the log", 1: "the gateway cannot be reached, or refuses" },
      examples: [
        ["eigenwatch mark deployment --title 'api 2.4.1'", "from a script that deploys"],
        ["eigenwatch mark --csv calendar.csv", "the events of a day, also those to come"],
      ],
    }),
  )
  .action(
    exitWith(async (type, options) => {
      const { title, group, channel, at, csv } = options;
      if ((type === undefined) === (csv === undefined))
        throw new EigenwatchError({
          action: "mark",
          value: csv === undefined ? "nothing is given" : `both ${type} and --csv`,
          expected: "a type, or --csv FILE",
        });
      const marks =
        csv === undefined
          ? [{ type, title, group, ...(channel.length > 0 ? { channels: channel } : {}), atUs: at }]
          : marksOf(await readFile(csv, "utf8"));
      const path = sessionPath("api/commands/mark", options);
      for (const [k, mark] of [...marks].entries()) {
        const entered = await askGateway<{ input: number }>(options, path, mark).catch((error: unknown) => {
          throw csv === undefined ? error : stopped(error, k, marks.length);
        });
        if (options.json) printJson(entered);
        else print(`${mark.type} is marked, by input ${entered.input}`);
      }
      return 0;
    }),
  );

/** The first `taken` of a table are in the log. */
function stopped(error: unknown, taken: number, all: number): unknown {
  if (!(error instanceof EigenwatchError)) return error;
  const { action, value, expected, kind } = error;
  const of = `event ${taken + 1} of ${all}, ${taken} are in the log: ${action}`;
  return new EigenwatchError({ action: `mark ${of}`, value, expected, kind }, { cause: error });
}
