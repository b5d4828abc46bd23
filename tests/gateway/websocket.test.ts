/** The WebSocket: messages, subscriptions, resuming, slow clients, limits, and unreadable bytes. */
import { constants, deflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { GATEWAY_LIMITS } from "../../collab/gateway/limits.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { DecimatedMessage, Message, SamplesMessage } from "../../protocol/messages.ts";
import { createManualClock } from "../support/clock.ts";
import { turnsUntil } from "../support/condition.ts";
import { START_US } from "../support/fake-session.ts";
import { withGateway } from "./http.ts";
import { refusal, TestSocket } from "./socket.ts";

test("a hello is answered with a welcome, the groups and the cursors", () =>
  withGateway({ server: "eigenwatch 9.9" }, async (gateway, session) => {
    session.declare("cpu", ["core0", "core1"]);
    session.announce("one");
    session.measure("cpu", [[0, 0, 1]]);
    const client = await new TestSocket(gateway).join();
    const welcome = await client.next("welcome");
    assert.is(welcome.server, "eigenwatch 9.9");
    assert.equal(welcome.groups, ["cpu"]);
    assert.equal(welcome.cursors, { input: 1, event: 1 });
    assert.is((await client.next("channels")).channels.length, 2);
    session.declare("net", ["eth0"]);
    assert.is((await client.next("channels", 2)).group, "net");
    client.close();
  }));

test("a first message other than hello and no common version close the connection with the reason", () =>
  withGateway({}, async (gateway) => {
    const closes = async (message: Message, code: number, reason: string): Promise<void> => {
      const client = new TestSocket(gateway);
      await client.opened();
      client.send(message);
      assert.is((await client.untilClosed()).code, code);
      assert.is(client.of("closing")[0]!.reason, reason);
    };
    await closes({ type: "ping", nonce: 1 }, 1002, "malformed");
    await closes({ type: "hello", client: "future", versions: [7, 8] }, 4426, "version");
  }));

test("no hello in time closes the connection, and the client may come again", () =>
  withGateway({ limits: { helloMsMax: 50 } }, async (gateway) => {
    const late = new TestSocket(gateway);
    assert.is((await late.untilClosed()).code, 1002);
    const { reason, retryAfterMs } = late.of("closing")[0]!;
    assert.is(reason, "malformed");
    assert.ok(retryAfterMs! > 0);
  }));

test("a hello that arrived while the gateway was busy counts, however long that took", () =>
  withGateway({ limits: { helloMsMax: 2_000 } }, async (gateway) => {
    const client = new TestSocket(gateway);
    await client.opened();
    client.send({ type: "hello", client: "test", versions: [1] });
    // The thread stands still.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);
    await client.next("welcome");
    client.close();
  }));

test("samples of the requested group are forwarded byte for byte with their input sequence", () =>
  withGateway({}, async (gateway, session) => {
    const client = await new TestSocket(gateway).join();
    client.send({ type: "subscribe", id: 1, channel: "samples", group: "a" });
    await client.next("subscribed");
    session.measure("b", [[0, 0, 1]]);
    const delivered = session.measure("a", [
      [0, 0, 1],
      [5, 1, 2],
    ]);
    const samples = await client.next("samples");
    assert.is(samples.inputSequence, 2);
    assert.equal([...samples.frame], [...delivered.bytes]);
    client.close();
  }));

test("samples resume after the cursor without loss or repetition; lost ones are reported", () =>
  withGateway({ limits: { backfillFrames: 3 } }, async (gateway, session) => {
    session.framesKept = 50;
    for (let k = 0; k < 100; k++) session.measure("a", [[k, 0, k]]);
    const client = await new TestSocket(gateway).join();
    client.send({ type: "subscribe", id: 1, channel: "samples", after: 90 });
    assert.equal(pick(await client.next("subscribed")), { after: 90, complete: true });
    for (let k = 100; k < 110; k++) session.measure("a", [[k, 0, k]]);
    await client.next("samples", 20);
    assert.equal(client.of("samples").map(sequenceOf), range(91, 110));

    client.send({ type: "subscribe", id: 1, channel: "samples", after: 5 });
    assert.equal(pick(await client.next("subscribed", 2)), { after: 60, complete: false });
    client.send({ type: "subscribe", id: 1, channel: "samples", after: 1000 });
    assert.equal(pick(await client.next("subscribed", 3)), { after: 0, complete: false });
    client.close();
  }));

const pick = ({ after, complete }: { after: number; complete: boolean }) => ({ after, complete });
const sequenceOf = ({ inputSequence }: SamplesMessage) => inputSequence;
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, k) => from + k);

test("decimated samples contain min, max and last of each channel and interval, as a simple count confirms", () =>
  withGateway({ limits: { decimationUsMin: 1 } }, async (gateway, session) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(fc.tuple(fc.nat(40), fc.nat(2), fc.integer({ min: -50, max: 50 })), {
            minLength: 1,
            maxLength: 20,
          }),
          {
            maxLength: 12,
          },
        ),
        async (frames) => {
          let nowUs = 0;
          const samples = frames.map((frame) =>
            frame.map(([step, channel, value]) => {
              nowUs += step;
              return [nowUs, channel, value] as const;
            }),
          );
          const client = await new TestSocket(gateway).join();
          client.send({ type: "subscribe", id: 7, channel: "samples", group: "d", decimationUs: 100 });
          await client.next("subscribed");
          for (const frame of samples) session.measure("d", frame);
          // One far later sample ends the last interval.
          session.measure("d", [[nowUs + 1000, 0, 0]]);
          await client.settled();
          assert.equal(client.of("decimated").flatMap(rowsOf), slowRows(samples.flat()));
          assert.ok(client.of("decimated").every(({ id }) => id === 7));
          client.close();
        },
      ),
      { numRuns: 20 },
    );
  }));

type Row = [interval: number, channel: number, min: number, max: number, last: number, samples: number];

function rowsOf(message: DecimatedMessage): Row[] {
  const { fromUs, everyUs, interval, channel, min, max, last, samples } = message;
  const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: channel.length / 2 }, (_, r) => [
    fromUs / everyUs + view(interval).getUint32(4 * r, true),
    view(channel).getUint16(2 * r, true),
    view(min).getFloat64(8 * r, true),
    view(max).getFloat64(8 * r, true),
    view(last).getFloat64(8 * r, true),
    view(samples).getUint32(4 * r, true),
  ]);
}

function slowRows(samples: readonly (readonly [number, number, number])[]): Row[] {
  const rows: Row[] = [];
  const intervals = [...new Set(samples.map(([time]) => Math.floor((START_US + time) / 100)))];
  for (const interval of intervals) {
    for (const channel of [0, 1, 2]) {
      const values = samples
        .filter(([time, c]) => c === channel && Math.floor((START_US + time) / 100) === interval)
        .map(([, , value]) => value);
      if (values.length === 0) continue;
      rows.push([
        interval,
        channel,
        Math.min(...values),
        Math.max(...values),
        values[values.length - 1]!,
        values.length,
      ]);
    }
  }
  return rows;
}

test("decimated samples can be limited to some channels", () =>
  withGateway({ limits: { decimationUsMin: 1 } }, async (gateway, session) => {
    session.declare("d", ["x", "y", "z"]);
    const client = await new TestSocket(gateway).join();
    client.send({
      type: "subscribe",
      id: 1,
      channel: "samples",
      group: "d",
      channels: ["z"],
      decimationUs: 10,
    });
    await client.next("subscribed");
    session.measure("d", [
      [0, 0, 1],
      [1, 2, 5],
      [2, 1, 3],
      [50, 2, 6],
    ]);
    const rows = rowsOf(await client.next("decimated"));
    assert.equal(
      rows.map(([, ...row]) => row),
      [[2, 5, 5, 5, 1]],
    );
    client.send({
      type: "subscribe",
      id: 2,
      channel: "samples",
      group: "d",
      channels: ["nope"],
      decimationUs: 10,
    });
    assert.match((await client.next("refused")).value, /nope/);
    client.close();
  }));

test("the last state comes at once, then at most one per interval and group; metrics likewise", () =>
  withGateway({}, async (gateway, session) => {
    session.publishState("a", 1_000);
    session.publishMetrics({ rate: 1 });
    const client = await new TestSocket(gateway).join();
    client.send({ type: "subscribe", id: 1, channel: "state", decimationUs: 100 });
    client.send({ type: "subscribe", id: 2, channel: "metrics" });
    await client.next("metrics");
    for (const timeUs of [1_050, 1_100, 1_150, 1_199, 1_200]) session.publishState("a", timeUs);
    session.publishState("b", 1_110);
    session.publishMetrics({ rate: 2 });
    await client.settled();
    const times = (group: string) =>
      client
        .of("state")
        .filter((state) => state.group === group)
        .map(({ timeUs }) => timeUs);
    assert.equal(times("a"), [1_000, 1_100, 1_200]);
    assert.equal(times("b"), [1_110]);
    assert.equal(
      client.of("metrics").map(({ gauges }) => gauges["rate"]),
      [1, 2],
    );
    client.close();
  }));

test("events resume after the cursor, even when new ones arrive during the back-fill", () =>
  withGateway({ limits: { eventsPage: 7 } }, async (gateway, session) => {
    for (let k = 0; k < 40; k++) session.announce(`event ${k}`);
    let more = 25;
    session.whileReading = () => {
      if (more-- > 0) session.announce("while reading");
    };
    const client = await new TestSocket(gateway).join();
    client.send({ type: "subscribe", id: 1, channel: "events", after: 3 });
    await client.until(() => client.of("event").some(({ sequence }) => sequence === 65));
    session.announce("after");
    await client.until(() => client.of("event").length === 63);
    assert.equal(
      client.of("event").map(({ sequence }) => sequence),
      range(4, 66),
    );
    client.close();
  }));

test("an event cursor ahead of the session starts again at the first event; while the session is not ready, the client must reconnect", () =>
  withGateway({}, async (gateway, session) => {
    session.announce("the first of a new recording");
    const early = await new TestSocket(gateway).join();
    session.reasonNotReady = "recovering";
    early.send({ type: "subscribe", id: 1, channel: "events", after: 99 });
    const closing = await early.next("closing");
    assert.match(closing.detail, /recovering/);
    assert.ok(closing.retryAfterMs! > 0);
    session.reasonNotReady = null;
    const client = await new TestSocket(gateway).join();
    client.send({ type: "subscribe", id: 1, channel: "events", after: 99 });
    assert.equal(pick(await client.next("subscribed")), { after: 0, complete: false });
    assert.is((await client.next("event")).sequence, 1);
    client.close();
  }));

test("subscriptions that overlap, are too many or unknown are refused, and the others stay", () =>
  withGateway({ limits: { subscriptionsMax: 2 } }, async (gateway, session) => {
    const client = await new TestSocket(gateway).join();
    client.send({ type: "subscribe", id: 1, channel: "events" });
    client.send({ type: "subscribe", id: 2, channel: "events", group: "a" });
    assert.match((await client.next("refused")).value, /id 1 brings the same/);
    assert.is((await client.next("refused")).id, 2);
    client.send({ type: "subscribe", id: 2, channel: "state", group: "a" });
    client.send({ type: "subscribe", id: 3, channel: "state", group: "b" });
    assert.match((await client.next("refused", 2)).wanted, /subscriptionsMax/);
    client.send({ type: "unsubscribe", id: 9 });
    assert.match((await client.next("refused", 3)).wanted, /1, 2/);
    client.send({ type: "unsubscribe", id: 2 });
    client.send({ type: "subscribe", id: 3, channel: "state", group: "b" });
    await client.next("subscribed", 3);
    session.announce("still there");
    await client.next("event");
    client.close();
  }));

test("a few kilobytes that inflate to many megabytes are closed with 1009, and are never held", () =>
  withGateway({}, async (gateway) => {
    const client = await new TestSocket(gateway, { deflate: true }).join();
    // After a full flush nothing refers to what came before, so the block may be repeated.
    const block = deflateRawSync(Buffer.alloc(1 << 20), { finishFlush: constants.Z_FULL_FLUSH });
    const blocks = Math.floor(GATEWAY_LIMITS.messageBytesMax / 2 / block.length);
    assert.ok(blocks << 20 > 20 * GATEWAY_LIMITS.messageBytesMax);
    const bomb = Buffer.concat(Array.from({ length: blocks }, () => block)).subarray(0, -4);
    // The end of a message that is compressed; masked with zeros.
    const header = Buffer.alloc(14);
    header.set([0xc2, 0x80 | 127]);
    header.writeBigUInt64BE(BigInt(bomb.length), 2);
    const before = process.memoryUsage().arrayBuffers;
    let most = before;
    const look = (): void => {
      most = Math.max(most, process.memoryUsage().arrayBuffers);
      if (client.closed === null) setImmediate(look);
    };
    look();
    (client.ws as unknown as { _socket: { write(bytes: Uint8Array): void } })._socket.write(
      Buffer.concat([header, bomb]),
    );
    assert.is((await client.untilClosed()).code, 1009);
    assert.ok(most - before < (blocks << 20) / 4, `${most - before} bytes of ${blocks << 20}`);
  }));

test("text, messages for others and unreadable bytes are refused, and the connection stays", () =>
  withGateway({ limits: { messagesBurst: 100_000 } }, async (gateway, session) => {
    const client = await new TestSocket(gateway).join();
    client.ws.send("text");
    assert.match((await client.next("refused")).wanted, /binary/);
    client.send(session.announce("forged"));
    const forged = await client.next("refused", 2);
    assert.is(forged.request, "event");
    assert.match(forged.wanted, /client→gateway/);

    const frame: Frame = session.measure("a", [[0, 0, 1]]).frame;
    const valid = [
      encodeMessage({ type: "subscribe", id: 1, channel: "events" }),
      encodeMessage({ type: "hello", client: "x", versions: [1] }),
      encodeMessage(frame),
    ];
    const mutated = fc
      .tuple(fc.constantFrom(...valid), fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 }))
      .map(([bytes, changes]) => {
        const copy = bytes.slice();
        for (const [at, byte] of changes) copy[at % copy.length] = byte;
        return copy;
      });
    for (const bytes of fc.sample(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), {
      numRuns: 2_000,
      seed: 7,
    })) {
      client.ws.send(bytes);
    }
    await client.settled();
    assert.is(client.closed, null);
    assert.ok(client.of("refused").length > 500, `${client.of("refused").length} refused`);
    for (const { action, wanted } of client.of("refused")) assert.ok(action !== "" && wanted !== "");
    client.close();
  }));

test("too many messages close with 1008 and too long ones with 1009", () =>
  withGateway(
    { limits: { messagesBurst: 5, messagesPerSecond: 1, messageBytesMax: 1_000 } },
    async (gateway) => {
      const fast = await new TestSocket(gateway).join();
      for (let k = 0; k < 10; k++) fast.send({ type: "ping", nonce: k });
      assert.is((await fast.untilClosed()).code, 1008);
      assert.match(fast.of("closing")[0]!.detail, /messagesPerSecond/);
      const long = await new TestSocket(gateway).join();
      long.ws.send(new Uint8Array(1_001));
      assert.is((await long.untilClosed()).code, 1009);
    },
  ));

test("connections over a limit are refused with its name, and a closed one makes room", () =>
  withGateway({ limits: { connectionsMax: 3, connectionsPerAddressMax: 2 } }, async (gateway) => {
    const held = [await new TestSocket(gateway).join(), await new TestSocket(gateway).join()];
    const refused = await refusal(gateway, {});
    assert.is(refused.status, 503);
    assert.match(refused.body, /connectionsPerAddressMax/);
    held[0]!.ws.close();
    await held[0]!.untilClosed();
    (await new TestSocket(gateway).join()).close();
    held[1]!.close();
  }));

test("a client that does not read is conflated: the newest state, counted drops, all events in order", () =>
  withGateway(
    { limits: { conflateAboveBytes: 100_000, cutAboveBytes: 50_000_000 } },
    async (gateway, session) => {
      const [slow, quick] = [await new TestSocket(gateway).join(), await new TestSocket(gateway).join()];
      for (const client of [slow, quick]) {
        client.send({ type: "subscribe", id: 1, channel: "samples" });
        client.send({ type: "subscribe", id: 2, channel: "state" });
        client.send({ type: "subscribe", id: 3, channel: "events" });
        await client.next("subscribed", 3);
      }
      slow.ws.pause();
      const big = Array.from({ length: 2_000 }, (_, k) => [k, 0, k] as const);
      const rounds = 200;
      for (let k = 1; k <= rounds; k++) {
        session.measure("a", big);
        session.publishState("a", k, 70);
        session.announce(`event ${k}`);
        // Lets the fast client read: only the other one is slow, not the machine.
        await quick.until(() => quick.of("event").length >= k);
      }
      assert.is(quick.of("samples").length, rounds);
      assert.is(quick.of("state").length, rounds);
      slow.ws.resume();
      const lagging = await slow.next("lagging");
      await slow.until(() => slow.of("event").length === rounds);
      await slow.settled();
      assert.equal(
        slow.of("event").map(({ sequence }) => sequence),
        range(1, rounds),
      );
      const lossCount = (of: "samples" | "state") =>
        slow.of("lagging").reduce((sum, message) => sum + message[of], 0);
      assert.ok(lagging.samples > 0 && lagging.state > 0);
      assert.is(slow.of("samples").length + lossCount("samples"), rounds, "every frame was sent or counted");
      assert.is(slow.of("state").length + lossCount("state"), rounds, "every state was sent or counted");
      assert.is(slow.of("state").at(-1)!.timeUs, rounds, "the last state is the newest");
      assert.is(quick.of("lagging").length, 0);
      for (const client of [slow, quick]) client.close();
    },
  ));

test("a client that cannot keep up with its events is cut with the reason, and resumes without loss", () =>
  withGateway(
    { limits: { conflateAboveBytes: 10_000, cutAboveBytes: 300_000 } },
    async (gateway, session) => {
      const slow = await new TestSocket(gateway).join();
      slow.send({ type: "subscribe", id: 1, channel: "events" });
      await slow.next("subscribed");
      slow.ws.pause();
      const detail = Object.fromEntries(range(1, 20).map((k) => [`field${k}`, "x".repeat(4_000)]));
      while (gatewayClosed(await metricsOf(gateway)) === 0) session.announce("heavy", detail);
      slow.ws.resume();
      assert.is((await slow.untilClosed()).code, 1013);
      assert.is(slow.of("closing")[0]!.reason, "slow");
      assert.ok(slow.of("closing")[0]!.retryAfterMs! > 0);
      const seen = slow.of("event").length;
      assert.equal(
        slow.of("event").map(({ sequence }) => sequence),
        range(1, seen),
      );

      const again = await new TestSocket(gateway).join();
      again.send({ type: "subscribe", id: 1, channel: "events", after: seen });
      const last = session.allEvents.length;
      await again.until(() => again.of("event").length === last - seen);
      assert.equal(
        again.of("event").map(({ sequence }) => sequence),
        range(seen + 1, last),
      );
      again.close();
    },
  ));

async function metricsOf({ port }: { port: number }): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

function gatewayClosed(metrics: string): number {
  return Number(/eigenwatch_gateway_closed_total\{reason="ws slow"\} (\d+)/.exec(metrics)?.[1] ?? 0);
}

test("a client that lags for too long is cut", async () => {
  let nowMs = 0;
  const limits = { conflateAboveBytes: 10_000, cutAboveBytes: 500_000_000, laggingMsMax: 1_000 };
  await withGateway({ limits, nowMs: () => nowMs }, async (gateway, session) => {
    const slow = await new TestSocket(gateway).join();
    slow.send({ type: "subscribe", id: 1, channel: "state" });
    await slow.next("subscribed");
    slow.ws.pause();
    for (let k = 0; k < 300; k++) {
      session.publishState(`g${k % 50}`, k, 128);
      await new Promise(setImmediate);
    }
    assert.is(gatewayClosed(await metricsOf(gateway)), 0);
    nowMs = 1_500;
    session.publishState("g", 1_000);
    assert.is(gatewayClosed(await metricsOf(gateway)), 1);
    slow.close();
  });
});

test("a large back-fill is deflated for a client that offers it, live frames are not", () =>
  withGateway({}, async (gateway, session) => {
    const flat = Array.from({ length: 2_000 }, (_, k) => [k, 0, 1] as const);
    for (let k = 0; k < 20; k++) session.measure("a", flat);
    const client = await new TestSocket(gateway, { deflate: true }).join();
    const socket = (client.ws as unknown as { _socket: { bytesRead: number } })._socket;
    const before = socket.bytesRead;
    client.send({ type: "subscribe", id: 1, channel: "samples", after: 0 });
    await client.next("samples", 20);
    const payload = client.of("samples")[0]!.frame.length;
    const backfill = socket.bytesRead - before;
    assert.ok(backfill < 20 * payload * 0.5, `${backfill} bytes for 20 frames of ${payload}`);
    session.measure("a", flat);
    await client.next("samples", 21);
    assert.ok(socket.bytesRead - before - backfill >= payload);
    client.close();
  }));

test("a large back-fill does not make a client that reads lag", () =>
  withGateway({ limits: { conflateAboveBytes: 100_000 } }, async (gateway, session) => {
    const flat = Array.from({ length: 2_000 }, (_, k) => [k, 0, k] as const);
    for (let k = 0; k < 60; k++) session.measure("a", flat);
    const client = await new TestSocket(gateway, { deflate: true }).join();
    client.send({ type: "subscribe", id: 1, channel: "state" });
    client.send({ type: "subscribe", id: 2, channel: "samples", after: 0 });
    await client.next("subscribed", 2);
    let published = 0;
    const again = (): void => {
      session.publishState("a", ++published);
      if (client.of("samples").length < 60) setTimeout(again, 1);
    };
    again();
    await client.next("samples", 60);
    await client.until(() => client.of("state").length === published);
    assert.is(client.of("lagging").length, 0);
    assert.equal(client.of("samples").map(sequenceOf), range(1, 60));
    client.close();
  }));

test("live frames do not overtake a back-fill that is being deflated", () =>
  withGateway({}, async (gateway, session) => {
    const flat = Array.from({ length: 2_000 }, (_, k) => [k, 0, k] as const);
    for (let k = 0; k < 3; k++) session.measure("a", flat);
    const client = await new TestSocket(gateway, { deflate: true }).join();
    const recentFrames = session.recentFrames.bind(session);
    session.recentFrames = (after, limit) => {
      session.recentFrames = recentFrames;
      // Right after the back-fill was handed over: it is deflated on another thread, and that has not ended.
      queueMicrotask(() => session.measure("a", [[0, 0, 1]]));
      return recentFrames(after, limit);
    };
    client.send({ type: "subscribe", id: 1, channel: "samples", after: 0 });
    await client.next("samples", 4);
    assert.equal(client.of("samples").map(sequenceOf), range(1, 4));
    client.close();
  }));

test("a gateway that closes sends its clients 1001 and the time to wait", () => {
  const sockets: TestSocket[] = [];
  return withGateway({}, async (gateway) => {
    sockets.push(await new TestSocket(gateway).join());
    const stalled = await new TestSocket(gateway).join();
    stalled.ws.pause();
    sockets.push(stalled);
    const turns = await turnsUntil(gateway.close());
    assert.ok(turns < WS_PATIENCE_TURNS / 3, "a client that does not read does not hold it up");
    assert.is((await sockets[0]!.untilClosed()).code, 1001);
    assert.is(sockets[0]!.of("closing")[0]!.reason, "shutdown");
    assert.ok(sockets[0]!.of("closing")[0]!.retryAfterMs! > 0);
    stalled.close();
  });
});

/** After 30 s `ws` itself gives up a client that does not answer its close. */
const WS_PATIENCE_TURNS = 3_000;

test("a client that answers no ping is closed after two keep-alives", () => {
  const clock = createManualClock();
  return withGateway({ clock }, async (gateway) => {
    const silent = await new TestSocket(gateway).join();
    silent.ws.pong = () => {};
    (silent.ws as unknown as { _autoPong: boolean })._autoPong = false;
    await clock.advance(2 * GATEWAY_LIMITS.keepAliveMs);
    assert.is((await silent.untilClosed()).code, 1006);
    assert.match(await metricsOf(gateway), /closed_total\{reason="ws silent"\} 1/);
  });
});

test("[W3] deliveries of one block leave in one write", () =>
  withGateway({}, async (gateway, session) => {
    const client = await new TestSocket(gateway).join();
    client.send({ type: "subscribe", id: 1, channel: "samples" });
    client.send({ type: "subscribe", id: 2, channel: "state" });
    await client.next("subscribed", 2);
    let chunks = 0;
    const socket = (client.ws as unknown as { _socket: NodeJS.EventEmitter })._socket;
    socket.on("data", () => {
      chunks += 1;
    });
    session.inOneTurn(() => {
      for (let k = 0; k < 5; k++) session.measure("a", [[k, 0, k]]);
      session.publishState("a", 5);
    });
    await client.next("state");
    assert.is(client.of("samples").length, 5);
    assert.is(chunks, 1);
    client.close();
  }));

test.run();
