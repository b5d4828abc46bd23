/** The library: joining, writing, and knowing what is durable. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WebSocket } from "ws";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { joinSession, type SharedSession } from "../../collab/shared-session.ts";
import { holdable } from "../support/held-journal.ts";
import { threshold } from "./edits.ts";
import { type RoomWorld, roomWorld } from "./room-world.ts";

async function joined(
  run: (join: (name: string) => SharedSession, world: RoomWorld) => Promise<void>,
  world = roomWorld(),
) {
  const made = await world;
  const sessions: SharedSession[] = [];
  const join = (name: string): SharedSession => {
    const session = joinSession(`ws://127.0.0.1:${made.gateway.port}/collab/${name}`, {
      WebSocket: WebSocket as never,
    });
    sessions.push(session);
    return session;
  };
  try {
    await run(join, made);
  } finally {
    for (const session of sessions) session.leave();
    await made.close();
  }
}

const until = (session: SharedSession, holds: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (holds()) resolve();
    };
    session.doc.on("update", look);
    session.onPeople(look);
    look();
  });

test("a change is saving until it is durable, then saved", async () => {
  const journal = holdable(createMemoryJournal({}));
  await joined(async (join) => {
    const session = join("plant");
    assert.is(session.state, "offline");
    await session.synced();
    assert.is(session.state, "saved");
    const states: string[] = [];
    const release = journal.hold();
    session.onState((state) => states.push(state));
    session.set("thresholds", "t1", threshold(90));
    assert.is(session.state, "saving");
    await journal.reached();
    assert.is(session.state, "saving");
    release();
    await session.saved();
    assert.equal(states, ["saved", "saving", "saved"]);
  }, roomWorld(journal));
});

test("what was written before there was a connection is saved when there is one", () =>
  joined(async (join) => {
    const session = join("plant");
    session.set("panels", "p", { type: "chart", title: "Load" });
    session.set("panels", "p", { type: "chart", title: "CPU" });
    assert.is(session.state, "offline");
    await session.saved();
    const other = join("plant");
    await other.synced();
    assert.equal(other.get("panels", "p"), { type: "chart", title: "CPU" });
  }));

test("a value against the schema is refused with its field", () =>
  joined(async (join) => {
    const session = join("plant");
    assert.throws(
      () => session.set("thresholds", "t1", { ...threshold(1), direction: "about" }),
      /field direction/,
    );
    assert.throws(() => session.set("thresholds", "no spaces", threshold(1)), /characters/);
    assert.equal(session.all("thresholds"), {});
    session.set("thresholds", "t1", threshold(1));
    session.remove("thresholds", "t1");
    assert.is(session.get("thresholds", "t1"), undefined);
  }));

test("an intent is carried out by the room, and people see each other", () =>
  joined(async (join) => {
    const [ana, bob] = [join("plant"), join("plant")];
    await Promise.all([ana.synced(), bob.synced()]);
    ana.set("thresholds", "t1", threshold(1));
    ana.intend({ type: "alert.acknowledge", alert: "t1" });
    await until(
      bob,
      () => (bob.get("alerts", "t1") as { acknowledgedBy?: string } | undefined)?.acknowledgedBy === "ana",
    );
    ana.show({ cursor: 3 });
    await until(bob, () => [...bob.people().values()].some(({ cursor }) => cursor === 3));
  }));

test("a session that does not exist rejects, and an address of another form throws", () =>
  joined(async (join) => {
    const rejected = await join("other")
      .synced()
      .then(
        () => null,
        (error: Error) => error,
      );
    assert.match(rejected!.message, /4404/);
    assert.throws(() => joinSession("ws://127.0.0.1/plant"), /collab\/NAME/);
  }));

test.run();
