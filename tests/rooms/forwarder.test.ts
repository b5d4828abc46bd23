/** Commands of a room reach the partitions whose actors obey them, each once. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as Y from "yjs";
import { systemClock } from "../../actors/clock.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { inputs } from "../../actors/log/read.ts";
import { Partition } from "../../actors/partition/partition.ts";
import { SYSTEM } from "../../actors/system.ts";
import { forwardCommands } from "../../collab/rooms/forwarder.ts";
import type { CommandInput } from "../../protocol/messages.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { condition } from "../support/condition.ts";
import { Replica, setsThreshold, threshold } from "./edits.ts";
import { openRoomPartition } from "./room-world.ts";

async function world() {
  const journal = createMemoryJournal({});
  const room = await openRoomPartition(createMemoryJournal({}));
  const to = await Partition.open({
    session: "plant",
    partition: "p0",
    journal,
    clock: systemClock,
    settings: defaultSettings(),
    definitions: SYSTEM,
    versions: {},
    recording: null,
    log() {},
  });
  const { look, until } = condition();
  const NOTHING = () => {};
  to.subscribe({
    frame: NOTHING,
    event: NOTHING,
    state: NOTHING,
    metrics: NOTHING,
    channels: NOTHING,
    flush: look,
  });
  /** Commands that the log of the partition holds. */
  const commands = async (): Promise<CommandInput[]> => {
    const found: CommandInput[] = [];
    for await (const { input } of inputs(journal)) if (input.type === "command") found.push(input);
    return found;
  };
  const reached = (sequence: number) => until(() => to.core.lastCommandOf("room") === sequence);
  return { room, to, commands, reached, look, close: () => Promise.all([room.close(), to.close()]) };
}

test("a threshold that somebody sets is a command of that person in the other partition", async () => {
  const { room, to, commands, reached, close } = await world();
  const stop = forwardCommands(room, to, (message) => assert.unreachable(message));
  const { type: _, ...edit } = new Replica(7).edits(setsThreshold("t1", threshold(90)));
  assert.equal(room.edit(edit), { kind: "admitted" });
  await reached(1);
  const [command] = await commands();
  assert.is(command!.name, "threshold.set");
  assert.equal(command!.author, { id: "ana", name: "Ana", role: "editor" });
  assert.is((command!.body as { level: number }).level, 90);
  stop();
  await close();
});

test("what was not forwarded before an end is forwarded after it, and nothing twice", async () => {
  const { room, to, commands, reached, look, close } = await world();
  const ana = new Replica(7);
  const sets = (id: string): void => {
    const { type: _, ...edit } = ana.edits(setsThreshold(id, threshold(1)));
    room.edit(edit);
  };
  sets("a");
  const stop = forwardCommands(room, to, (message) => assert.unreachable(message));
  await reached(1);
  stop();
  sets("b");
  sets("c");
  const stops = [1, 2].map(() => forwardCommands(room, to, (message) => assert.unreachable(message)));
  look();
  await reached(3);
  assert.equal(
    (await commands()).map(({ body }) => (body as { id: string }).id),
    ["a", "b", "c"],
  );
  for (const each of stops) each();
  await close();
});

test("acknowledging, assigning and snoozing an alert reach the alerts, panels do not", async () => {
  const { room, to, commands, reached, close } = await world();
  const stop = forwardCommands(room, to, (message) => assert.unreachable(message));
  const ana = new Replica(7);
  const { type: _, ...edit } = ana.edits((doc) => {
    const intents = doc.getMap("intents");
    intents.set("1", { type: "alert.acknowledge", alert: "t1", note: "seen" });
    intents.set("2", { type: "alert.assign", alert: "t2", to: "bob" });
    intents.set("3", { type: "alert.snooze", alert: "t3", seconds: 60 });
    doc.getMap("panels").set("p", new Y.Map([["type", "chart"]]));
  });
  room.edit(edit);
  await reached(3);
  assert.equal(
    (await commands()).map(({ name, body }) => ({ name, body })),
    [
      { name: "alert.acknowledged", body: { id: "t1", note: "seen" } },
      { name: "alert.assigned", body: { id: "t2", to: "bob" } },
      { name: "alert.snoozed", body: { id: "t3", seconds: 60 } },
    ],
  );
  stop();
  await close();
});

test.run();
