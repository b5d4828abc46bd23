/** Bugs of the shared document: its gate, what applies an edit, its connections, and the way of its commands. */
import type { Mutant } from "./mutant.ts";

const GATE = "actors/detectors/room/gate.ts";
const DOCUMENT = "actors/detectors/room/document.ts";
const DETECTOR = "actors/detectors/room/detector.ts";
const REMOTE = "collab/rooms/remote-room.ts";
const FORWARDER = "collab/rooms/forwarder.ts";
const ROOM = "collab/rooms/room.ts";
const REPLICA = "actors/cluster/replica.ts";

export const ROOM_MUTANTS: readonly Mutant[] = [
  {
    name: "echo-before-durable",
    bug: "An edit comes back to its author when its owner has taken it, before it is durable.",
    file: "collab/rooms/room-socket.ts",
    find: "if (judgement instanceof Promise) void judgement.then(settle);",
    replace:
      'if (judgement instanceof Promise) void judgement.then((each) => {\n      if (each.kind === "admitted") this.send(changeMessage(update));\n      settle(each);\n    });',
  },
  {
    name: "newcomers-get-what-is-not-durable",
    bug: "Who connects gets the document as its log will make it, not as far as that is durable.",
    file: ROOM,
    find: "this.wholeState ??= stateParts(Y.encodeStateAsUpdate(this.sent), ROOM_LIMITS.partBytes);",
    replace:
      "this.wholeState ??= stateParts(Y.encodeStateAsUpdate(this.source.document().doc), ROOM_LIMITS.partBytes);",
  },
  {
    name: "writers-not-kept",
    bug: "Nobody remembers whose a Yjs client id is.",
    file: DOCUMENT,
    find: "if (!this.writers.has(writer)) this.writers.set(writer, author);",
    replace: "if (author === ROOM_AUTHOR) this.writers.set(writer, author);",
  },
  {
    name: "writers-of-others",
    bug: "Whoever knows somebody's Yjs client id may write under it.",
    file: GATE,
    find: "if (owner === ROOM_AUTHOR || (owner !== undefined && owner !== this.edit.author))",
    replace: "if (owner === ROOM_AUTHOR)",
  },
  {
    name: "repair-not-sent",
    bug: "What is put back stays in the document of the owner.",
    file: DOCUMENT,
    find: "const update = this.combined ?? edit.update;",
    replace: "const { update } = edit;",
  },
  {
    name: "repair-in-a-second-update",
    bug: "What is put back leaves with the next edit, after what was wrong.",
    file: DETECTOR,
    find: 'if (input.type === "edit") this.announce(input, this.applied(input, context), context);',
    replace: `if (input.type === "edit") {
      const own = this as { late?: Uint8Array };
      const { late } = own;
      const applied = this.applied(input, context);
      own.late = applied.update;
      this.announce(input, { ...applied, update: input.update }, context);
      if (late !== undefined) this.leaves(late, input.author, context);
    }`,
  },
  {
    name: "fields-in-any-order",
    bug: "An entry that is put back has its fields in the order in which they are found.",
    file: DOCUMENT,
    find: "    Object.keys(fields)\n      .sort()\n      .map((name) => [name, fields[name]]),\n  );",
    replace: "    Object.keys(fields).map((name) => [name, fields[name]]),\n  );",
  },
  {
    name: "viewer-writes",
    bug: "Who may only look changes the document.",
    file: GATE,
    find: 'if (role === "viewer")',
    replace: 'if (role === "viewer" && update.length === 0)',
  },
  {
    name: "stale-epoch-accepted",
    bug: "A page of an earlier epoch brings what it has into the document that was made anew.",
    file: GATE,
    find: "if (retired.has(writer)) throw",
    replace: "if (retired.has(writer) && writers.has(writer)) throw",
  },
  {
    name: "gap-not-asked-for",
    bug: "An edit that builds on what is missing is dropped, and nobody is asked for that.",
    file: "collab/rooms/room-socket.ts",
    find: 'else if (judgement.kind === "gap") this.askForMissing();',
    replace: "",
  },
  {
    name: "unanswered-edit-forgotten",
    bug: "An edit whose owner did not answer is not asked for again.",
    file: REMOTE,
    find: "} catch {\n      return GAP;",
    replace: '} catch {\n      return { kind: "nothing" };',
  },
  {
    name: "document-command-twice",
    bug: "Commands of the document have no number, so that those which are sent again count again.",
    file: FORWARDER,
    find: "author: who, source: ROOM_SOURCE, sequence };",
    replace: "author: who, source: ROOM_SOURCE, sequence: 0 };",
  },
  {
    name: "document-command-left-out",
    bug: "Commands that a partition could not take are not sent again.",
    file: FORWARDER,
    find: "    this.after = null;",
    replace: "    this.after = this.room.core.eventSequence;",
  },
  {
    name: "replica-drops-what-arrives",
    bug: "Blocks that arrive while a log is read are not applied.",
    file: REPLICA,
    find: "for (const each of arrived) this.take(...each);",
    replace: "",
  },
  {
    name: "replica-owner-change-not-heard",
    bug: "Nobody is asked for what the former owner had taken and the log lacks.",
    file: REPLICA,
    find: 'if (verdict === "takeover") this.tell((listener) => listener.ownerChanged());',
    replace: "",
  },
  {
    name: "replica-not-rewound",
    bug: "Pages keep what the servers have lost of a document.",
    file: REPLICA,
    find: "this.tell((listener) => listener.rewound());",
    replace: "",
  },
  {
    name: "retired-writers-not-restored",
    bug: "A restored document takes changes of an earlier epoch.",
    file: DOCUMENT,
    find: "this.retired = new Set(saved?.retired);",
    replace: "this.retired = new Set();",
  },
  {
    name: "unheard-not-restored",
    bug: "After a restore what partitions have in force replaces a threshold that was changed since.",
    file: DOCUMENT,
    find: "for (const [id, sequence] of unheard) this.unheard.set(id, sequence);",
    replace: "",
  },
  {
    name: "whole-state-kept",
    bug: "Who connects gets the document as the first one did who connected.",
    file: ROOM,
    find: "this.notTakenBytes += update.length;\n    this.wholeState = null;",
    replace: "this.notTakenBytes += update.length;",
  },
];
