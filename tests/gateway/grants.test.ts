/** Invitations, guests and tickets: what each role may, and what is refused. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGateway, type Gateway, type GatewayOptions } from "../../collab/gateway/gateway.ts";
import { grantsInFile } from "../../collab/gateway/grants-file.ts";
import { applySetting, defaultSettings } from "../../protocol/settings.ts";
import { FakeSession } from "../support/fake-session.ts";
import { type Answer, ask, errorOf, originOf, withGateway } from "./http.ts";
import { refusal, TestSocket } from "./socket.ts";

const TOKEN = "a-token-of-at-least-sixteen-characters";
const OWNER = { authorization: `Bearer ${TOKEN}` };
const INJECTION = { scenario: "spike", group: "g" };
const SETTING = { path: "collapse.falseAlarmsPerDay", value: 0.5 };

type Headers = Record<string, string>;

function post(gateway: Gateway, path: string, body: unknown, headers: Headers = {}): Promise<Answer> {
  return ask(gateway, path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function posted(gateway: Gateway, path: string, body: unknown, headers: Headers = {}) {
  const answer = await post(gateway, path, body, headers);
  assert.is(answer.status, 200, `${path}: ${answer.body}`);
  return answer.json() as Record<string, string>;
}

const invite = (gateway: Gateway, asked: object) => posted(gateway, "/api/invites", asked, OWNER);

/** A guest with a bearer token. */
async function guest(gateway: Gateway, role: string, name = "Anna") {
  const { invite: text, id: invitation } = await invite(gateway, { role });
  const made = await posted(gateway, "/api/invites/redeem", { invite: text, name, bearer: true });
  return { id: made["id"]!, invitation: invitation!, bearer: { authorization: `Bearer ${made["token"]}` } };
}

async function ticketOf(gateway: Gateway, headers: Headers, session?: string): Promise<string> {
  return (await posted(gateway, "/api/tickets", session === undefined ? {} : { session }, headers))[
    "ticket"
  ]!;
}

/** A gateway whose session notes who sends commands. */
function withRoles(
  options: Partial<GatewayOptions>,
  act: (gateway: Gateway, authors: object[]) => Promise<void>,
): Promise<void> {
  const authors: object[] = [];
  let settings = defaultSettings();
  return withGateway({ token: TOKEN, ...options }, (gateway, session) => {
    session.commands.handle({
      readSettings: () => ({ settings }),
      changeSetting: ({ path, value }, author) => {
        authors.push(author);
        settings = applySetting(settings, path, value);
        return { settings };
      },
      startInjection: (_request, author) => {
        authors.push(author);
        return { started: { ...INJECTION, strength: 1, channels: [], seed: 1, fromUs: 1, untilUs: 2 } };
      },
    });
    return act(gateway, authors);
  });
}

test("a viewer reads, an editor injects, an owner changes settings; a refusal names both roles", () =>
  withRoles({}, async (gateway, authors) => {
    const allowed = { viewer: [200, 403, 403], editor: [200, 200, 403], owner: [200, 200, 200] };
    for (const [role, expected] of Object.entries(allowed)) {
      const { bearer, id } = await guest(gateway, role);
      const answers = [
        await ask(gateway, "/api/settings", { headers: bearer }),
        await post(gateway, "/api/inject", INJECTION, bearer),
        await post(gateway, "/api/settings", SETTING, bearer),
      ];
      assert.equal(
        answers.map(({ status }) => status),
        expected,
        role,
      );
      for (const answer of answers.filter(({ status }) => status === 403)) {
        const { value, expected: needed, kind } = errorOf(answer);
        assert.equal([value, kind], [`the role ${role}`, "denied"]);
        assert.match(needed, /^the role (editor or owner|owner)$/);
      }
      const me = (await ask(gateway, "/api/me", { headers: bearer })).json();
      assert.equal(me, { id, name: "Anna", role, session: "test", guest: true });
      const last = { author: "guest Anna at 127.0.0.1", authorId: id, authorRole: role };
      if (role !== "viewer") assert.equal(authors.at(-1), last);
    }
    assert.is(authors.length, 3);
  }));

test("a guest's secret signs nobody in as the owner", () =>
  withRoles({}, async (gateway) => {
    const { bearer } = await guest(gateway, "viewer");
    const token = bearer.authorization.replace("Bearer ", "");
    const answer = await post(gateway, "/api/login", { token });
    assert.equal([answer.status, answer.headers["set-cookie"]], [401, undefined]);
  }));

test("only an owner invites, lists, revokes and changes roles", () =>
  withRoles({}, async (gateway) => {
    const editor = await guest(gateway, "editor");
    for (const path of ["", "/revoke", "/role"]) {
      const refused = await post(
        gateway,
        `/api/invites${path}`,
        { id: editor.id, role: "owner" },
        editor.bearer,
      );
      assert.is(refused.status, 403, path);
      assert.is((await post(gateway, `/api/invites${path}`, { role: "owner" })).status, 401, path);
    }
    assert.is((await ask(gateway, "/api/invites", { headers: editor.bearer })).status, 403);
    const listed = await ask(gateway, "/api/invites", { headers: OWNER });
    const { guests } = listed.json() as { guests: { id: string }[] };
    assert.equal(
      guests.map(({ id }) => id),
      [editor.id],
    );
    assert.not.match(listed.body, /secretHash|key/);
  }));

test("[J2] a use is counted before its guest comes in, also across a restart, and by how many at once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "eigenwatch-grants-"));
  const file = join(folder, "access.json");
  const open = () =>
    createGateway({ sessions: [new FakeSession()], token: TOKEN, grants: grantsInFile(file) });
  let gateway = await open();
  const { invite: text } = await invite(gateway, { role: "viewer", uses: 2 });
  const redeem = (name: string) => post(gateway, "/api/invites/redeem", { invite: text, name, bearer: true });
  const first = (await redeem("Anna")).json() as { token: string };
  await gateway.close();

  gateway = await open();
  const bearer = { authorization: `Bearer ${first.token}` };
  assert.is(
    (await ask(gateway, "/api/me", { headers: bearer })).status,
    200,
    "a guest stays after a restart",
  );
  const answers = await Promise.all(["Ben", "Cleo", "Dan"].map(redeem));
  assert.equal(answers.map(({ status }) => status).sort(), [200, 403, 403]);
  const [refused] = answers.filter(({ status }) => status === 403);
  assert.match(errorOf(refused!).value, /its uses are used up \(2\)/);
  await gateway.close();

  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.not.match(readFileSync(file, "utf8"), new RegExp(first.token), "[J3]");
  rmSync(folder, { recursive: true });
});

test("a forged, changed, unsigned, expired or revoked invitation, and a ticket in its place, is refused", async () => {
  let wallMs = 1_800_000_000_000;
  await withRoles({ wallMs: () => wallMs, limits: { loginsBurst: 100 } }, async (gateway) => {
    const { invite: text, id } = (await invite(gateway, { role: "viewer", seconds: 60 })) as Record<
      "invite" | "id",
      string
    >;
    const [header, body, signature] = text.split(".") as [string, string, string];
    const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as object;
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const own = { alg: "HS256", typ: "ew-invitation+jwt" };
    const other = new SignJWT({ ...claims }).setProtectedHeader(own);
    const refused: Record<string, string> = {
      "with another role": [header, encoded({ ...claims, role: "owner" }), signature].join("."),
      unsigned: `${encoded({ ...own, alg: "none" })}.${body}.`,
      "signed with another key": await other.sign(new Uint8Array(32)),
      "a ticket": await ticketOf(gateway, OWNER),
      "no token at all": "x",
    };
    for (const [what, wrong] of Object.entries(refused)) {
      const answer = await post(gateway, "/api/invites/redeem", { invite: wrong, name: "Eve" });
      assert.is(answer.status, 403, what);
      assert.match(errorOf(answer).value, /signature/, what);
    }
    await posted(gateway, "/api/invites/revoke", { id }, OWNER);
    const revoked = await post(gateway, "/api/invites/redeem", { invite: text, name: "Eve" });
    assert.match(errorOf(revoked).value, /revoked/);
    const late = await invite(gateway, { role: "viewer", seconds: 60 });
    wallMs += 61_000;
    const expired = await post(gateway, "/api/invites/redeem", { invite: late["invite"], name: "Eve" });
    assert.match(errorOf(expired).value, /expired/);
  });
});

test("forged invitations are counted like wrong tokens, and do not keep out the right one", () =>
  withRoles({ limits: { loginsBurst: 2, loginsPerSecond: 0.001 } }, async (gateway) => {
    const { invite: text } = await invite(gateway, { role: "viewer" });
    const wrong = () => post(gateway, "/api/invites/redeem", { invite: "x.y.z", name: "Eve" });
    const statuses = [await wrong(), await wrong(), await wrong()].map(({ status }) => status);
    assert.equal(statuses, [403, 403, 429]);
    await posted(gateway, "/api/invites/redeem", { invite: text, name: "Anna" });
  }));

test("a name that hides characters, is empty or too long is refused, and costs no use", () =>
  withRoles({}, async (gateway) => {
    const { invite: text } = await invite(gateway, { role: "viewer" });
    for (const name of ["", "  ", "a\u202eb", "a\nb", "x".repeat(49)])
      assert.is(
        (await post(gateway, "/api/invites/redeem", { invite: text, name })).status,
        400,
        JSON.stringify(name),
      );
    const { name } = await posted(gateway, "/api/invites/redeem", { invite: text, name: " Zoë 量 " });
    assert.is(name, "Zoë 量");
  }));

test("[J4] a revoked guest, and one with another role, is closed at once with 4401 on every way in", () =>
  withRoles({}, async (gateway) => {
    for (const change of ["revoke", "revoke the invitation", "role"]) {
      const { id, invitation, bearer } = await guest(gateway, "editor");
      const ticket = await ticketOf(gateway, bearer);
      const sockets = [
        await new TestSocket(gateway, { headers: bearer }).join(),
        await new TestSocket(gateway, { path: `/ws?ticket=${ticket}` }).join(),
        await new TestSocket(gateway).join(bearer.authorization.slice(7)),
      ];
      const stream = ask(gateway, "/events", { headers: bearer });
      const poll = ask(gateway, "/api/events?wait=20000", { headers: bearer });
      await ask(gateway, "/healthz");
      if (change === "role") await posted(gateway, "/api/invites/role", { id, role: "viewer" }, OWNER);
      else await posted(gateway, "/api/invites/revoke", { id: change === "revoke" ? id : invitation }, OWNER);
      for (const socket of sockets) assert.is((await socket.untilClosed()).code, 4401, change);
      assert.is((await stream).status, 200, "the stream ended");
      assert.is(
        (await post(gateway, "/api/inject", INJECTION, bearer)).status,
        change === "role" ? 403 : 401,
      );
      assert.is(
        (await refusal(gateway, { path: `/ws?ticket=${ticket}` })).status,
        401,
        "the ticket ends too",
      );
      void poll;
    }
  }));

test("a ticket opens its own session for a minute: not another, not later, not changed, not unsigned", async () => {
  let wallMs = 1_800_000_000_000;
  const sessions = [new FakeSession("one"), new FakeSession("two")];
  const gateway = await createGateway({ sessions, token: TOKEN, wallMs: () => wallMs });
  const ticket = await ticketOf(gateway, OWNER, "two");
  const status = async (text: string, session = "two") =>
    (await refusal(gateway, { path: `/ws?session=${session}&ticket=${text}` })).status;
  const joined = await new TestSocket(gateway, { path: `/ws?session=two&ticket=${ticket}` }).join();
  assert.is(joined.of("welcome")[0]!.session, "two");
  const byProtocol = await new TestSocket(gateway, {
    path: "/ws?session=two",
    headers: { "sec-websocket-protocol": `ticket.${ticket}` },
  });
  await byProtocol.opened();
  assert.is(await status(ticket, "one"), 404);
  const [header, body, signature] = ticket.split(".") as [string, string, string];
  assert.is(await status(`${header}.${body}.${signature.slice(0, -2)}AA`), 401, "changed");
  const none = Buffer.from('{"alg":"none","typ":"ew-ticket+jwt"}').toString("base64url");
  assert.is(await status(`${none}.${body}.`), 401, "unsigned");
  const { invite: text } = await invite(gateway, { role: "owner", session: "two" });
  assert.is(await status(text!), 401, "an invitation is no ticket");
  wallMs += 61_000;
  assert.is(await status(ticket), 401, "expired");
  joined.close();
  byProtocol.close();
  await gateway.close();
});

test("[D4] a ticket opens upgrades and the stream of events; it buys no ticket and no invitation, and carries out no command", () =>
  withRoles({}, async (gateway, authors) => {
    const { id, bearer } = await guest(gateway, "owner");
    const ticket = await ticketOf(gateway, bearer);
    const at = (path: string): string => `${path}?ticket=${ticket}`;
    const posts: Record<string, object> = {
      "/api/tickets": {},
      "/api/invites": { role: "owner", uses: 100 },
      "/api/invites/role": { id: "guest-1", role: "owner" },
      "/api/invites/revoke": { id: "guest-1" },
      "/api/logout": {},
      "/api/inject": INJECTION,
      "/api/settings": SETTING,
      "/events": {},
    };
    for (const [path, body] of Object.entries(posts)) {
      const { status } = await post(gateway, at(path), body);
      assert.is(status, path === "/events" ? 405 : 401, path);
      const asProtocol = { "sec-websocket-protocol": `ticket.${ticket}`, upgrade: "websocket" };
      assert.is((await post(gateway, path, body, asProtocol)).status, status, path);
    }
    for (const path of ["/api/invites", "/api/me", "/api/settings", "/api/events"])
      for (const headers of [{}, { upgrade: "websocket" }])
        assert.is((await ask(gateway, at(path), { headers })).status, 401, path);
    assert.equal(authors, []);
    (await new TestSocket(gateway, { path: at("/ws") }).join()).close();
    const stream = await streamOf(gateway, at("/events"));
    assert.is(stream.statusCode, 200);
    const ended = once(stream.resume(), "end");
    await posted(gateway, "/api/invites/revoke", { id }, OWNER);
    await ended;
  }));

/** The answer whose body is still coming. */
function streamOf({ port }: Gateway, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, agent: false }, resolve).on("error", reject);
  });
}

test("a guest sees one session only, also through the token in a hello", async () => {
  const gateway = await createGateway({
    sessions: [new FakeSession("one"), new FakeSession("two")],
    token: TOKEN,
  });
  const { invite: text } = await invite(gateway, { role: "owner", session: "two" });
  const { token } = await posted(gateway, "/api/invites/redeem", {
    invite: text,
    name: "Anna",
    bearer: true,
  });
  const bearer = { authorization: `Bearer ${token}` };
  const { sessions } = (await ask(gateway, "/api/sessions", { headers: bearer })).json() as {
    sessions: { session: string }[];
  };
  assert.equal(
    sessions.map(({ session }) => session),
    ["two"],
  );
  for (const path of ["/api/channels", "/api/events", "/events", "/api/settings"])
    assert.is((await ask(gateway, `${path}?session=one`, { headers: bearer })).status, 404, path);
  assert.is((await post(gateway, "/api/tickets", { session: "one" }, bearer)).status, 404);
  assert.is((await post(gateway, "/api/invites", { session: "one", role: "viewer" }, bearer)).status, 404);
  const socket = new TestSocket(gateway, { path: "/ws?session=one" });
  await socket.opened();
  socket.send({ type: "hello", client: "test", versions: [1], token: token! });
  assert.is((await socket.untilClosed()).code, 4401);
  await gateway.close();
});

test("on loopback without a token everybody is the owner, and a guest's cookie still makes a guest", () =>
  withGateway({}, async (gateway) => {
    assert.is(((await ask(gateway, "/api/me")).json() as { role: string }).role, "owner");
    const { invite: text } = await posted(gateway, "/api/invites", { role: "viewer" });
    const redeemed = await post(gateway, "/api/invites/redeem", { invite: text, name: "Anna" });
    const [cookie, ...flags] = String(redeemed.headers["set-cookie"]).split("; ");
    assert.ok(flags.includes("HttpOnly") && flags.includes("SameSite=Strict"));
    const me = await ask(gateway, "/api/me", { headers: { cookie: cookie! } });
    assert.is((me.json() as { role: string }).role, "viewer");
    const acting = { cookie: cookie!, ...originOf(gateway) };
    assert.is((await post(gateway, "/api/invites", { role: "owner" }, acting)).status, 403);
  }));

test("a page elsewhere is answered when its origin is allowed: by token or ticket, not by cookie or for free", async () => {
  const origin = "https://app.example.org";
  await withGateway({ allowedOrigins: [origin] }, async (gateway) => {
    assert.is((await ask(gateway, "/api/me", { headers: { origin: "https://evil.example" } })).status, 403);
    assert.is((await ask(gateway, "/api/me", { headers: { origin } })).status, 401);
    const preflight = await ask(gateway, "/api/inject", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
    assert.equal([preflight.status, preflight.headers["access-control-allow-origin"]], [204, origin]);
    assert.is(preflight.headers["access-control-allow-credentials"], undefined);
    const { invite: text } = await posted(gateway, "/api/invites", { role: "viewer", uses: 2 });
    const { token } = await posted(
      gateway,
      "/api/invites/redeem",
      { invite: text, name: "A", bearer: true },
      { origin },
    );
    const answer = await ask(gateway, "/api/me", { headers: { origin, authorization: `Bearer ${token}` } });
    assert.equal([answer.status, answer.headers["access-control-allow-origin"]], [200, origin]);
    const redeemed = await post(gateway, "/api/invites/redeem", { invite: text, name: "B" });
    const cookie = String(redeemed.headers["set-cookie"]).split(";")[0]!;
    assert.is((await ask(gateway, "/api/me", { headers: { origin, cookie } })).status, 401);
    const ticket = await ticketOf(gateway, { authorization: `Bearer ${token}`, origin });
    (await new TestSocket(gateway, { origin, path: `/ws?ticket=${ticket}` }).join()).close();
    assert.is(
      (await refusal(gateway, { origin: "https://evil.example", path: `/ws?ticket=${ticket}` })).status,
      403,
    );
  });
  await withGateway({}, async (gateway) => {
    assert.is((await ask(gateway, "/api/me", { headers: { origin } })).status, 403, "off by default");
  });
});

test("no invitation, ticket or token of a guest is in the log, in an answer's headers, or in an error", async () => {
  const lines: string[] = [];
  await withRoles({ log: (line) => lines.push(line) }, async (gateway) => {
    const { invite: text } = await invite(gateway, { role: "viewer" });
    const wrong = await post(gateway, "/api/invites/redeem", { invite: `${text}x`, name: "Eve" });
    assert.not.ok(wrong.body.includes(text!.slice(0, 40)));
    const shape = await post(gateway, "/api/invites/redeem", { invite: text, nam: "Eve" });
    assert.is(shape.status, 400);
    assert.not.ok(shape.body.includes(text!));
    assert.equal(lines, []);
  });
});

test.run();
