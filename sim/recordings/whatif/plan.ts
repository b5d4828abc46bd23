/** Checks and prepares a branch before it runs: where it begins, from which state, and what it changes. */
import { type Core, type CoreDefinitions, type CoreSink, hex, SILENT } from "../../../actors/core/mod.ts";
import { blocks, coreAt, inputs } from "../../../actors/mod.ts";
import type { Journal, StoredSnapshot } from "../../../actors/ports/journal.ts";
import { isFrame } from "../../../protocol/codec.ts";
import { loggedCommand, type ParsedWhatIfRequest } from "../../../protocol/commands.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { type Channels, MESSAGES } from "../../../protocol/messages.ts";
import { exactTimeText } from "../../../protocol/text-values.ts";
import type { ScenarioOverlay } from "../../worlds/overlay.ts";
import type { BranchChanges, BranchParent } from "../parent.ts";
import { findInput, type InputPlace } from "../seek.ts";
import { commandInputs, dropCommands, giveCommands, missingCommand } from "./commands.ts";
import { channelError, dropChannels, unknownChannels } from "./drop-channels.ts";
import { injectScenario, overlayOf } from "./inject-scenario.ts";
import type { InputRewriter } from "./input-rewriter.ts";
import { setSettings, settingChanges } from "./set-settings.ts";

export interface BranchPlan {
  parent: BranchParent;
  /** State after the last shared block; null when there is no such block. */
  base: StoredSnapshot | null;
  /** Hash that the first block of the branch names. */
  previousHash: Uint8Array;
  /** Stands after the last shared block; silent until its outputs are attached. */
  core: Core;
  attach(sink: CoreSink): void;
  rewriters: InputRewriter[];
  /** Events and samples of the original before the branch begins. */
  eventsBefore: number;
  samplesBefore: number;
  untilUs: number;
  toleranceUs: number;
}

/** Events further apart than this are two: ten seconds, or a thousandth of what follows, for where rows are days apart. */
const TOLERANCE_US = 10_000_000;

/** Inputs before the branch from which an injection learns the channels' own noise: hundreds of samples of each. */
const LEARN_INPUTS = 4096;

export async function planBranch(
  journal: Journal,
  definitions: CoreDefinitions,
  request: ParsedWhatIfRequest,
  recording: string,
): Promise<BranchPlan> {
  const place = await findInput(journal, definitions, request.at);
  const untilUs = request.untilUs ?? Number.POSITIVE_INFINITY;
  if (untilUs < place.atUs) {
    throw new EigenwatchError({
      action: "branch",
      value: `until is ${exactTimeText(untilUs)}`,
      expected: `a time after at (${exactTimeText(place.atUs)})`,
    });
  }
  const { timeUs: endUs } = journal.last!;
  if (request.untilUs !== undefined && untilUs > endUs)
    throw new EigenwatchError({
      action: `branch until ${exactTimeText(untilUs)}`,
      value: "it is outside of the recording",
      expected: `at most ${exactTimeText(endUs)}`,
    });
  const target: { sink: CoreSink } = { sink: SILENT };
  const { core } = await coreAt(journal, definitions, { block: place.block }, switchable(target));
  const bytes = place.block > 1 ? core.snapshot() : null;
  const base = bytes && { block: place.block - 1, timeUs: core.now, sequence: core.sequence, bytes };
  const { core: atPlace } = await coreAt(journal, definitions, { sequence: place.sequence });
  const { partition, previousHash } = await headerOf(journal, place.block);
  const { rewriters, changes } = await rewritersOf(journal, request, atPlace, place);
  return {
    parent: {
      recording,
      partition,
      block: place.block - 1,
      hash: hex(previousHash),
      sequence: place.sequence,
      atUs: place.atUs,
      changes,
    },
    base,
    previousHash,
    core,
    attach(sink) {
      target.sink = sink;
    },
    rewriters,
    eventsBefore: atPlace.eventSequence,
    samplesBefore: atPlace.samples,
    untilUs,
    toleranceUs: request.toleranceUs ?? toleranceUs(journal, Math.max(place.atUs, place.fromUs)),
  };
}

/** The tolerance for a recording from `fromUs` to its end. */
export function toleranceUs(journal: Journal, fromUs: number): number {
  return Math.max(TOLERANCE_US, Math.floor((journal.last!.timeUs - fromUs) / 1000));
}

async function rewritersOf(
  journal: Journal,
  request: ParsedWhatIfRequest,
  atPlace: Core,
  place: InputPlace,
): Promise<{ rewriters: InputRewriter[]; changes: BranchChanges }> {
  const declared = atPlace.declarations();
  const rewriters: InputRewriter[] = [];
  const changes: BranchChanges = {};
  const settings = settingChanges(atPlace.settings, request.set ?? {}, request.seed);
  if (settings.length > 0) {
    rewriters.push(setSettings(settings, place.atUs, atPlace.session !== null));
    changes.set = Object.fromEntries(settings.map(({ path, value }) => [path, value]));
  }
  const commands = commandInputs(request.commands ?? []);
  if (request.dropCommands?.length) {
    await checkCommands(journal, request.dropCommands, place);
    rewriters.push(dropCommands(request.dropCommands));
    changes.dropCommands = request.dropCommands;
  }
  if (commands.length > 0) {
    rewriters.push(giveCommands(commands, place.atUs, atPlace.session !== null));
    changes.commands = commands.map(({ name, body }) => ({ name, body }));
  }
  const overlays = (request.inject ?? []).map((each) =>
    overlayOf(each, declared, place.atUs, journal.last!.timeUs),
  );
  if (overlays.length > 0) await learn(journal, overlays, place);
  rewriters.push(...overlays.map(injectScenario));
  if (request.inject?.length) changes.inject = request.inject;
  // After the injections: those count channels as they were declared.
  if (request.drop?.length) {
    await checkChannels(journal, request.drop, declared, place);
    rewriters.push(dropChannels(request.drop, declared));
    changes.drop = request.drop;
  }
  if (request.untilUs !== undefined) changes.untilUs = request.untilUs;
  return { rewriters, changes };
}

/** The partition and previous hash in the header of a block. */
async function headerOf(journal: Journal, block: number) {
  for await (const { partition, previousHash } of blocks(journal, { block }))
    return { partition, previousHash };
  throw new EigenwatchError({
    action: "branch",
    value: `block ${block} is not in the recording`,
    expected: "a place inside of it",
  });
}

/** Shows overlays the frames before the branch, from which they learn the usual noise. */
async function learn(
  journal: Journal,
  overlays: readonly ScenarioOverlay[],
  { sequence }: InputPlace,
): Promise<void> {
  const from = { sequence: Math.max(1, sequence - LEARN_INPUTS) };
  for await (const each of inputs(journal, from, { sequence })) {
    if (!isFrame(each.bytes)) continue;
    const { input } = each;
    if (input.type === "frame") for (const overlay of overlays) overlay.learn(input);
  }
}

/** A name that is not declared yet may be declared later: then the rest of the recording is searched. */
async function checkChannels(
  journal: Journal,
  names: readonly string[],
  declared: readonly Channels[],
  { block }: InputPlace,
): Promise<void> {
  const all = [...declared];
  if (unknownChannels(names, all).length === 0) return;
  for await (const each of inputs(journal, { block })) {
    if (each.bytes[2] !== MESSAGES.channels.code) continue;
    const { input } = each;
    if (input.type === "channels") all.push(input);
  }
  const [unknown] = unknownChannels(names, all);
  if (unknown !== undefined) throw channelError(unknown, all);
}

async function checkCommands(
  journal: Journal,
  names: readonly string[],
  { sequence }: InputPlace,
): Promise<void> {
  for (const name of names) loggedCommand(name);
  const given = new Set<string>();
  for await (const each of inputs(journal, { sequence })) {
    if (each.bytes[2] !== MESSAGES.command.code) continue;
    const { input } = each;
    if (input.type === "command") given.add(input.name);
  }
  for (const name of names) if (!given.has(name)) throw missingCommand(name, given);
}

function switchable(target: { sink: CoreSink }): CoreSink {
  return {
    get unread() {
      return target.sink.unread === true;
    },
    event: (event) => target.sink.event(event),
    state: (state) => target.sink.state(state),
    metrics: (timeUs) => target.sink.metrics(timeUs),
  };
}
