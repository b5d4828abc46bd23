// runtime: either
/** GET /api/history: the past of a partition in one answer, which live samples continue. */
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Gateway } from "../../collab/gateway/gateway.ts";
import { decodeMessage } from "../../protocol/codec.ts";
import { uint16Column } from "../../protocol/columns.ts";
import type { DecodedMessage, MessageName, MessageOf } from "../../protocol/messages.ts";
import { unpackMessages } from "../../protocol/packed-messages.ts";
import { START_US } from "../support/fake-session.ts";
import { rowsIn } from "../support/interval-rows.ts";
import { ask, withGateway } from "./http.ts";
import { TestSocket } from "./socket.ts";

const SECOND_US = 1_000_000;

test("an answer has the samples of a range in intervals, the measures and the state at its end", () =>
  withGateway({}, async (gateway, session) => {
    session.declare("a", ["x"]);
    for (let k = 0; k < 100; k++) session.measure("a", [[k * SECOND_US, 0, k]]);
    session.publishState("a", START_US + 30 * SECOND_US);
    session.publishState("a", START_US + 70 * SECOND_US);
    const [fromUs, toUs] = [START_US + 20 * SECOND_US, START_US + 60 * SECOND_US];
    const messages = await history(gateway, `?from=${fromUs}&to=${toUs}&columns=20`);
    assert.is(messages[0]?.type, "subscribed");
    const [decimated] = of(messages, "decimated");
    assert.is(decimated!.everyUs, 2 * SECOND_US);
    assert.equal(
      rowsIn(decimated!).map(([, , min, max]) => [min, max]),
      Array.from({ length: 21 }, (_, k) => [20 + 2 * k, 21 + 2 * k]),
    );
    assert.equal(of(messages, "measures")[0]!.names, ["purity", "significant"]);
    assert.equal(
      of(messages, "state").map(({ timeUs }) => timeUs),
      [START_US + 30 * SECOND_US],
    );
  }));

test("measures are answered alone on request; another part is refused by its name", () =>
  withGateway({}, async (gateway, session) => {
    session.declare("a", ["x"]);
    for (let k = 0; k < 10; k++) session.measure("a", [[k * SECOND_US, 0, k]]);
    session.publishState("a", START_US + 3 * SECOND_US);
    const messages = await history(
      gateway,
      `?from=${START_US}&to=${START_US + 60 * SECOND_US}&only=measures`,
    );
    assert.equal(of(messages, "decimated"), []);
    assert.is(of(messages, "measures").length, 1);
    const refused = await ask(gateway, "/api/history?only=samples");
    assert.is(refused.status, 400);
    assert.match(refused.body, "only=samples");
  }));

test("measures that are named are left out, the others keep their names", () =>
  withGateway({}, async (gateway, session) => {
    session.declare("a", ["x"]);
    session.publishState("a", START_US + 3 * SECOND_US);
    const range = `?from=${START_US}&to=${START_US + 60 * SECOND_US}`;
    const namesIn = async (query: string) =>
      of(await history(gateway, query), "measures").flatMap(({ names, measure }) =>
        Array.from(uint16Column(measure), (k) => names[k]),
      );
    assert.equal(await namesIn(range), ["purity", "significant"]);
    assert.equal(await namesIn(`${range}&without=purity,unknown`), ["significant"]);
  }));

test("channels that are named are fine, the others come in intervals four times as long with all their extremes", () =>
  withGateway({}, async (gateway, session) => {
    session.declare("a", ["x", "y"]);
    session.declare("b", ["x,1"]);
    for (let k = 0; k < 64; k++) {
      session.measure("a", [
        [k * SECOND_US, 0, k],
        [k * SECOND_US, 1, 100 - k],
      ]);
      session.measure("b", [[k * SECOND_US, 0, k]]);
    }
    const range = `?from=${START_US}&to=${START_US + 63 * SECOND_US}&columns=32`;
    const lengths = async (query: string) => {
      const messages = of(await history(gateway, `${range}${query}`), "decimated");
      return messages.flatMap((each) =>
        [...new Set(rowsIn(each).map(([, channel]) => channel))].map(
          (channel) => `${each.group} ${channel}: ${each.everyUs / SECOND_US}`,
        ),
      );
    };
    assert.equal(await lengths(""), ["a 0: 2", "a 1: 2", "b 0: 2"]);
    assert.equal(await lengths("&fine=a/y"), ["a 1: 2", "a 0: 8", "b 0: 8"]);
    assert.equal(await lengths("&fine=a/x&fine=b/x,1"), ["a 0: 2", "a 1: 8", "b 0: 2"]);
    assert.equal(await lengths("&fine=a/unknown"), ["a 0: 8", "a 1: 8", "b 0: 8"]);
    const messages = of(await history(gateway, `${range}&fine=b/x,1`), "decimated");
    const rows = rowsIn(messages[0]!).filter(([, channel]) => channel === 1);
    assert.equal(
      rows.map(([, , min, max, last, samples]) => [min, max, last, samples]),
      Array.from({ length: 8 }, (_, k) => [93 - 8 * k, 100 - 8 * k, 93 - 8 * k, 8]),
    );
  }));

test("samples subscribed to after an answer continue it: every sample comes once", () =>
  withGateway({}, async (gateway, session) => {
    session.declare("a", ["x"]);
    for (let k = 0; k < 50; k++) session.measure("a", [[k * SECOND_US, 0, k]]);
    const messages = await history(gateway, `?from=${START_US}&to=${START_US + 100 * SECOND_US}`);
    for (let k = 50; k < 60; k++) session.measure("a", [[k * SECOND_US, 0, k]]);
    const client = await new TestSocket(gateway).join();
    const [{ after }] = of(messages, "subscribed") as [MessageOf<"subscribed">];
    client.send({ type: "subscribe", id: 1, channel: "samples", after });
    await client.next("subscribed");
    await client.next("samples", 10);
    const counted = of(messages, "decimated")
      .flatMap(rowsIn)
      .reduce((sum, row) => sum + row[5], 0);
    assert.is(counted, 50);
    assert.is(client.of("samples").length, 10);
    client.close();
  }));

test("the usual ranges of channels are asked for apart; a session whose actors are elsewhere knows none", () =>
  withGateway({}, async (gateway, session) => {
    assert.equal((await ask(gateway, "/api/usual")).json(), { groups: [] });
    Object.assign(session, { usual: () => [{ group: "a", low: [1, null], high: [2, null] }] });
    assert.equal((await ask(gateway, "/api/usual")).json(), {
      groups: [{ group: "a", low: [1, null], high: [2, null] }],
    });
  }));

test("an answer is deflated for whoever takes that, and says the same", () =>
  withGateway({}, async (gateway, session) => {
    session.declare("a", ["x"]);
    for (let k = 0; k < 1_000; k++) session.measure("a", [[k * SECOND_US, 0, k % 7]]);
    const path = `/api/history?from=${START_US}&to=${START_US + 1_000 * SECOND_US}`;
    const url = `http://127.0.0.1:${gateway.port}${path}`;
    const plain = await fetch(url, { headers: { "accept-encoding": "identity" } });
    const bytes = new Uint8Array(await plain.arrayBuffer());
    const { headers, bytes: deflated } = await ask(gateway, path, { headers: { "accept-encoding": "gzip" } });
    assert.is(headers["content-encoding"], "gzip");
    assert.ok(deflated.length < bytes.length / 2, `${deflated.length} of ${bytes.length} bytes`);
    assert.equal(new Uint8Array(gunzipSync(deflated)), bytes);
  }));

test("a range that ends before it begins, and more columns than a wall has, are refused", () =>
  withGateway({}, async (gateway) => {
    for (const [query, expected] of [
      ["?from=2000&to=1000", "from at or before to (1000)"],
      ["?columns=5000", "a whole number from 1 to 4096"],
      ["?from=yesterday", "a whole number from 0 to 9007199254740991"],
    ] as const) {
      const { status, json } = await ask(gateway, `/api/history${query}`);
      assert.is(status, 400);
      assert.is((json() as { error: { expected: string } }).error.expected, expected);
    }
  }));

test("an address that has used up its budget waits until it has come back", async () => {
  let nowMs = 0;
  const limits = { historyBurst: 25, historyPerSecond: 10 };
  await withGateway({ limits, nowMs: () => nowMs }, async (gateway, session) => {
    session.declare("a", ["x"]);
    for (let k = 0; k < 20; k++) session.measure("a", [[k * SECOND_US, 0, k]]);
    const statuses = async () =>
      (await ask(gateway, `/api/history?from=${START_US}&to=${START_US + 20 * SECOND_US}`)).status;
    assert.equal([await statuses(), await statuses(), await statuses()], [200, 200, 429]);
    nowMs += 2_000;
    assert.is(await statuses(), 200);
  });
});

test("who closes the connection waits no more: the session hears of it", () =>
  withGateway({}, async (gateway, session) => {
    const gone = new Promise<void>((resolve) => {
      Object.assign(session, {
        past: (_: unknown, signal: AbortSignal) =>
          new Promise<never>((_, reject) => {
            signal.addEventListener("abort", () => {
              reject(new Error("a fault that is of no interest"));
              resolve();
            });
            leave.abort();
          }),
      });
    });
    const leave = new AbortController();
    const url = `http://127.0.0.1:${gateway.port}/api/history`;
    await fetch(url, { signal: leave.signal }).then(
      () => assert.unreachable(),
      () => {},
    );
    await gone;
  }));

async function history(gateway: Gateway, query: string): Promise<DecodedMessage[]> {
  const response = await fetch(`http://127.0.0.1:${gateway.port}/api/history${query}`);
  assert.is(response.status, 200);
  return unpackMessages(new Uint8Array(await response.arrayBuffer())).map((bytes) => decodeMessage(bytes));
}

function of<Name extends MessageName>(messages: readonly DecodedMessage[], type: Name): MessageOf<Name>[] {
  return messages.filter((message) => message.type === type) as MessageOf<Name>[];
}

test.run();
