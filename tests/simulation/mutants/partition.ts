/** Bugs of the sequencer, the output gate and recovery. */
import type { Mutant } from "./mutant.ts";

const PARTITION = "actors/partition/partition.ts";
const GATE = "actors/partition/gate.ts";
const RECOVERY = "actors/partition/recovery.ts";
const HISTORY = "actors/partition/event-history.ts";

export const PARTITION_MUTANTS: readonly Mutant[] = [
  {
    name: "dedupe-skipped",
    bug: "A duplicate frame is admitted.",
    file: PARTITION,
    find: 'return sequence > 0 && sequence + sequenceOffset <= this.core.lastSequenceOf(source) ? "duplicate" : null;',
    replace: "return null;",
  },
  {
    name: "dedupe-off-by-one",
    bug: "The last frame of a source is admitted when it is sent again.",
    file: PARTITION,
    find: "sequence + sequenceOffset <= this.core.lastSequenceOf(source)",
    replace: "sequence + sequenceOffset < this.core.lastSequenceOf(source)",
  },
  {
    name: "live-source-starts-over",
    bug: "Frames of a live source that counts from 1 after a restart are dropped as duplicates.",
    file: PARTITION,
    find: 'const offset = feed.kind === "live" ? this.core.lastSequenceOf(feed.source) : 0;',
    replace: "const offset = 0;",
  },
  {
    name: "late-sample-moves-time-back",
    bug: "A late frame sets logical time back.",
    file: PARTITION,
    find: "this.meter.late++;\n    return now;",
    replace: "this.meter.late++;\n    return stamped;",
  },
  {
    name: "shed-not-counted",
    bug: "Shed inputs are missing from the counts in the log.",
    file: PARTITION,
    find: "this.shedTotals.shed++;",
    replace: "",
  },
  {
    name: "duplicates-counted-twice",
    bug: "Each duplicate counts twice.",
    file: PARTITION,
    find: "this.shedTotals.duplicates++;",
    replace: "this.shedTotals.duplicates += 2;",
  },
  {
    name: "counts-not-reset",
    bug: "Reported counts are reported again every second.",
    file: PARTITION,
    find: "Object.assign(this.shedTotals, { offered: 0, admitted: 0, shed: 0, duplicates: 0 });",
    replace: "",
  },
  {
    name: "foreign-channel-admitted",
    bug: "A frame with channels that its group does not have is admitted.",
    file: PARTITION,
    find: "if (frame.channel[k]! >= channels || !Number.isFinite(frame.value[k]!)) return",
    replace: "if (!Number.isFinite(frame.value[k]!)) return",
  },
  {
    name: "future-not-held-back",
    bug: "A live sample from the far future advances logical time.",
    file: PARTITION,
    find: "if (frame.time[k]! > limit) frame.time[k] = limit;",
    replace: "if (frame.time[k]! > limit) break;",
  },
  {
    name: "publish-before-durable",
    bug: "Outputs leave before their block is durable.",
    file: GATE,
    find: "await durable;\n    entry.durable = true;\n    while (this.waiting[0]?.durable) this.release(this.waiting.shift()!.block);",
    replace:
      "entry.durable = true;\n    while (this.waiting[0]?.durable) this.release(this.waiting.shift()!.block);\n    await durable;",
  },
  {
    name: "release-after-failure",
    bug: "Outputs of a block leave although its write failed.",
    file: GATE,
    find: "await durable;",
    replace: "await durable.catch(() => {});",
  },
  {
    name: "released-not-remembered",
    bug: "Released events are not kept for later clients.",
    file: GATE,
    find: "this.released(block);",
    replace: "",
  },
  {
    name: "release-one-late",
    bug: "A block's outputs leave with the next block: those of the last block never leave.",
    file: GATE,
    find: "while (this.waiting[0]?.durable)",
    replace: "while (this.waiting.length > 1 && this.waiting[0]?.durable)",
  },
  {
    name: "block-not-chained",
    bug: "Blocks do not contain the hash of the previous block.",
    file: PARTITION,
    find: "builder.start(this.blockStart(hash));",
    replace: "builder.start(this.blockStart(GENESIS_HASH));",
  },
  {
    name: "epoch-not-written",
    bug: "Blocks do not contain their epoch.",
    file: PARTITION,
    find: "epoch: this.options.epoch ?? 0,",
    replace: "epoch: 0,",
  },
  {
    name: "chain-forgotten-at-open",
    bug: "The first block after a restart does not continue the chain.",
    file: PARTITION,
    find: "this.blockStart(lastHash ?? GENESIS_HASH)",
    replace: "this.blockStart(GENESIS_HASH)",
  },
  {
    name: "snapshot-off-by-one",
    bug: "A snapshot is saved under the number of the previous block.",
    file: PARTITION,
    find: "const block = this.blockNumber - 1;\n    const bytes = this.core.snapshot();",
    replace: "const block = this.blockNumber - 2;\n    const bytes = this.core.snapshot();",
  },
  {
    name: "open-block-lost-at-close",
    bug: "A partition closes without its open block, and its snapshot has a state that the log does not reach.",
    file: PARTITION,
    find: "this.overlays.endAll();\n    await this.settle();",
    replace: "this.overlays.endAll();",
  },
  {
    name: "event-not-noted",
    bug: "A block's only event is not recorded: later clients never see it.",
    file: PARTITION,
    find: "if (events.length > 0) this.note(",
    replace: "if (events.length > 1) this.note(",
  },
  {
    name: "tail-off-by-one",
    bug: "Recovery starts one block too late after its snapshot.",
    file: RECOVERY,
    find: "const startBlock = core.snapshotBlock + 1;",
    replace: "const startBlock = core.snapshotBlock + 2;",
  },
  {
    name: "swallowed-note-not-rewritten",
    bug: "Events whose note was lost in a crash are not recorded again.",
    file: RECOVERY,
    find: "if (!noted.has(number))",
    replace: "if (noted.has(number))",
  },
  {
    name: "last-event-forgotten",
    bug: "After a restart a session reports no events until the next one.",
    file: HISTORY,
    find: "this.newest = newest;",
    replace: "this.newest = events.at(-1)?.sequence ?? 0;",
  },
  {
    name: "history-serves-only-memory",
    bug: "A client that missed many events gets those in memory, and not the earlier ones.",
    file: HISTORY,
    find: "if (sequence + 1 >= first) {",
    replace: "if (sequence + 1 >= first || this.recent.length > 0) {",
  },
  {
    name: "history-repeats-one",
    bug: "A client that resumes gets its last event again.",
    file: HISTORY,
    find: "const start = Math.max(0, sequence + 1 - first);",
    replace: "const start = Math.max(0, sequence - first);",
  },
];
