/**
 * How every benchmark runs: ours and its peers are warmed up for the same time, then take turns, so that all meet the same load of the
 * machine. A figure is the median of RUNS turns.
 */
import { median, p50AndP99 } from "./measure.ts";

/** Turns of each contender. Five have a median and a spread, and one disturbed turn changes neither ratio nor median much. */
export const RUNS = 5;

/** Time for each contender to compile and fill caches: the optimising compilers of V8 are through with a hot loop long before. */
const WARM_UP_MS = 400;

/** Length of one turn of a short piece of code: long enough for the clock and for minor collections. */
export const TURN_MS = 60;

type Contenders = Readonly<Record<string, () => unknown>>;
type Results<All extends Contenders> = { [Name in keyof All]: Awaited<ReturnType<All[Name]>>[] };

/** The results of each contender by name, one for each run. A contender is warmed up by running it, at least once. */
export async function inTurns<All extends Contenders>(
  contenders: All,
  { runs = RUNS, warmUpMs = WARM_UP_MS }: { runs?: number; warmUpMs?: number } = {},
): Promise<Results<All>> {
  const names = Object.keys(contenders);
  const results: Record<string, unknown[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (const name of names) {
    const end = performance.now() + warmUpMs;
    do await contenders[name]!();
    while (performance.now() < end);
  }
  for (let run = 0; run < runs; run++)
    // Another one begins each time: nobody always comes after the same neighbour.
    for (let k = 0; k < names.length; k++) {
      const name = names[(run + k) % names.length]!;
      results[name]!.push(await contenders[name]!());
    }
  return results as Results<All>;
}

/** A contender: calls of `act` a second, times `each`. */
export function perSecond(act: () => unknown, each = 1): () => number {
  return () => {
    let calls = 0;
    let batch = 1;
    let elapsedMs = 0;
    const startedMs = performance.now();
    while (elapsedMs < TURN_MS) {
      for (let k = 0; k < batch; k++) keep(act());
      calls += batch;
      elapsedMs = performance.now() - startedMs;
      // The clock is read about every millisecond.
      if (elapsedMs * batch < calls) batch *= 2;
    }
    return (each * calls * 1000) / elapsedMs;
  };
}

/** The last result: without it the engine could skip the work. */
export let kept: unknown;

export function keep(result: unknown): void {
  kept = result;
}

/** A contender: the times of single calls in µs. */
export function singleCalls(call: () => void, ms = TURN_MS): () => { p50: number; p99: number } {
  return () => {
    const times: number[] = [];
    let before = performance.now();
    const end = before + ms;
    while (before < end && times.length < 200_000) {
      call();
      const after = performance.now();
      times.push((after - before) * 1000);
      before = after;
    }
    return p50AndP99(times);
  };
}

/** A contender: µs a call, the median of batches, for calls as short as the resolution of the clock. */
export function batchedCalls(call: () => void, batch: number): () => number {
  const times = singleCalls(() => {
    for (let k = 0; k < batch; k++) call();
  });
  return () => times().p50 / batch;
}

/** Numbers that fit into the first cache of any processor. */
const LOOP_LENGTH = 2048;
const loop = new Float64Array(LOOP_LENGTH).fill(1);

/** Name of the calibration peer in rows. */
export const BARE_LOOP = "additions of a bare loop";

/**
 * The calibration peer: additions a second of a loop over numbers in the first cache. It depends on the processor and its load alone, so
 * the ratio to it says more about code than a rate does.
 */
export const bareLoop = perSecond(() => {
  let sum = 0;
  for (let k = 0; k < LOOP_LENGTH; k++) sum += loop[k]!;
  return sum;
}, LOOP_LENGTH);

/** How fast the machine is now. The first of the turns compiles the loop. */
export function calibrate(): number {
  return median(Array.from({ length: 4 }, bareLoop).slice(1));
}
