/** `eigenwatch whatif PATH`: options in, two lanes of events out. */
import process from "node:process";
import { CommandError } from "../../../actors/mod.ts";
import { type Progress, startProgress } from "../../terminal/progress.ts";
import { parentLine } from "../parent.ts";
import { checkFree, freeName } from "./branch-recording.ts";
import type { WhatIfProgress } from "./branch-run.ts";
import { requestOf, type WhatIfFlags } from "./flags.ts";
import type { WhatIfResult } from "./result.ts";
import { countsLine, heading, sideBySide } from "./side-by-side.ts";
import { sweepCommand } from "./sweep-command.ts";
import { runWhatIf } from "./whatif.ts";

export async function whatIfCommand(path: string, flags: WhatIfFlags): Promise<number> {
  if (flags.sweep.length > 0) return sweepCommand(path, flags, flags.sweep);
  for (const name of ["truth", "plot"] as const) {
    if (flags[name] !== undefined)
      throw new CommandError(`Cannot use --${name} for one branch: expected it with --sweep path=values`);
  }
  if (flags.at === undefined)
    throw new CommandError("Cannot branch without a place: expected --at TIME or --at SEQUENCE");
  const request = requestOf(flags, flags.at);
  const to = flags.write ? (flags.to ?? freeName(path)) : null;
  if (to !== null) checkFree(to);
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => ending.abort(new CommandError("interrupted: no branch was written", 1)));
  const told = flags.json ? null : new Lines();
  const bar = new LateProgress(flags.json === true);
  const started = performance.now();
  try {
    const result = await runWhatIf(path, request, {
      to,
      signal: ending.signal,
      progress: (progress) => bar.update(progress),
      difference: (difference, original, branch) => {
        if (difference.type !== "same") told?.line(sideBySide(difference, original, branch));
      },
    });
    bar.stop();
    const seconds = (performance.now() - started) / 1000;
    if (flags.json) process.stdout.write(`${JSON.stringify({ ...result, seconds })}\n`);
    else summary(result, seconds);
    return 0;
  } finally {
    bar.stop();
  }
}

function summary(result: WhatIfResult, seconds: number): void {
  const rate = Math.round(result.inputs / seconds);
  process.stdout.write(
    `${parentLine(result.parent)}\n${countsLine(result)}\n` +
      `${result.inputs} inputs in ${seconds.toFixed(2)} s (${rate}/s), final hash ${result.finalHash}\n` +
      `${result.branch === null ? "nothing was written" : `branch written to ${result.branch}`}\n`,
  );
}

/** The lines under one heading, which comes with the first of them. */
class Lines {
  private begun = false;

  line(text: string): void {
    // The bar stands on the line that is to be written.
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
    if (!this.begun) process.stdout.write(`${heading()}\n`);
    this.begun = true;
    process.stdout.write(`${text}\n`);
  }
}

/** How many inputs there will be is known with the first of them. */
class LateProgress {
  private bar: Progress | null = null;
  private readonly json: boolean;

  constructor(json: boolean) {
    this.json = json;
  }

  update({ inputs, of }: WhatIfProgress): void {
    this.bar ??= startProgress("whatif", of, "inputs", this.json);
    this.bar.update(inputs);
  }

  stop(): void {
    this.bar?.stop();
  }
}
