/**
 * `eigenwatch replay DIR --verify --tail`: verifies a recording while it is written. Exit code 1 at a difference, or when the recording
 * cannot be read on; 0 at the end of the recording or at a signal, and 3 where actors of other versions were left out.
 */
import { stopSignal } from "../../../actors/command-line/stop-signal.ts";
import { print, printJson, showStatus } from "../../../actors/command-line/terminal.ts";
import { type FileJournal, isBeingWritten, openJournal, realDisk } from "../../../actors/journal/mod.ts";
import { recordedPartitions, SYSTEM } from "../../../actors/mod.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { type SeekPlace, timeOfPlace } from "../place.ts";
import { type TailLine, TailVerification } from "./tail.ts";
import { exitCodeOfVerdict, otherActorLines, worstOf } from "./verdict.ts";

/** A program that reads progress acts on it within a moment; a person reads a line a second. */
const PROGRESS_MS = { json: 50, text: 1_000 };

/** All partitions that the recording has at the start, side by side; a difference in one ends all. Returns the worst of their exit codes. */
export async function verifyTailCommand(
  recording: string,
  { place, json }: { place: SeekPlace; json: boolean },
): Promise<number> {
  const ending = new AbortController();
  stopSignal().then(() => ending.abort());
  const folders = await recordedPartitions(recording);
  const tails: Tail[] = [];
  try {
    for (const { directory, partition } of folders) tails.push(await openTail(directory, partition));
    const places = await placesOf(tails, place);
    const isOne = tails.length === 1;
    const show = json ? showJson : showText;
    const stopShowing = showProgress(tails, json ? PROGRESS_MS.json : PROGRESS_MS.text, show);
    try {
      const reports = await Promise.all(
        tails.map(({ verification, directory }, k) => verification.run(directory, places[k]!, ending.signal)),
      );
      for (const [k, report] of reports.entries())
        show({ what: "end", ...(isOne ? {} : { partition: tails[k]!.partition }), ...report });
      return worstOf(reports.map(exitCodeOfVerdict));
    } finally {
      stopShowing();
    }
  } finally {
    for (const { journal } of tails) await journal.close();
  }
}

interface Tail {
  readonly partition: string;
  readonly directory: string;
  readonly journal: FileJournal;
  readonly verification: TailVerification;
}

async function openTail(directory: string, partition: string): Promise<Tail> {
  const journal = await openJournal(directory, { readOnly: true });
  if (journal.segments.length > 0 || (await isBeingWritten(realDisk, directory)))
    return { partition, directory, journal, verification: new TailVerification(journal, SYSTEM) };
  await journal.close();
  throw new EigenwatchError({
    action: `follow recording ${directory}`,
    value: "it holds no segment file, and nobody writes it",
    expected: "a recording, or its writer",
    kind: "input",
  });
}

/** The sequence of an input is one of the first partition; the others begin at its time. */
async function placesOf(tails: readonly Tail[], place: SeekPlace): Promise<SeekPlace[]> {
  if ("timeUs" in place || tails.length === 1 || place.sequence === 1) return tails.map(() => place);
  const timeUs = await timeOfPlace(tails[0]!.journal, place);
  return tails.map((_, k) => (k === 0 ? place : { timeUs }));
}

/** The returned function ends it. */
function showProgress(tails: readonly Tail[], everyMs: number, show: (line: TailLine) => void): () => void {
  const shown = tails.map(() => 0);
  const timer = setInterval(() => {
    for (const [k, { verification, partition }] of tails.entries()) {
      const { progress } = verification;
      if (progress.blocks + progress.hashes === shown[k]) continue;
      shown[k] = progress.blocks + progress.hashes;
      show({ what: "progress", ...(tails.length === 1 ? {} : { partition }), ...progress });
    }
  }, everyMs);
  return () => clearInterval(timer);
}

function showJson(line: TailLine): void {
  printJson(line);
}

function showText(line: TailLine): void {
  const { block, blocks, inputs, hashes, bytesBehind, partition } = line;
  const name = partition === undefined ? "" : `${partition}: `;
  const behind = bytesBehind > 0 ? `, ${Math.ceil(bytesBehind / 1000)} kB behind` : "";
  if (line.what === "progress") {
    showStatus(`${name}verified up to block ${block}${behind}`);
    return;
  }
  showStatus("");
  const { difference: d } = line;
  print(
    ...otherActorLines(line.otherActors),
    d === null
      ? `${name}verified ${blocks} blocks, ${inputs} inputs up to block ${block}, compared ${hashes} state hashes${behind}`
      : `differs at partition ${d.partition}, block ${d.block}, input ${d.input}: ${d.actor} ${d.field} recorded ${d.recorded}, replayed ${d.replayed}`,
  );
}
