/**
 * Notices when what a recorded feed sends is not what the log has of it.
 *
 *   frame N, the last that the log has of this source ──compared with the log──► same: nothing    other: notice `feed.other-data`
 *
 * A recorded feed is read again when its recording goes on, and frames up to N count as known. With another file under the old name, or one that
 * has grown within frame N, or another speed, they are other samples: what the log has stays, and nobody would know. One frame tells, because a
 * replaced table hardly has the same times and values there.
 */
import { blocks, type Feed, inputsOf, sameBytes } from "../../actors/mod.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { encodeFrame, isFrame } from "../../protocol/codec.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { LivePartition } from "../../sim/mod.ts";

export type KnownLog = Pick<LivePartition, "partition" | "journal">;

/** Blocks that are read from the end of the log, more each time until the frame is found: most often it is among the last. */
const FIRST_BLOCKS = 64;
/** Further back it is not looked for: the log of hours would be read, to compare one frame. */
const MOST_BLOCKS = 32_768;

/** The same feed; a live one has nothing that it could send again. */
export function comparedWithLog(feed: Feed, known: KnownLog): Feed {
  const mark = known.partition.core.lastSequenceOf(feed.source);
  if (feed.kind === "live" || mark === 0) return feed;
  return {
    source: feed.source,
    kind: feed.kind,
    ...(feed.delivery === undefined ? {} : { delivery: feed.delivery }),
    stop: () => feed.stop(),
    async run(sink) {
      const compared: Promise<void>[] = [];
      await feed.run({
        channels: (declaration) => sink.channels(declaration),
        frame(frame) {
          if (mark === frame.sequence) compared.push(handled(compare(known, frame)));
          return sink.frame(frame);
        },
        quantum: (input) => sink.quantum(input),
        status: (status) => sink.status(status),
        drained: () => sink.drained(),
      });
      await Promise.all(compared);
    },
  };
}

/** The frame is the feed's: it is encoded before the first wait. */
async function compare({ journal, partition }: KnownLog, frame: Frame): Promise<void> {
  const { source, sequence, group, count } = frame;
  const bytes = encodeFrame(frame);
  const logged = await frameOf(journal, source, sequence);
  if (logged === null || sameBytes(logged, bytes)) return;
  await partition.operatorNotice({
    kind: "feed.other-data",
    severity: "warning",
    group,
    channels: [],
    title:
      `${source} sends other samples than before: its frame ${sequence} is not the one in the log; ` +
      `frames up to it count as known and are left out`,
    detail: { source, frame: sequence, samples: count },
    author: "system",
  });
}

/** It is awaited when the feed has ended; until then a failure must not end the program. */
function handled(comparison: Promise<void>): Promise<void> {
  comparison.catch(() => {});
  return comparison;
}

/** The bytes of a frame in the log; null when retention has removed it, or it is too far back. */
async function frameOf(journal: Journal, source: string, number: number): Promise<Uint8Array | null> {
  const [first, last] = [journal.first?.number ?? 1, journal.last?.number ?? 0];
  for (let span = FIRST_BLOCKS; ; span *= 8) {
    const from = Math.max(first, last - span + 1);
    for await (const block of blocks(journal, { block: from })) {
      if (block.number > last) break;
      for (const logged of inputsOf(block)) {
        if (!isFrame(logged.bytes)) continue;
        const frame = logged.input as Frame;
        if (frame.source === source && frame.sequence === number) return logged.bytes;
      }
    }
    if (from === first || span >= MOST_BLOCKS) return null;
  }
}
