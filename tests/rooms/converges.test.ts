// runtime: either
/**
 * Whatever people do, and whatever fails: all copies and the replayed log are equal, no copy ever holds a value against the schema, and what is
 * announced is announced again by a replay.
 */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as Y from "yjs";
import { Core } from "../../actors/core/core.ts";
import { hex } from "../../actors/core/hash.ts";
import { type RoomDetector, room } from "../../actors/detectors/room/detector.ts";
import { judgeEdit } from "../../actors/detectors/room/gate.ts";
import type { Edit, EventMessage } from "../../protocol/messages.ts";
import { checkEntry, ROOT_NAMES } from "../../protocol/room-document.ts";
import { opened } from "../support/inputs.ts";
import { addsPanel, edit, setsThreshold, threshold } from "./edits.ts";

const ROOM = { group: [], session: [room] };
const AUTHORS = ["ana", "bob", "eve"];

/** What happens next: to one of the people, or to the server. */
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ who: fc.nat(2), what: fc.nat(9), key: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ who: fc.nat(2), what: fc.constant("sync" as const), key: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ who: fc.nat(2), what: fc.constant("restart" as const), key: fc.nat(1) }),
  },
);

/** A server whose log is the only thing that survives, and people who are connected only while they sync. */
class World {
  readonly log: Edit[] = [];
  events: EventMessage[] = [];
  core = this.fresh();
  readonly people = AUTHORS.map((author, k) => {
    const doc = new Y.Doc();
    doc.clientID = 10 + k;
    return { author, doc };
  });

  /** A core with the whole log, or from a snapshot of it. */
  fresh(snapshot?: Uint8Array): Core {
    const events: EventMessage[] = [];
    const sink = { event: (event: EventMessage) => void events.push(event), state() {}, metrics() {} };
    if (snapshot !== undefined)
      return Core.restore(snapshot, ROOM, { ...sink, event: (event) => void this.events.push(event) });
    const core = new Core(ROOM, sink);
    core.apply(1, 0, opened());
    for (const [k, input] of this.log.entries()) core.apply(k + 2, (k + 1) * 1_000, input);
    this.events = events;
    return core;
  }

  get document() {
    return (this.core.detectorOf("room") as RoomDetector).document;
  }

  does(who: number, what: number, key: number): void {
    const { doc, author } = this.people[who]!;
    const panels = doc.getMap("panels");
    const live = panels.get(`p${key}`);
    const steps = [
      () => setsThreshold(`t${key}`, threshold(who))(doc),
      () => setsThreshold(`t${key}`, { broken: who })(doc),
      () => doc.getMap("thresholds").delete(`t${key}`),
      () => addsPanel(`p${key}`, { type: "chart", order: `${who}` })(doc),
      () => live instanceof Y.Map && live.set("title", `${author} ${key}`),
      () => live instanceof Y.Map && live.set("type", 5),
      () => panels.delete(`p${key}`),
      () => doc.getMap("meta").set("epoch", key),
      () => doc.getMap("intents").set(`${who}`, { type: "alert.acknowledge", alert: `t${key}` }),
      () => panels.set(`p${key}`, "no map"),
    ];
    doc.transact(() => void steps[what]!());
  }

  /** Both sides send what the other lacks, as the sync protocol does. */
  sync(who: number): void {
    const { doc, author } = this.people[who]!;
    const server = this.document.doc;
    const input = edit(Y.encodeStateAsUpdate(doc, Y.encodeStateVector(server)), author);
    const judgement = judgeEdit(this.document, input);
    assert.ok(judgement.kind === "admitted" || judgement.kind === "nothing", JSON.stringify(judgement));
    if (judgement.kind === "admitted") {
      this.log.push(input);
      this.core.apply(this.core.sequence + 1, this.core.now + 1_000, input);
    }
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(this.document.doc, Y.encodeStateVector(doc)));
    this.checkValid(doc);
  }

  checkValid(doc: Y.Doc): void {
    for (const root of ROOT_NAMES)
      for (const [key, value] of Object.entries(doc.getMap(root).toJSON()))
        assert.is(checkEntry(root, key, value), null);
  }
}

test("random edits, lost connections and restarts leave all copies and the replayed log equal", () => {
  fc.assert(
    fc.property(fc.array(happening, { minLength: 1, maxLength: 60 }), (happenings) => {
      const world = new World();
      for (const { who, what, key } of happenings) {
        if (what === "sync") world.sync(who);
        else if (what === "restart")
          world.core = key === 0 ? world.fresh() : world.fresh(world.core.snapshot());
        else world.does(who, what, key);
      }
      for (let round = 0; round < 2; round++) for (const who of [0, 1, 2]) world.sync(who);
      const server = JSON.stringify(everything(world.document.doc));
      for (const { doc } of world.people) assert.is(JSON.stringify(everything(doc)), server);
      for (const [writer, author] of world.document.writers)
        if (writer >= 10 && writer <= 12) assert.is(author, AUTHORS[writer - 10]);
      const announced = world.events;
      const hash = hex(world.core.hash().hash);
      const replayed = world.fresh();
      assert.is(hex(replayed.hash().hash), hash);
      assert.equal(world.events, announced);
    }),
    { numRuns: 150, seed: 11 },
  );
});

/** All roots, with their keys in one order. */
function everything(doc: Y.Doc): unknown {
  return ROOT_NAMES.map((root) => {
    const json = doc.getMap(root).toJSON() as Record<string, unknown>;
    return Object.keys(json)
      .sort()
      .map((key) => [key, ordered(json[key])]);
  });
}

function ordered(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

test.run();
