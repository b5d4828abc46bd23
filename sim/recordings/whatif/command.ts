/** `eigenwatch whatif PATH`: a branch of a recording, and its events side by side with the recorded ones. */
import { join } from "node:path";
import process from "node:process";
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../../actors/command-line/manual.ts";
import { read, repeated, settings, texts, time } from "../../../actors/command-line/option-values.ts";
import { exitWith } from "../../../actors/command-line/program.ts";
import { startProgress } from "../../../actors/command-line/progress.ts";
import { print, printJson, showStatus } from "../../../actors/command-line/terminal.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { escapeName } from "../../../protocol/subjects.ts";
import { duration, pathAndValue } from "../../../protocol/text-values.ts";
import { parentLine } from "../parent.ts";
import type { PartitionPlace } from "../partition-places.ts";
import { place } from "../place.ts";
import { givenCommand, injection, marksIn, requestOf, seed } from "./branch-options.ts";
import { placesOfBranch } from "./branch-partition.ts";
import { checkFree, freeName } from "./branch-recording.ts";
import type { WhatIfResult } from "./result.ts";
import { countsLine, heading, sideBySide } from "./side-by-side.ts";
import { runSweep } from "./sweep-command.ts";
import { runWhatIf } from "./whatif.ts";

const command = new Command("whatif")
  .description(
    "Branches a recording at a point, runs it on with other settings or inputs, and compares the events with the recorded ones.",
  )
  .argument("<path>", "a recording: the folder given to --record")
  .option(
    "--at <place>",
    "branch here: ISO 8601, µs since the epoch, or the sequence of an input",
    read(place),
  )
  .option("--set <path=value>", "change a setting; may be given again", settings, [])
  .option("--drop <channel>", "silence a channel, NAME or GROUP/NAME; may be given again", texts, [])
  .option(
    "--inject <spec>",
    "add a disturbance, SCENARIO[?strength=…&group=…&channels=a,b&duration=30s&seed=…&at=…]; may be given again",
    repeated(injection),
    [],
  )
  .option(
    "--command <name=body>",
    'do what a person could have done, e.g. threshold.set={"id":…} with the body as JSON; may be given again',
    repeated(givenCommand),
    [],
  )
  .option(
    "--marks <file>",
    "mark the events of a CSV: columns time, type and perhaps title, group",
    marksIn,
    [],
  )
  .option(
    "--drop-command <name>",
    "leave out what people did by this command, e.g. alert.snoozed; may be given again",
    texts,
    [],
  )
  .option("--seed <n>", "seed of all random streams after the branch", read(seed))
  .option("--until <time>", "end of the comparison (default: end of the recording)", read(time))
  .option(
    "--tolerance <duration>",
    "events further apart are different events (default: 10s, or more in long recordings)",
    read(duration()),
  )
  .option("--to <dir>", "folder of the branch recording (default: PATH.whatif-1, …)")
  .option("--no-write", "compare only")
  .option(
    "--sweep <path=values>",
    "try many values, from:to:step or a,b,c, in parallel; given again: a grid",
    repeated(read(pathAndValue("collapse.falseAlarmsPerDay=0.1,1,10"))),
    [],
  )
  .option("--truth <file>", "with --sweep: what happened (feed --truth), for recall, delay, false alarms")
  .option("--plot <file>", "with --sweep: write the table as an SVG file")
  .option("--json", "print the result as one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "the branch ran to its end", 1: "interrupted: no branch was written" },
      examples: [
        [
          "eigenwatch whatif recordings/today --at 2026-01-05T12:00:00Z --set collapse.falseAlarmsPerDay=0.1",
          "change a setting at noon",
        ],
        [
          "eigenwatch whatif recordings/today --at 4711 --inject flash-crash?strength=3 --no-write",
          "add a disturbance, write nothing",
        ],
        [
          `eigenwatch whatif recordings/today --at 4711 --command 'threshold.set={"id":"hot","of":{"group":"host","channel":"cpu.busy"},"direction":"above","level":80}'`,
          "see when a threshold would have fired",
        ],
        [
          "eigenwatch whatif recordings/today --sweep collapse.falseAlarmsPerDay=0.1,1,10",
          "compare three values of a setting",
        ],
      ],
    }),
  );

export const whatIfCommand = command.action(exitWith(runWhatIfCommand));

export type WhatIfOptions = ReturnType<typeof command.opts>;

export async function runWhatIfCommand(recording: string, options: WhatIfOptions): Promise<number> {
  if (options.sweep.length > 0) return runSweep(recording, options);
  for (const name of ["truth", "plot"] as const) {
    if (options[name] !== undefined)
      throw new EigenwatchError({
        action: `use --${name}`,
        value: "there is one branch",
        expected: "it with --sweep path=values",
      });
  }
  if (options.at === undefined)
    throw new EigenwatchError({
      action: "branch",
      value: "no place is given",
      expected: "--at TIME or --at SEQUENCE",
    });
  const places = await placesOfBranch(recording, options, options.at);
  const to = options.write ? (options.to ?? freeName(recording)) : null;
  if (to !== null) checkFree(to);
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => ending.abort(interrupted(recording, signal)));
  const results: BranchResult[] = [];
  for (const [k, place] of places.entries()) {
    if (places.length > 1 && !options.json) print(`partition ${place.partition}`);
    // As the partitions of a recording lie.
    const folder = to === null || k === 0 ? to : join(to, escapeName(place.partition));
    results.push(await branchOne(place, folder, options, ending.signal));
  }
  if (options.json) {
    const [first, ...others] = results;
    printJson(others.length > 0 ? { ...first, others } : first);
  }
  return 0;
}

type BranchResult = WhatIfResult & { readonly seconds: number };

async function branchOne(
  { directory, at }: PartitionPlace,
  to: string | null,
  options: WhatIfOptions,
  signal: AbortSignal,
): Promise<BranchResult> {
  const lines = options.json ? null : new Lines();
  const bar = startProgress("whatif", 0, "inputs", options.json === true);
  const started = performance.now();
  try {
    const result = await runWhatIf(directory, requestOf(options, at), {
      to,
      signal,
      progress: ({ inputs, of }) => bar.update(inputs, of),
      difference: (difference, original, branch) => {
        if (difference.type !== "same") lines?.line(sideBySide(difference, original, branch));
      },
    });
    bar.stop();
    const seconds = (performance.now() - started) / 1000;
    if (!options.json) summary(result, seconds);
    return { ...result, seconds };
  } finally {
    bar.stop();
  }
}

function interrupted(path: string, signal: string): EigenwatchError {
  return new EigenwatchError({
    action: `branch ${path}`,
    value: `${signal}; no branch was written`,
    kind: "failed",
  });
}

function summary(result: WhatIfResult, seconds: number): void {
  const rate = Math.round(result.inputs / seconds);
  print(
    parentLine(result.parent),
    countsLine(result),
    `${result.inputs} inputs in ${seconds.toFixed(2)} s (${rate}/s), final hash ${result.finalHash}`,
    result.branch === null ? "nothing was written" : `branch written to ${result.branch}`,
  );
}

/** Lines under one heading, which is printed before the first of them. */
class Lines {
  private begun = false;

  line(text: string): void {
    // The progress bar is on this line.
    showStatus("");
    if (!this.begun) print(heading());
    this.begun = true;
    print(text);
  }
}
