/** `eigenwatch scan order PATH`: what `--order learned` has learnt of a universe. */
import { resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../command-line/manual.ts";
import { exitWith } from "../../command-line/program.ts";
import { print, printJson, report } from "../../command-line/terminal.ts";
import { OrderMemory } from "../order/order-memory.ts";
import { type OrderReport, orderReport } from "../order/order-report.ts";
import { TRAITS } from "../order/traits.ts";
import { LEARNT_FILE, learntFile } from "./learnt-file.ts";

/** Symbols with the most signals that are listed. */
const LISTED = 20;

const command = new Command("order")
  .summary("show or reset what --order learned has learnt")
  .description(
    "Shows what --order learned has learnt of a universe: how much each trait of a symbol counts, for all rules and for what a rule looks for.",
  )
  .argument("<path>", "the universe, as scan takes it")
  .option("--show", "print it (the default)")
  .option("--reset", "forget all of it")
  .option("--learnt <file>", `where it is kept (default: ${LEARNT_FILE})`)
  .option("--json", "print it as one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "it was shown, or forgotten" },
      examples: [
        ["eigenwatch scan order bars", "which traits count, and which symbols often have signals"],
        ["eigenwatch scan order bars --reset", "begin anew"],
      ],
    }),
  );

export const orderCommand = command.action(exitWith(runOrder));

type OrderOptions = ReturnType<typeof command.opts>;

export function runOrder(path: string, options: OrderOptions): number {
  const memory = new OrderMemory(learntFile(options.learnt), report);
  const order = memory.of(resolve(path));
  if (options.reset === true) {
    order.reset();
    memory.save();
  }
  const learned = orderReport(order, LISTED);
  if (options.json === true) printJson(learned);
  else print(...words(learned));
  return 0;
}

function words({ scans, symbols, weights, oftenSignals }: OrderReport): string[] {
  if (scans === 0) return ["nothing is learnt of it yet: scan it with --order learned"];
  const names = weights.map(({ of }) => of.length);
  const width = Math.max("weight of".length, ...names);
  const rows = weights.map(({ of, traits }) => [
    of.padEnd(width),
    ...TRAITS.map((trait) =>
      `${traits[trait].weight.toFixed(2)}±${traits[trait].deviation.toFixed(1)}`.padStart(11),
    ),
  ]);
  return [
    `learnt from ${scans} scans of ${symbols} symbols`,
    ["weight of".padEnd(width), ...TRAITS.map((trait) => trait.padStart(11))].join(" "),
    ...rows.map((row) => row.join(" ")),
    `signals in most scans: ${oftenSignals.map(({ symbol, rate }) => `${symbol} ${(100 * rate).toFixed(0)} %`).join(", ") || "none"}`,
  ];
}
