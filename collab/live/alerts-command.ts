/** `eigenwatch alerts`: what the thresholds of a running session say now. */
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { stopSignal } from "../../actors/command-line/stop-signal.ts";
import { print, printJson } from "../../actors/command-line/terminal.ts";
import { systemClock } from "../../actors/mod.ts";
import type { AlertStatus, AlertsStatus, Care, IncidentStatus } from "../../protocol/controls.ts";
import { timeText } from "../../protocol/text-values.ts";
import { visibleText } from "../../protocol/visible-text.ts";
import { askGateway } from "./gateway-request.ts";
import { sessionPath, withSession } from "./threshold-command.ts";

/** Between two looks of `--watch`. */
const WATCH_MS = 1_000;

/** Of an incident: a line is read at a glance. */
const CHANNELS_NAMED = 3;

export const alertsCommand = withSession(
  new Command("alerts")
    .description(
      "Shows the alerts and incidents of a running session: state, value, who has taken them on, and how many alerts were held back.",
    )
    .option("--watch", "again whenever something has changed, until Ctrl-C")
    .option("--json", "print {alerts, incidents, perDay, heldBack} as one line of JSON"),
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

function linesOf({ alerts, incidents = [], perDay, heldBack }: AlertsStatus): string[] {
  const held = heldBack === 0 ? "" : `${heldBack} held back: the budget is ${perDay} a day`;
  return [
    ...(alerts.length === 0 ? ["no threshold is set"] : alerts.map(alertLine)),
    ...incidents.map(incidentLine),
    ...(held === "" ? [] : [held]),
  ].map(visibleText);
}

/** "firing    critical  cpu-hot  95.2 since 2026-…, acknowledged by Ana" */
function alertLine({ threshold, state, value, sinceUs, fate, ...care }: AlertStatus): string {
  const now = value === null ? "no value yet" : String(Number(value.toPrecision(4)));
  const since = sinceUs === null ? "" : ` since ${timeText(sinceUs)}`;
  const toldOtherwise = state === "firing" && fate !== null && fate !== "told" ? [fate] : [];
  return [
    `${state.padEnd(8)}  ${threshold.severity.padEnd(8)}  ${threshold.id}  ${now}${since}`,
    ...toldOtherwise,
    ...saidOf(care),
  ].join(", ");
}

/** "open      warning   incident p0/3  cpu.user, cpu.busy since 2026-…, assigned to Ana" */
function incidentLine({ id, state, severity, channels, group, sinceUs, ...care }: IncidentStatus): string {
  const about = channels.slice(0, CHANNELS_NAMED).join(", ") || group;
  return [
    `${state.padEnd(8)}  ${severity.padEnd(8)}  incident ${id}  ${about} since ${timeText(sinceUs)}`,
    ...saidOf(care),
  ].join(", ");
}

function saidOf({ acknowledged, assigned, snoozedUntilUs }: Care): string[] {
  return [
    ...(acknowledged === null ? [] : [`acknowledged by ${acknowledged.by}`]),
    ...(assigned === null ? [] : [`assigned to ${assigned.to}`]),
    ...(snoozedUntilUs === null ? [] : [`snoozed until ${timeText(snoozedUntilUs)}`]),
  ];
}
