/**
 * When did an event become inevitable? Rewind to before it, perturb what came then, run again, and count how often it still happens.
 *
 *   ───────●───────────●─────●──┼────────────►      ● rewinds    ┼ the event
 *          └ runs ~~~~~~~~~~~~~~┊~~┤                ~ perturbed inputs, up to the event's time plus the tolerance
 *
 * H1  The event happens in a run that announces one of its actor, group and kind, with a channel of its own if it has any, within the
 *     tolerance of its time.
 * H2  A run depends on seed, rewind and its number only: not on how the runs are shared out.
 * H3  An event is inevitable from the longest rewind on for which, and for all shorter ones, the lower end of Wilson's interval of its
 *     probability is above INEVITABLE.
 */
import { Core, type CoreDefinitions, RandomStream, SILENT } from "../../../actors/core/mod.ts";
import { coreAt, decodeInput, inputs, openRecording, SYSTEM } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { inWorkers, type Work, type WorkersOptions } from "../../../actors/workers/mod.ts";
import { decodeFrameInto, isFrame } from "../../../protocol/codec.ts";
import { createScratchFrame } from "../../../protocol/frame.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import { findInput } from "../seek.ts";
import type { NoiseByGroup } from "./measurement-noise.ts";
import { drawOrder, measureAgain, reorderSamples, type TimedInput, tiesOf } from "./perturb.ts";

/** Lower end of the interval above which an event counts as inevitable. */
export const INEVITABLE = 0.95;

export interface CausalityQuestion {
  recording: string;
  event: EventMessage;
  toleranceUs: number;
  seed: number;
  noise: NoiseByGroup;
  /** Multiples of the channels' own noise; 0 leaves the values as they are. */
  noiseTimes: number;
}

/** Some runs from one rewind. */
export interface CausalityJob {
  rewindUs: number;
  firstRun: number;
  runs: number;
}

export interface RewindResult {
  rewindUs: number;
  runs: number;
  happened: number;
  probability: number;
  /** Bounds of the 95 % interval (Wilson 1927). */
  low: number;
  high: number;
}

/** Runs of one job: short enough that workers end at about the same time. */
const RUNS_A_JOB = 10;

/** Results by rewind, the shortest first. */
export async function causality(
  question: CausalityQuestion,
  rewindsUs: readonly number[],
  runs: number,
  options: WorkersOptions,
): Promise<RewindResult[]> {
  const rewinds = [...new Set(rewindsUs)].sort((a, b) => a - b);
  const jobs = rewinds.flatMap((rewindUs) => jobsOf(rewindUs, runs));
  const hits = await inWorkers("causality", causalityWork, question, jobs, options);
  return rewinds.map((rewindUs) => {
    let happened = 0;
    for (const [k, job] of jobs.entries()) if (job.rewindUs === rewindUs) happened += hits[k]!;
    return { rewindUs, runs, happened, probability: happened / runs, ...wilson(happened, runs) };
  });
}

/** The longest rewind from which on the event could not be avoided (H3), or null when even the shortest leaves it open. */
export function inevitableFrom(results: readonly RewindResult[]): number | null {
  let from: number | null = null;
  for (const { rewindUs, low } of results) {
    if (low <= INEVITABLE) break;
    from = rewindUs;
  }
  return from;
}

function jobsOf(rewindUs: number, runs: number): CausalityJob[] {
  const jobs: CausalityJob[] = [];
  for (let firstRun = 0; firstRun < runs; firstRun += RUNS_A_JOB)
    jobs.push({ rewindUs, firstRun, runs: Math.min(RUNS_A_JOB, runs - firstRun) });
  return jobs;
}

/** How many of the runs had the event. */
export const causalityWork: Work<CausalityQuestion, CausalityJob, number> = async (question, job) => {
  const scene = await sceneOf(question, job.rewindUs);
  let happened = 0;
  for (let run = job.firstRun; run < job.firstRun + job.runs; run++) {
    const random = new RandomStream(question.seed, `causality/${job.rewindUs}/${run}`);
    if (happensIn(scene, question, random)) happened++;
  }
  return happened;
};

/** What all runs of one rewind begin with. */
export interface Scene {
  key: string;
  definitions: CoreDefinitions;
  /** State before the first input. */
  state: Uint8Array;
  inputs: TimedInput[];
  ties: [number, number][];
}

/** One run; the event's fields are compared as H1 says. */
export function happensIn(scene: Scene, question: CausalityQuestion, random: RandomStream): boolean {
  let happened = false;
  const core = Core.restore(scene.state, scene.definitions, {
    ...SILENT,
    event: (event) => {
      happened ||= isSame(event, question);
    },
  });
  const { noise, noiseTimes } = question;
  const scratch = createScratchFrame();
  for (const k of drawOrder(scene.inputs, scene.ties, random)) {
    const { timeUs, bytes, source } = scene.inputs[k]!;
    if (source === null) core.apply(core.sequence + 1, timeUs, decodeInput(bytes, scratch));
    else {
      const frame = decodeFrameInto(bytes, scratch);
      reorderSamples(frame, random);
      measureAgain(frame, noise, noiseTimes, random);
      core.apply(core.sequence + 1, timeUs, frame);
    }
    if (happened) return true;
  }
  return false;
}

function isSame(event: EventMessage, { event: expected, toleranceUs }: CausalityQuestion): boolean {
  return (
    event.kind === expected.kind &&
    event.actor === expected.actor &&
    event.group === expected.group &&
    Math.abs(event.timeUs - expected.timeUs) <= toleranceUs &&
    (expected.channels.length === 0 || event.channels.some((name) => expected.channels.includes(name)))
  );
}

/** The last scene: jobs of one rewind come one after the other. */
let lastScene: Scene | null = null;

async function sceneOf(question: CausalityQuestion, rewindUs: number): Promise<Scene> {
  const key = JSON.stringify([question.recording, question.event.id, question.toleranceUs, rewindUs]);
  if (lastScene?.key === key) return lastScene;
  const journal = await openRecording(question.recording);
  try {
    lastScene = { key, ...(await readScene(journal, SYSTEM, question, rewindUs)) };
    return lastScene;
  } finally {
    await journal.close();
  }
}

export async function readScene(
  journal: Journal,
  definitions: CoreDefinitions,
  { event, toleranceUs }: Pick<CausalityQuestion, "event" | "toleranceUs">,
  rewindUs: number,
): Promise<Omit<Scene, "key">> {
  const point = await findInput(journal, definitions, event.timeUs - rewindUs);
  const { core } = await coreAt(journal, definitions, { sequence: point.sequence });
  const until = { sequence: inputOf(event.id) ?? 0, timeUs: event.timeUs + toleranceUs };
  const between = await inputsBetween(journal, point.sequence, until);
  return { definitions, state: core.snapshot(), inputs: between, ties: tiesOf(between) };
}

/** The input that an event followed from, by its id; null when it is none. */
export function inputOf(id: string): number | null {
  const match = /\/(\d{1,15})\/\d+$/.exec(id);
  return match === null ? null : Number(match[1]);
}

/**
 * Inputs from a sequence on that may have an event up to `until`. A row is as old as its frame is long when that enters, and a timer fires
 * with the first input after it: so they end with the first that is later by more than any frame is long.
 */
async function inputsBetween(
  journal: Journal,
  sequence: number,
  until: { sequence: number; timeUs: number },
): Promise<TimedInput[]> {
  const scratch = createScratchFrame();
  const found: TimedInput[] = [];
  let longestUs = 0;
  for await (const { sequence: number, timeUs, bytes } of inputs(journal, { sequence })) {
    const frame = isFrame(bytes) ? decodeFrameInto(bytes, scratch) : null;
    if (frame !== null) longestUs = Math.max(longestUs, timeUs - frame.time[0]!);
    found.push({ timeUs, bytes, source: frame?.source ?? null });
    if (number >= until.sequence && timeUs > until.timeUs + longestUs) break;
  }
  return found;
}

/** 97.5 % point of the standard normal law. */
const Z = 1.959963984540054;

/**
 * Interval of 95 % confidence for a probability, from `hits` of `runs` (Wilson, J. Am. Stat. Assoc. 22, 1927): the p with
 * |hits/runs − p| ≤ z √(p(1−p)/runs). Good for few runs and at 0 and 1 as well. `runs` > 0. O(1).
 */
export function wilson(hits: number, runs: number): { low: number; high: number } {
  const share = hits / runs;
  const z2 = (Z * Z) / runs;
  const centre = (share + z2 / 2) / (1 + z2);
  const half = (Z * Math.sqrt((share * (1 - share)) / runs + z2 / (4 * runs))) / (1 + z2);
  // At the ends the root is the centre itself but for the last bit.
  return { low: hits === 0 ? 0 : centre - half, high: hits === runs ? 1 : centre + half };
}
