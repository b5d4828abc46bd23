/** Bugs of the sequencer, the output gate and recovery. */
import type { Mutant } from "./mutant.ts";

const PARTITION = "actors/partition/partition.ts";
const GATE = "actors/partition/gate.ts";
const RECOVERY = "actors/partition/recovery.ts";
const HISTORY = "actors/partition/event-history.ts";

export const PARTITION_MUTANTS: readonly Mutant[] = [
  {
    name: "dedupe-skipped",
    bug: "A frame that was seen is admitted again.",
    file: PARTITION,
    find: 'return sequence > 0 && sequence + sequenceOffset <= this.core.lastSequenceOf(source) ? "duplicate" : null;',
    replace: "return null;",
  },
  {
    name: "dedupe-off-by-one",
    bug: "The last frame of a source passes when it is sent again.",
    file: PARTITION,
    find: "sequence + sequenceOffset <= this.core.lastSequenceOf(source)",
    replace: "sequence + sequenceOffset < this.core.lastSequenceOf(source)",
  },
  {
    name: "live-source-starts-over",
    bug: "A live source that counts from 1 after a restart is taken for one that repeats itself.",
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
    bug: "What is shed is missing from the counts in the log.",
    file: PARTITION,
    find: "this.shedTotals.shed++;",
    replace: "",
  },
  {
    name: "duplicates-counted-twice",
    bug: "Each duplicate counts as two.",
    file: PARTITION,
    find: "this.shedTotals.duplicates++;",
    replace: "this.shedTotals.duplicates += 2;",
  },
  {
    name: "counts-not-reset",
    bug: "What was reported as shed is reported again every second.",
    file: PARTITION,
    find: "Object.assign(this.shedTotals, { offered: 0, admitted: 0, shed: 0, duplicates: 0 });",
    replace: "",
  },
  {
    name: "foreign-channel-admitted",
    bug: "A frame of channels that its group does not have enters the log.",
    file: PARTITION,
    find: "if (frame.channel[k]! >= channels || !Number.isFinite(frame.value[k]!)) return",
    replace: "if (!Number.isFinite(frame.value[k]!)) return",
  },
  {
    name: "future-not-held-back",
    bug: "A live sample from the far future drags logical time with it.",
    file: PARTITION,
    find: "if (frame.time[k]! > limit) frame.time[k] = limit;",
    replace: "if (frame.time[k]! > limit) break;",
  },
  {
    name: "publish-before-durable",
    bug: "Outputs leave while their block is still being written.",
    file: GATE,
    find: "await durable;\n    entry.durable = true;\n    while (this.waiting[0]?.durable) this.release(this.waiting.shift()!.block);",
    replace:
      "entry.durable = true;\n    while (this.waiting[0]?.durable) this.release(this.waiting.shift()!.block);\n    await durable;",
  },
  {
    name: "release-after-failure",
    bug: "Outputs of a block that could not be written leave all the same.",
    file: GATE,
    find: "await durable;",
    replace: "await durable.catch(() => {});",
  },
  {
    name: "released-not-remembered",
    bug: "Events that have left are not kept for clients that come later.",
    file: GATE,
    find: "this.released(block);",
    replace: "",
  },
  {
    name: "release-one-late",
    bug: "A block's outputs leave with the block after it: the last of all never do.",
    file: GATE,
    find: "while (this.waiting[0]?.durable)",
    replace: "while (this.waiting.length > 1 && this.waiting[0]?.durable)",
  },
  {
    name: "block-not-chained",
    bug: "Blocks do not name the hash of the block before.",
    file: PARTITION,
    find: "builder.start(this.blockStart(hash));",
    replace: "builder.start(this.blockStart(GENESIS_HASH));",
  },
  {
    name: "epoch-not-written",
    bug: "Blocks do not say under which take-over they were written.",
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
    bug: "A snapshot is filed under the block before its own.",
    file: PARTITION,
    find: "const block = this.blockNumber - 1;\n    const bytes = this.core.snapshot();",
    replace: "const block = this.blockNumber - 2;\n    const bytes = this.core.snapshot();",
  },
  {
    name: "open-block-lost-at-close",
    bug: "A partition that closes leaves its open block behind, and snapshots a state that no log reaches.",
    file: PARTITION,
    find: "this.overlays.endAll();\n    await this.settle();",
    replace: "this.overlays.endAll();",
  },
  {
    name: "event-not-noted",
    bug: "A single event of a block is not noted beside it: whoever comes later never sees it.",
    file: PARTITION,
    find: "if (events.length > 0) this.note(",
    replace: "if (events.length > 1) this.note(",
  },
  {
    name: "tail-off-by-one",
    bug: "Recovery begins one block too late behind its snapshot.",
    file: RECOVERY,
    find: "const startBlock = core.snapshotBlock + 1;",
    replace: "const startBlock = core.snapshotBlock + 2;",
  },
  {
    name: "swallowed-note-not-rewritten",
    bug: "Events whose note the crash swallowed are not noted again.",
    file: RECOVERY,
    find: "if (!noted.has(number))",
    replace: "if (noted.has(number))",
  },
  {
    name: "last-event-forgotten",
    bug: "After a restart a session says that it has no events until the next one comes.",
    file: HISTORY,
    find: "this.newest = newest;",
    replace: "this.newest = events.at(-1)?.sequence ?? 0;",
  },
  {
    name: "history-serves-only-memory",
    bug: "A client far behind gets the events in memory, and not those before.",
    file: HISTORY,
    find: "if (sequence + 1 >= first) {",
    replace: "if (sequence + 1 >= first || this.recent.length > 0) {",
  },
  {
    name: "history-repeats-one",
    bug: "A client that resumes gets the event it already has.",
    file: HISTORY,
    find: "const start = Math.max(0, sequence + 1 - first);",
    replace: "const start = Math.max(0, sequence - first);",
  },
];
