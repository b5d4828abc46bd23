/** Writes the recording named on the command line, and kills itself when retention has removed a segment and not yet its index. */
import { type Disk, realDisk } from "../../actors/journal/disk.ts";
import { openJournal } from "../../actors/journal/file.ts";
import { block } from "./builders.ts";

const disk: Disk = {
  ...realDisk,
  async remove(path) {
    if (path.endsWith(".idx")) process.kill(process.pid, "SIGKILL");
    return realDisk.remove(path);
  },
};
const journal = await openJournal(process.argv[2]!, { disk, segmentBytes: 10_000, retainBytes: 25_000 });
for (let number = 1; number <= 100; number++) {
  await journal.append(block(number, 1000));
  if (number % 9 === 0)
    await journal.saveSnapshot(number, block(number).timeUs, number * 10, new Uint8Array(10));
}
