// runtime: either
/** Decimated samples: what subscriptions share, the shortest interval, and the budget of a client. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Decimation } from "../../collab/gateway/decimation.ts";
import type { Gateway } from "../../collab/gateway/gateway.ts";
import { TokenBucket } from "../../collab/gateway/rate-limit.ts";
import { decodeMessage } from "../../protocol/codec.ts";
import { float64Column, uint32Column } from "../../protocol/columns.ts";
import { createFrame } from "../../protocol/frame.ts";
import type { DecimatedMessage } from "../../protocol/messages.ts";
import { type FakeSession, START_US } from "../support/fake-session.ts";
import { ask, withGateway } from "./http.ts";
import { TestSocket } from "./socket.ts";

const EVERY_US = 10_000;

test("[X1] 64 subscriptions to one group and interval add each sample once, and each gets the rows", () =>
  withGateway({ limits: { messagesBurst: 100 } }, async (gateway, session) => {
    const client = await new TestSocket(gateway).join();
    for (let id = 1; id <= 64; id++) subscribe(client, id, { group: "a" });
    await client.next("subscribed", 64);
    measure(session, "a", { frames: 100, samples: 10 });
    await client.settled();
    assert.is(await samplesAdded(gateway), 1_000);
    const messages = client.of("decimated");
    const ofFirst = messages.filter(({ id }) => id === 1).map(withoutId);
    assert.ok(ofFirst.length > 0);
    for (let id = 2; id <= 64; id++)
      assert.equal(messages.filter((message) => message.id === id).map(withoutId), ofFirst);
    client.close();
  }));

test("[X1] clients share decimations with each other, and a group or interval that nobody follows costs nothing", () =>
  withGateway({}, async (gateway, session) => {
    const [one, two] = [await new TestSocket(gateway).join(), await new TestSocket(gateway).join()];
    subscribe(one, 1, { group: "a" });
    subscribe(two, 1, {});
    for (const client of [one, two]) await client.next("subscribed");
    measure(session, "a", { frames: 10, samples: 10 });
    assert.is(await samplesAdded(gateway), 100);
    two.send({ type: "unsubscribe", id: 1 });
    await two.settled();
    measure(session, "b", { frames: 10, samples: 10 });
    assert.is(await samplesAdded(gateway), 100);
    one.close();
    two.close();
  }));

test("[X2] a back-fill that meets a younger decimation keeps the beginning of its open interval, for both", () =>
  withGateway({}, async (gateway, session) => {
    for (let k = 0; k < 5; k++) session.measure("a", [[k, 0, k]]);
    const late = await new TestSocket(gateway).join();
    subscribe(late, 1, { group: "a" });
    await late.next("subscribed");
    session.measure("a", [[5, 0, -7]]);
    const full = await new TestSocket(gateway).join();
    subscribe(full, 1, { group: "a", after: 0 });
    await full.next("subscribed");
    await full.settled();
    session.measure("a", [[2 * EVERY_US, 0, 0]]);
    for (const client of [late, full]) {
      const { min, max, samples } = await client.next("decimated");
      assert.is(new DataView(min.buffer, min.byteOffset).getFloat64(0, true), -7);
      assert.is(new DataView(max.buffer, max.byteOffset).getFloat64(0, true), 4);
      assert.is(new DataView(samples.buffer, samples.byteOffset).getUint32(0, true), 6);
      client.close();
    }
  }));

test("a silence of more intervals than a message can count gives a message of what was before it and one of what came after it", () =>
  withGateway({}, async (gateway, session) => {
    const client = await new TestSocket(gateway).join();
    subscribe(client, 1, { group: "a" });
    await client.next("subscribed");
    const most = 0xffff_ffff;
    // The last interval of each frame stays open until the next frame.
    for (const intervals of [[0], [most, most + 1], [2 * most + 2, 2 * most + 3]])
      session.measure(
        "a",
        intervals.map((interval) => [interval * EVERY_US, 0, interval] as const),
      );
    await client.settled();
    const rows = client.of("decimated").map(({ fromUs, interval, last }) => {
      return {
        from: (fromUs - START_US) / EVERY_US,
        intervals: [...uint32Column(interval)],
        last: [...float64Column(last)],
      };
    });
    assert.equal(rows, [
      { from: 0, intervals: [0, most], last: [0, most] },
      { from: most + 1, intervals: [0], last: [most + 1] },
      { from: 2 * most + 2, intervals: [0], last: [2 * most + 2] },
    ]);
    client.close();
  }));

test("an interval has the sum of the sizes of its samples, and a channel without sizes none", () => {
  const decimation = new Decimation(EVERY_US, 0);
  const frame = createFrame("s", "a", 4, true);
  frame.count = 4;
  frame.time.set([0, 1_000, 2_000, EVERY_US]);
  frame.channel.set([0, 1, 0, 0]);
  frame.size!.set([5, 0, 2.5, 1]);
  const rows = decimation.add(frame, 1)!;
  const [bytes] = rows.decimated(1, null, { group: "a", inputSequence: 1 });
  const message = decodeMessage(bytes!) as DecimatedMessage;
  assert.equal([...float64Column(message.volume!)], [7.5, 0]);
  frame.size = null;
  frame.time.set([EVERY_US, EVERY_US, EVERY_US, 2 * EVERY_US]);
  const [next] = decimation
    .add(frame, 2)!
    .decimated(1, Uint8Array.of(0, 1), { group: "a", inputSequence: 2 });
  assert.equal([...float64Column((decodeMessage(next!) as DecimatedMessage).volume!)], [0]);
});

test("an interval below the shortest is refused with its name; every sample, and other channels, are not", () =>
  withGateway({}, async (gateway) => {
    const client = await new TestSocket(gateway).join();
    client.send({ type: "subscribe", id: 1, channel: "samples", group: "a", decimationUs: 1 });
    const refused = await client.next("refused");
    assert.is(refused.value, "decimationUs 1");
    assert.match(refused.wanted, /at least 4000 \(decimationUsMin\)/);
    client.send({ type: "subscribe", id: 2, channel: "samples", decimationUs: 0 });
    client.send({ type: "subscribe", id: 3, channel: "state", decimationUs: 1 });
    await client.next("subscribed", 2);
    client.close();
  }));

test("a client whose budget is used up gets no more rows until it has come back, and what it missed is counted", async () => {
  let nowMs = 0;
  await withGateway(
    { limits: BUDGET_OF_TEN, trustProxy: true, nowMs: () => nowMs },
    async (gateway, session) => {
      const [busy, other] = [await joined(gateway, "192.0.2.1"), await joined(gateway, "192.0.2.2")];
      for (let id = 1; id <= 4; id++) subscribe(busy, id, { group: "a" });
      subscribe(other, 1, { group: "a" });
      await busy.next("subscribed", 4);
      await other.next("subscribed");
      endIntervals(session, 0, 8);
      await busy.settled();
      await other.settled();
      assert.is(busy.of("decimated").length, 10);
      assert.is(other.of("decimated").length, 7, "each client has its own budget");
      assert.is(busy.of("lagging").length, 0);
      nowMs += 1_000;
      // Of eight frames for each of four subscriptions, the first ended no interval, and ten were sent.
      const { samples } = await busy.next("lagging");
      assert.is(samples, 4 * 8 - 4 - 10);
      endIntervals(session, 8, 10);
      await busy.next("decimated", 14);
      for (const client of [busy, other]) client.close();
    },
  );
});

test("all connections of an address share one budget, and all of a guest, wherever they come from", async () => {
  const options = { token: TOKEN, limits: BUDGET_OF_TEN, trustProxy: true, nowMs: () => 0 };
  await withGateway(options, async (gateway, session) => {
    const guest = await guestToken(gateway);
    const clients = {
      owner: [await joined(gateway, "192.0.2.1", TOKEN), await joined(gateway, "192.0.2.1", TOKEN)],
      ownerElsewhere: [await joined(gateway, "192.0.2.2", TOKEN)],
      guest: [await joined(gateway, "192.0.2.1", guest), await joined(gateway, "192.0.2.3", guest)],
    };
    const all = Object.values(clients).flat();
    for (const client of all) {
      subscribe(client, 1, { group: "a" });
      await client.next("subscribed");
    }
    endIntervals(session, 0, 9);
    for (const client of all) await client.settled();
    const rows = (of: readonly TestSocket[]) =>
      of.reduce((sum, each) => sum + each.of("decimated").length, 0);
    assert.is(rows(clients.owner), 10);
    assert.is(rows(clients.ownerElsewhere), 8);
    assert.is(rows(clients.guest), 10);
    for (const client of all) client.close();
  });
});

test("a back-fill waits for the budget and loses nothing", async () => {
  let nowMs = 0;
  const limits = { decimationBurst: 10_000, decimationPerSecond: 1_000_000 };
  await withGateway({ limits, nowMs: () => nowMs }, async (gateway, session) => {
    for (let k = 0; k < 30; k++) session.measure("a", [[2 * k * EVERY_US, 0, k]]);
    const client = await new TestSocket(gateway).join();
    subscribe(client, 1, { group: "a", after: 0 });
    await client.next("subscribed");
    await client.settled();
    assert.is(client.of("decimated").length, 5);
    for (let received = 5; received < 29; received += 5) {
      await client.settled();
      assert.is(client.of("decimated").length, received);
      nowMs += 1_000;
      await client.next("decimated", Math.min(29, received + 5));
    }
    await client.settled();
    const inputs = client.of("decimated").map(({ inputSequence }) => inputSequence);
    assert.equal(
      inputs,
      Array.from({ length: 29 }, (_, k) => k + 2),
    );
    assert.is(client.of("lagging").length, 0);
    client.close();
  });
});

test("a budget closes when all is spent, and opens when a tenth has come back", () => {
  const budget = new TokenBucket(1_000, 100, 0);
  assert.ok(budget.isOpen(0));
  budget.spend(1_050);
  assert.not.ok(budget.isOpen(0));
  assert.is(budget.closedForMs, 1_501);
  assert.not.ok(budget.isOpen(1_500));
  assert.ok(budget.isOpen(1_501));
  budget.spend(90);
  assert.ok(budget.isOpen(1_501), "what is left may be spent");
  assert.ok(budget.isOpen(1_000_000));
  budget.spend(1_000);
  assert.not.ok(budget.isOpen(1_000_000), "no more than the burst is kept");
});

function subscribe(client: TestSocket, id: number, where: { group?: string; after?: number }): void {
  client.send({ type: "subscribe", id, channel: "samples", decimationUs: EVERY_US, ...where });
}

/** Pays for ten messages of `endIntervals`, each of which costs 2,006 units, and closes. */
const BUDGET_OF_TEN = { decimationBurst: 20_000, decimationPerSecond: 1_000_000 };

/** Frames of one sample; each but the first of all ends an interval. */
function endIntervals(session: FakeSession, from: number, until: number): void {
  for (let k = from; k < until; k++) session.measure("a", [[2 * k * EVERY_US, 0, k]]);
}

const TOKEN = "a-token-of-at-least-sixteen-characters";

/** A client that a proxy says is at an address. */
function joined(gateway: Gateway, address: string, token?: string): Promise<TestSocket> {
  return new TestSocket(gateway, { headers: { "x-forwarded-for": address } }).join(token);
}

async function guestToken(gateway: Gateway): Promise<string> {
  const post = async (path: string, body: object, headers = {}) => {
    const init = { method: "POST", headers: { "content-type": "application/json", ...headers } };
    return (await ask(gateway, path, { ...init, body: JSON.stringify(body) })).json() as Record<
      string,
      string
    >;
  };
  const { invite } = await post("/api/invites", { role: "viewer" }, { authorization: `Bearer ${TOKEN}` });
  return (await post("/api/invites/redeem", { invite, name: "Anna", bearer: true }))["token"]!;
}

/** Frames 1 ms apart, all their samples on one channel. */
function measure(session: FakeSession, group: string, { frames, samples }: Record<string, number>): void {
  for (let f = 0; f < frames!; f++)
    session.measure(
      group,
      Array.from({ length: samples! }, (_, s) => [1_000 * f + s, 0, f - s] as const),
    );
}

async function samplesAdded(gateway: Gateway): Promise<number> {
  const { body } = await ask(gateway, "/metrics");
  const found = /^eigenwatch_gateway_decimated_samples_total (\d+)$/m.exec(body);
  assert.ok(found, "a counter of decimated samples");
  return Number(found[1]);
}

function withoutId({ id: _, ...rest }: DecimatedMessage): Omit<DecimatedMessage, "id"> {
  return rest;
}

test.run();
