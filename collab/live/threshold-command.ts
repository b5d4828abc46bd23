/** `eigenwatch threshold set | remove | list`: the thresholds of a running session. */
import { Command, Option, type OptionValues } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { read } from "../../actors/command-line/option-values.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { print, printJson } from "../../actors/command-line/terminal.ts";
import type { Threshold } from "../../protocol/alert-commands.ts";
import type { AlertsStatus } from "../../protocol/controls.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { SEVERITIES } from "../../protocol/schemas.ts";
import { duration, type TextValue } from "../../protocol/text-values.ts";
import { visibleText } from "../../protocol/visible-text.ts";
import { askGateway, type GatewayFlags, withGatewayAddress } from "./gateway-request.ts";

const REFUSED = "the gateway cannot be reached, or refuses";

export interface SessionFlags extends GatewayFlags {
  session?: string | undefined;
  partition?: string | undefined;
}

/** The options that say which gateway, session and partition. */
export function withSession<Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
) {
  return withGatewayAddress(command)
    .option("--session <name>", "name of the session (default: the first of the gateway)")
    .option("--partition <name>", "the partition that has the group (default: the first of the session)");
}

/** A path of the gateway for this session and partition. */
export function sessionPath(path: string, { session, partition }: SessionFlags): string {
  const named = Object.entries({ session, partition }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  return named.length === 0 ? path : `${path}?${new URLSearchParams(named)}`;
}

const level: TextValue<number> = {
  read(text) {
    const value = Number(text);
    return text.trim() !== "" && Number.isFinite(value) ? value : undefined;
  },
  expected: "a number, in the unit of the channel",
};

const set = withSession(
  new Command("set")
    .summary("set a threshold, or replace the one of this id")
    .description(
      "Sets a threshold on a channel or measure. The same id again replaces it. It needs the role editor.",
    )
    .argument("<id>", "1 to 64 letters, digits and . : - _")
    .argument("<channel>", "GROUP/CHANNEL, or with --measure GROUP/MEASURE")
    .addOption(
      new Option("--above <level>", "the alert fires above this level")
        .argParser(read(level))
        .conflicts("below"),
    )
    .option("--below <level>", "the alert fires below this level", read(level))
    .option(
      "--clear <level>",
      "the alert ends on the other side of this level (default: the level)",
      read(level),
    )
    .option(
      "--objective <percent>",
      "so many values must not be beyond the level: the alert is about the burn rate",
      read(level),
    )
    .option(
      "--window <duration>",
      "of the burn rate; the last twelfth of it counts too (default: 1h)",
      read(duration()),
    )
    .option("--burn <rate>", "times as fast as the objective allows (default: 14.4)", read(level))
    .option("--for <duration>", "every value must be beyond the level for so long", read(duration()))
    .addOption(
      new Option("--severity <severity>", "how much it matters")
        .choices(SEVERITIES)
        .default("warning" as const),
    )
    .option("--title <text>", "what you call it (default: the channel and the level)")
    .option("--measure", "the name is that of a measure: purity, coherence, entropy")
    .option("--json", "print {input} as one line of JSON"),
)
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "it is in the log", 1: REFUSED },
      examples: [
        [
          "eigenwatch threshold set cpu-hot host/cpu.busy --above 90 --clear 80 --for 60s",
          "a minute above 90 %",
        ],
        [
          "eigenwatch threshold set slow api/latency --above 0.2 --objective 99.9 --window 1h",
          "a tenth of a percent may be slower than 0.2 s",
        ],
        [
          "eigenwatch threshold set mixed host/purity --measure --below 0.3 --severity notice",
          "on a measure",
        ],
      ],
    }),
  )
  .action(
    exitWith(async (id, channel, options) => {
      const { above, below } = options;
      if (above === undefined && below === undefined)
        throw new EigenwatchError({
          action: `set threshold ${id}`,
          value: "no level is given",
          expected: "--above LEVEL or --below LEVEL",
        });
      const entered = await askGateway<{ input: number }>(
        options,
        sessionPath("api/commands/threshold.set", options),
        {
          id,
          of: subjectOf(channel, options.measure === true),
          direction: above === undefined ? "below" : "above",
          level: above ?? below,
          ...(options.clear === undefined ? {} : { clearLevel: options.clear }),
          ...(options.for === undefined ? {} : { dwellSeconds: options.for / 1e6 }),
          ...(options.objective === undefined
            ? {}
            : {
                objective: {
                  percent: options.objective,
                  ...(options.window === undefined ? {} : { windowSeconds: options.window / 1e6 }),
                  ...(options.burn === undefined ? {} : { burnRate: options.burn }),
                },
              }),
          severity: options.severity,
          ...(options.title === undefined ? {} : { title: options.title }),
        },
      );
      if (options.json) printJson(entered);
      else print(`${id} is set, by input ${entered.input}`);
      return 0;
    }),
  );

const remove = withSession(
  new Command("remove")
    .summary("remove a threshold")
    .description("Removes a threshold; an alert that fires ends. It needs the role editor.")
    .argument("<id>", "as `eigenwatch threshold list` shows it")
    .option("--json", "print {input} as one line of JSON"),
)
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "it is in the log", 1: `there is no such threshold, or ${REFUSED}` },
      examples: [["eigenwatch threshold remove cpu-hot", "end a threshold"]],
    }),
  )
  .action(
    exitWith(async (id, options) => {
      const path = sessionPath("api/commands/threshold.removed", options);
      const entered = await askGateway<{ input: number }>(options, path, { id });
      if (options.json) printJson(entered);
      else print(`${id} is removed, by input ${entered.input}`);
      return 0;
    }),
  );

const list = withSession(
  new Command("list")
    .summary("list the thresholds")
    .description(
      "Lists the thresholds of a session, and who set them. `eigenwatch alerts` shows their alerts.",
    )
    .option("--json", "print the thresholds as one line of JSON"),
)
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "listed", 1: REFUSED },
      examples: [["eigenwatch threshold list", "see what is watched"]],
    }),
  )
  .action(
    exitWith(async (options) => {
      const { alerts } = await askGateway<AlertsStatus>(options, sessionPath("api/alerts", options));
      if (options.json) printJson(alerts.map(({ threshold }) => threshold));
      else if (alerts.length === 0) print("no threshold is set");
      else
        for (const { threshold, setBy } of alerts)
          print(visibleText(`${thresholdLine(threshold)}, set by ${setBy}`));
      return 0;
    }),
  );

export const thresholdCommand = new Command("threshold")
  .description("Sets, removes and lists the thresholds of a running session.")
  .addCommand(set)
  .addCommand(remove)
  .addCommand(list);

function subjectOf(
  name: string,
  isMeasure: boolean,
): { group: string; channel: string } | { group: string; measure: string } {
  const at = name.indexOf("/");
  if (at < 1 || at === name.length - 1)
    throw new EigenwatchError({
      action: "set a threshold",
      value: `on ${name}`,
      expected: "GROUP/CHANNEL, e.g. host/cpu.busy",
    });
  const [group, rest] = [name.slice(0, at), name.slice(at + 1)];
  return isMeasure ? { group, measure: rest } : { group, channel: rest };
}

/** "cpu-hot  warning  host/cpu.busy above 90 for 60 s, clears at 80" */
function thresholdLine({
  id,
  of,
  direction,
  level,
  clearLevel,
  dwellSeconds,
  objective,
  severity,
}: Threshold): string {
  const name = "channel" in of ? of.channel : of.measure;
  const dwell = dwellSeconds === 0 ? "" : ` for ${dwellSeconds} s`;
  const clears = clearLevel === level ? "" : `, clears at ${clearLevel}`;
  const share =
    objective === undefined ? "" : `, ${objective.percent} % not, burn rate ${objective.burnRate}`;
  return `${id}  ${severity}  ${of.group}/${name} ${direction} ${level}${dwell}${clears}${share}`;
}
