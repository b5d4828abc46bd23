/** Notices of a session: what is sent, to a real HTTP server and a real SMTP server on loopback, when it is tried again, and what a restart does. */

import { existsSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { systemClock } from "../../actors/clock.ts";
import type { Partition } from "../../actors/partition/partition.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { LiveSession, SessionListener } from "../../actors/ports/session.ts";
import { NodeNotices } from "../../collab/live/node-notices.ts";
import { channelsOf, notifySchema } from "../../collab/notify/config.ts";
import { email } from "../../collab/notify/email.ts";
import { fileMarks, type Marks, memoryMarks } from "../../collab/notify/marks.ts";
import { type Channel, type Notice, Notifier, NotTaken } from "../../collab/notify/notifier.ts";
import { signature, webhook } from "../../collab/notify/webhook.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { createManualClock } from "../support/clock.ts";
import { condition } from "../support/condition.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const KINDS = ["alert.fired", "alert.resolved", "incident.opened"];

test("people are told of the kinds that are asked for, and of alerts only what they are to be told", async () => {
  const world = given();
  world.announce("alert.fired", { fate: "told" });
  world.announce("alert.fired", { fate: "joined" });
  world.announce("alert.held", { fate: "held" });
  world.announce("incident.opened");
  world.announce("feed.gap");
  await world.taken(2);
  await world.notifier.close();
  assert.equal(world.sent, ["test/p0/1/1 alert.fired", "test/p0/4/1 incident.opened"]);
});

test("[N2] what was sent is not sent again after a restart, and what was not is", async () => {
  const path = join(temporaryDirectory(), "notified.json");
  const first = given({ marks: fileMarks(path) });
  first.announce("alert.fired", { fate: "told" });
  await first.taken(1);
  await first.notifier.close();
  assert.ok(existsSync(path));
  first.announce("alert.fired", { fate: "told" });
  const second = given({ marks: fileMarks(path), events: first.events });
  await second.taken(1);
  await second.notifier.close();
  assert.equal([...first.sent, ...second.sent], ["test/p0/1/1 alert.fired", "test/p0/2/1 alert.fired"]);
});

test("a channel without a mark begins with the events that come", async () => {
  const old = given();
  old.announce("alert.fired", { fate: "told" });
  await old.notifier.close();
  const world = given({ events: old.events });
  world.announce("incident.opened");
  await world.taken(1);
  await world.notifier.close();
  assert.equal(world.sent, ["test/p0/2/1 incident.opened"]);
});

test("a receiver that fails is tried again after one, two, four seconds, with jitter, under the same key", async () => {
  const world = given({ failures: 3 });
  world.announce("alert.fired", { fate: "told" });
  await world.attempted(1);
  for (const [ms, attempts] of [
    [749, 1],
    [1, 2],
    [1_499, 2],
    [1, 3],
    [3_000, 4],
  ] as const) {
    await world.clock.advance(ms);
    assert.is(world.attempts.length, attempts, `after ${ms} ms more`);
  }
  await world.taken(1);
  assert.is(new Set(world.attempts).size, 1);
  await world.notifier.close();
});

test("what a receiver refuses for good is passed over and said, and the next notice is sent", async () => {
  const world = given({ refuse: 1 });
  world.announce("alert.fired", { fate: "told" });
  world.announce("incident.opened");
  await world.taken(1);
  await world.notifier.close();
  assert.equal(world.sent, ["test/p0/2/1 incident.opened"]);
  assert.match(world.logged.join(), /does not take alert.fired p0\/1\/1, which is passed over: no/);
});

test("[N3] closing does not wait for a receiver that is away, and its notice is sent after the next start", async () => {
  const marks = memoryMarks();
  const world = given({ failures: 1_000, marks });
  world.announce("alert.fired", { fate: "told" });
  await world.attempted(1);
  await world.notifier.close();
  const next = given({ marks, events: world.events });
  await next.taken(1);
  await next.notifier.close();
  assert.equal(next.sent, ["test/p0/1/1 alert.fired"]);
});

test("[N5] a channel that is added begins with the events that come, and one that is removed is sent nothing more and begins anew", async () => {
  const marks = memoryMarks();
  const world = given({ marks });
  world.announce("incident.opened");
  await world.taken(1);
  const got: string[] = [];
  let look = (): void => {};
  const added: Channel = {
    name: "added",
    async send({ key }) {
      got.push(key);
      look();
    },
  };
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      look = () => got.length >= count && resolve();
      look();
    });
  world.notifier.add(added);
  world.announce("incident.opened");
  await until(1);
  world.notifier.remove("added");
  world.announce("incident.opened");
  await world.taken(3);
  assert.is(marks.of("added"), undefined);
  world.notifier.add(added);
  world.announce("incident.opened");
  await until(2);
  await world.taken(4);
  await world.notifier.close();
  assert.equal(got, ["test/p0/2/1", "test/p0/4/1"]);
  assert.is(world.sent.length, 4, "the other channel goes on");
});

test("[N2] the next owner of a partition sends what the one before it has not, and that one sends nothing more", async () => {
  const server = await httpServer([]);
  const { session, announce } = scriptedSession([]);
  const bus = createMemoryBus(systemClock);
  const owning = async () => {
    const notices = nodeNotices(server.url, bus);
    notices.ownershipChanged({ partition: "p0", owned: session as unknown as Partition });
    // Without a mark it would begin with what comes from then on.
    while (!(await bus.snapshots("test-notified").list()).includes("p0")) await nextTurn();
    return notices;
  };
  const first = await owning();
  announce("incident.opened");
  await server.came(1);
  first.ownershipChanged({ partition: "p0", owned: null });
  await first.close();
  announce("incident.opened");
  const second = await owning();
  await server.came(2);
  await second.close();
  assert.equal(
    server.requests.map(({ headers }) => headers["idempotency-key"]),
    ["test/p0/1/1", "test/p0/2/1"],
  );
  await server.close();
});

test("marks that the servers do not give or take for now are asked for again", async () => {
  const server = await httpServer([]);
  const { session, announce } = scriptedSession([]);
  const clock = createManualClock();
  const bus = createMemoryBus(clock);
  const store = bus.snapshots("test-notified");
  const failing = { load: 2, save: 2 };
  const away = async (what: keyof typeof failing): Promise<void> => {
    if (failing[what]-- > 0) throw new Error(`no answer to ${what}`);
  };
  const said: string[] = [];
  const notices = nodeNotices(
    server.url,
    {
      snapshots: () => ({
        ...{ list: () => store.list(), remove: (name: string) => store.remove(name) },
        load: (name) => away("load").then(() => store.load(name)),
        save: (name, bytes) => away("save").then(() => store.save(name, bytes)),
      }),
    },
    { clock, said },
  );
  notices.ownershipChanged({ partition: "p0", owned: session as unknown as Partition });
  while (!(await store.list()).includes("p0")) {
    await clock.advance(1_000);
    await nextTurn();
  }
  announce("incident.opened");
  await server.came(1);
  await notices.close();
  assert.equal(said, ["no answer to load"]);
  await server.close();
});

test("a node that is to tell browsers is refused: gateways of a cluster do not share who has subscribed", () => {
  const push = { subject: "mailto:ops@example.org", keyFile: join(temporaryDirectory(), "key") };
  const notify = v.parse(notifySchema, { push });
  const place = { bus: createMemoryBus(systemClock), clock: systemClock, session: "test" };
  assert.throws(
    () => new NodeNotices({ ...place, notify, log() {} }),
    /notify\.push; expected webhooks and emails/,
  );
});

test("marks that are none are an error, not a flood of old notices", () => {
  const path = join(temporaryDirectory(), "notified.json");
  writeFileSync(path, '{"a":"x"}');
  assert.throws(() => fileMarks(path), /how far notices were sent from .*it holds something else/);
});

test("[W1] a webhook sends the event, signed with the secret and the time", async () => {
  const server = await httpServer([200]);
  const clock = createManualClock(1_700_000_000_500_000);
  await webhook({ url: server.url, secret: "a secret", clock }).send(notice());
  const [{ headers, body }] = server.requests as [Request];
  const timestamp = "1700000000";
  assert.is(headers["eigenwatch-timestamp"], timestamp);
  assert.is(headers["eigenwatch-signature"], signature("a secret", timestamp, body));
  assert.is(headers["idempotency-key"], "test/p0/1/1");
  assert.equal(JSON.parse(body), { id: "test/p0/1/1", session: "test", event: notice().event });
  assert.not.ok(`${body}${JSON.stringify(headers)}`.includes("a secret"));
  await server.close();
});

test("a webhook that answers 4xx or redirects does not take it, 5xx, 429 and silence are tried again", async () => {
  const server = await httpServer([404, 302, 500, 429, 204]);
  const channel = webhook({ url: server.url, secret: "s", clock: createManualClock(), answerMs: 60_000 });
  for (const isFinal of [true, true, false, false]) {
    const error = await rejection(channel.send(notice()));
    assert.is(error instanceof NotTaken, isFinal, error.message);
    assert.not.match(error.message, /hook\/token/);
  }
  await channel.send(notice());
  assert.is(server.requests.length, 5, "the redirect was not followed");
  await server.close();
  assert.not.instance(await rejection(channel.send(notice())), NotTaken);
});

test("an e-mail has the title as its subject, and the details of the event", async () => {
  const server = await smtpServer("250 taken");
  const channel = email({
    server: `smtp://127.0.0.1:${server.port}`,
    from: "watch@example.org",
    to: ["ana@example.org"],
  });
  await channel.send(notice());
  channel.close!();
  const text = server.received.join("\n");
  assert.match(text, /MAIL FROM:<watch@example.org>/);
  assert.match(text, /RCPT TO:<ana@example.org>/);
  assert.match(text, /Subject: \[warning\] Processor is hot/);
  assert.match(text, /Message-ID: <[0-9a-f]{32}@eigenwatch>/);
  assert.match(text, /value: 97/);
  await server.close();
});

test("an e-mail that the server refuses for good is not taken, one that it refuses for now is tried again", async () => {
  for (const [answer, isFinal] of [
    ["550 no such user", true],
    ["451 later", false],
  ] as const) {
    const server = await smtpServer(answer);
    const channel = email({
      server: `smtp://127.0.0.1:${server.port}`,
      from: "a@example.org",
      to: ["b@example.org"],
    });
    const error = await rejection(channel.send(notice()));
    assert.is(error instanceof NotTaken, isFinal, error.message);
    channel.close!();
    await server.close();
  }
});

test("[N4] secrets come from a file or a variable; one that is not there is named by its place", () => {
  const url = "https://example.org/hook";
  const channels = (webhookOptions: object) =>
    channelsOf(v.parse(notifySchema, { webhooks: [{ url, ...webhookOptions }] }), createManualClock());
  const file = join(temporaryDirectory(), "secret");
  writeFileSync(file, "from a file\n");
  assert.is(channels({ secretFile: file }).length, 1);
  assert.throws(() => channels({}), /secret of webhook https:\/\/example.org: nothing in neither/);
  assert.throws(() => channels({ secretFile: `${file}.not` }), /nothing in file .*secret\.not/);
  assert.throws(
    () => channels({ secretVariable: "EIGENWATCH_NO_SUCH" }),
    /nothing in variable EIGENWATCH_NO_SUCH/,
  );
  assert.throws(() => v.parse(notifySchema, { emails: [{ server: "smtp://a:b@c", from: "a", to: ["b"] }] }));
});

function nodeNotices(
  url: string,
  bus: Pick<Bus, "snapshots">,
  { clock = systemClock, said = [] as string[] }: { clock?: Clock; said?: string[] } = {},
): NodeNotices {
  const secretFile = join(temporaryDirectory(), "secret");
  writeFileSync(secretFile, "a secret");
  const notify = v.parse(notifySchema, { webhooks: [{ url, secretFile }] });
  const log = (message: string) => void said.push(message);
  return new NodeNotices({ bus, clock, session: "test", notify, log });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

// ---- given ------------------------------------------------------------------------------------------------------

interface Given {
  readonly marks?: Marks;
  readonly events?: EventMessage[];
  /** Attempts that fail first. */
  readonly failures?: number;
  /** Notices that are refused for good first. */
  readonly refuse?: number;
}

function given({ marks = memoryMarks(), events = [], failures = 0, refuse = 0 }: Given = {}) {
  const clock = createManualClock();
  const sent: string[] = [];
  const attempts: string[] = [];
  const logged: string[] = [];
  const { session, announce } = scriptedSession(events);
  const waiting: { isDone(): boolean; resolve(): void }[] = [];
  const look = () => {
    for (const each of [...waiting]) if (each.isDone()) each.resolve();
  };
  const until = (isDone: () => boolean) =>
    isDone() ? Promise.resolve() : new Promise<void>((resolve) => waiting.push({ isDone, resolve }));
  const channel: Channel = {
    name: "test channel",
    async send({ key, event }) {
      attempts.push(key);
      try {
        if (attempts.length <= refuse) throw new NotTaken("no");
        if (attempts.length <= failures) throw new Error("away");
        sent.push(`${key} ${event.kind}`);
      } finally {
        look();
      }
    },
  };
  const log = (message: string) => void logged.push(message);
  const notifier = new Notifier({
    session,
    channels: [channel],
    marks,
    clock,
    kinds: KINDS,
    random: () => 0.5,
    log,
  });
  return {
    clock,
    notifier,
    sent,
    attempts,
    logged,
    events,
    announce,
    taken: (count: number) => until(() => sent.length >= count),
    attempted: (count: number) => until(() => attempts.length >= count),
  };
}

/** A session that announces what it is told to. */
function scriptedSession(events: EventMessage[]) {
  const listeners = new Set<SessionListener>();
  const session = {
    session: "test",
    partition: "p0",
    subscribe(listener: SessionListener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    describe: () => ({ lastEventSequence: events.at(-1)?.sequence ?? 0 }),
    events: async (after: number, limit: number) =>
      events.filter(({ sequence }) => sequence > after).slice(0, limit),
  } as unknown as LiveSession;
  const announce = (kind: string, detail: EventMessage["detail"] = {}): void => {
    const sequence = events.length + 1;
    events.push({ ...notice().event, sequence, id: `p0/${sequence}/1`, kind, detail });
    for (const listener of listeners) listener.flush?.();
  };
  return { session, announce };
}

function notice(): Notice {
  const event: EventMessage = {
    type: "event",
    sequence: 1,
    id: "p0/1/1",
    timeUs: 1_700_000_000_000_000,
    kind: "alert.fired",
    severity: "warning",
    actor: "alerts",
    group: "host",
    channels: ["cpu"],
    title: "Processor is hot",
    detail: { value: 97, fate: "told" },
  };
  return { key: "test/p0/1/1", session: "test", event };
}

interface Request {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers with these statuses, one after the other. */
async function httpServer(statuses: number[]) {
  const requests: Request[] = [];
  const { look, until } = condition();
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      requests.push({ headers: request.headers, body });
      look();
      response.writeHead(statuses.shift() ?? 200, { location: "/elsewhere", connection: "close" }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  const came = (count: number) => until(() => requests.length >= count);
  return { url: `http://127.0.0.1:${port}/hook/token`, requests, came, close };
}

/** As much of SMTP (RFC 5321) as a client without extensions needs. `answer`: to the recipient. */
async function smtpServer(answer: string) {
  const received: string[] = [];
  const server = createTcpServer((socket) => {
    let isData = false;
    let rest = "";
    const say = (line: string) => socket.write(`${line}\r\n`);
    say("220 test");
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      rest += chunk.toString("utf8");
      for (let at = rest.indexOf("\r\n"); at >= 0; at = rest.indexOf("\r\n")) {
        const line = rest.slice(0, at);
        rest = rest.slice(at + 2);
        received.push(line);
        if (isData) {
          if (line !== ".") continue;
          isData = false;
          say("250 taken");
        } else if (/^DATA/i.test(line)) {
          isData = true;
          say("354 go on");
        } else if (/^RCPT/i.test(line)) say(answer);
        else if (/^QUIT/i.test(line)) {
          say("221 bye");
          socket.end();
        } else say("250 ok");
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { port, received, close };
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => assert.unreachable("was not refused") as never,
    (error: unknown) => error as Error,
  );
}

test.run();
