/**
 * A new recording that begins with what an older one has learnt: a branch at its end, in which nothing is different yet.
 *
 *   OLD  … ─► last block ─► state ──snapshot──► NEW  │ first block: a notice, names the hash of OLD's last │ what comes
 *
 * So baselines, ranges, open incidents, thresholds and settings go on as if OLD had been continued, only its blocks stay where they are. NEW
 * replays and verifies from its snapshot, and names OLD as its parent. The shared document is a partition like others and goes on too.
 *
 * N1  OLD is only read. NEW has its name when all of it is durable.
 * N2  What cannot be continued is refused, with what differs: actors of another version, settings that are asked for and differ, and, once a
 *     feed declares them, other channels (same-channels.ts).
 * N3  A NEW that is there and began with this OLD goes on; any other is refused.
 */
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { type Core, hex, OtherActors } from "../../../actors/core/mod.ts";
import {
  coreAt,
  openRecording,
  type PartitionFolder,
  type RequestedSetting,
  recordedPartitions,
  SYSTEM,
} from "../../../actors/mod.ts";
import type { BlockPosition } from "../../../actors/ports/journal.ts";
import { encodeMessage } from "../../../protocol/codec.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { OperatorNotice } from "../../../protocol/messages.ts";
import { applySetting, settingAt } from "../../../protocol/settings.ts";
import { escapeName } from "../../../protocol/subjects.ts";
import { timeText } from "../../../protocol/text-values.ts";
import { createdFromParent, parentOf } from "../parent.ts";
import { endsOf } from "../seek.ts";
import { BranchLog } from "../whatif/branch-log.ts";
import { BranchRecording } from "../whatif/branch-recording.ts";

interface LearntRequest {
  /** Folder of the older recording. */
  readonly from: string;
  /** Folder of the new one. */
  readonly to: string;
  /** Settings that this start asks for by name. */
  readonly requested: readonly RequestedSetting[];
}

/** Makes the new recording, ready to be opened for writing. False when it is there already and began so. */
export async function beginWithLearnt(request: LearntRequest): Promise<boolean> {
  const { from, to } = request;
  if (existsSync(to)) {
    const began = await parentFolder(to);
    if (began === resolve(from)) return false;
    throw cannotBegin(
      request,
      `${to} exists${began === null ? "" : ` and began with ${began}`}`,
      "a new folder",
    );
  }
  const [first, ...others] = await recordedPartitions(from);
  const partial = `${resolve(to)}.partial-${process.pid}`;
  try {
    await mkdir(dirname(partial), { recursive: true });
    await branchAtEnd(request, first, partial);
    for (const other of others) await branchAtEnd(request, other, join(partial, escapeName(other.partition)));
    await rename(partial, to);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  return true;
}

async function branchAtEnd(
  request: LearntRequest,
  folder: PartitionFolder,
  directory: string,
): Promise<void> {
  const journal = await openRecording(folder.directory, { partition: folder.partition });
  try {
    const { last } = endsOf(journal);
    const { core } = await coreAt(journal, SYSTEM, "latest");
    checkFits(request, core);
    const parent = {
      recording: resolve(request.from),
      partition: folder.partition,
      block: last.number,
      hash: hex(last.hash),
      sequence: core.sequence + 1,
      atUs: core.now,
      changes: {},
    };
    const createdFrom = (journal as { createdFrom?: unknown }).createdFrom;
    const base = { block: last.number, timeUs: core.now, sequence: core.sequence, bytes: core.snapshot() };
    const recording = await BranchRecording.create(
      directory,
      folder.partition,
      createdFromParent(createdFrom, parent),
      base,
    );
    try {
      await writeFirstBlock(request, core, folder.partition, last, recording);
    } catch (error) {
      await recording.discard();
      throw error;
    }
  } finally {
    await journal.close();
  }
}

async function writeFirstBlock(
  { from }: LearntRequest,
  core: Core,
  partition: string,
  last: BlockPosition,
  recording: BranchRecording,
): Promise<void> {
  const log = new BranchLog({ core, after: last, recording, event() {} });
  core.sink = log;
  log.beginBlock({
    partition,
    epoch: 0,
    number: last.number + 1,
    previousHash: last.hash,
    firstSequence: core.sequence + 1,
  });
  const until = core.now > 0 ? ` until ${timeText(core.now)}` : "";
  const notice: OperatorNotice = {
    type: "notice",
    kind: "recording.learnt-from",
    severity: "info",
    group: "",
    channels: [],
    title: `This recording begins with what ${from} had learnt${until}`,
    detail: { recording: resolve(from), block: last.number, hash: hex(last.hash) },
    author: "system",
  };
  log.admit(core.now, encodeMessage(notice), notice);
  await log.endBlock();
  await log.finish();
}

/** N2. */
function checkFits(request: LearntRequest, core: Core): void {
  if (core.session === null) throw cannotBegin(request, "no session was opened in it", "a recording of `up`");
  const actors = new OtherActors(core.session.versions, SYSTEM).list.map(
    ({ actor, recorded, current }) =>
      `actor ${actor} has ${versionText(recorded)} there and ${versionText(current)} here`,
  );
  if (actors.length > 0)
    throw cannotBegin(request, actors.join(", "), "a recording made with this version of the program");
  const settings = request.requested.flatMap(({ path, value }) => {
    const learntWith = settingAt(core.settings, path);
    return settingAt(applySetting(core.settings, path, value), path) === learntWith
      ? []
      : [`${path} is ${learntWith} there and ${value} here`];
  });
  if (settings.length > 0)
    throw cannotBegin(request, settings.join(", "), "the same settings; they can be changed while it runs");
}

function versionText(version: number | null): string {
  return version === null ? "no version" : `version ${version}`;
}

async function parentFolder(directory: string): Promise<string | null> {
  const journal = await openRecording(directory);
  try {
    return parentOf((journal as { createdFrom?: unknown }).createdFrom)?.recording ?? null;
  } finally {
    await journal.close();
  }
}

function cannotBegin({ from }: LearntRequest, value: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: `begin with what ${from} has learnt`, value, expected });
}
