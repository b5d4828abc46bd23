// slow
/** Clients that never read: they are closed as too slow, and meanwhile everybody else is served. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Gateway } from "../../collab/gateway/gateway.ts";
import { GATEWAY_LIMITS } from "../../collab/gateway/limits.ts";
import { createManualClock } from "../support/clock.ts";
import { ask, withGateway } from "./http.ts";
import { TestSocket } from "./socket.ts";

const CLIENTS = 120;
/** More than the kernel keeps for a socket comes from these. */
const DETAIL = Object.fromEntries(Array.from({ length: 16 }, (_, k) => [`field${k}`, "x".repeat(4_000)]));

/** Any number of requests and messages, since the tests ask until something has happened. */
const LAGS_EARLY = { conflateAboveBytes: 16_384, requestsBurst: 1e9, messagesBurst: 1e9 };

test("[G2] 120 clients that never read are cut as too slow, and healthz and a client that reads are served", async () => {
  const limits = { ...LAGS_EARLY, cutAboveBytes: 131_072, cutGraceMs: 60_000 };
  await withGateway({ limits }, async (gateway, session) => {
    const deaf: TestSocket[] = [];
    for (let k = 0; k < CLIENTS; k++) deaf.push(await follower(new TestSocket(gateway)));
    for (const client of deaf) client.ws.pause();
    const reader = await follower(new TestSocket(gateway));
    let announced = 0;
    while ((await counted(gateway, "closed_total", 'reason="ws slow"')) < CLIENTS) {
      for (let k = 0; k < 8; k++) announced = session.announce("heavy", DETAIL).sequence;
      await reader.until(() => reader.of("event").length === announced);
      assert.is((await ask(gateway, "/healthz")).status, 200);
    }
    for (const client of deaf) {
      client.ws.resume();
      assert.is((await client.untilClosed()).code, 1013);
      assert.is(client.of("closing")[0]!.reason, "slow");
    }
    assert.is(await counted(gateway, "closed_total", 'reason="ws silent"'), 0);
    assert.is(reader.closed, null);
    reader.close();
  });
});

test("[G2] a lagging client that answers no ping is closed as too slow, not as gone", () => {
  const clock = createManualClock();
  return withGateway({ clock, limits: { ...LAGS_EARLY, laggingMsMax: 1e9 } }, async (gateway, session) => {
    const slow = await follower(new TestSocket(gateway));
    slow.ws.pause();
    for (let k = 0; (await counted(gateway, "dropped_total", 'channel="state"')) === 0; k++) {
      // It is heard, so it is not silent yet.
      slow.send({ type: "ping", nonce: k });
      for (let e = 0; e < 8; e++) session.announce("heavy", DETAIL);
      for (const timeUs of [2 * k, 2 * k + 1]) session.publishState("a", timeUs);
    }
    const closed = (reason: string) => counted(gateway, "closed_total", `reason="ws ${reason}"`);
    while ((await closed("slow")) + (await closed("silent")) === 0)
      await clock.advance(GATEWAY_LIMITS.keepAliveMs);
    slow.ws.resume();
    assert.is((await slow.untilClosed()).code, 1013);
    assert.match(slow.of("closing")[0]!.detail, /keepAliveMs/);
    assert.is(await closed("silent"), 0);
  });
});

async function follower(client: TestSocket): Promise<TestSocket> {
  await client.join();
  client.send({ type: "subscribe", id: 1, channel: "events" });
  client.send({ type: "subscribe", id: 2, channel: "state" });
  await client.next("subscribed", 2);
  return client;
}

async function counted(gateway: Gateway, name: string, label: string): Promise<number> {
  const { status, body } = await ask(gateway, "/metrics");
  assert.is(status, 200);
  return Number(new RegExp(`^eigenwatch_gateway_${name}\\{${label}\\} (\\d+)$`, "m").exec(body)?.[1] ?? 0);
}

test.run();
