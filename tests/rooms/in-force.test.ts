/** The document shows what the partitions have in force, whoever changed it and by whatever way. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type * as Y from "yjs";
import { Replica, setsThreshold } from "./edits.ts";
import { sessionWorld } from "./session-world.ts";

const LEVEL = { of: { group: "g", channel: "c0" }, direction: "above", level: 90 } as const;

const acknowledges =
  (alert: string) =>
  (doc: Y.Doc): void =>
    void doc.getMap("intents").set(`${doc.clientID}`, { type: "alert.acknowledge", alert });

test("a threshold that was set over HTTP is in the document, and gone from it when it was removed", async () => {
  const { joins, sends, shows, until, commands, close } = await sessionWorld();
  joins();
  await sends("threshold.set", { id: "t1", ...LEVEL });
  await until(() => shows("thresholds")["t1"]?.["level"] === 90);
  await sends("threshold.removed", { id: "t1" });
  await until(() => shows("thresholds")["t1"] === undefined);
  assert.equal(
    (await commands()).map(({ name, source }) => `${name} ${source}`),
    ["threshold.set gateway", "threshold.removed gateway"],
    "nothing comes back",
  );
  await close();
});

test("a threshold of the document that is in force as it stands is left as it was written", async () => {
  const { joins, edits, shows, reached, facts, room, close } = await sessionWorld();
  joins();
  edits(new Replica(7).edits(setsThreshold("t1", LEVEL)));
  await reached(1);
  await room.whenTaken();
  assert.equal(shows("thresholds"), { t1: LEVEL });
  assert.equal(await facts(), []);
  await close();
});

test("an alert is acknowledged over HTTP: the document says by whom, until the alert has ended", async () => {
  const { joins, edits, sends, shows, measures, alert, until, close } = await sessionWorld();
  joins();
  edits(new Replica(7).edits(setsThreshold("t1", LEVEL)));
  await until(() => alert("t1") !== undefined);
  measures(91);
  await until(() => alert("t1")?.state === "firing");
  await sends("alert.acknowledged", { id: "t1", note: "on it" });
  await until(() => shows("alerts")["t1"]?.["acknowledgedBy"] === "Bob");
  assert.is(shows("alerts")["t1"]?.["note"], "on it");
  measures(80);
  await until(() => alert("t1")?.state === "resolved" && shows("alerts")["t1"] === undefined);
  await close();
});

test("an alert that ended and fires again is acknowledged again through the document", async () => {
  const { joins, edits, shows, measures, alert, until, close } = await sessionWorld();
  joins();
  const ana = new Replica(7);
  edits(ana.edits(setsThreshold("t1", LEVEL)));
  await until(() => alert("t1") !== undefined);
  for (const who of [new Replica(8, "eve"), new Replica(9, "bob")]) {
    measures(91);
    await until(() => alert("t1")?.state === "firing");
    edits(who.edits(acknowledges("t1")));
    const name = who.author === "eve" ? "Eve" : "Bob";
    await until(() => alert("t1")?.acknowledged?.by === name);
    assert.is(shows("alerts")["t1"]?.["acknowledgedBy"], name);
    measures(80);
    await until(() => shows("alerts")["t1"] === undefined);
  }
  await close();
});

test("of two who acknowledge at once, over HTTP and in the document, all see the one who counts", async () => {
  const { joins, edits, sends, shows, measures, alert, until, close } = await sessionWorld();
  joins();
  edits(new Replica(7).edits(setsThreshold("t1", LEVEL)));
  await until(() => alert("t1") !== undefined);
  measures(91);
  await until(() => alert("t1")?.state === "firing");
  const sent = sends("alert.acknowledged", { id: "t1" });
  edits(new Replica(8, "eve").edits(acknowledges("t1")));
  await sent;
  assert.is(alert("t1")?.acknowledged?.by, "Bob");
  await until(() => shows("alerts")["t1"]?.["acknowledgedBy"] === "Bob");
  await close();
});

test("an acknowledgement of an alert that does not fire is taken back", async () => {
  const { joins, edits, shows, measures, alert, until, commands, close } = await sessionWorld();
  joins();
  edits(new Replica(7).edits(setsThreshold("t1", LEVEL)));
  await until(() => alert("t1") !== undefined);
  measures(1);
  await until(() => alert("t1")?.state === "inactive");
  edits(new Replica(8).edits(acknowledges("t1")));
  assert.is(shows("alerts")["t1"]?.["acknowledgedBy"], "Ana");
  await until(() => shows("alerts")["t1"] === undefined);
  assert.is((await commands()).length, 2);
  await close();
});

test("[N2] a level that somebody changed is not put back by what was in force before it", async () => {
  const { room, edits, shows, close } = await sessionWorld();
  const ana = new Replica(7);
  edits(ana.edits(setsThreshold("t1", LEVEL)));
  const heard = room.core.sequence;
  edits(ana.edits(setsThreshold("t1", { ...LEVEL, level: 95 })));
  const tells = (upTo: number, level: number) =>
    room.command({
      name: "alerts.inForce",
      body: { heard: upTo, entries: [{ id: "t1", threshold: { id: "t1", ...LEVEL, level }, alert: null }] },
      author: { id: "the room" },
      source: "session",
      sequence: 0,
    });
  await tells(heard, 90);
  assert.is(shows("thresholds")["t1"]?.["level"], 95);
  await tells(heard + 1, 80);
  assert.is(shows("thresholds")["t1"]?.["level"], 80);
  await close();
});

test("[N3] what changed while nobody compared is shown at the next start", async () => {
  const { joins, sends, shows, until, close } = await sessionWorld();
  await sends("threshold.set", { id: "t1", ...LEVEL });
  joins();
  await until(() => shows("thresholds")["t1"] !== undefined);
  await close();
});

test("a level that is only drawn stays, whatever is in force", async () => {
  const { joins, edits, sends, shows, until, close } = await sessionWorld();
  const drawn = { panelId: "p", metric: "m", op: ">", value: 5 };
  edits(new Replica(7).edits(setsThreshold("d", drawn)));
  joins();
  await sends("threshold.set", { id: "t1", ...LEVEL });
  await until(() => shows("thresholds")["t1"] !== undefined);
  assert.equal(shows("thresholds")["d"], drawn);
  await close();
});

test.run();
