/**
 * What-if and causality over an hour of 600 inputs a second (each one tick of one of eight channels), compared with plain replay.
 *
 * The live partition has just made the recording. Its last minutes have larger steps, so that there is something to find.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { RandomStream } from "../../actors/core/random.ts";
import { FeedWriter } from "../../actors/feeds/feed-writer.ts";
import { openRecording, SYSTEM } from "../../actors/mod.ts";
import type { Feed } from "../../actors/ports/feed.ts";
import { decodeDerived } from "../../protocol/block.ts";
import { createFrame } from "../../protocol/frame.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { replay } from "../recordings/replay/replay.ts";
import { causality } from "../recordings/whatif/causality.ts";
import { runWhatIf } from "../recordings/whatif/whatif.ts";
import { record } from "./live.ts";
import { check, inTemporaryFolder, median } from "./measure.ts";
import { type BenchRow, compared, limited } from "./row.ts";
import { inTurns } from "./turns.ts";

const CHANNELS = 8;
const INPUTS_A_SECOND = 600;
const SECONDS = 3_600;
const START_US = Date.UTC(2026, 0, 5) * 1000;
/** Steps are larger in the last sixth. */
const LARGER_FROM = (5 / 6) * SECONDS * INPUTS_A_SECOND;
const LARGER = 6;
const RUNS = 200;
const REWIND_US = 60_000_000;

export function benchWhatIf(): Promise<BenchRow[]> {
  return inTemporaryFolder(async (directory) => {
    const recording = join(directory, "hour");
    const hash = await record(recording, [tickFeed()]);
    const { replayed, branched, asked } = await inTurns(
      {
        replayed: () => timeReplay(recording, hash),
        branched: () => timeBranch(recording),
        asked: () => timeCausality(recording),
      },
      { warmUpMs: 0 },
    );
    const inputs = (RUNS * REWIND_US * INPUTS_A_SECOND) / 1e6;
    const causality = asked.map(({ seconds }) => seconds);
    return [
      compared(
        {
          name: "what-if: one hour of 600 inputs/s, branch written",
          unit: "s",
          runs: branched.map(({ seconds }) => seconds),
          note: branched.at(-1)!.note,
        },
        { "plain replay": replayed },
        { atMost: 5 },
      ),
      limited(
        {
          name: "what-if: first difference after the start",
          unit: "ms",
          runs: branched.map(({ firstMs }) => firstMs),
        },
        { atMost: 1_000 },
      ),
      limited(
        {
          name: `causality: ${RUNS} branches of a 60 s rewind, all cores`,
          unit: "s",
          runs: causality,
          note: `${Math.round(inputs / median(causality))} inputs/s; ${asked.at(-1)!.note}`,
        },
        { atMost: 60 },
      ),
    ];
  });
}

async function timeReplay(recording: string, hash: string): Promise<number> {
  const journal = await openRecording(recording);
  const started = performance.now();
  const { finalHash } = await replay(journal, SYSTEM);
  const seconds = (performance.now() - started) / 1000;
  await journal.close();
  check(finalHash === hash, `a replay that ends in ${hash}`, `it ended in ${finalHash}`);
  return seconds;
}

async function timeBranch(recording: string): Promise<{ seconds: number; firstMs: number; note: string }> {
  const started = performance.now();
  let firstMs = 0;
  const to = `${recording}.branch`;
  const request = { at: START_US, set: { "collapse.falseAlarmsPerDay": 50 } };
  const result = await runWhatIf(recording, request, {
    to,
    difference: ({ type }) => {
      if (type !== "same") firstMs ||= performance.now() - started;
    },
  });
  const seconds = (performance.now() - started) / 1000;
  const journal = await openRecording(to);
  const report = await replay(journal, SYSTEM, { verify: true });
  await journal.close();
  await rm(to, { recursive: true });
  check(
    !report.difference && report.finalHash === result.finalHash,
    `a branch that replays to ${result.finalHash}`,
    `it replays to ${report.finalHash}`,
  );
  const { inputs, differences, counts } = result;
  check(firstMs > 0, "a difference to the recording");
  return { seconds, firstMs, note: `${inputs} inputs, ${differences.length - counts.same} differences` };
}

async function timeCausality(recording: string): Promise<{ seconds: number; note: string }> {
  const event = await lastAlarm(recording);
  const noise = { market: Array.from({ length: CHANNELS }, () => ({ deviation: 0.05, step: 0 })) };
  const question = { recording, event, toleranceUs: 10_000_000, seed: 1, noise, noiseTimes: 1 };
  const started = performance.now();
  const [found] = await causality(question, [REWIND_US], RUNS, {});
  const seconds = (performance.now() - started) / 1000;
  check(found!.runs === RUNS, `${RUNS} runs`, `${found!.runs} runs`);
  return { seconds, note: `${event.kind} happened in ${found!.happened}` };
}

async function lastAlarm(recording: string): Promise<EventMessage> {
  const journal = await openRecording(recording);
  let last: EventMessage | null = null;
  for await (const entry of journal.read()) {
    if (entry.kind !== "derived") continue;
    last = decodeDerived(entry.bytes).events.findLast(({ group }) => group === "market") ?? last;
  }
  await journal.close();
  check(last !== null, "an event to ask about");
  return last;
}

function tickFeed(): Feed {
  return {
    source: "market",
    kind: "recorded",
    stop: () => Promise.resolve(),
    async run(sink) {
      const writer = new FeedWriter("market", sink);
      const random = new RandomStream(1, "ticks");
      const channels = Array.from({ length: CHANNELS }, (_, k) => ({ name: `c${k}`, title: "", unit: "" }));
      writer.channels({ group: "market", channels, sampling: "ticks", everyUs: 0, innovation: "difference" });
      const frame = createFrame("market", "market", 1);
      const level = new Float64Array(CHANNELS).fill(100);
      for (let k = 0; k < SECONDS * INPUTS_A_SECOND; k++) {
        const channel = Math.floor(random.next() * CHANNELS);
        level[channel]! += (random.next() - 0.5) * (k < LARGER_FROM ? 1 : LARGER);
        frame.time[0] = START_US + Math.floor((k * 1e6) / INPUTS_A_SECOND);
        frame.channel[0] = channel;
        frame.value[0] = level[channel]!;
        frame.count = 1;
        if (!writer.frame(frame)) await writer.drained();
        else if (k % 256 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}
