/** Everything about a branch that must be known, and right, before it is run: where it parts, from which state, and what is different. */
import { type Core, type CoreDefinitions, type CoreSink, hex, SILENT } from "../../../actors/core/mod.ts";
import { blocks, coreAt, inputs } from "../../../actors/mod.ts";
import type { Journal, StoredSnapshot } from "../../../actors/ports/journal.ts";
import { isFrame } from "../../../protocol/codec.ts";
import type { ParsedWhatIfRequest } from "../../../protocol/commands.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { type Channels, MESSAGES } from "../../../protocol/messages.ts";
import { exactTimeText } from "../../../protocol/text-values.ts";
import type { ScenarioOverlay } from "../../worlds/overlay.ts";
import type { BranchChanges, BranchParent } from "../parent.ts";
import { findInput, type InputPlace } from "../seek.ts";
import { channelError, dropChannels, unknownChannels } from "./drop-channels.ts";
import { layOver, overlayOf } from "./inject-scenario.ts";
import type { Edit } from "./input-rewriter.ts";
import { setSettings, settingChanges } from "./set-settings.ts";

export interface BranchPlan {
  parent: BranchParent;
  /** State behind the last shared block; null when there is no such block. */
  base: StoredSnapshot | null;
  /** Hash that the first block of the branch names. */
  previousHash: Uint8Array;
  /** Stands behind the last shared block; silent until its outputs are attached. */
  core: Core;
  attach(sink: CoreSink): void;
  edits: Edit[];
  /** Events and samples of the original before the point. */
  eventsBefore: number;
  samplesBefore: number;
  untilUs: number;
  toleranceUs: number;
}

/** Events further apart than this are two: ten seconds, or a thousandth of what follows, for where rows are days apart. */
const TOLERANCE_US = 10_000_000;

/** Inputs before the point from which an injection learns the channels' own noise: hundreds of samples of each. */
const LEARN_INPUTS = 4096;

export async function planBranch(
  journal: Journal,
  definitions: CoreDefinitions,
  request: ParsedWhatIfRequest,
  recording: string,
): Promise<BranchPlan> {
  const point = await findInput(journal, definitions, request.at);
  const untilUs = request.untilUs ?? Number.POSITIVE_INFINITY;
  if (untilUs < point.atUs) {
    throw new EigenwatchError({
      action: "branch",
      value: `until is ${exactTimeText(untilUs)}`,
      expected: `a time after at (${exactTimeText(point.atUs)})`,
    });
  }
  const { timeUs: endUs } = journal.last!;
  if (request.untilUs !== undefined && untilUs > endUs)
    throw new EigenwatchError({
      action: `branch until ${exactTimeText(untilUs)}`,
      value: "it is outside of the recording",
      expected: `at most ${exactTimeText(endUs)}`,
    });
  const outlet: { sink: CoreSink } = { sink: SILENT };
  const { core } = await coreAt(journal, definitions, { block: point.block }, switchable(outlet));
  const bytes = point.block > 1 ? core.snapshot() : null;
  const base = bytes && { block: point.block - 1, timeUs: core.now, sequence: core.sequence, bytes };
  const { core: atPoint } = await coreAt(journal, definitions, { sequence: point.sequence });
  const { partition, previousHash } = await headerOf(journal, point.block);
  const { edits, changes } = await editsOf(journal, request, atPoint, point);
  return {
    parent: {
      recording,
      partition,
      block: point.block - 1,
      hash: hex(previousHash),
      sequence: point.sequence,
      atUs: point.atUs,
      changes,
    },
    base,
    previousHash,
    core,
    attach(sink) {
      outlet.sink = sink;
    },
    edits,
    eventsBefore: atPoint.eventSequence,
    samplesBefore: atPoint.samples,
    untilUs,
    toleranceUs: request.toleranceUs ?? toleranceUs(journal, Math.max(point.atUs, point.fromUs)),
  };
}

/** For a recording from a time on. */
export function toleranceUs(journal: Journal, fromUs: number): number {
  return Math.max(TOLERANCE_US, Math.floor((journal.last!.timeUs - fromUs) / 1000));
}

async function editsOf(
  journal: Journal,
  request: ParsedWhatIfRequest,
  atPoint: Core,
  point: InputPlace,
): Promise<{ edits: Edit[]; changes: BranchChanges }> {
  const declared = atPoint.declarations();
  const edits: Edit[] = [];
  const changes: BranchChanges = {};
  const settings = settingChanges(atPoint.settings, request.set ?? {}, request.seed);
  if (settings.length > 0) {
    edits.push(setSettings(settings, point.atUs, atPoint.session !== null));
    changes.set = Object.fromEntries(settings.map(({ path, value }) => [path, value]));
  }
  const overlays = (request.inject ?? []).map((each) =>
    overlayOf(each, declared, point.atUs, journal.last!.timeUs),
  );
  if (overlays.length > 0) await learn(journal, overlays, point);
  edits.push(...overlays.map(layOver));
  if (request.inject?.length) changes.inject = request.inject;
  // After the injections: those count channels as they were declared.
  if (request.drop?.length) {
    await checkChannels(journal, request.drop, declared, point);
    edits.push(dropChannels(request.drop, declared));
    changes.drop = request.drop;
  }
  if (request.untilUs !== undefined) changes.untilUs = request.untilUs;
  return { edits, changes };
}

/** What the header of a block says. */
async function headerOf(journal: Journal, block: number) {
  for await (const { partition, previousHash } of blocks(journal, { block }))
    return { partition, previousHash };
  throw new EigenwatchError({
    action: "branch",
    value: `block ${block} is not in the recording`,
    expected: "a place inside of it",
  });
}

/** Shows overlays the frames before the point, so that they know what noise is usual. */
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

/** A name that is not declared yet may be declared later: then the rest of the recording is looked through. */
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

function switchable(outlet: { sink: CoreSink }): CoreSink {
  return {
    get unread() {
      return outlet.sink.unread === true;
    },
    event: (event) => outlet.sink.event(event),
    state: (state) => outlet.sink.state(state),
    metrics: (timeUs) => outlet.sink.metrics(timeUs),
  };
}
