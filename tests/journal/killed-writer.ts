/**
 * Appends blocks to the recording named on the command line until it is killed, and prints the number of each when it is
 * acknowledged: `killed-writer.ts DIRECTORY SEED`.
 */
import { writeSync } from "node:fs";
import { openJournal } from "../../actors/journal/file.ts";
import { block, note } from "./builders.ts";

const [directory, seed] = process.argv.slice(2);
const journal = await openJournal(directory!, { segmentBytes: 300_000 });
// Opening reports these blocks: after that they must stay.
acknowledge(journal.last?.number ?? 0);
for (let number = (journal.last?.number ?? 0) + 1; ; ) {
  const together = 1 + ((number + Number(seed)) % 7);
  const appended: Promise<void>[] = [];
  for (const end = number + together; number < end; number++) {
    const mine = number;
    appended.push(journal.append(block(mine, (mine * 611) % 9000)).then(() => acknowledge(mine)));
    journal.appendDerived(note(mine));
    if (mine % 50 === 0)
      appended.push(journal.saveSnapshot(mine, block(mine).timeUs, mine * 10, block(mine, 5000).bytes));
  }
  await Promise.all(appended);
}

/** Straight into the pipe: what is printed has left the process before it can be killed. */
function acknowledge(number: number): void {
  for (;;)
    try {
      writeSync(1, `${number}\n`);
      return;
    } catch (error) {
      // A full pipe: its reader has not come to it yet.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
}
