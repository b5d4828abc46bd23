/** `eigenwatch status`: the nodes of a session and the partitions that they own. */
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { stopSignal } from "../../actors/command-line/stop-signal.ts";
import { print, printJson, report } from "../../actors/command-line/terminal.ts";
import { systemClock } from "../../actors/mod.ts";
import { durationText } from "../../protocol/text-values.ts";
import { connectBus, type NatsFlags, withNatsOptions } from "./nats-flags.ts";
import { type ClusterStatus, clusterStatus, NO_NODE_RUNS } from "./node-status.ts";

/** Between two looks of `--watch`. */
const WATCH_MS = 1_000;

export const statusCommand = withNatsOptions(
  new Command("status")
    .description(
      "Shows the nodes of a session, and who owns each partition: epoch, lag, rate, last take-over.",
    )
    .option("--nats <url>", "address of a NATS server (default: NATS_URL, or nats://127.0.0.1:4222)")
    .option("--session <name>", "name of the session", "local")
    .option("--watch", "again each second, until Ctrl-C")
    .option("--json", "print {nodes, partitions, blocked} as one line of JSON")
    .addHelpText(
      "after",
      manual({
        exitCodes: { 0: "shown", 1: "the servers cannot be reached, or no node of the session runs" },
        examples: [
          ["eigenwatch status --session plant", "who owns what"],
          ["eigenwatch status --session plant --watch", "watch a take-over"],
        ],
      }),
    ),
).action(exitWith(showStatus));

interface StatusOptions extends NatsFlags {
  session: string;
  watch?: true | undefined;
  json?: true | undefined;
}

async function showStatus(options: StatusOptions): Promise<number> {
  const bus = await connectBus(options, "status", (message) => report(message));
  let stopped = false;
  const stop = options.watch ? stopSignal() : Promise.resolve("shown once");
  void stop.then(() => {
    stopped = true;
  });
  try {
    for (;;) {
      const status = await clusterStatus(bus, options.session);
      if (options.json) printJson(status);
      else print(...linesOf(status));
      if (!options.watch || stopped) return status.nodes.length > 0 ? 0 : 1;
      await Promise.race([stop, new Promise<void>((next) => void systemClock.after(WATCH_MS, next))]);
    }
  } finally {
    await bus.close();
  }
}

function linesOf({ session, nodes, partitions, blocked }: ClusterStatus): string[] {
  if (nodes.length === 0) return [`session ${session}: ${NO_NODE_RUNS}`];
  const ago = (us: number | null) =>
    us === null ? "?" : durationText(Math.max(0, Math.floor((systemClock.nowUs() - us) / 1e6)) * 1e6);
  return [
    `session ${session}`,
    ...table(
      ["node", "up for", "roles", "owns"],
      nodes.map(({ name, sinceUs, roles, owns }) => [name, ago(sinceUs), roles.join(","), owns.join(" ")]),
    ),
    ...table(
      ["partition", "owner", "epoch", "lag", "samples/s", "inputs", "taken over"],
      partitions.map(({ name, owner, epoch, lagMs, samplesPerSecond, inputs, takenOverUs }) => [
        name,
        owner,
        String(epoch),
        inputs === null ? "?" : lagMs === null ? "-" : `${lagMs} ms`,
        String(samplesPerSecond ?? "?"),
        String(inputs ?? "?"),
        takenOverUs === null ? "?" : `${ago(takenOverUs)} ago`,
      ]),
    ),
    ...(blocked.length === 0 ? [] : [""]),
    ...blocked.map(
      ({ partition, node, reason }) => `  ${partition} takes no input (says ${node}): ${reason}`,
    ),
  ];
}

function table(head: string[], rows: string[][]): string[] {
  const widths = head.map((text, k) => Math.max(text.length, ...rows.map((row) => row[k]!.length)));
  return [
    "",
    ...[head, ...rows].map((row) =>
      `  ${row.map((cell, k) => cell.padEnd(widths[k]!)).join("  ")}`.trimEnd(),
    ),
  ];
}
