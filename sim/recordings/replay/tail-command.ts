/**
 * `eigenwatch replay DIR --verify --tail`: verifies a recording while it is written. Exit code 1 at a difference, or when the recording
 * cannot be read on; 0 at the end of the recording or at a signal, and 3 where actors of other versions were left out.
 */
import { print, printJson, showStatus } from "../../../actors/command-line/terminal.ts";
import { isBeingWritten, openJournal, realDisk } from "../../../actors/journal/mod.ts";
import { SYSTEM } from "../../../actors/mod.ts";
import { stopSignal } from "../../../collab/stop-signal.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { SeekPlace } from "../place.ts";
import { type TailLine, TailVerification } from "./tail.ts";
import { exitCodeOfVerdict, otherActorLines } from "./verdict.ts";

/** A program that reads progress acts on it within a moment; a person reads a line a second. */
const PROGRESS_MS = { json: 50, text: 1_000 };

export async function verifyTailCommand(
  directory: string,
  { place, json }: { place: SeekPlace; json: boolean },
): Promise<number> {
  const ending = new AbortController();
  stopSignal().then(() => ending.abort());
  const journal = await openJournal(directory, { readOnly: true });
  if (journal.segments.length === 0 && !(await isBeingWritten(realDisk, directory))) {
    await journal.close();
    throw new EigenwatchError({
      action: `follow recording ${directory}`,
      value: "it holds no segment file, and nobody writes it",
      expected: "a recording, or its writer",
      kind: "input",
    });
  }
  const show = json ? showJson : showText;
  const verification = new TailVerification(journal, SYSTEM);
  let shown = 0;
  const timer = setInterval(
    () => {
      const { progress } = verification;
      if (progress.blocks + progress.hashes === shown) return;
      shown = progress.blocks + progress.hashes;
      show({ what: "progress", ...progress });
    },
    json ? PROGRESS_MS.json : PROGRESS_MS.text,
  );
  try {
    const report = await verification.run(directory, place, ending.signal);
    show({ what: "end", ...report });
    return exitCodeOfVerdict(report);
  } finally {
    clearInterval(timer);
    await journal.close();
  }
}

function showJson(line: TailLine): void {
  printJson(line);
}

function showText(line: TailLine): void {
  const { block, blocks, inputs, hashes, bytesBehind } = line;
  const behind = bytesBehind > 0 ? `, ${Math.ceil(bytesBehind / 1000)} kB behind` : "";
  if (line.what === "progress") {
    showStatus(`verified up to block ${block}${behind}`);
    return;
  }
  showStatus("");
  const { difference: d } = line;
  print(
    ...otherActorLines(line.otherActors),
    d === null
      ? `verified ${blocks} blocks, ${inputs} inputs up to block ${block}, compared ${hashes} state hashes${behind}`
      : `differs at partition ${d.partition}, block ${d.block}, input ${d.input}: ${d.actor} ${d.field} recorded ${d.recorded}, replayed ${d.replayed}`,
  );
}
