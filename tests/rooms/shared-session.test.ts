/** The library: joining, writing, and knowing what is durable. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import {
  type JoinOptions,
  joinSession,
  type Refused,
  type SharedSession,
} from "../../collab/shared-session.ts";
import { withoutStamps } from "../../protocol/room-document.ts";
import { holdable } from "../support/held-journal.ts";
import { threshold } from "./edits.ts";
import { type RoomWorld, roomWorld } from "./room-world.ts";

async function joined(
  run: (join: (name: string, options?: JoinOptions) => SharedSession, world: RoomWorld) => Promise<void>,
  world = roomWorld(),
) {
  const made = await world;
  const sessions: SharedSession[] = [];
  const join = (name: string, options?: JoinOptions): SharedSession => {
    const session = joinSession(`ws://127.0.0.1:${made.gateway.port}/collab/${name}`, {
      WebSocket: WebSocket as never,
      ...options,
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

const note = (by: string, more: object = {}) => ({ by, body: "why?", fromUs: 1, ...more });
const nextPutBack = (session: SharedSession): Promise<Refused> =>
  new Promise((resolve) => void session.onPutBack(resolve));

test("what the room puts back is named with what it expected, and what was written is not saving any more", () =>
  joined(async (join) => {
    const session = join("plant");
    await session.synced();
    const putBack = nextPutBack(session);
    // Past the checks of this library, as a program could.
    session.doc.getMap("annotations").set("n", new Y.Map(Object.entries(note("eve"))));
    assert.ok(session.isSaving("annotations", "n"));
    const { root, id, expected } = await putBack;
    assert.equal([root, id, expected], ["annotations", "n", "what the session has in force"]);
    assert.not.ok(session.isSaving("annotations", "n"));
    assert.is(session.get("annotations", "n"), undefined);
  }));

test("a removal that the room does not take is put back, and is saving until then", () =>
  joined(async (join, world) => {
    const ana = join("plant", { person: () => ({ id: "ana", role: "editor" }) });
    const bob = world.join("bob");
    await Promise.all([ana.synced(), bob.synced()]);
    bob.map("annotations").set("n", new Y.Map(Object.entries(note("bob"))));
    await until(ana, () => ana.get("annotations", "n") !== undefined);
    const putBack = nextPutBack(ana);
    ana.doc.getMap("annotations").delete("n");
    assert.is(ana.state, "saving");
    const { written, expected } = await putBack;
    assert.is(written, undefined);
    assert.is(expected, "an annotation of one's own, or the role owner");
    assert.equal(withoutStamps("annotations", ana.get("annotations", "n")), note("bob"));
    await ana.saved();
  }));

test("what a person may not change is refused before it is written, where the session knows who joins", () =>
  joined(async (join) => {
    const viewer = join("plant", { person: () => ({ id: "ana", role: "viewer" }) });
    const editor = join("plant", { person: () => ({ id: "ana", role: "editor" }) });
    await Promise.all([viewer.synced(), editor.synced()]);
    assert.throws(() => viewer.set("thresholds", "t", threshold(1)), /expected a change by editor/);
    assert.throws(() => editor.set("annotations", "n", note("bob")), /expected by = its author/);
    editor.set("annotations", "n", note("ana"));
    await until(viewer, () => viewer.get("annotations", "n") !== undefined);
    assert.throws(() => viewer.remove("annotations", "n"), /Cannot remove annotations\/n.*editor/);
    assert.is(viewer.ended, null);
  }));

test("a person takes back and makes again what they did, never what others did since", () =>
  joined(async (join) => {
    const [ana, bob] = [join("plant"), join("plant")];
    await Promise.all([ana.synced(), bob.synced()]);
    ana.set("thresholds", "own", threshold(1));
    ana.set("thresholds", "both", threshold(2));
    await until(bob, () => bob.get("thresholds", "both") !== undefined);
    bob.set("thresholds", "both", threshold(3));
    bob.set("thresholds", "theirs", threshold(4));
    await until(ana, () => ana.get("thresholds", "theirs") !== undefined);
    // Bob has changed it since: that stays.
    assert.ok(ana.undo());
    assert.not.ok(ana.undo(), "one change of a key is left");
    assert.equal(Object.keys(ana.all("thresholds")).sort(), ["both", "theirs"]);
    assert.equal(ana.get("thresholds", "both"), threshold(3));
    await ana.saved();
    assert.ok(ana.redo());
    await until(bob, () => bob.get("thresholds", "own") !== undefined);
  }));

test("of two who changed an entry at once, the one whose change counted takes it back to what was there before", () =>
  joined(async (join) => {
    const [ana, bob] = [join("plant"), join("plant")];
    await Promise.all([ana.synced(), bob.synced()]);
    ana.set("thresholds", "t", threshold(1));
    await until(bob, () => bob.get("thresholds", "t") !== undefined);
    // Neither has heard of the other's.
    ana.set("thresholds", "t", threshold(2));
    bob.set("thresholds", "t", threshold(3));
    await Promise.all([ana.saved(), bob.saved()]);
    await until(
      ana,
      () => JSON.stringify(ana.get("thresholds", "t")) === JSON.stringify(bob.get("thresholds", "t")),
    );
    const first = JSON.stringify(bob.get("thresholds", "t")) === JSON.stringify(threshold(3)) ? bob : ana;
    assert.ok(first.undo());
    assert.equal(first.get("thresholds", "t"), threshold(1));
  }));

test("of an entry of fields a person takes back those that nobody else has changed since", () =>
  joined(async (join) => {
    const [ana, bob] = [join("plant"), join("plant")];
    await Promise.all([ana.synced(), bob.synced()]);
    ana.set("panels", "p", { type: "chart", title: "a", order: "1" });
    ana.set("panels", "p", { type: "chart", title: "b", order: "2" });
    await until(bob, () => (bob.get("panels", "p") as { order?: string } | undefined)?.order === "2");
    bob.set("panels", "p", { type: "chart", title: "c", order: "2" });
    await until(ana, () => (ana.get("panels", "p") as { title?: string }).title === "c");
    assert.ok(ana.undo());
    assert.equal(ana.get("panels", "p"), { type: "chart", title: "c", order: "1" });
  }));

test("what was changed together is taken back together, and each other change by itself", () =>
  joined(async (join) => {
    const session = join("plant");
    await session.synced();
    session.set("thresholds", "first", threshold(1));
    session.together(() => {
      session.set("thresholds", "first", threshold(2));
      session.set("annotations", "n", note("ana"));
    });
    session.undo();
    assert.equal([session.all("thresholds"), session.all("annotations")], [{ first: threshold(1) }, {}]);
    session.undo();
    assert.equal(session.all("thresholds"), {});
    await session.saved();
  }));

test("an intent is carried out by the room, the next hears who was first, and people see each other", () =>
  joined(async (join) => {
    const [ana, bob] = [join("plant"), join("plant")];
    await Promise.all([ana.synced(), bob.synced()]);
    ana.set("thresholds", "t1", threshold(1));
    assert.is(await ana.intend({ type: "alert.acknowledge", alert: "t1" }), null);
    const refused = await bob.intend({ type: "alert.acknowledge", alert: "t1" });
    assert.is(refused?.found, "acknowledged by ana");
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
