/** Bugs of ownership: admission, take-over, heartbeats, the journal on a stream, feeds over the bus. */
import type { Mutant } from "./mutant.ts";

const ADMISSION = "actors/cluster/admission.ts";
const OWNERSHIP = "actors/cluster/ownership.ts";
const CLAIM = "actors/cluster/claim.ts";
const PRESENCE = "actors/cluster/heartbeat.ts";
const STREAM = "actors/cluster/stream-journal.ts";
const INSIST = "actors/cluster/append-until-stopped.ts";
const PUBLISH = "actors/feeds/bus-publisher.ts";
const REMOTE = "actors/cluster/remote-session.ts";
const COMMANDS = "actors/cluster/remote-commands.ts";
const SERVER = "actors/cluster/session-server.ts";

export const CLUSTER_MUTANTS: readonly Mutant[] = [
  {
    name: "skip-fencing",
    bug: "A block of a former owner is admitted.",
    file: ADMISSION,
    find: 'case "block":\n      if (entry.epoch !== log.epoch) return entry.epoch < log.epoch ? "fenced" : "unclaimed";',
    replace: 'case "block":\n      if (entry.epoch > log.epoch) return "unclaimed";',
  },
  {
    name: "chain-not-checked",
    bug: "Within an epoch every block is admitted, even one that does not follow the last block.",
    file: ADMISSION,
    find: 'if (entry.number !== log.lastBlock + 1) return entry.number <= log.lastBlock ? "duplicate" : "gap";\n      return sameHash(entry.previousHash, log.lastHash) ? "block" : "fork";',
    replace: 'return "block";',
  },
  {
    name: "last-take-over-wins",
    bug: "Of two take-overs of one epoch the later one wins.",
    file: ADMISSION,
    find: 'if (entry.epoch !== log.epoch + 1) return entry.epoch <= log.epoch ? "lost" : "unclaimed";',
    replace: 'if (entry.epoch < log.epoch || entry.epoch > log.epoch + 1) return "lost";',
  },
  {
    name: "take-over-of-stale-end",
    bug: "A take-over is admitted although its author has not read the stream to its end.",
    file: ADMISSION,
    find: '? "takeover"\n        : "outrun";',
    replace: '? "takeover"\n        : "takeover";',
  },
  {
    name: "undecodable-stops-readers",
    bug: "A malformed entry ends the reading of the stream.",
    file: ADMISSION,
    find: 'if (entry.kind === "undecodable") return "undecodable";',
    replace: 'if (entry.kind === "undecodable") throw new Error("undecodable");',
  },
  {
    name: "note-counted-twice",
    bug: "A note that is stored twice is read twice.",
    file: ADMISSION,
    find: 'if (entry.number !== log.derivedRecords + 1)\n        return entry.number <= log.derivedRecords ? "duplicate" : "gap";',
    replace: "",
  },
  {
    name: "notes-of-former-owner-count",
    bug: "A new owner continues the note numbers of the previous one.",
    file: ADMISSION,
    find: "return { ...log, epoch: entry.epoch, owner: entry.owner, derivedRecords: 0 };",
    replace: "return { ...log, epoch: entry.epoch, owner: entry.owner };",
  },
  {
    name: "ack-taken-for-admission",
    bug: "A block counts as durable when the server has stored it, not when it is read back and admitted.",
    file: STREAM,
    find: "stored: (sequence) => sequence <= log.sequence && log.missed(sequence),",
    replace: "stored: () => head.resolve(),",
  },
  {
    name: "uncertain-taken-for-stored",
    bug: "An append without an answer counts as stored.",
    file: STREAM,
    find: "endsWith: (sequence) => log.checkEnd(sequence),\n        report,",
    replace: "endsWith: (sequence) => log.checkEnd(sequence),\n        report: () => head.resolve(),",
  },
  {
    name: "uncertain-not-retried",
    bug: "An append without an answer is never retried.",
    file: INSIST,
    find: "reported = true;\n    later(attempt);",
    replace: "reported = true;",
  },
  {
    name: "fenced-blocks-acknowledged",
    bug: "Blocks that are pending when an owner is replaced count as durable.",
    file: STREAM,
    find: "for (const waiting of this.#waiting.splice(0)) waiting.reject(cause);",
    replace: "for (const waiting of this.#waiting.splice(0)) waiting.resolve();",
  },
  {
    name: "stream-not-read-to-its-end",
    bug: "A node claims a partition before it has read its log.",
    file: "actors/cluster/admitted-log.ts",
    find: "await log.#readToEnd();",
    replace: "",
  },
  {
    name: "any-take-over-is-mine",
    bug: "A node that claims a partition owns it even when another claim came first.",
    file: CLAIM,
    find: "if (entry.owner === owner) resolve(entry.epoch);",
    replace: 'if (entry.owner !== "") resolve(entry.epoch);',
  },
  {
    name: "fenced-owner-stays",
    bug: "A node keeps running a partition whose journal has ended.",
    file: OWNERSHIP,
    find: "if (next === null) return;",
    replace: 'if (next === null || event === "ended") return;',
  },
  {
    name: "loser-does-not-look-again",
    bug: "A node that lost a take-over never tries again.",
    file: OWNERSHIP,
    find: 'this.later(restMs(timing.retryMs, this.failures), () => this.dispatch("rested"));',
    replace: "",
  },
  {
    name: "announced-once",
    bug: "A node sends only one heartbeat.",
    file: PRESENCE,
    find: "this.cancelTick = clock.after(timing.heartbeatMs, () => this.tick(nextMs));",
    replace: "",
  },
  {
    name: "everybody-wants-everything",
    bug: "Every node tries to own every partition, whatever placement says.",
    file: "actors/cluster/node.ts",
    find: "if (active && mayTake && ownerOf(partition, candidatesOf(cores, partition)) === this.name)",
    replace: "if (active && mayTake)",
  },
  {
    name: "feed-loses-numbers",
    bug: "Frames from the bus lose their numbers, so repeated frames count as new.",
    file: "actors/feeds/bus.ts",
    find: "this.sink.frame(message, span);",
    replace: "this.sink.frame({ ...message, sequence: 0 }, span);",
  },
  {
    name: "declared-once",
    bug: "A declaration that is lost on the bus is never sent again.",
    file: PUBLISH,
    find: "this.options = options;\n    this.redeclareLater();",
    replace: "this.options = options;",
  },
  {
    name: "publisher-counts-anew",
    bug: "A restarted feed numbers its frames from 1, so they are dropped as duplicates.",
    file: PUBLISH,
    find: "keepsNumbers ? 0 : options.clock.nowUs()",
    replace: "0",
  },
  {
    name: "command-carried-out-again",
    bug: "An owner carries out a command that arrives twice twice.",
    file: SERVER,
    find: "this.answers.get(asked.id)?.answer ?? this.carryOut(asked);",
    replace: "this.carryOut(asked);",
  },
  {
    name: "command-outcome-guessed",
    bug: "A command without an answer is reported as not carried out.",
    file: COMMANDS,
    find: 'if (input !== null) return "yes";',
    replace: 'if (input !== null || sentIn !== null) return "no";',
  },
  {
    name: "remote-events-repeated",
    bug: "A session of another node that reads its log again delivers its events again.",
    file: REMOTE,
    find: "events.filter(({ sequence }) => sequence > this.outbox.lastEvent)",
    replace: "events.filter(() => true)",
  },
  {
    name: "offer-not-repeated",
    bug: "A feed that is delivered once goes on after an offer that was not answered.",
    file: "actors/feeds/offers.ts",
    find: "offered.isAnswered = await this.isTaken(request, answerMs, traceparent);",
    replace: "offered.isAnswered = (await this.isTaken(request, answerMs, traceparent)) || true;",
  },
  {
    name: "offer-before-its-turn",
    bug: "An owner takes an offer though it has not taken the one before it.",
    file: "actors/feeds/bus-offers.ts",
    find: "if (after !== undefined && last.at(-1)?.id !== after)",
    replace: "if (after === id)",
  },
  {
    name: "offer-names-nobody",
    bug: "A feed does not say after which offer the next one is to be taken.",
    file: "actors/feeds/offers.ts",
    find: "const after = isFirst ? {} : { after: before.id };",
    replace: "const after = {};",
  },
  {
    name: "offer-amid-another",
    bug: "An owner takes an offer while it is not through with the one before it.",
    file: "actors/feeds/bus-offers.ts",
    find: "await before?.catch(() => {});",
    replace: "",
  },
  {
    name: "offer-answered-at-once",
    bug: "An owner answers an offer before it is durable.",
    file: "actors/feeds/bus-offers.ts",
    find: "await this.options.durable();",
    replace: "",
  },
  {
    name: "offer-of-closing-session",
    bug: "A session that is closing says that it took an offer that it refused.",
    file: "actors/partition/partition.ts",
    find: 'return this.entered("take what a feed offers", () => {}, true);',
    replace: 'return this.inputLog.whenReleased("take what a feed offers");',
  },
  {
    name: "late-inbox-forgotten",
    bug: "What waits while the log is late is never taken.",
    file: "actors/feeds/inbox.ts",
    find: "if (this.#isLate()) clock.after(AGAIN_MS, () => this.#next());",
    replace: "if (this.#isLate()) this.#isTurn = false;",
  },
];
