// runtime: either
/** Commands of a room reach the partitions whose actors obey them, each once. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as Y from "yjs";
import { commandTarget } from "../../collab/rooms/command-target.ts";
import { createManualClock } from "../support/clock.ts";
import { Replica, setsThreshold, threshold } from "./edits.ts";
import { sessionWorld } from "./session-world.ts";

test("a threshold that somebody sets is a command of that person in the other partition", async () => {
  const { edits, forwards, logged, commands, reached, close } = await sessionWorld();
  forwards();
  edits(new Replica(7).edits(setsThreshold("t1", threshold(90))));
  await reached(1);
  const [command] = await commands();
  assert.is(command!.name, "threshold.set");
  assert.equal(command!.author, { id: "ana", name: "Ana", role: "editor" });
  assert.is((command!.body as { level: number }).level, 90);
  assert.equal(logged, []);
  await close();
});

test("what was not forwarded before an end is forwarded after it, and nothing twice", async () => {
  const { edits, forwards, commands, reached, look, close } = await sessionWorld();
  const ana = new Replica(7);
  const sets = (id: string): void => edits(ana.edits(setsThreshold(id, threshold(1))));
  sets("a");
  const forwarding = forwards();
  await reached(1);
  forwarding.stop();
  sets("b");
  sets("c");
  forwards();
  forwards();
  look();
  await reached(3);
  assert.equal(
    (await commands()).map(({ body }) => (body as { id: string }).id),
    ["a", "b", "c"],
  );
  await close();
});

test("[W3] commands that a partition could not take reach it, each once, when it takes them again", async () => {
  const { to, edits, forwards, logged, commands, until, look, reached, close } = await sessionWorld();
  const clock = createManualClock();
  const waitsMs = [250, 500, 1_000, 2_000, 4_000, 8_000];
  let refusals = waitsMs.length;
  const target = commandTarget(to, () => {});
  forwards({
    clock,
    target: {
      take: (commands) => {
        queueMicrotask(look);
        if (commands.length > 0 && refusals-- > 0) throw new Error("it changes hands");
        return target.take(commands);
      },
    },
  });
  const ana = new Replica(7);
  edits(ana.edits(setsThreshold("a", threshold(1))));
  await until(() => clock.pending === 1);
  edits(ana.edits(setsThreshold("b", threshold(1))));
  for (const ms of waitsMs) {
    await until(() => clock.pending === 1);
    await clock.advance(ms);
  }
  await reached(2);
  assert.equal(
    (await commands()).map(({ body }) => (body as { id: string }).id),
    ["a", "b"],
  );
  assert.is(logged.length, 1, "said once, when it takes longer than a change of hands");
  await close();
});

test("acknowledging, assigning and snoozing an alert reach the alerts, panels do not", async () => {
  const { edits, forwards, commands, reached, close } = await sessionWorld();
  forwards();
  const ana = new Replica(7);
  edits(
    ana.edits((doc) => {
      for (const id of ["t1", "t2", "t3"]) setsThreshold(id, threshold(90))(doc);
    }),
  );
  edits(
    ana.edits((doc) => {
      const intents = doc.getMap("intents");
      intents.set("1", { type: "alert.acknowledge", alert: "t1", note: "seen" });
      intents.set("2", { type: "alert.assign", alert: "t2", to: "bob" });
      intents.set("3", { type: "alert.snooze", alert: "t3", seconds: 60 });
      doc.getMap("panels").set("p", new Y.Map([["type", "chart"]]));
    }),
  );
  await reached(6);
  assert.equal(
    (await commands()).slice(3).map(({ name, body }) => ({ name, body })),
    [
      { name: "alert.acknowledged", body: { id: "t1", note: "seen" } },
      { name: "alert.assigned", body: { id: "t2", to: "bob" } },
      { name: "alert.snoozed", body: { id: "t3", seconds: 60 } },
    ],
  );
  await close();
});

test.run();
