/** `eigenwatch alerts`: what the thresholds of a running session say now. */
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { print, printJson } from "../../actors/command-line/terminal.ts";
import { systemClock } from "../../actors/mod.ts";
import type { AlertStatus, AlertsStatus } from "../../protocol/controls.ts";
import { timeText } from "../../protocol/text-values.ts";
import { visibleText } from "../../protocol/visible-text.ts";
import { stopSignal } from "../stop-signal.ts";
import { askGateway } from "./gateway-request.ts";
import { sessionPath, withSession } from "./threshold-command.ts";

/** Between two looks of `--watch`. */
const WATCH_MS = 1_000;

export const alertsCommand = withSession(
  new Command("alerts")
    .description(
      "Shows the alerts of a running session: state, value, who has taken them on, and how many were held back.",
    )
    .option("--watch", "again whenever something has changed, until Ctrl-C")
    .option("--json", "print {alerts, perDay, heldBack} as one line of JSON"),
)
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "shown", 1: "the gateway cannot be reached, or refuses" },
      examples: [
        ["eigenwatch alerts", "see what fires"],
        ["eigenwatch alerts --watch --json", "a line whenever something has changed"],
      ],
    }),
  )
  .action(
    exitWith(async (options) => {
      let stopped = false;
      const stop = options.watch ? stopSignal() : Promise.resolve("shown once");
      void stop.then(() => {
        stopped = true;
      });
      for (let shown = ""; ; ) {
        const status = await askGateway<AlertsStatus>(options, sessionPath("api/alerts", options));
        const text = options.json ? JSON.stringify(status) : linesOf(status).join("\n");
        if (text !== shown) {
          if (options.json) printJson(status);
          else print(...(shown === "" ? [] : [""]), text);
        }
        shown = text;
        if (!options.watch || stopped) return 0;
        await Promise.race([stop, new Promise<void>((next) => void systemClock.after(WATCH_MS, next))]);
        if (stopped) return 0;
      }
    }),
  );

function linesOf({ alerts, perDay, heldBack }: AlertsStatus): string[] {
  const held = heldBack === 0 ? "" : `${heldBack} held back: the budget is ${perDay} a day`;
  const lines = alerts.map((alert) => visibleText(lineOf(alert)));
  return [...(lines.length === 0 ? ["no threshold is set"] : lines), ...(held === "" ? [] : [held])];
}

/** "firing    critical  cpu-hot  95.2 since 2026-…, acknowledged by Ana" */
function lineOf({
  threshold,
  state,
  value,
  sinceUs,
  acknowledged,
  assigned,
  snoozedUntilUs,
  fate,
}: AlertStatus): string {
  const said = [
    ...(state === "firing" && fate !== null && fate !== "told" ? [fate] : []),
    ...(acknowledged === null ? [] : [`acknowledged by ${acknowledged.by}`]),
    ...(assigned === null ? [] : [`assigned to ${assigned.to}`]),
    ...(snoozedUntilUs === null ? [] : [`snoozed until ${timeText(snoozedUntilUs)}`]),
  ];
  const now = value === null ? "no value yet" : String(Number(value.toPrecision(4)));
  const since = sinceUs === null ? "" : ` since ${timeText(sinceUs)}`;
  return [
    `${state.padEnd(8)}  ${threshold.severity.padEnd(8)}  ${threshold.id}  ${now}${since}`,
    ...said,
  ].join(", ");
}
