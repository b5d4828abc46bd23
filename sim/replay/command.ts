/** `eigenwatch replay PATH`: options in, report out. */
import type { WriteStream } from "node:fs";
import { open } from "node:fs/promises";
import process from "node:process";
import cliProgress from "cli-progress";
import { askedAsync, CommandError, openRecording, SYSTEM } from "../../actors/mod.ts";
import { parseTimeUs } from "./parse-time.ts";
import { type ReplayReport, replay } from "./replay.ts";

export interface ReplayFlags {
  speed: string;
  from?: string;
  to?: string;
  verify?: true;
  events?: string;
  json?: true;
}

export async function replayCommand(path: string, flags: ReplayFlags): Promise<number> {
  const speed = parseSpeed(flags.speed);
  const fromUs = flags.from === undefined ? undefined : parseTimeUs("--from", flags.from);
  const toUs = flags.to === undefined ? undefined : parseTimeUs("--to", flags.to);
  if (fromUs !== undefined && toUs !== undefined && fromUs > toUs) {
    throw new CommandError(`Cannot replay from ${flags.from} to ${flags.to}: wanted --from before --to`);
  }
  const journal = await askedAsync(() => openRecording(path));
  const out = flags.events === undefined ? null : await eventWriter(flags.events);
  const bar = progressBar(journal.last?.lastSequence ?? 0, flags.json === true);
  const started = performance.now();
  try {
    const report = await replay(journal, SYSTEM, {
      ...(fromUs === undefined ? {} : { fromUs }),
      ...(toUs === undefined ? {} : { toUs }),
      speed,
      verify: flags.verify === true,
      event: (event) => out?.write(`${JSON.stringify(event)}\n`),
      progress: ({ inputs }) => bar?.update(inputs),
    });
    bar?.stop();
    tell(report, flags, (performance.now() - started) / 1000);
    return report.difference ? 1 : 0;
  } finally {
    bar?.stop();
    await new Promise<void>((resolve) => (out && out !== process.stdout ? out.end(resolve) : resolve()));
    await journal.close();
  }
}

function tell(report: ReplayReport, flags: ReplayFlags, seconds: number): void {
  const rate = {
    seconds,
    inputsPerSecond: report.inputs / seconds,
    samplesPerSecond: report.samples / seconds,
  };
  // With the events on stdout the report goes where people look.
  const stream = flags.events === "-" ? process.stderr : process.stdout;
  if (flags.json) {
    stream.write(`${JSON.stringify({ ...report, ...rate })}\n`);
    return;
  }
  const { difference: d } = report;
  if (d) {
    stream.write(
      `differs at partition ${d.partition}, block ${d.block}, input ${d.input}: ${d.actor} ${d.field}` +
        `${d.index < 0 ? "" : `[${d.index}]`} recorded ${d.recorded}, replayed ${d.replayed}\n`,
    );
    return;
  }
  const done = flags.verify ? "verified" : "replayed";
  stream.write(
    `${done} ${report.inputs} inputs, ${report.events} events, final hash ${report.finalHash}\n` +
      `${report.samples} samples in ${seconds.toFixed(2)} s: ${Math.round(rate.samplesPerSecond)} samples/s` +
      `${flags.verify ? `; compared ${report.compared.checkpoints} state hashes` : ""}\n`,
  );
}

/** A bar with ETA where a person looks, nothing where a program reads. */
function progressBar(total: number, json: boolean): cliProgress.SingleBar | null {
  if (json || !process.stderr.isTTY || total === 0) return null;
  const bar = new cliProgress.SingleBar({
    format: "replay {bar} {percentage}% | {value}/{total} inputs | ETA {eta_formatted}",
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(total, 0);
  return bar;
}

async function eventWriter(path: string): Promise<WriteStream | typeof process.stdout> {
  if (path === "-") return process.stdout;
  const file = await open(path, "w").catch((error: Error) => {
    throw new CommandError(`Cannot write events to ${path}: ${error.message}`);
  });
  return file.createWriteStream();
}

function parseSpeed(text: string): number | "max" {
  if (text === "max") return "max";
  const speed = Number(text);
  if (!(speed > 0) || !Number.isFinite(speed)) {
    throw new CommandError(`Cannot replay at speed ${text}: wanted a positive number or max`);
  }
  return speed;
}
