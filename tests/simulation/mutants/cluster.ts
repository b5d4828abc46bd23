/** Bugs of ownership: admission, take-over, presence, the journal on a stream, feeds over the bus. */
import type { Mutant } from "./mutant.ts";

const ADMISSION = "actors/cluster/admission.ts";
const SEAT = "actors/cluster/ownership.ts";
const CLAIM = "actors/cluster/claim.ts";
const PRESENCE = "actors/cluster/heartbeat.ts";
const STREAM = "actors/cluster/stream-journal.ts";
const INSIST = "actors/cluster/append-until-stopped.ts";
const PUBLISH = "actors/feeds/publish.ts";

export const CLUSTER_MUTANTS: readonly Mutant[] = [
  {
    name: "skip-fencing",
    bug: "A block of an owner that was replaced is admitted.",
    file: ADMISSION,
    find: 'case "block":\n      if (entry.epoch !== log.epoch) return entry.epoch < log.epoch ? "fenced" : "unclaimed";',
    replace: 'case "block":\n      if (entry.epoch > log.epoch) return "unclaimed";',
  },
  {
    name: "chain-not-checked",
    bug: "Within an epoch every block is admitted, whatever it follows.",
    file: ADMISSION,
    find: 'if (entry.number !== log.lastBlock + 1) return entry.number <= log.lastBlock ? "duplicate" : "gap";\n      return sameHash(entry.previousHash, log.lastHash) ? "block" : "fork";',
    replace: 'return "block";',
  },
  {
    name: "last-take-over-wins",
    bug: "Of two take-overs of one epoch the later one counts.",
    file: ADMISSION,
    find: 'if (entry.epoch !== log.epoch + 1) return entry.epoch <= log.epoch ? "lost" : "unclaimed";',
    replace: 'if (entry.epoch < log.epoch || entry.epoch > log.epoch + 1) return "lost";',
  },
  {
    name: "take-over-of-stale-end",
    bug: "A take-over is admitted though its author had not read to the end.",
    file: ADMISSION,
    find: '? "takeover"\n        : "outrun";',
    replace: '? "takeover"\n        : "takeover";',
  },
  {
    name: "undecodable-stops-readers",
    bug: "An entry that cannot be read ends the reading of the stream.",
    file: ADMISSION,
    find: 'if (entry.kind === "undecodable") return "undecodable";',
    replace: 'if (entry.kind === "undecodable") throw new Error("undecodable");',
  },
  {
    name: "note-counted-twice",
    bug: "A note that is stored twice is read twice.",
    file: ADMISSION,
    find: 'if (entry.number !== log.notes + 1) return entry.number <= log.notes ? "duplicate" : "gap";',
    replace: "",
  },
  {
    name: "notes-of-former-owner-count",
    bug: "The notes of a new owner are numbered behind those of the one before.",
    file: ADMISSION,
    find: "return { ...log, epoch: entry.epoch, owner: entry.owner, notes: 0 };",
    replace: "return { ...log, epoch: entry.epoch, owner: entry.owner };",
  },
  {
    name: "ack-taken-for-admission",
    bug: "A block counts as durable when the server has stored it, not when it was read back admitted.",
    file: STREAM,
    find: "stored: (sequence) => sequence <= log.sequence && log.missed(sequence),",
    replace: "stored: () => head.resolve(),",
  },
  {
    name: "uncertain-taken-for-stored",
    bug: "An append without an answer counts as done.",
    file: STREAM,
    find: "endsWith: (sequence) => log.checkEnd(sequence),\n        report,",
    replace: "endsWith: (sequence) => log.checkEnd(sequence),\n        report: () => head.resolve(),",
  },
  {
    name: "uncertain-not-retried",
    bug: "An append without an answer is waited for and never sent again.",
    file: INSIST,
    find: "reported = true;\n    later(attempt);",
    replace: "reported = true;",
  },
  {
    name: "fenced-blocks-acknowledged",
    bug: "What an owner still waited for when it was replaced counts as durable.",
    file: STREAM,
    find: "for (const waiting of this.#waiting.splice(0)) waiting.reject(cause);",
    replace: "for (const waiting of this.#waiting.splice(0)) waiting.resolve();",
  },
  {
    name: "stream-not-read-to-its-end",
    bug: "A would-be owner claims a partition before it has read its log.",
    file: "actors/cluster/admitted-log.ts",
    find: "await log.#readToEnd();",
    replace: "",
  },
  {
    name: "any-take-over-is-mine",
    bug: "A node that claims a partition owns it whoever was first.",
    file: CLAIM,
    find: "if (entry.owner === owner) resolve(entry.epoch);",
    replace: 'if (entry.owner !== "") resolve(entry.epoch);',
  },
  {
    name: "fenced-owner-stays",
    bug: "A node goes on with a partition whose journal has ended.",
    file: SEAT,
    find: "if (next === null) return;",
    replace: 'if (next === null || event === "ended") return;',
  },
  {
    name: "loser-does-not-look-again",
    bug: "A node that lost a take-over never tries again.",
    file: SEAT,
    find: 'this.later(restMs(timing.retryMs, this.failures), "rested");',
    replace: "",
  },
  {
    name: "announced-once",
    bug: "A node says only once that it is there.",
    file: PRESENCE,
    find: "this.cancelTick = clock.after(timing.announceMs, () => this.tick());",
    replace: "",
  },
  {
    name: "everybody-wants-everything",
    bug: "Each node wants each partition, whatever placement says.",
    file: "actors/cluster/node.ts",
    find: "if (active && mayTake && ownerOf(partition, nodes) === this.name)",
    replace: "if (active && mayTake)",
  },
  {
    name: "feed-loses-numbers",
    bug: "Frames from the bus lose their numbers, so that repeated ones pass for new.",
    file: "actors/feeds/bus.ts",
    find: "this.sink.frame(message);",
    replace: "this.sink.frame({ ...message, sequence: 0 });",
  },
  {
    name: "declared-once",
    bug: "A declaration that was lost on the bus is never said again.",
    file: PUBLISH,
    find: "this.firstNumber = options.clock.nowUs();\n    this.redeclareLater();",
    replace: "this.firstNumber = options.clock.nowUs();",
  },
  {
    name: "publisher-counts-anew",
    bug: "A feed that begins anew numbers its frames as before, and is taken for its own repetition.",
    file: PUBLISH,
    find: "this.firstNumber = options.clock.nowUs();",
    replace: "this.firstNumber = 0;",
  },
];
