// runtime: either
/** Presence of several gateways of one session: tables that tell each other what their connections show. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Presence, type PresenceOwner, type SharedEntry } from "../../collab/rooms/presence.ts";
import { presenceMessage, readRoomMessage } from "../../collab/rooms/wire.ts";

/** A connection of somebody. */
function connection(id: string): PresenceOwner {
  return { person: { id, name: id, role: "editor" } };
}

/** What a client sends of itself. */
function shows(table: Presence, owner: PresenceOwner, writer: number, clock: number, state: object | null) {
  const message = readRoomMessage(presenceMessage([{ writer, clock, state: JSON.stringify(state) }]));
  if (message?.kind !== "presence") throw new Error("no presence");
  assert.is(table.receive(owner, message.entries, 0), null);
}

/** Tells another table what has changed here, as the gateway of that name. */
function tells(from: Presence, to: Presence, name: string, nowMs = 0): readonly SharedEntry[] {
  const { here } = from.takeChanges();
  to.hear(name, here, nowMs);
  return here;
}

function seenBy(table: Presence): string[] {
  return table
    .others(connection("nobody"))
    .map(({ state }) => JSON.parse(state).user.id as string)
    .sort();
}

test("what a connection shows at one gateway is shown at the others, and told by none of these", () => {
  const [a, b] = [new Presence(), new Presence()];
  shows(a, connection("ana"), 7, 1, { at: 1 });
  tells(a, b, "a");
  assert.equal(seenBy(b), ["ana"]);
  assert.equal(tells(b, a, "b"), []);
});

test("[A4] who leaves at one gateway leaves at all", () => {
  const [a, b] = [new Presence(), new Presence()];
  const ana = connection("ana");
  shows(a, ana, 7, 1, { at: 1 });
  tells(a, b, "a");
  a.leave(ana);
  tells(a, b, "a");
  assert.equal(seenBy(b), []);
});

test("[A5] who comes back at another gateway stays when the first one notices that the connection has ended", () => {
  const [a, b, c] = [new Presence(), new Presence(), new Presence()];
  const [here, there] = [connection("ana"), connection("ana")];
  shows(a, here, 7, 1, { at: 1 });
  for (const table of [b, c]) table.hear("a", a.here(), 0);
  a.takeChanges();
  // With the clock that it had.
  shows(b, there, 7, 1, { at: 2 });
  const { here: said } = b.takeChanges();
  for (const table of [a, c]) table.hear("b", said, 0);
  a.leave(here);
  const left = a.takeChanges().here;
  for (const table of [b, c]) table.hear("a", left, 0);
  for (const table of [a, b, c]) assert.equal(seenBy(table), ["ana"]);
  assert.match(c.others(connection("nobody"))[0]!.state, '"at":2');
});

test("[A5] a gateway does not take over the entry of another person", () => {
  const [a, b] = [new Presence(), new Presence()];
  shows(a, connection("ana"), 7, 1, { at: 1 });
  shows(b, connection("eve"), 7, 9, { at: 2 });
  tells(b, a, "b");
  assert.equal(seenBy(a), ["ana"]);
});

test("[A5] what a silent gateway has told leaves, what it renews stays", () => {
  const [a, b] = [new Presence(), new Presence()];
  shows(a, connection("ana"), 7, 1, { at: 1 });
  shows(a, connection("bob"), 8, 1, { at: 1 });
  tells(a, b, "a", 1_000);
  b.hear("a", [{ writer: 8, clock: 2, person: "bob", state: '{"user":{"id":"bob"}}' }], 30_000);
  b.expire(2_000);
  assert.equal(seenBy(b), ["bob"]);
  assert.ok(b.hasChanges);
});

test("a message that comes after the end of what it tells brings nobody back", () => {
  const [a, b] = [new Presence(), new Presence()];
  const ana = connection("ana");
  shows(a, ana, 7, 1, { at: 1 });
  const early = tells(a, b, "a");
  a.leave(ana);
  tells(a, b, "a");
  b.hear("a", early, 0);
  assert.equal(seenBy(b), []);
});

test.run();
