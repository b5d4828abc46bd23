/** Replay with verification, and seeking, on a recording of ten million samples that the live system has just made. */
import { coreAt, createFeeds, openRecording, SYSTEM, systemClock } from "../../actors/mod.ts";
import { replay } from "../recordings/replay/replay.ts";
import { record } from "./live.ts";
import { inTemporaryFolder, p50AndP99 } from "./measure.ts";
import type { BenchRow } from "./row.ts";

const SAMPLES = 10_000_000;
const CHANNELS = 16;
const SEEKS = 200;

export function benchReplay(): Promise<BenchRow[]> {
  return inTemporaryFolder(async (directory) => {
    const hash = await makeRecording(directory);
    return [await verify(directory, hash), await seek(directory)];
  });
}

async function makeRecording(directory: string): Promise<string> {
  const seconds = SAMPLES / CHANNELS / 1000;
  const spec = `walk?channels=${CHANNELS}&rate=max&frame=256&duration=${seconds}s`;
  // The walk's rows are 1 ms apart and arrive many times as fast: this interval publishes states as often as a live session does.
  return record(directory, createFeeds([spec], { clock: systemClock, seed: 1 }), {
    publishEveryUs: 3_000_000,
  });
}

async function verify(directory: string, hash: string): Promise<BenchRow> {
  const journal = await openRecording(directory);
  const started = performance.now();
  const report = await replay(journal, SYSTEM, { verify: true });
  const seconds = (performance.now() - started) / 1000;
  await journal.close();
  if (report.difference || report.finalHash !== hash || report.samples !== SAMPLES) {
    throw new Error(`replay of ${report.samples} samples ended in ${report.finalHash}; expected ${hash}`);
  }
  const rate = report.samples / seconds;
  return {
    name: "replay --verify, all actors at n = 16",
    value: rate,
    unit: "samples/s",
    target: 1_000_000,
    ratioTo: "target",
    ratio: rate / 1_000_000,
    note: `${report.inputs} inputs, ${report.compared.checkpoints} state hashes compared`,
  };
}

async function seek(directory: string): Promise<BenchRow> {
  const opened = performance.now();
  const journal = await openRecording(directory);
  const openMs = performance.now() - opened;
  const { first, last } = journal;
  const startUs = 946_684_800_000_000;
  const times: number[] = [];
  for (let k = 0; k < SEEKS; k++) {
    // A low-discrepancy sequence over the whole recording.
    const timeUs =
      startUs + 1_000_000 + Math.floor(((k * 0.618_033_988_75) % 1) * (last!.timeUs - startUs - 1_000_000));
    const started = performance.now();
    const { core } = await coreAt(journal, SYSTEM, { timeUs: timeUs + 1 });
    times.push(performance.now() - started);
    if (core.now > timeUs || core.samples === 0) throw new Error(`seek to ${timeUs} ended at ${core.now}`);
  }
  await journal.close();
  const { p50, p99 } = p50AndP99(times);
  return {
    name: "seek to any time in 10 M samples",
    value: p99,
    unit: "ms",
    p50,
    p99,
    target: 250,
    note: `${SEEKS} seeks over blocks ${first!.number} to ${last!.number}; opening took ${openMs.toFixed(0)} ms`,
  };
}
