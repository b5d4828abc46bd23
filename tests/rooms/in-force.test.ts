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

test("people care for an incident through the document and over HTTP: the first acknowledges it, and it ends with the incident", async () => {
  const { joins, edits, sends, shows, declares, measures, incident, until, replayed, close } =
    await sessionWorld();
  joins();
  declares({ everyUs: 100_000 });
  measures(2_000);
  measures(2_000);
  await until(() => incident() !== undefined);
  assert.equal([incident()?.id, incident()?.channels], ["p0/1", ["c0"]]);
  for (const [writer, who] of [
    [7, "ana"],
    [8, "bob"],
  ] as const)
    edits(new Replica(writer, who).edits(acknowledges("p0/1")));
  await until(() => incident()?.acknowledged?.by === "Ana");
  await sends("alert.assigned", { id: "p0/1", to: "Eve" });
  await until(() => shows("alerts")["p0/1"]?.["assignedTo"] === "Eve");
  const snoozes = { type: "alert.snooze", alert: "p0/1", seconds: 3_600 };
  edits(new Replica(9).edits((doc) => void doc.getMap("intents").set("s", snoozes)));
  await until(() => incident()?.snoozedUntilUs !== null);
  const { acknowledgedBy, assignedTo, assignedBy } = shows("alerts")["p0/1"]!;
  assert.equal([acknowledgedBy, assignedTo, assignedBy], ["Ana", "Eve", "Bob"]);
  // Samples come until the incident has been quiet for long enough.
  const rows = setInterval(() => measures(0), 20);
  await until(() => incident() === undefined && shows("alerts")["p0/1"] === undefined);
  clearInterval(rows);
  const told = (await replayed()).filter(({ kind }) => /^incident\.(ack|ass|snoo)/.test(kind));
  assert.equal(
    told.map(({ kind, detail }) => `${kind} ${detail["author"]}`),
    ["incident.acknowledged Ana", "incident.assigned Bob", "incident.snoozed Ana"],
  );
  await close();
});

test("what is done about an incident that there is not is taken back from the document", async () => {
  const { joins, edits, shows, until, commands, close } = await sessionWorld();
  joins();
  edits(new Replica(7).edits(acknowledges("p0/9")));
  assert.is(shows("alerts")["p0/9"]?.["acknowledgedBy"], "Ana");
  await until(() => shows("alerts")["p0/9"] === undefined);
  assert.equal(
    (await commands()).map(({ name }) => name),
    ["alert.acknowledged"],
  );
  await close();
});

test.run();
