/** Guests and tickets at a shared document: revoked, given another role, for another session, under another name. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { GATEWAY_LIMITS } from "../../collab/gateway/limits.ts";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { condition } from "../support/condition.ts";
import { threshold } from "./edits.ts";
import { type RoomWorld, roomWorld, type Stock } from "./room-world.ts";

const TOKEN = "a-token-of-at-least-sixteen-characters";

/** More than an address has wrong tokens before it is answered 429. */
const FAILURES = GATEWAY_LIMITS.loginsBurst + 5;

interface Guest {
  readonly id: string;
  /** A new ticket of the guest, as the role is then. */
  ticket(): Promise<string>;
}

interface SignInWorld extends RoomWorld {
  guest(name: string, role: string): Promise<Guest>;
  asOwner(path: string, body: object): Promise<Record<string, string>>;
}

async function inWorld(
  run: (world: SignInWorld) => Promise<void>,
  opening = () => Promise.resolve(),
): Promise<void> {
  const world = await roomWorld(createMemoryJournal({}), { token: TOKEN, opening });
  const post = async (path: string, body: object, token?: string): Promise<Record<string, string>> => {
    const headers = {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const answer = await fetch(new URL(path, world.gateway.url), {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    const json = (await answer.json()) as Record<string, string>;
    assert.is(answer.status, 200, `${path}: ${JSON.stringify(json)}`);
    return json;
  };
  const asOwner = (path: string, body: object) => post(path, body, TOKEN);
  const guest = async (name: string, role: string): Promise<Guest> => {
    const { invite } = await asOwner("api/invites", { role });
    const { id, token } = await post("api/invites/redeem", { invite, name, bearer: true });
    return { id: id!, ticket: async () => (await post("api/tickets", {}, token))["ticket"]! };
  };
  try {
    await run({ ...world, guest, asOwner });
  } finally {
    await world.close();
  }
}

async function closeCode(stock: Stock): Promise<number> {
  await stock.until(() => stock.closed !== null);
  return stock.closed!.code;
}

test("the connection of a guest who is revoked in mid-session closes with 4401, the others' stay, and the ticket opens nothing more", () =>
  inWorld(async ({ join, guest, asOwner }) => {
    const [anna, bob] = [await guest("Anna", "editor"), await guest("Bob", "editor")];
    const ticket = await anna.ticket();
    const hers = await join("-", { ticket }).synced();
    const his = await join("-", { ticket: await bob.ticket() }).synced();
    await asOwner("api/invites/revoke", { id: anna.id });
    assert.is(await closeCode(hers), CLOSE_CODES.unauthenticated);
    his.map("thresholds").set("t1", threshold(1));
    const later = await join("-", { ticket: await bob.ticket() }).synced();
    await later.until(() => later.map("thresholds").has("t1"));
    assert.is(his.closed, null);
    assert.is(await closeCode(join("-", { ticket })), CLOSE_CODES.unauthenticated);
  }));

test("an editor made a viewer in mid-session is closed with 4501, comes in again with a new ticket, reads, and is refused an edit", () =>
  inWorld(async ({ join, guest, asOwner, partition }) => {
    const anna = await guest("Anna", "editor");
    const editor = await join("-", { ticket: await anna.ticket() }).synced();
    editor.map("thresholds").set("t1", threshold(1));
    const bob = await guest("Bob", "viewer");
    const reader = await join("-", { ticket: await bob.ticket() }).synced();
    await reader.until(() => reader.map("thresholds").has("t1"));
    await asOwner("api/invites/role", { id: anna.id, role: "viewer" });
    // Stock clients try again after 4501: the ticket of the other role opens nothing, which ends it.
    await editor.until(() => editor.codes.length > 1);
    assert.equal(editor.codes, [CLOSE_CODES.otherRole, CLOSE_CODES.unauthenticated]);
    const viewer = await join("-", { ticket: await anna.ticket() }).synced();
    await viewer.until(() => viewer.map("thresholds").has("t1"));
    viewer.map("thresholds").set("t2", threshold(2));
    assert.is(await closeCode(viewer), CLOSE_CODES.forbidden);
    assert.is(partition.room().document.entry("thresholds", "t2"), undefined);
  }));

test("a guest who is revoked while the document is being opened does not come in", () => {
  let isAsked = false;
  let open: () => void = () => {};
  const asked = condition();
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const opening = (): Promise<void> => {
    isAsked = true;
    asked.look();
    return opened;
  };
  return inWorld(async ({ socket, guest, asOwner }) => {
    const anna = await guest("Anna", "editor");
    const bare = socket(`-&ticket=${await anna.ticket()}`);
    await asked.until(() => isAsked);
    await asOwner("api/invites/revoke", { id: anna.id });
    open();
    assert.is(await bare.code(), CLOSE_CODES.unauthenticated);
  }, opening);
});

test("a guest and a ticket open the document of their own session only", () =>
  inWorld(async ({ join, guest, asOwner }) => {
    const anna = await guest("Anna", "editor");
    assert.is(
      await closeCode(join("-", { ticket: await anna.ticket(), room: "mill" })),
      CLOSE_CODES.notFound,
    );
    const { ticket } = await asOwner("api/tickets", { session: "plant" });
    assert.is(await closeCode(join("-", { ticket: ticket!, room: "mill" })), CLOSE_CODES.notFound);
    await join("-", { ticket: ticket! }).synced();
  }));

test("a forged ticket is closed with 4401, however often, so that a stock client stops", () =>
  inWorld(async ({ join, socket, guest }) => {
    const ticket = await (await guest("Anna", "editor")).ticket();
    const tries = Array.from({ length: FAILURES }, () => socket(`-&ticket=${ticket}x`).code());
    assert.equal(await Promise.all(tries), Array(FAILURES).fill(CLOSE_CODES.unauthenticated));
    await join("-", { ticket }).synced();
  }));

test("presence shows the name and role that somebody is signed in with, whatever the client writes there", () =>
  inWorld(async ({ join, guest }) => {
    const anna = await guest("Anna", "viewer");
    const hers = await join("owner", { role: "owner", ticket: await anna.ticket() }).synced();
    const his = await join("-", { ticket: await (await guest("Bob", "editor")).ticket() }).synced();
    hers.provider.awareness.setLocalStateField("user", {
      id: "owner",
      name: "Bob",
      role: "owner",
      color: "#f00",
    });
    const shown = () => his.provider.awareness.getStates().get(hers.doc.clientID)?.["user"];
    await his.until(() => shown()?.color === "#f00");
    assert.equal(shown(), { color: "#f00", id: anna.id, name: "Anna", role: "viewer" });
  }));

test.run();
