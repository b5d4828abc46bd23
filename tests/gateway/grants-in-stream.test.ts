// runtime: either
/** Invitations of a session that several gateways share. */
import type { IncomingMessage } from "node:http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { systemClock } from "../../actors/clock.ts";
import type { Bus, LogStream } from "../../actors/ports/bus.ts";
import { Auth } from "../../collab/gateway/auth.ts";
import { Grants } from "../../collab/gateway/grants.ts";
import { GATEWAY_LIMITS } from "../../collab/gateway/limits.ts";
import { grantsInStream, grantsStream } from "../../collab/live/grants-in-stream.ts";
import type { EigenwatchError } from "../../protocol/errors.ts";
import { condition } from "../support/condition.ts";
import { forgetful } from "../support/forgetful-stream.ts";

const STREAM = grantsStream("plant");
const ASKED = { session: "plant", role: "editor", uses: 1, seconds: 60 } as const;

/** Gateways of one session, with what one of them reaches the servers through. */
async function gateway(bus: Bus, said: string[] = []) {
  const leaving = new AbortController();
  const log = await grantsInStream({
    ...{ bus, clock: systemClock, session: "plant", signal: leaving.signal },
    log: (message) => void said.push(message),
  });
  const grants = new Grants(log, GATEWAY_LIMITS, Date.now);
  const { look, until } = condition();
  grants.onChange(look);
  return { grants, until, leave: () => leaving.abort() };
}

function withStream(bus: Bus, stream: LogStream): Bus {
  return { ...bus, stream: (name) => (name === STREAM ? stream : bus.stream(name)) };
}

test("[I3] gateways that begin at once sign with one key", async () => {
  const bus = createMemoryBus(systemClock);
  const all = await Promise.all([gateway(bus), gateway(bus), gateway(bus)]);
  const [first, ...others] = all.map(({ grants }) => Buffer.from(grants.key).toString("hex"));
  for (const other of others) assert.is(other, first);
  for (const { leave } of all) leave();
});

test("[I1] an invitation of one gateway is redeemed at another, once, and revoked at a third", async () => {
  const bus = createMemoryBus(systemClock);
  const [a, b, c] = await Promise.all([gateway(bus), gateway(bus), gateway(bus)]);
  const { id } = await a.grants.invite(ASKED);
  await b.until(() => b.grants.list().invitations.length === 1);
  const { guest, secret } = await b.grants.redeem(id, "Ana");
  await a.until(() => a.grants.guestWith(secret) !== null);
  await a.grants.redeem(id, "Eve").then(
    () => assert.unreachable(),
    (error: EigenwatchError) => assert.match(error.message, "its uses are used up"),
  );
  await c.until(() => c.grants.guest(guest.id) !== null);
  await c.grants.revoke(id, null);
  for (const { grants, until } of [a, b]) await until(() => grants.guest(guest.id) === null);
  for (const { leave } of [a, b, c]) leave();
});

test("[I2] a guest of one gateway is known at another that has not read of it yet", async () => {
  const bus = createMemoryBus(systemClock);
  const stream = bus.stream(STREAM);
  const { look, until } = condition();
  const held: (() => void)[] = [];
  let isHolding = true;
  const slow: LogStream = {
    append: (bytes, options) => stream.append(bytes, options),
    follow: (from, take) =>
      stream.follow(from, (entry) => {
        if (!isHolding) take(entry);
        else held.push(() => take(entry));
        look();
      }),
    read: (from) => stream.read(from),
    lastSequence: () => stream.lastSequence(),
  };
  const release = (): void => {
    isHolding = false;
    for (const take of held.splice(0)) take();
  };
  const a = await gateway(bus);
  const b = await gateway(withStream(bus, slow));
  const { id } = await a.grants.invite({ ...ASKED, uses: 2 });
  const { guest, secret } = await a.grants.redeem(id, "Ana");
  const auth = new Auth("a-token-of-at-least-sixteen-characters", 1, GATEWAY_LIMITS, b.grants);
  const request = { headers: { authorization: `Bearer ${secret}` } } as IncomingMessage;
  const who = auth.identify(request, null, false, 0);
  await until(() => held.length === 2);
  release();
  assert.is((await who).principal?.id, guest.id);
  // Whom nobody let in is a stranger, when all is read.
  const wrong = { headers: { authorization: "Bearer wrong" } } as IncomingMessage;
  assert.is((await auth.identify(wrong, null, false, 0)).kind, "stranger");
  // An invitation as well is redeemed where it is not known yet.
  isHolding = true;
  const second = await a.grants.invite(ASKED);
  const redeemed = b.grants.redeem(second.id, "Bob");
  await until(() => held.length === 1);
  release();
  assert.is((await redeemed).guest.name, "Bob");
  // And a token that comes in a hello.
  isHolding = true;
  const third = await a.grants.invite(ASKED);
  const cara = await a.grants.redeem(third.id, "Cara");
  const hello = auth.checkToken(cara.secret, "127.0.0.1", 0);
  await until(() => held.length === 2);
  release();
  assert.is((await hello).principal.id, cara.guest.id);
  for (const { leave } of [a, b]) leave();
});

test("[I1] a change that is stored twice counts once", async () => {
  const bus = createMemoryBus(systemClock);
  const stream = bus.stream(STREAM);
  let copies = 0;
  const twice: LogStream = {
    append: async (bytes, { id }) => {
      await stream.append(bytes, { id });
      return stream.append(bytes, { id: `${id} ${++copies}` });
    },
    follow: (from, take) => stream.follow(from, take),
    read: (from) => stream.read(from),
    lastSequence: () => stream.lastSequence(),
  };
  const { grants, leave } = await gateway(withStream(bus, twice));
  const { id } = await grants.invite({ ...ASKED, uses: 2 });
  await grants.redeem(id, "Ana");
  await grants.redeem(id, "Bob");
  assert.ok(copies >= 4);
  assert.is(grants.list().guests.length, 2);
  leave();
});

test("what is no change is passed over", async () => {
  const bus = createMemoryBus(systemClock);
  const said: string[] = [];
  const { grants, leave } = await gateway(bus, said);
  await bus
    .stream(STREAM)
    .append(new TextEncoder().encode('{"id":"x","change":{"type":"other"}}'), { id: "x" });
  await grants.invite(ASKED);
  assert.is(grants.list().invitations.length, 1);
  assert.is(said.length, 1);
  leave();
});

test("when the servers lose the end of the stream, what was granted after it ends", async () => {
  const bus = createMemoryBus(systemClock);
  const stream = forgetful(bus.stream(STREAM));
  const { grants, until, leave } = await gateway(withStream(bus, stream));
  await grants.invite(ASKED);
  const { id } = await grants.invite(ASKED);
  stream.forget(1);
  await until(() => grants.list().invitations.length === 1);
  assert.not.ok(grants.list().invitations.some((each) => each.id === id));
  leave();
});

test.run();
