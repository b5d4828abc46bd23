/**
 * Replay with verification, beside a replay that compares nothing, and seeking, on a recording of ten million samples that the live system
 * has just made.
 */
import { coreAt, createFeeds, openRecording, SYSTEM, systemClock } from "../../actors/mod.ts";
import { replay } from "../recordings/replay/replay.ts";
import { record } from "./live.ts";
import { check, inTemporaryFolder, median, p50AndP99 } from "./measure.ts";
import { PUBLISH_EVERY_US } from "./publish-interval.ts";
import { type BenchRow, compared, limited } from "./row.ts";
import { inTurns } from "./turns.ts";

const SAMPLES = 10_000_000;
const CHANNELS = 16;
const SEEKS = 200;

export function benchReplay(): Promise<BenchRow[]> {
  return inTemporaryFolder(async (directory) => {
    const hash = await makeRecording(directory);
    const opening: number[] = [];
    const { verified, folded, sought } = await inTurns(
      {
        verified: () => samplesPerSecond(directory, hash, true),
        folded: () => samplesPerSecond(directory, hash, false),
        sought: () => seekTimes(directory, opening),
      },
      { warmUpMs: 0 },
    );
    const note = `${SEEKS} seeks a run; opening took ${median(opening).toFixed(0)} ms`;
    return [
      compared(
        { name: "replay --verify, all actors at n = 16", unit: "samples/s", runs: verified },
        { "replay without comparing": folded },
        { atLeast: 1_000_000 },
      ),
      limited(
        {
          name: "seek to any time in 10 M samples, p99",
          unit: "ms",
          runs: sought.map(({ p99 }) => p99),
          note,
        },
        { atMost: 250 },
      ),
    ];
  });
}

async function makeRecording(directory: string): Promise<string> {
  const seconds = SAMPLES / CHANNELS / 1000;
  const spec = `walk?channels=${CHANNELS}&rate=max&frame=256&duration=${seconds}s`;
  return record(directory, createFeeds([spec], { clock: systemClock, seed: 1 }), {
    publishEveryUs: PUBLISH_EVERY_US,
  });
}

/** A contender: a whole replay. */
async function samplesPerSecond(directory: string, hash: string, verify: boolean): Promise<number> {
  const journal = await openRecording(directory);
  const started = performance.now();
  const report = await replay(journal, SYSTEM, { verify });
  const seconds = (performance.now() - started) / 1000;
  await journal.close();
  check(
    !report.difference && report.finalHash === hash && report.samples === SAMPLES,
    `a replay of ${SAMPLES} samples that ends in ${hash}`,
    `a replay of ${report.samples} samples ended in ${report.finalHash}`,
  );
  check(!verify || report.compared.checkpoints > 0, "state hashes to compare");
  return report.samples / seconds;
}

/** A contender: seeks all over the recording, ms. */
async function seekTimes(directory: string, opening: number[]): Promise<{ p50: number; p99: number }> {
  const opened = performance.now();
  const journal = await openRecording(directory);
  opening.push(performance.now() - opened);
  const startUs = 946_684_800_000_000;
  const { timeUs: lastUs } = journal.last!;
  const times: number[] = [];
  for (let k = 0; k < SEEKS; k++) {
    // A low-discrepancy sequence over the whole recording.
    const timeUs =
      startUs + 1_000_000 + Math.floor(((k * 0.618_033_988_75) % 1) * (lastUs - startUs - 1_000_000));
    const started = performance.now();
    const { core } = await coreAt(journal, SYSTEM, { timeUs: timeUs + 1 });
    times.push(performance.now() - started);
    check(core.now <= timeUs && core.samples > 0, `a core at ${timeUs}`, `a core at ${core.now}`);
  }
  await journal.close();
  return p50AndP99(times);
}
