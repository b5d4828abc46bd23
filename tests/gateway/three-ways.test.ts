/** The same events by WebSocket, Server-Sent Events and polling, each once, through forced disconnects; and all messages by plain HTTP. */
import { type IncomingMessage, request } from "node:http";
import * as fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { EventCursor } from "../../collab/event-cursor.ts";
import type { Gateway } from "../../collab/gateway/gateway.ts";
import { GATEWAY_LIMITS } from "../../collab/gateway/limits.ts";
import { decodeMessage, encodeMessage } from "../../protocol/codec.ts";
import type { EventMessage, Message, Subscribe } from "../../protocol/messages.ts";
import { packMessages, unpackMessages } from "../../protocol/packed-messages.ts";
import { PROTOCOL_VERSION } from "../../protocol/versions.ts";
import { createManualClock } from "../support/clock.ts";
import type { FakeSession } from "../support/fake-session.ts";
import { createProgramClient } from "../support/program-client.ts";
import { ask, withGateway } from "./http.ts";

/** Reads events one way until `expected` new ones arrived, then breaks off in the middle of the next delivery. */
type Way = (
  gateway: Gateway,
  cursor: EventCursor,
  take: (event: EventMessage) => void,
  expected: number,
) => Promise<void>;

const socketWay: Way = (gateway, cursor, take, expected) =>
  new Promise((resolve) => {
    let left = expected;
    const client = createProgramClient({
      url: gateway.url,
      eventCursor: cursor,
      handlers: {
        event: (event) => {
          take(event);
          if (--left > 0) return;
          client.stop();
          resolve();
        },
      },
    });
    client.subscribe({ channel: "events" });
    client.start();
  });

const streamWay: Way = (gateway, cursor, take, expected) =>
  new Promise((resolve, reject) => {
    const headers = { "last-event-id": String(cursor.sequence ?? 0) };
    const call = request({ host: "127.0.0.1", port: gateway.port, path: "/events", headers, agent: false });
    let left = expected;
    call.on("response", (response) => {
      response.on(
        "close",
        () => left > 0 && reject(new Error(`Cannot go on: the stream ended ${left} events early`)),
      );
      readStream(response, (id, event) => {
        assert.is(id, event.sequence);
        if (left === 0 || !cursor.take(event)) return;
        take(event);
        if (--left > 0) return;
        call.destroy();
        resolve();
      });
    });
    call.on("error", (error) => (left > 0 ? reject(error) : resolve()));
    call.end();
  });

/** Reads a stream as a browser does: fields until an empty line. */
function readStream(response: IncomingMessage, event: (id: number, event: EventMessage) => void): void {
  let text = "";
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const field = (name: string) =>
        block
          .split("\n")
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2);
      const data = field("data");
      if (data !== undefined && field("id") !== undefined)
        event(Number(field("id")), JSON.parse(data) as EventMessage);
    }
  });
  response.on("error", () => {});
}

const pollWay: Way = async (gateway, cursor, take, expected) => {
  for (let left = expected; left > 0; ) {
    const query = `after=${cursor.sequence ?? 0}&limit=${left}&wait=5000`;
    const { events, next } = (await ask(gateway, `/api/events?${query}`)).json() as {
      events: EventMessage[];
      next: number;
    };
    for (const event of events) if (cursor.take(event)) take(event);
    assert.is(next, cursor.sequence);
    left -= events.length;
  }
};

/** The messages of the WebSocket by plain HTTP: everything as a stream, or what waits at each request. */
const carriedWay =
  (carrier: "stream" | "poll"): Way =>
  async (gateway, cursor, take, expected) => {
    const line = await openLine(gateway, { channel: "events", after: cursor.sequence ?? 0 });
    let left = expected;
    const read = (packed: Uint8Array): void => {
      for (const message of unpackMessages(packed).map((bytes) => decodeMessage(bytes))) {
        if (left === 0 || message.type !== "event" || !cursor.take(message)) continue;
        take(message);
        left--;
      }
    };
    if (carrier === "poll") while (left > 0) read((await ask(gateway, line)).bytes);
    else
      await new Promise<void>((resolve, reject) => {
        const headers = { accept: "text/event-stream" };
        const call = request({ host: "127.0.0.1", port: gateway.port, path: line, headers, agent: false });
        call.on("response", (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("error", () => {});
          response.on("data", (chunk: string) => {
            const blocks = (text + chunk).split("\n\n");
            text = blocks.pop()!;
            for (const block of blocks)
              if (block.startsWith("data: ")) read(new Uint8Array(Buffer.from(block.slice(6), "base64")));
            if (left > 0) return;
            call.destroy();
            resolve();
          });
        });
        call.on("error", (error) => (left > 0 ? reject(error) : resolve()));
        call.end();
      });
  };

/** Opens a line with a subscription; resolves with its path. */
async function openLine(
  gateway: Gateway,
  subscription: Omit<Subscribe, "type" | "id">,
  headers: Record<string, string> = {},
): Promise<string> {
  const hello: Message = { type: "hello", client: "test", versions: [PROTOCOL_VERSION] };
  const body = packMessages([
    encodeMessage(hello),
    encodeMessage({ type: "subscribe", id: 1, ...subscription }),
  ]);
  const opened = await ask(gateway, "/api/messages", {
    method: "POST",
    headers: { ...PACKED, ...headers },
    body,
  });
  return `/api/messages?id=${(opened.json() as { id: string }).id}`;
}

const PACKED = { "content-type": "application/octet-stream" };

const WAYS = {
  socket: socketWay,
  stream: streamWay,
  poll: pollWay,
  carriedStream: carriedWay("stream"),
  carriedPoll: carriedWay("poll"),
} as const;

test("samples and states come by plain HTTP as over the WebSocket, for who opened the line alone", () => {
  const token = "a-token-of-the-test-1";
  const bearer = { authorization: `Bearer ${token}` };
  return withGateway({ token }, async (gateway, session) => {
    const declared = session.declare("mains", ["voltage", "current"]);
    const line = await openLine(gateway, { channel: "samples" }, bearer);
    const read = async () => {
      const { bytes } = await ask(gateway, line, { headers: bearer });
      return unpackMessages(bytes).map((message) => decodeMessage(message));
    };
    const [welcome, channels, subscribed, ...others] = await read();
    assert.equal([welcome?.type, subscribed?.type, others], ["welcome", "subscribed", []]);
    assert.equal(channels, declared);
    const subscribe = { type: "subscribe", id: 2, channel: "state" } as const;
    const headers = { ...PACKED, ...bearer };
    const body = packMessages([encodeMessage(subscribe)]);
    assert.is((await ask(gateway, line, { method: "POST", headers, body })).status, 204);
    await read();
    const { inputSequence } = session.measure("mains", [[0, 1, 230]]);
    const state = session.publishState("mains", 5);
    const [samples, told] = await read();
    assert.is(samples?.type === "samples" && samples.inputSequence, inputSequence);
    assert.equal(told?.type === "state" && [told.group, told.timeUs], [state.group, state.timeUs]);
    assert.equal(await read(), []);
    assert.is((await ask(gateway, line)).status, 401);
    assert.is((await ask(gateway, `${line}x`, { headers: bearer })).status, 404);
    const form = { ...bearer, "content-type": "text/plain" };
    assert.is((await ask(gateway, line, { method: "POST", headers: form, body: "" })).status, 415);
  });
});

test("a client that disconnects and changes between the ways gets every event once, in order", () =>
  withGateway({ limits: { eventsPage: 5, requestsBurst: 100_000 } }, async (gateway, session) => {
    const steps = fc.array(
      fc.tuple(
        fc.constantFrom(...(Object.keys(WAYS) as (keyof typeof WAYS)[])),
        fc.integer({ min: 1, max: 25 }),
      ),
      {
        minLength: 3,
        maxLength: 12,
      },
    );
    const numRuns = process.env["EIGENWATCH_LONG"] === "1" ? 300 : 15;
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const from = session.allEvents.length;
        const cursor = new EventCursor(from);
        const taken: EventMessage[] = [];
        const stop = announceAhead(session, () => from + taken.length);
        for (const [way, expected] of script)
          await WAYS[way](gateway, cursor, (event) => taken.push(event), expected);
        stop();
        const expected = script.reduce((sum, [, count]) => sum + count, 0);
        assert.is(taken.length, expected);
        assert.equal(taken, session.allEvents.slice(from, from + expected));
      }),
      { numRuns },
    );
  }));

/** Announces events in bursts, also during back-fills, and stays ahead of what clients have taken. */
function announceAhead(session: FakeSession, taken: () => number): () => void {
  let on = true;
  let burst = 0;
  const again = (): void => {
    if (!on) return;
    setImmediate(again);
    if (session.allEvents.length > taken() + 100) return;
    burst = (burst + 1) % 4;
    for (let k = 0; k < burst; k++)
      session.announce(`line one\nline two ${burst}`, { detail: "ü\u2028\n\n" });
  };
  again();
  return () => {
    on = false;
  };
}

test("an event stream begins with future events, or after `after`; Last-Event-ID takes precedence", () =>
  withGateway({}, async (gateway, session) => {
    for (let k = 0; k < 6; k++) session.announce(`event ${k}`);
    const first = async (path: string, headers: Record<string, string>, expected: number): Promise<void> => {
      const sequence = await new Promise<number>((resolve) => {
        const call = request(
          { host: "127.0.0.1", port: gateway.port, path, headers, agent: false },
          (response) => {
            if (expected > 6) session.announce("new");
            readStream(response, (id) => {
              resolve(id);
              call.destroy();
            });
          },
        );
        call.on("error", () => {});
        call.end();
      });
      assert.is(sequence, expected);
    };
    await first("/events?after=2", {}, 3);
    await first("/events?after=2", { "last-event-id": "4" }, 5);
    await first("/events", {}, 7);
    assert.is((await ask(gateway, "/events", { headers: { "last-event-id": "seven" } })).status, 400);
  }));

test("a stream with the cursor of another recording gets reset and begins with the first event", () =>
  withGateway({}, async (gateway, session) => {
    session.announce("first");
    const text = await new Promise<string>((resolve) => {
      const call = request(
        { host: "127.0.0.1", port: gateway.port, path: "/events?after=50", agent: false },
        (response) => {
          let received = "";
          response.on("error", () => {});
          response.on("data", (chunk: Buffer) => {
            received += chunk.toString();
            if (!received.includes("id: 1\n")) return;
            call.destroy();
            resolve(received);
          });
        },
      );
      call.on("error", () => {});
      call.end();
    });
    assert.match(text, /^retry: 1000\nevent: reset\ndata: \{\}\n\nid: 1\ndata: \{/);
    session.reasonNotReady = "recovering";
    assert.is((await ask(gateway, "/events?after=50")).status, 503);
  }));

test("a silent stream gets comments, and too many streams are refused with the name of the limit", () => {
  const clock = createManualClock();
  return withGateway({ clock, limits: { sseConnectionsMax: 1 } }, async (gateway) => {
    await new Promise<void>((resolve, reject) => {
      const call = request(
        { host: "127.0.0.1", port: gateway.port, path: "/events", agent: false },
        (response) => {
          let received = "";
          response.on("error", () => {});
          response.on("data", (chunk: Buffer) => {
            received += chunk.toString();
            void clock.advance(GATEWAY_LIMITS.keepAliveMs);
            if (received.split(": alive\n\n").length < 3) return;
            ask(gateway, "/events")
              .then((answer) => {
                assert.is(answer.status, 503);
                assert.match(answer.body, /sseConnectionsMax/);
                call.destroy();
                resolve();
              })
              .catch(reject);
            response.removeAllListeners("data");
          });
        },
      );
      call.on("error", () => {});
      call.end();
    });
  });
});

test("a stream that is not read is cut, and resumes after Last-Event-ID", () =>
  withGateway(
    { limits: { conflateAboveBytes: 50_000, cutAboveBytes: 400_000 } },
    async (gateway, session) => {
      const detail = Object.fromEntries(
        Array.from({ length: 20 }, (_, k) => [`field${k}`, "x".repeat(4_000)]),
      );
      const taken: number[] = [];
      const cursor = new EventCursor(0);
      const take = (event: EventMessage): void => {
        taken.push(event.sequence);
      };
      await new Promise<void>((resolve) => {
        const call = request(
          { host: "127.0.0.1", port: gateway.port, path: "/events?after=0", agent: false },
          async (response) => {
            response.pause();
            while (!/reason="sse slow"\} 1/.test((await ask(gateway, "/metrics")).body))
              session.announce("heavy", detail);
            readStream(response, (_, event) => cursor.take(event) && take(event));
            response.on("close", resolve);
            response.resume();
          },
        );
        call.on("error", () => {});
        call.end();
      });
      const missing = session.allEvents.length - taken.length;
      assert.ok(missing > 0, "it was cut before the last event");
      await streamWay(gateway, cursor, take, missing);
      assert.equal(
        taken,
        session.allEvents.map(({ sequence }) => sequence),
      );
    },
  ));

test.run();
