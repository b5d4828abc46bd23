/** What is asked of a recording about one of its events: the event itself, how far back to go, and what noise its channels have. */
import { SILENT } from "../../../actors/core/mod.ts";
import { coreAt, foldJournal, inputs, SYSTEM } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { isFrame } from "../../../protocol/codec.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import { durationText, exactTimeText } from "../../../protocol/text-values.ts";
import { findInput, rangeOf } from "../seek.ts";
import { inputOf } from "./causality.ts";
import { type NoiseByGroup, NoiseLearner } from "./measurement-noise.ts";
import { toleranceUs } from "./plan.ts";

const REWINDS_US = [1, 2, 5, 10, 20, 30, 60].map((seconds) => seconds * 1e6);

/** Inputs before the longest rewind from which the channels' noise is learnt. */
const LEARN_INPUTS = 20_000;
const LEARN_INPUTS_LEAST = 2_000;

export interface AskedEvent {
  event: EventMessage;
  rewindsUs: number[];
  /** Usual rewinds that would begin before the recording. */
  left: number[];
  noise: NoiseByGroup;
  toleranceUs: number;
}

export interface AskedFlags {
  event: string;
  /** µs. */
  rewinds?: number[] | undefined;
  /** µs. */
  tolerance?: number | undefined;
}

/** Everything that may be wrong with the question, before the first run. */
export async function readQuestion(journal: Journal, flags: AskedFlags): Promise<AskedEvent> {
  const event = await findEvent(journal, flags.event);
  const { fromUs } = await rangeOf(journal, SYSTEM);
  const asked = flags.rewinds;
  const possible = (us: number) => event.timeUs - us >= fromUs;
  const early = asked?.find((us) => !possible(us));
  if (early !== undefined) {
    throw new EigenwatchError({
      action: `rewind ${durationText(early)} from ${exactTimeText(event.timeUs)}`,
      value: `the recording begins at ${exactTimeText(fromUs)}`,
      expected: `at most ${durationText(event.timeUs - fromUs)}`,
    });
  }
  const rewindsUs = asked ?? REWINDS_US.filter(possible);
  if (rewindsUs.length === 0)
    throw new EigenwatchError({
      action: `rewind from ${exactTimeText(event.timeUs)}`,
      value: "less than 1s was recorded before it",
      expected: "--rewinds shorter than 1s",
    });
  return {
    event,
    rewindsUs,
    left: asked ? [] : REWINDS_US.filter((us) => !possible(us)),
    noise: await learnNoise(journal, event, Math.max(...rewindsUs)),
    toleranceUs: flags.tolerance ?? toleranceUs(journal, fromUs),
  };
}

/** The event with an id, derived again: whether it was noted or not. */
async function findEvent(journal: Journal, id: string): Promise<EventMessage> {
  const sequence = inputOf(id);
  if (sequence === null)
    throw new EigenwatchError({
      action: `find event ${id}`,
      value: "it is no id of an event",
      expected: "an id such as p0/4711/1 (inspect --events --json)",
    });
  const { first, last } = journal;
  const inside = first && last && sequence >= first.firstSequence && sequence <= last.lastSequence;
  const events = inside ? await eventsOfInput(journal, sequence) : [];
  const found = events.find((event) => event.id === id);
  if (found !== undefined) return found;
  const there = events.map((event) => event.id);
  throw new EigenwatchError({
    action: `find event ${id}`,
    value: "the recording has none",
    expected: there.length > 0 ? there.join(" or ") : "one that inspect --events --json lists",
    kind: "notFound",
  });
}

async function eventsOfInput(journal: Journal, sequence: number): Promise<EventMessage[]> {
  const block = (await journal.locate({ sequence }))!;
  const events: EventMessage[] = [];
  let now = 0;
  const sink = {
    ...SILENT,
    event(event: EventMessage) {
      if (now === sequence) events.push(event);
    },
  };
  const { core } = await coreAt(journal, SYSTEM, { block }, sink);
  await foldJournal(journal.read(block), core, {
    input(of) {
      now = of;
      return of <= sequence;
    },
  });
  return events;
}

/**
 * From what came before the longest rewind: the event itself is no noise. Where that is too little, from what came until there was enough,
 * the event at the latest.
 */
async function learnNoise(journal: Journal, event: EventMessage, rewindUs: number): Promise<NoiseByGroup> {
  const learner = new NoiseLearner();
  const { sequence } = await findInput(journal, SYSTEM, event.timeUs - rewindUs);
  const enough = journal.first!.firstSequence + LEARN_INPUTS_LEAST;
  const end = Math.max(sequence, Math.min(enough, inputOf(event.id)!));
  const start = Math.max(1, end - LEARN_INPUTS);
  for await (const each of inputs(journal, { sequence: start }, { sequence: end })) {
    if (!isFrame(each.bytes)) continue;
    const { input } = each;
    if (input.type === "frame") learner.learn(input);
  }
  return learner.noise();
}
