/**
 * The process beside a session that executes its log once more: messages in on stdin, lines of JSON out on stdout.
 *
 *   {"block":17,"blocks":17,"hashes":1}     so far, at most fifty times a second
 *   {"difference":{…}}                      the first one of a run; what follows is passed over up to the next start
 *   {"unusable":"…"}                        the state of a start was of no use
 */
import { setPriority } from "node:os";
import process from "node:process";
import { SYSTEM } from "../../actors/mod.ts";
import type { JournalEntry } from "../../actors/ports/journal.ts";
import type { Difference } from "../recordings/replay/verifier.ts";
import { entryOf, readMessages, type ShadowMessage } from "./messages.ts";
import { type ShadowProgress, ShadowVerifier } from "./verifier.ts";

export type ShadowLine = ShadowProgress | { difference: Difference } | { unusable: string };

const PROGRESS_EVERY_MS = 20;

/** Where cores are few the session goes first. */
const PRIORITY = 5;

export async function shadowWorkerCommand(): Promise<number> {
  // Ctrl-C goes to the whole terminal: the session ends in order, and us with it when the pipe ends.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
  try {
    setPriority(PRIORITY);
  } catch {
    // Not everybody may; then both have the same.
  }
  await follow(process.stdin as AsyncIterable<Uint8Array>, (line) =>
    process.stdout.write(`${JSON.stringify(line)}\n`),
  );
  return 0;
}

/** Checks run after run until the pipe ends. */
async function follow(pipe: AsyncIterable<Uint8Array>, say: (line: ShadowLine) => void): Promise<void> {
  const messages = readMessages(pipe)[Symbol.asyncIterator]();
  const total = { blocks: 0, hashes: 0 };
  let upcoming: ShadowMessage | undefined = (await messages.next()).value;
  while (upcoming !== undefined) {
    if (upcoming.kind !== "start") {
      // Behind a difference, up to the next start.
      upcoming = (await messages.next()).value;
      continue;
    }
    const { settledFrom, state } = upcoming;
    upcoming = undefined;
    const verifier = new ShadowVerifier(SYSTEM, settledFrom);
    const tell = progressTeller(verifier.progress, total, say);
    try {
      const difference = await verifier.run(state, entries());
      if (difference !== null) say({ difference });
    } catch (error) {
      say({ unusable: error instanceof Error ? error.message : String(error) });
    }
    tell.stop();
    total.blocks += verifier.progress.blocks;
    total.hashes += verifier.progress.hashes;
    upcoming ??= (await messages.next()).value;
  }

  async function* entries(): AsyncGenerator<JournalEntry> {
    for (;;) {
      const { value, done } = await messages.next();
      if (done) return;
      if (value.kind === "start") {
        upcoming = value;
        return;
      }
      yield entryOf(value);
    }
  }
}

function progressTeller(
  progress: ShadowProgress,
  before: { blocks: number; hashes: number },
  say: (line: ShadowLine) => void,
): { stop(): void } {
  let told = 0;
  const tell = () => {
    // Both only grow, so their sum tells of either.
    const now = progress.blocks + progress.hashes;
    if (now === told) return;
    told = now;
    say({
      block: progress.block,
      blocks: before.blocks + progress.blocks,
      hashes: before.hashes + progress.hashes,
    });
  };
  const timer = setInterval(tell, PROGRESS_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      tell();
    },
  };
}
