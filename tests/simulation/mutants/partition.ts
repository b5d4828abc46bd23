/** Bugs of the sequencer, the output gate and recovery. */
import type { Mutant } from "./mutant.ts";

const PARTITION = "actors/partition/partition.ts";
const SEQUENCER = "actors/partition/sequencer.ts";
const REFUSAL = "actors/partition/refusal.ts";
const TIME = "actors/partition/logical-time.ts";
const INPUT_LOG = "actors/partition/input-log.ts";
const GATE = "actors/partition/output-gate.ts";
const OUTBOX = "actors/partition/outbox.ts";
const WRITER = "actors/log/writer.ts";
const CORE_AT = "actors/log/core-at.ts";
const RECOVERY = "actors/partition/recovery.ts";
const HISTORY = "actors/partition/event-history.ts";

export const PARTITION_MUTANTS: readonly Mutant[] = [
  {
    name: "dedupe-skipped",
    bug: "A duplicate frame is admitted.",
    file: SEQUENCER,
    find: 'if (sequence > 0 && sequence + offset <= this.core.lastSequenceOf(source)) return "duplicate";',
    replace: "",
  },
  {
    name: "dedupe-off-by-one",
    bug: "The last frame of a source is admitted when it is sent again.",
    file: SEQUENCER,
    find: "sequence + offset <= this.core.lastSequenceOf(source)",
    replace: "sequence + offset < this.core.lastSequenceOf(source)",
  },
  {
    name: "live-source-starts-over",
    bug: "Frames of a live source that counts from 1 after a restart are dropped as duplicates.",
    file: SEQUENCER,
    find: "offset: isLive ? this.core.lastSequenceOf(feed.source) : 0",
    replace: "offset: 0",
  },
  {
    name: "late-sample-moves-time-back",
    bug: "A late frame sets logical time back.",
    file: TIME,
    find: "this.meter.late++;\n    return now;",
    replace: "this.meter.late++;\n    return sampleUs;",
  },
  {
    name: "shed-not-counted",
    bug: "Shed inputs are missing from the counts in the log.",
    file: SEQUENCER,
    find: "this.counts.shed++;",
    replace: "",
  },
  {
    name: "duplicates-counted-twice",
    bug: "Each duplicate counts twice.",
    file: SEQUENCER,
    find: "this.counts.duplicates++;",
    replace: "this.counts.duplicates += 2;",
  },
  {
    name: "counts-not-reset",
    bug: "Reported counts are reported again every second.",
    file: SEQUENCER,
    find: "Object.assign(counts, { offered: 0, admitted: 0, shed: 0, duplicates: 0 });",
    replace: "",
  },
  {
    name: "foreign-channel-admitted",
    bug: "A frame with channels that its group does not have is admitted.",
    file: REFUSAL,
    find: "if (frame.channel[k]! >= channels || !Number.isFinite(frame.value[k]!)) return",
    replace: "if (!Number.isFinite(frame.value[k]!)) return",
  },
  {
    name: "future-not-held-back",
    bug: "A live sample from the far future advances logical time.",
    file: TIME,
    find: "if (frame.time[k]! > latest) frame.time[k] = latest;",
    replace: "if (frame.time[k]! > latest) break;",
  },
  {
    name: "publish-before-durable",
    bug: "Outputs leave before their block is durable.",
    file: GATE,
    find: "await durable;\n    entry.isDurable = true;",
    replace: "entry.isDurable = true;",
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
    file: OUTBOX,
    find: "this.history.add(event);",
    replace: "",
  },
  {
    name: "release-one-late",
    bug: "A block's outputs leave with the next block: those of the last block never leave.",
    file: GATE,
    find: "while (this.waiting[0]?.isDurable)",
    replace: "while (this.waiting.length > 1 && this.waiting[0]?.isDurable)",
  },
  {
    name: "block-not-chained",
    bug: "Blocks do not contain the hash of the previous block.",
    file: WRITER,
    find: "previousHash: hash,",
    replace: "previousHash: GENESIS_HASH,",
  },
  {
    name: "epoch-not-written",
    bug: "Blocks do not contain their epoch.",
    file: PARTITION,
    find: "const { session, partition, epoch = 0, journal,",
    replace: "const epoch = 0;\n    const { session, partition, journal,",
  },
  {
    name: "chain-forgotten-at-open",
    bug: "The first block after a restart does not continue the chain.",
    file: INPUT_LOG,
    find: "after: journal.last,",
    replace: "after: journal.last === null ? null : { ...journal.last, hash: new Uint8Array(32) },",
  },
  {
    name: "snapshot-off-by-one",
    bug: "A snapshot is saved under the number of the previous block.",
    file: WRITER,
    find: "const block = this.start.number - 1;\n    const bytes = core.snapshot();",
    replace: "const block = this.start.number - 2;\n    const bytes = core.snapshot();",
  },
  {
    name: "open-block-lost-at-close",
    bug: "A partition closes without its open block, and its snapshot has a state that the log does not reach.",
    file: PARTITION,
    find: "this.sequencer.injections.endAll();\n    await this.inputLog.settle();",
    replace: "this.sequencer.injections.endAll();",
  },
  {
    name: "event-not-noted",
    bug: "A block's only event is not recorded: later clients never see it.",
    file: WRITER,
    find: "if (events.length > 0) this.record(",
    replace: "if (events.length > 1) this.record(",
  },
  {
    name: "tail-off-by-one",
    bug: "Recovery starts one block too late after its snapshot.",
    file: CORE_AT,
    find: "nextBlock: stored.block + 1,",
    replace: "nextBlock: stored.block + 2,",
  },
  {
    name: "swallowed-note-not-rewritten",
    bug: "Events whose note was lost in a crash are not recorded again.",
    file: RECOVERY,
    find: "if (!recorded.has(block) && byTheseActors(session))",
    replace: "if (recorded.has(block) && byTheseActors(session))",
  },
  {
    name: "last-event-forgotten",
    bug: "After a restart a session reports no events until the next one.",
    file: HISTORY,
    find: "this.newest = options.newest;",
    replace: "this.newest = options.events?.at(-1)?.sequence ?? 0;",
  },
  {
    name: "history-serves-only-memory",
    bug: "A client that missed many events gets those in memory, and not the earlier ones.",
    file: HISTORY,
    find: "if (sequence + 1 >= first) {",
    replace: "if (sequence + 1 >= first || recent.length > 0) {",
  },
  {
    name: "history-repeats-one",
    bug: "A client that resumes gets its last event again.",
    file: HISTORY,
    find: "const start = Math.max(0, sequence + 1 - first);",
    replace: "const start = Math.max(0, sequence - first);",
  },
];
