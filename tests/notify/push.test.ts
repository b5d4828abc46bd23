/** Web Push: a push service on loopback that checks who sends, and a browser that decrypts what it gets. */
import { createDecipheriv, createECDH, createHmac, randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { importJWK, jwtVerify } from "jose";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGateway } from "../../collab/gateway/gateway.ts";
import { type Channel, NotTaken } from "../../collab/notify/notifier.ts";
import { Gone } from "../../collab/notify/post.ts";
import { push, pushKeys } from "../../collab/notify/push.ts";
import { PUSH_SERVICES, PushSubscriptions } from "../../collab/notify/subscriptions.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { ask } from "../gateway/http.ts";
import { FakeSession } from "../support/fake-session.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const SUBJECT = "mailto:ops@example.org";

const EVENT: EventMessage = {
  type: "event",
  sequence: 1,
  id: "p0/1/1",
  timeUs: 1_700_000_000_000_000,
  kind: "alert.fired",
  severity: "critical",
  actor: "alerts",
  group: "host",
  channels: ["cpu"],
  title: "Processor is hot",
  detail: { fate: "told" },
};
const NOTICE = { key: "plant/p0/1/1", session: "plant", event: EVENT };

test("[U1] a browser reads what is sent to it, the service in between reads nothing and knows who sends", async () => {
  const service = await pushService([201]);
  const browser = newBrowser(service.origin);
  const keys = pushKeys(join(temporaryDirectory(), "key"));
  await push({ subscription: browser.subscription, keys, subject: SUBJECT }).send(NOTICE);
  const [{ headers, body }] = service.requests as [Request];
  const { tag, ...read } = JSON.parse(browser.decrypt(body)) as Record<string, unknown>;
  assert.equal(read, {
    session: "plant",
    severity: "critical",
    kind: "alert.fired",
    timeUs: EVENT.timeUs,
    title: "Processor is hot",
  });
  assert.equal(
    [headers["content-encoding"], headers["urgency"], headers["ttl"]],
    ["aes128gcm", "high", "86400"],
  );
  assert.is(headers["topic"], tag);
  assert.not.ok(body.includes("Processor") || JSON.stringify(headers).includes("plant"));
  const claims = await signedBy(keys.publicKey, headers);
  assert.equal([claims.aud, claims.sub], [service.origin, SUBJECT]);
  const seconds = claims.exp! - Date.now() / 1000;
  assert.ok(seconds > 0 && seconds <= 86_400, `valid for ${seconds} s`);
  await service.close();
});

test("[U2] a notice that is sent again has the same topic and tag, another one another", async () => {
  const service = await pushService([201, 201, 201]);
  const browser = newBrowser(service.origin);
  const channel = push({ ...PLACE(), subscription: browser.subscription });
  await channel.send(NOTICE);
  await channel.send(NOTICE);
  await channel.send({ ...NOTICE, key: "plant/p0/2/1" });
  const [first, again, other] = service.requests.map(({ headers }) => headers["topic"]);
  assert.is(first, again);
  assert.is.not(first, other);
  await service.close();
});

test("a service that is busy is tried again, one that refuses is not, one that knows the browser no more ends the subscription", async () => {
  const service = await pushService([429, 503, 413, 410, 404]);
  const channel = push({ ...PLACE(), subscription: newBrowser(service.origin).subscription });
  const errors: Error[] = [];
  for (let k = 0; k < 5; k++) errors.push(await rejection(channel.send(NOTICE)));
  assert.equal(
    errors.map((error) => (error instanceof Gone ? "gone" : error instanceof NotTaken ? "refused" : "later")),
    ["later", "later", "refused", "gone", "gone"],
  );
  for (const { message } of errors) assert.not.match(message, /send\/secret/);
  await service.close();
});

test("a title of any length fits in what a service takes", async () => {
  const service = await pushService([201]);
  const browser = newBrowser(service.origin);
  const channel = push({ ...PLACE(), subscription: browser.subscription });
  await channel.send({ ...NOTICE, event: { ...EVENT, title: "長".repeat(5_000) } });
  const [{ body }] = service.requests as [Request];
  assert.ok(body.length <= 4_096, `${body.length} bytes`);
  assert.match(JSON.parse(browser.decrypt(body)).title, /^長+$/);
  await service.close();
});

test("the key is made once, for its owner alone, and one that is none is an error that does not show it", () => {
  const file = join(temporaryDirectory(), "key");
  const made = pushKeys(file);
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.equal(pushKeys(file), made);
  assert.is(Buffer.from(made.privateKey, "base64url").length, 32);
  writeFileSync(file, "not-a-key-but-a-secret");
  assert.throws(
    () => pushKeys(file),
    ({ message }: Error) => /read the key of Web Push/.test(message) && !message.includes("but-a-secret"),
  );
});

test("[S1] only https endpoints of push services are called: no other host, port, scheme or name that looks like one", () => {
  const { subscriptions, channels } = given();
  for (const endpoint of [
    "http://fcm.googleapis.com/x",
    "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com.example.org/x",
    "https://evilnotify.windows.com/x",
    "https://user:pass@fcm.googleapis.com/x",
    "https://fcm.googleapis.com@127.0.0.1/x",
    "https://127.0.0.1/x",
    "https://169.254.169.254/latest/meta-data",
    "file:///etc/passwd",
    "nothing",
  ])
    assert.throws(
      () => subscriptions.subscribe("ana", subscription(endpoint)),
      /subscribe to notices/,
      endpoint,
    );
  assert.is(channels.size, 0);
  for (const endpoint of ["https://fcm.googleapis.com/x", "https://am3p.notify.windows.com/w/?token=x"])
    subscriptions.subscribe("ana", subscription(endpoint));
  assert.is(channels.size, 2);
});

test("[S2] a subscription ends with the sign-in of its person, before anything more is sent", async () => {
  const service = await pushService([201]);
  const { subscriptions, channels } = given({ services: [service.origin] });
  const signedIn = new Set(["ana", "bob"]);
  subscriptions.guard((by) => signedIn.has(by));
  subscriptions.subscribe("ana", newBrowser(service.origin).subscription);
  subscriptions.subscribe("bob", newBrowser(service.origin).subscription);
  const [ofAna, ofBob] = [...channels.values()];
  signedIn.delete("ana");
  assert.instance(await rejection(ofAna!.send(NOTICE)), Gone);
  assert.is(service.requests.length, 0);
  assert.equal([...channels.values()], [ofBob]);
  signedIn.clear();
  subscriptions.checkSignIns();
  assert.is(channels.size, 0);
  await service.close();
});

test("a subscription that its service knows no more is removed for good, others stay, also over a restart", async () => {
  const service = await pushService([410]);
  const file = join(temporaryDirectory(), "subscriptions.json");
  const { subscriptions, channels } = given({ services: [service.origin], file });
  const stays = newBrowser(service.origin).subscription;
  subscriptions.subscribe("ana", newBrowser(service.origin).subscription);
  subscriptions.subscribe("ana", stays);
  const [first] = channels.values();
  await rejection(first!.send(NOTICE));
  assert.is(statSync(file).mode & 0o777, 0o600);
  const again = given({ services: [service.origin], file });
  assert.equal([...again.channels.keys()], [...channels.keys()]);
  assert.is(again.channels.size, 1);
  again.subscriptions.unsubscribe("bob", stays.endpoint);
  assert.is(again.channels.size, 1, "another's endpoint is not one's own");
  again.subscriptions.unsubscribe("ana", stays.endpoint);
  assert.is(readFileSync(file, "utf8"), "[]");
  await service.close();
});

test("[S3] the oldest subscription of a person makes room, a browser that subscribes again counts once, and a session has its limit", () => {
  const { subscriptions, channels } = given();
  const at = (by: string, k: number) =>
    subscriptions.subscribe(by, subscription(`https://fcm.googleapis.com/${by}/${k}`));
  for (let k = 0; k < 10; k++) at("ana", k);
  at("ana", 9);
  assert.is(channels.size, 8);
  for (let person = 0; person < 120; person++) at(`guest-${person}`, 0);
  assert.is(channels.size, 128);
  assert.throws(() => at("late", 0), /the session has 128 subscriptions; expected at most 128/);
  at("ana", 10);
  assert.is(channels.size, 128);
});

test("a page finds the key, and whoever is signed in subscribes; strangers and bodies that do not fit are refused", async () => {
  const { subscriptions, channels } = given();
  const token = "a-token-of-at-least-sixteen-characters";
  const gateway = await createGateway({ sessions: [new FakeSession()], token, push: subscriptions });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const post = (path: string, body: object, as: Record<string, string> = headers) =>
    ask(gateway, path, { method: "POST", headers: as, body: JSON.stringify(body) });
  const listed = (await ask(gateway, "/api/sessions", { headers })).json() as {
    sessions: { push: string }[];
  };
  assert.is(listed.sessions[0]!.push, subscriptions.publicKey);
  const mine = subscription("https://fcm.googleapis.com/x");
  assert.is((await post("/api/push", mine, { "content-type": "application/json" })).status, 401);
  for (const body of [{}, { ...mine, keys: { ...mine.keys, auth: "short" } }, { endpoint: mine.endpoint }]) {
    const { status, body: answer } = await post("/api/push", body);
    assert.is(status, 400);
    assert.not.match(answer, /short|googleapis/);
  }
  assert.is((await post("/api/push", subscription("https://127.0.0.1/x"))).status, 403);
  assert.is((await post("/api/push", mine)).status, 200);
  assert.is(channels.size, 1);
  // A guest is told until the invitation is revoked.
  const { invite, id } = (await post("/api/invites", { role: "viewer" })).json() as Record<string, string>;
  const guest = (await post("/api/invites/redeem", { invite, name: "Eve", bearer: true })).json() as {
    token: string;
  };
  const asGuest = { ...headers, authorization: `Bearer ${guest.token}` };
  assert.is((await post("/api/push", subscription("https://fcm.googleapis.com/y"), asGuest)).status, 200);
  assert.is((await post("/api/push/remove", { endpoint: mine.endpoint }, asGuest)).status, 200);
  assert.is(channels.size, 2, "a guest ends nobody else's");
  await post("/api/invites/revoke", { id });
  assert.is(channels.size, 1);
  await post("/api/push/remove", { endpoint: mine.endpoint });
  assert.is(channels.size, 0);
  await gateway.close();
});

test("a gateway without Web Push has neither key nor paths", async () => {
  const gateway = await createGateway({ sessions: [new FakeSession()] });
  const { sessions } = (await ask(gateway, "/api/sessions")).json() as { sessions: object[] };
  assert.not.ok("push" in sessions[0]!);
  const headers = { "content-type": "application/json" };
  assert.is((await ask(gateway, "/api/push", { method: "POST", headers, body: "{}" })).status, 404);
  await gateway.close();
});

// ---- given ------------------------------------------------------------------------------------------------------

const PLACE = () => ({ keys: pushKeys(join(temporaryDirectory(), "key")), subject: SUBJECT });

function given({ services = PUSH_SERVICES, file = null as string | null } = {}) {
  const subscriptions = new PushSubscriptions({
    ...PLACE(),
    services,
    file,
    log: (line) => assert.unreachable(line),
  });
  const channels = new Map<string, Channel>();
  subscriptions.serve({
    add: (channel) => void channels.set(channel.name, channel),
    remove: (name) => void channels.delete(name),
  });
  return { subscriptions, channels };
}

function subscription(endpoint: string) {
  return { ...newBrowser("https://example.org").subscription, endpoint };
}

/** A browser's end of RFC 8291. */
function newBrowser(origin: string) {
  const curve = createECDH("prime256v1");
  const own = curve.generateKeys();
  const auth = randomBytes(16);
  const keys = { p256dh: own.toString("base64url"), auth: auth.toString("base64url") };
  return {
    subscription: { endpoint: `${origin}/send/secret-${randomBytes(4).toString("hex")}`, keys },
    decrypt(body: Buffer): string {
      const salt = body.subarray(0, 16);
      const idLength = body[20]!;
      const sender = body.subarray(21, 21 + idLength);
      const record = body.subarray(21 + idLength);
      const shared = curve.computeSecret(sender);
      const info = Buffer.concat([Buffer.from("WebPush: info\0"), own, sender]);
      const material = derived(auth, shared, info, 32);
      const key = derived(salt, material, Buffer.from("Content-Encoding: aes128gcm\0"), 16);
      const nonce = derived(salt, material, Buffer.from("Content-Encoding: nonce\0"), 12);
      const cipher = createDecipheriv("aes-128-gcm", key, nonce);
      cipher.setAuthTag(record.subarray(-16));
      const plain = Buffer.concat([cipher.update(record.subarray(0, -16)), cipher.final()]);
      // Padding: a 2, which marks the last record, and zeros.
      return plain.subarray(0, plain.lastIndexOf(2)).toString("utf8");
    },
  };
}

/** HKDF-SHA256 of at most 32 bytes (RFC 5869). */
function derived(salt: Buffer, secret: Buffer, info: Buffer, length: number): Buffer {
  const key = createHmac("sha256", salt).update(secret).digest();
  return createHmac("sha256", key).update(info).update(Buffer.of(1)).digest().subarray(0, length);
}

/** The claims of the token, which the key that a browser subscribed with has signed (RFC 8292). */
async function signedBy(publicKey: string, { authorization = "" }: IncomingHttpHeaders) {
  const [, token, k] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(authorization) ?? [];
  assert.is(k, publicKey);
  const point = Buffer.from(publicKey, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString("base64url"));
  const key = await importJWK({ kty: "EC", crv: "P-256", x: x!, y: y! }, "ES256");
  return (await jwtVerify(token!, key, { algorithms: ["ES256"] })).payload;
}

interface Request {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Answers with these statuses, one after the other. */
async function pushService(statuses: number[]) {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.writeHead(statuses.shift()!, { connection: "close" }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    requests,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => assert.unreachable("was not refused") as never,
    (error: unknown) => error as Error,
  );
}

test.run();
