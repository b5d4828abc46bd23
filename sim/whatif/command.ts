/** `eigenwatch whatif PATH`: options in, two lanes of events out. */
import process from "node:process";
import cliProgress from "cli-progress";
import { CommandError } from "../../actors/mod.ts";
import { checkFree, freeName } from "./branch-recording.ts";
import { requestOf, type WhatIfFlags } from "./flags.ts";
import { parentLine } from "./parent.ts";
import type { WhatIfResult } from "./result.ts";
import { runWhatIf, type WhatIfProgress } from "./run.ts";
import { countsLine, heading, sideBySide } from "./side-by-side.ts";

export async function whatIfCommand(path: string, flags: WhatIfFlags): Promise<number> {
  if (flags.at === undefined)
    throw new CommandError("Cannot branch without a place: wanted --at TIME or --at SEQUENCE");
  const request = requestOf(flags, flags.at);
  const to = flags.write ? (flags.to ?? freeName(path)) : null;
  if (to !== null) checkFree(to);
  const ending = new AbortController();
  process.once("SIGINT", () => ending.abort(new CommandError("interrupted: no branch was written", 1)));
  const told = flags.json ? null : new Lines();
  const bar = progressBar("whatif", flags.json === true);
  const started = performance.now();
  try {
    const result = await runWhatIf(path, request, {
      to,
      signal: ending.signal,
      progress: (progress) => bar?.(progress),
      difference: (difference, original, branch) => {
        if (difference.type !== "same") told?.line(sideBySide(difference, original, branch));
      },
    });
    bar?.(null);
    const seconds = (performance.now() - started) / 1000;
    if (flags.json) process.stdout.write(`${JSON.stringify({ ...result, seconds })}\n`);
    else summary(result, seconds);
    return 0;
  } finally {
    bar?.(null);
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
    if (!this.begun) process.stdout.write(`${heading()}\n`);
    this.begun = true;
    process.stdout.write(`${text}\n`);
  }
}

/** A bar with ETA where a person looks, nothing where a program reads. `null` takes it away. */
function progressBar(what: string, json: boolean): ((progress: WhatIfProgress | null) => void) | null {
  if (json || !process.stderr.isTTY || process.stdout.isTTY) return null;
  let bar: cliProgress.SingleBar | null = null;
  return (progress) => {
    if (progress === null) {
      bar?.stop();
      bar = null;
      return;
    }
    if (bar === null) {
      bar = new cliProgress.SingleBar({
        format: `${what} {bar} {percentage}% | {value}/{total} inputs | ETA {eta_formatted}`,
        clearOnComplete: true,
        stream: process.stderr,
      });
      bar.start(progress.of, 0);
    }
    bar.update(progress.inputs);
  };
}
