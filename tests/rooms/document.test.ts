// runtime: either
/** What edits make of the shared document, and that a replay makes the same of them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as Y from "yjs";
import { Core } from "../../actors/core/core.ts";
import { hex, StateHash } from "../../actors/core/hash.ts";
import type { RoomDetector } from "../../actors/detectors/room/detector.ts";
import { room } from "../../actors/detectors/room/detector.ts";
import type { EditedDocument } from "../../actors/ports/detector.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { Edit, EventMessage } from "../../protocol/messages.ts";
import { opened } from "../support/inputs.ts";
import { addsPanel, edit, Replica, setsThreshold, threshold } from "./edits.ts";

const ROOM = { group: [], session: [room] };

function roomCore(from?: Uint8Array) {
  const events: EventMessage[] = [];
  const edited: EditedDocument[] = [];
  const sink = {
    event: (event: EventMessage) => void events.push(event),
    edited: (change: EditedDocument) => void edited.push(change),
    state() {},
    metrics() {},
  };
  const core = from === undefined ? new Core(ROOM, sink) : Core.restore(from, ROOM, sink);
  if (from === undefined) core.apply(1, 0, opened());
  const detector = core.detectorOf("room") as RoomDetector;
  const takes = (input: Edit): Uint8Array => {
    core.apply(core.sequence + 1, core.now + 1_000, input);
    return edited.at(-1)!.update;
  };
  const json = (root: string): unknown => detector.document.doc.getMap(root).toJSON();
  return { core, events, edited, detector, takes, json, hash: () => hex(core.hash().hash) };
}

test("an edit is announced as a command with its author, and the document has it", () => {
  const { takes, events, json } = roomCore();
  takes(new Replica(7).edits(setsThreshold("t1", threshold(90))));
  assert.equal(json("thresholds"), { t1: threshold(90) });
  const [event] = events;
  assert.is(event!.kind, "threshold.set");
  assert.is(event!.title, "Ana set threshold t1");
  assert.equal(event!.detail, {
    ...threshold(90),
    of: '{"group":"host","channel":"cpu.user"}',
    id: "t1",
    author: "ana",
    name: "Ana",
    role: "editor",
  });
});

test("names that no event can hold are put back, and what is announced can be encoded", () => {
  const { takes, events, json } = roomCore();
  const replica = new Replica(7);
  const attempts: ((doc: Y.Doc) => void)[] = [
    (doc) => doc.getMap("view").set("c".repeat(128), { timeUs: 1 }),
    (doc) => doc.getMap("view").set("cursor", { timeUs: 1, "": 1 }),
    (doc) => doc.getMap("view").set("cursor", { timeUs: 1, ["x".repeat(4_000)]: 1 }),
    addsPanel("p", { type: "chart", ["é".repeat(128)]: 1 }),
  ];
  for (const attempt of attempts) replica.takes(takes(replica.edits(attempt)));
  for (const { type: _, ...event } of events) encodeMessage({ type: "derived", block: 1, events: [event] });
  assert.ok(events.length >= attempts.length);
  assert.equal(json("view"), {});
  assert.equal(json("panels"), {});
});

test("an edit that cannot be settled leaves the document as it is, and nobody gets it", () => {
  const { core, takes, events, json, detector } = roomCore();
  const eve = new Replica(10, "eve");
  eve.takes(takes(new Replica(7).edits(setsThreshold("t1", threshold(90)))));
  const { document } = detector;
  const stands = document.text();
  document.apply = () => {
    throw new Error("cannot");
  };
  eve.takes(takes(new Replica(8, "bob").edits(setsThreshold("t2", threshold(91)))));
  assert.equal(eve.json("thresholds"), { t1: threshold(90) });
  assert.is(detector.document.text(), stands);
  assert.equal(json("thresholds"), { t1: threshold(90) });
  assert.is(events.at(-1)!.kind, "edit.repaired");
  takes(new Replica(9, "eve").edits(setsThreshold("t3", threshold(92))));
  assert.equal(Object.keys(json("thresholds") as object).sort(), ["t1", "t3"]);
  assert.is(core.sequence, 4);
});

test("of an edit that fails while it is put back all get what the document has of it", () => {
  const { core, takes, detector } = roomCore();
  const eve = new Replica(10, "eve");
  eve.takes(takes(new Replica(7).edits(setsThreshold("t1", threshold(90)))));
  const { document } = detector;
  const map = document.doc.getMap("thresholds");
  const set = map.set.bind(map);
  map.set = (key, value) => {
    set(key, value);
    throw new Error("cannot");
  };
  // The first is put back, with a change of the room's own; then nothing is settled any more.
  eve.takes(
    takes(
      new Replica(8, "bob").edits((doc) => {
        setsThreshold("t1", { ...threshold(1), direction: "about" })(doc);
        setsThreshold("t2", threshold(91))(doc);
      }),
    ),
  );
  assert.equal(eve.json("thresholds"), detector.document.doc.getMap("thresholds").toJSON());
  eve.takes(takes(new Replica(9).edits(setsThreshold("t3", { ...threshold(92), direction: "about" }))));
  assert.equal(eve.json("thresholds"), detector.document.doc.getMap("thresholds").toJSON());
  assert.is(eve.doc.store.pendingStructs, null, "nothing waits for a change that never comes");
  assert.is(core.sequence, 4);
});

test("several changes of one entry in one edit are one command, and commands come by kind and key", () => {
  const { takes, events } = roomCore();
  takes(
    new Replica(7).edits((doc) => {
      setsThreshold("b", threshold(1))(doc);
      setsThreshold("b", threshold(2))(doc);
      setsThreshold("a", threshold(3))(doc);
      addsPanel("p", { type: "chart" })(doc);
    }),
  );
  assert.equal(
    events.map(({ kind, detail }) => `${kind} ${detail["id"]} ${detail["level"] ?? ""}`),
    ["panel.added p ", "threshold.set a 3", "threshold.set b 2"],
  );
});

test("a value against the schema is put back in the same update: no other replica ever sees it", () => {
  const { takes, events, json } = roomCore();
  const ana = new Replica(7);
  const bob = new Replica(8, "bob");
  bob.takes(takes(ana.edits(setsThreshold("t1", threshold(90)))));
  const seen: unknown[] = [];
  bob.doc.getMap("thresholds").observe(() => seen.push(bob.json("thresholds")));
  bob.takes(takes(ana.edits(setsThreshold("t1", { ...threshold(1), direction: "about" }))));
  assert.ok(seen.every((each) => JSON.stringify(each) === JSON.stringify({ t1: threshold(90) })));
  assert.equal(json("thresholds"), { t1: threshold(90) });
  assert.is(events.at(-1)!.kind, "edit.repaired");
  assert.is(events.filter(({ kind }) => kind === "threshold.set").length, 1);
});

test("a field against the schema is put back, and the other fields of the edit stay", () => {
  const { takes, json, events } = roomCore();
  const ana = new Replica(7);
  takes(ana.edits(addsPanel("p", { type: "chart", title: "Load" })));
  takes(
    ana.edits((doc) => {
      const panel = doc.getMap("panels").get("p") as Y.Map<unknown>;
      panel.set("layout", "everywhere");
      panel.set("title", "CPU");
      panel.set("colour", "red");
    }),
  );
  assert.equal(json("panels"), { p: { type: "chart", title: "CPU", colour: "red" } });
  assert.equal(
    events.slice(1).map(({ kind }) => kind),
    ["panel.changed", "edit.repaired"],
  );
});

test("of an offline batch with bad entries the good ones stay", () => {
  const { takes, json } = roomCore();
  takes(
    new Replica(7).edits((doc) => {
      for (let k = 0; k < 100; k++) setsThreshold(`t${k}`, k % 33 === 0 ? "bad" : threshold(k))(doc);
    }),
  );
  assert.is(Object.keys(json("thresholds") as object).length, 96);
});

test("what the server alone writes is put back", () => {
  const { takes, json } = roomCore();
  const ana = new Replica(7);
  ana.takes(takes(ana.edits(setsThreshold("t1", threshold(1)))));
  const before = json("meta");
  assert.equal(before, { schemaVersion: 1, epoch: 1 });
  takes(ana.edits((doc) => doc.getMap("meta").set("epoch", 9)));
  takes(ana.edits((doc) => doc.getMap("meta").delete("schemaVersion")));
  takes(ana.edits((doc) => doc.getMap("alerts").set("a", { acknowledgedBy: "bob" })));
  assert.equal(json("meta"), before);
  assert.equal(json("alerts"), {});
});

test("an annotation is its author's: nobody else removes it but an owner", () => {
  const { takes, json } = roomCore();
  const [ana, bob, eve] = [new Replica(7), new Replica(8, "bob"), new Replica(9, "eve", "owner")];
  const note = { by: "ana", body: "a spike", fromUs: 5, name: "Ana", atUs: 1_000 };
  const added = takes(
    ana.edits((doc) => doc.getMap("annotations").set("n", new Y.Map(Object.entries(note)))),
  );
  for (const each of [bob, eve]) each.takes(added);
  const restored = takes(bob.edits((doc) => doc.getMap("annotations").delete("n")));
  assert.equal(json("annotations"), { n: note });
  takes(
    bob.edits((doc) => doc.getMap("annotations").set("m", new Y.Map(Object.entries({ ...note, by: "ana" })))),
  );
  assert.equal(json("annotations"), { n: note });
  eve.takes(restored);
  takes(eve.edits((doc) => doc.getMap("annotations").delete("n")));
  assert.equal(json("annotations"), {});
});

test("an annotation bears the name and time that the server knows, whatever its author writes there, then and later", () => {
  const { takes, json, events } = roomCore();
  const ana = new Replica(7);
  const annotate = (fields: Record<string, unknown>) =>
    takes(ana.edits((doc) => doc.getMap("annotations").set("n", new Y.Map(Object.entries(fields)))));
  const note = { by: "ana", body: "a spike", fromUs: 5 };
  const stamped = { ...note, name: "Ana", atUs: 1_000 };
  ana.takes(annotate({ ...note, name: "the owner", atUs: 7 }));
  assert.equal(json("annotations"), { n: stamped });
  assert.equal(ana.json("annotations"), { n: stamped });
  const live = () => ana.doc.getMap("annotations").get("n") as Y.Map<unknown>;
  ana.takes(takes(ana.edits(() => live().set("name", "somebody else"))));
  ana.takes(takes(ana.edits(() => live().delete("atUs"))));
  ana.takes(takes(ana.edits(() => live().set("resolved", true))));
  assert.equal(ana.json("annotations"), { n: { ...stamped, resolved: true } });
  assert.ok(
    events.every(({ kind }) => kind !== "edit.repaired"),
    "it is no fault of theirs",
  );
  takes(ana.edits(() => live().set("resolved", "yes")));
  assert.equal(json("annotations"), { n: { ...stamped, resolved: true } });
});

test("of two people who acknowledge an alert at once, the first counts", () => {
  const { takes, json, events } = roomCore();
  const acknowledge = (doc: Y.Doc) =>
    doc.getMap("intents").set(`i${doc.clientID}`, { type: "alert.acknowledge", alert: "t1" });
  takes(new Replica(9).edits(setsThreshold("t1", threshold(90))));
  takes(new Replica(7).edits(acknowledge));
  takes(new Replica(8, "bob").edits(acknowledge));
  const { t1: alert } = json("alerts") as Record<string, { acknowledgedBy: string }>;
  assert.is(alert!.acknowledgedBy, "Ana");
  assert.equal(json("intents"), {});
  assert.equal(
    events.map(({ kind, detail }) => `${kind} ${detail["author"]}`),
    ["threshold.set ana", "alert.acknowledged ana", "edit.repaired bob"],
  );
});

test("an intent for an alert without a threshold is refused, and a removed threshold takes its alert along", () => {
  const { takes, json, events } = roomCore();
  const ana = new Replica(7);
  const intends = (intent: object) => takes(ana.edits((doc) => doc.getMap("intents").set("i", intent)));
  for (const type of ["alert.acknowledge", "alert.assign", "alert.snooze"])
    intends({
      type,
      alert: "none",
      ...(type === "alert.assign" ? { to: "bob" } : {}),
      ...(type === "alert.snooze" ? { seconds: 5 } : {}),
    });
  assert.equal(json("alerts"), {});
  assert.equal(
    events.map(({ kind, detail }) => `${kind} ${detail["expected"]}`),
    Array(3).fill("edit.repaired the alert of a threshold"),
  );
  takes(ana.edits(setsThreshold("t1", threshold(90))));
  intends({ type: "alert.acknowledge", alert: "t1" });
  assert.equal(Object.keys(json("alerts") as object), ["t1"]);
  ana.takes(takes(ana.edits((doc) => doc.getMap("thresholds").delete("t1"))));
  assert.equal(json("alerts"), {});
  assert.equal(ana.json("alerts"), {}, "in the same update");
});

test("names and titles that hide or reorder other text are put back, notes may have lines", () => {
  const { takes, json, events } = roomCore();
  const ana = new Replica(7);
  for (const hidden of ["a\u202eb", "a\u0000b", "a\u001b[2Jb"]) {
    takes(ana.edits(setsThreshold("t1", { ...threshold(1), title: hidden })));
    takes(ana.edits(addsPanel("p", { type: "chart", title: hidden })));
  }
  takes(ana.edits(setsThreshold("t2", threshold(2))));
  const intends = (intent: object) => takes(ana.edits((doc) => doc.getMap("intents").set("i", intent)));
  intends({ type: "alert.assign", alert: "t2", to: "Bob\u0000" });
  intends({ type: "workflow.start", run: "r", title: "a\u2066b", steps: {} });
  assert.equal(Object.keys(json("thresholds") as object), ["t2"]);
  assert.equal([json("alerts"), json("workflows")], [{}, {}]);
  assert.equal(json("panels"), { p: { type: "chart" } });
  assert.ok(events.some(({ detail }) => detail["expected"] === "visible text on one line"));
  intends({ type: "alert.acknowledge", alert: "t2", note: "two\nlines" });
  assert.equal(Object.keys(json("alerts") as object), ["t2"]);
});

test("a document that is made anew has the same entries in the next epoch, and nothing of the earlier one fits into it", () => {
  const { core, takes, json, events, edited, detector, hash } = roomCore();
  const [ana, bob] = [new Replica(7), new Replica(8, "bob")];
  takes(ana.edits(setsThreshold("t1", threshold(90))));
  takes(bob.edits(addsPanel("p", { type: "chart", title: "CPU" })));
  const before = [json("thresholds"), json("panels")];
  const renew = (epoch: number): void =>
    core.apply(core.sequence + 1, core.now + 1_000, {
      type: "command",
      name: "document.renewed",
      body: { epoch },
      author: { id: "the room" },
      source: "session",
      sequence: 0,
    });
  renew(1);
  renew(1);
  assert.equal([json("thresholds"), json("panels")], before);
  assert.equal(json("meta"), { schemaVersion: 1, epoch: 2 });
  assert.is(detector.document.writers.size, 1);
  assert.is(events.filter(({ kind }) => kind === "document.renewed").length, 1);
  const fresh = new Replica(9);
  fresh.takes(edited.at(-1)!.update);
  assert.equal([fresh.json("thresholds"), fresh.json("panels")], before, "it left as a whole");
  for (const { doc } of [ana, bob]) {
    const old = { ...edit(Y.encodeStateAsUpdate(doc)), author: "bob", epoch: 2 };
    const judgement = detector.judge(old);
    assert.is(judgement.kind === "refused" && judgement.code, 4409);
  }
  takes({ ...fresh.edits(setsThreshold("t2", threshold(1))), epoch: 2 });
  assert.equal(Object.keys(json("thresholds") as object), ["t1", "t2"]);
  const restored = roomCore(core.snapshot());
  assert.is(restored.hash(), hash());
  assert.equal(restored.json("thresholds"), json("thresholds"));
  const late = restored.detector.judge({ ...edit(Y.encodeStateAsUpdate(ana.doc)), epoch: 2 });
  assert.is(late.kind === "refused" && late.code, 4409);
});

test("a new run takes the place of the oldest that is finished, which the log says; none is taken from those under way", () => {
  const { takes, json, events } = roomCore();
  const ana = new Replica(7);
  const intends = (intent: object) => takes(ana.edits((doc) => doc.getMap("intents").set("i", intent)));
  const starts = (run: string) =>
    intends({ type: "workflow.start", run, title: "Morning", steps: { warm: "Warm up", scan: "Scan" } });
  const ends = (run: string, step: string) => intends({ type: "workflow.step", run, step, state: "done" });
  const runs = () => Object.keys(json("workflows") as object);
  for (let k = 0; k < 64; k++) starts(`r${k}`);
  starts("one-more");
  assert.is(runs().length, 64);
  assert.not(runs().includes("one-more"));
  for (const run of ["r9", "r5", "r7"]) for (const step of ["warm", "scan"]) ends(run, step);
  ends("r2", "warm");
  starts("one-more");
  starts("and-another");
  assert.is(runs().length, 64);
  assert.equal(
    ["r2", "r5", "r7", "r9", "one-more", "and-another"].filter((run) => runs().includes(run)),
    ["r2", "r9", "one-more", "and-another"],
  );
  const removed = events.filter(({ kind }) => kind === "workflow.removed");
  assert.equal(
    removed.map(({ title }) => title),
    ["r5", "r7"].map((run) => `Ana put a new run in the place of the finished workflow ${run}`),
  );
});

test("a step of a workflow goes from waiting to running to done, once", () => {
  const { takes, json, events } = roomCore();
  const ana = new Replica(7);
  const intends = (id: string, intent: object) =>
    takes(ana.edits((doc) => doc.getMap("intents").set(id, intent)));
  intends("a", { type: "workflow.start", run: "r", title: "Morning", steps: { warm: "Warm up" } });
  for (const state of ["running", "done", "failed"])
    intends(state, { type: "workflow.step", run: "r", step: "warm", state });
  const runs = json("workflows") as { r: { steps: { warm: { state: string } } } };
  assert.is(runs.r.steps.warm.state, "done");
  assert.equal(
    events.map(({ kind }) => kind),
    ["workflow.started", "workflow.step.running", "workflow.step.done", "edit.repaired"],
  );
});

test("a core restored from a snapshot goes on as the first one does", () => {
  const first = roomCore();
  const ana = new Replica(7);
  for (let k = 0; k < 20; k++)
    ana.takes(first.takes(ana.edits(setsThreshold(`t${k % 3}`, k === 7 ? "bad" : threshold(k)))));
  const second = roomCore(first.core.snapshot());
  assert.is(second.hash(), first.hash());
  const next = ana.edits(setsThreshold("t1", "bad"));
  first.takes(next);
  second.takes(next);
  assert.is(second.hash(), first.hash());
  assert.equal(second.events.at(-1), first.events.at(-1));
});

test("two folds of the same edits give the same bytes, on every runtime", () => {
  const fold = () => {
    const { takes, detector } = roomCore();
    const [ana, bob] = [new Replica(7), new Replica(4_000_000_000, "bob")];
    for (let k = 0; k < 30; k++) {
      const update = takes(ana.edits(setsThreshold(`t${k % 4}`, k % 5 === 0 ? k : threshold(k))));
      bob.takes(update);
      ana.takes(takes(bob.edits(addsPanel(`p${k % 3}`, { type: "chart", order: `${k}` }))));
    }
    const { document } = detector;
    const { update } = document.save();
    return { update, hash: hex(new StateHash().reset().text(document.text()).array(update).digest()) };
  };
  const [one, two] = [fold(), fold()];
  assert.equal(one.update, two.update);
  // Recorded once: every runtime must give it.
  assert.is(one.hash, EXPECTED_HASH);
});

test("a registered change of the document changes the hash", () => {
  const { takes, hash } = roomCore();
  const ana = new Replica(7);
  takes(ana.edits(setsThreshold("t1", threshold(1))));
  const before = hash();
  takes(edit(ana.unsent().update));
  const same = hash();
  takes(ana.edits(setsThreshold("t1", threshold(2))));
  assert.is.not(hash(), same);
  assert.is.not(before, "");
});

const EXPECTED_HASH = "246862d46206c06a1454f28e47687c57";

test("a level that is drawn on a panel is announced as drawn, and takes the place of one that actors compare with", () => {
  const { takes, events, json } = roomCore();
  const ana = new Replica(7);
  const drawn = { panelId: "p1", metric: "coherence", op: ">", value: 3, severity: "info", unit: "1" };
  takes(ana.edits(setsThreshold("t1", drawn)));
  takes(ana.edits(setsThreshold("t1", threshold(90))));
  takes(ana.edits(setsThreshold("t1", drawn)));
  assert.equal(
    events.map(({ kind }) => kind),
    ["threshold.drawn", "threshold.set", "threshold.drawn", "threshold.removed"],
  );
  takes(ana.edits(setsThreshold("t2", { ...drawn, op: "near" })));
  assert.is(events.at(-1)!.kind, "edit.repaired");
  assert.equal(json("thresholds"), { t1: drawn });
});

test("an edit without faults goes on as it came, and one that is repaired together with its repair", () => {
  const { takes } = roomCore();
  const ana = new Replica(7);
  // The room adds to the first one what it says about the document.
  const first = takes(ana.edits(setsThreshold("t1", threshold(1))));
  const good = ana.edits(setsThreshold("t2", threshold(2)));
  assert.is(takes(good), good.update);
  const bad = ana.edits(setsThreshold("t2", 5));
  const bob = new Replica(8, "bob");
  bob.takes(Y.mergeUpdates([first, good.update, takes(bad)]));
  assert.equal((bob.json("thresholds") as Record<string, unknown>)["t2"], threshold(2));
});

test("of a heap of edits that begins a document all get every value, also those that the heap replaces again", () => {
  const ana = new Replica(7);
  const levels = [1, 2, 3];
  const heap = levels.map((level) => ana.edits(setsThreshold("t1", threshold(level))).update);
  const update = roomCore().takes(edit(Y.mergeUpdates(heap)));
  const values = Y.decodeUpdate(update).structs.flatMap((struct) =>
    struct instanceof Y.Item && struct.content instanceof Y.ContentAny ? struct.content.arr : [],
  );
  for (const level of levels)
    assert.ok(
      values.some((value) => value?.level === level),
      `level ${level}`,
    );
  const bob = new Replica(8, "bob");
  bob.takes(update);
  assert.equal(bob.json("thresholds"), { t1: threshold(3) });
  assert.equal(bob.json("meta"), { schemaVersion: 1, epoch: 1 });
});

test("a document that was restored writes the same when it puts an entry back, whatever the order of its fields", () => {
  const original = roomCore();
  const ana = new Replica(7);
  const panel = { type: "chart", title: "Load", order: "a" };
  ana.takes(original.takes(ana.edits(addsPanel("p1", panel))));
  const restored = roomCore(original.core.snapshot());
  const input = ana.edits((doc) => void doc.getMap("panels").set("p1", "no map"));
  const [here, there] = [original.takes(input), restored.takes(input)];
  assert.equal(original.json("panels"), { p1: panel });
  assert.equal(there, here);
  assert.is(restored.hash(), original.hash());
});

test.run();
