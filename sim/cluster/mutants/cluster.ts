/** Bugs of ownership: admission, take-over, placement, and the journal on a stream. An empty `find` waits for its code. */
import type { Mutant } from "../mutants.ts";

const ADMISSION = "actors/cluster/admission.ts";
const MEMBERSHIP = "actors/cluster/membership.ts";
const NODE = "actors/cluster/node.ts";
const STREAM = "actors/journal/stream.ts";
const BUS_FEED = "actors/feeds/bus.ts";

export const CLUSTER_MUTANTS: readonly Mutant[] = [
  awaited("skip-fencing", ADMISSION, "A block of an owner that was replaced is admitted."),
  awaited("chain-not-checked", ADMISSION, "A block is admitted whatever block it follows."),
  awaited("block-number-not-checked", ADMISSION, "A block is admitted out of its number."),
  awaited(
    "take-over-of-any-epoch",
    ADMISSION,
    "A take-over is admitted though its epoch is not the next one.",
  ),
  awaited(
    "take-over-of-stale-end",
    ADMISSION,
    "A take-over is admitted though its author had not read to the end.",
  ),
  awaited("last-take-over-wins", ADMISSION, "Of two take-overs of one epoch the later one counts."),
  awaited(
    "undecodable-stops-readers",
    ADMISSION,
    "An entry that cannot be read ends the reading of the stream.",
  ),
  awaited(
    "ack-taken-for-admission",
    STREAM,
    "A block counts as durable when the server has stored it, not when it was read back admitted.",
  ),
  awaited("uncertain-taken-for-stored", STREAM, "An append without an answer counts as done."),
  awaited("uncertain-not-retried", STREAM, "An append without an answer is waited for and never sent again."),
  awaited("fencing-not-noticed", STREAM, "An owner that was replaced waits for its blocks for ever."),
  awaited("stream-not-read-to-its-end", STREAM, "A journal opens on what it has seen so far of the stream."),
  awaited("snapshot-before-admission", STREAM, "A snapshot is stored before its block is admitted."),
  awaited("pending-without-bound", STREAM, "What waits for the bus piles up without end."),
  awaited("take-over-not-read-back", NODE, "A node owns a partition as soon as the server stored its claim."),
  awaited("hand-over-without-settling", NODE, "A node that hands over drops what it has not yet written."),
  awaited("loser-does-not-look-again", NODE, "A node that lost a take-over never tries again."),
  awaited("fenced-owner-stays", NODE, "A fenced owner keeps its partition in its list."),
  awaited("dead-stay-members", MEMBERSHIP, "A node that went silent keeps its partitions."),
  awaited(
    "feed-renumbers",
    BUS_FEED,
    "Frames from the bus get new numbers, so that repeated ones pass for new.",
  ),
];

function awaited(name: string, file: string, bug: string): Mutant {
  return { name, bug, file, find: "", replace: "" };
}
