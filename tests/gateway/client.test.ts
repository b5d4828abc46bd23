/** The reconnecting client: it resumes events and samples across restarts of the gateway, and stops after permanent refusals. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Client, type ClientSocket, type ClientState } from "../../collab/client.ts";
import { createGateway } from "../../collab/gateway/gateway.ts";
import { decodeMessage, encodeMessage } from "../../protocol/codec.ts";
import type { DecodedMessage } from "../../protocol/messages.ts";
import { condition } from "../support/condition.ts";
import { FakeSession } from "../support/fake-session.ts";
import { onKeptPort } from "../support/kept-port.ts";
import { createProgramClient } from "../support/program-client.ts";
import { withGateway } from "./http.ts";

test("a client gets each event and each frame once across restarts of the gateway", async () => {
  const session = new FakeSession();
  let gateway = await onKeptPort((port) => createGateway({ sessions: [session], port }));
  const { port } = gateway;
  const events: number[] = [];
  const frames: number[] = [];
  const states: string[] = [];
  const { look, until } = condition();
  const client = createProgramClient({
    url: gateway.url,
    retryMs: 5,
    retryMsMax: 5,
    handlers: {
      event: ({ sequence }) => {
        events.push(sequence);
        look();
      },
      samples: (frame, inputSequence) => {
        assert.is(frame.value[0], inputSequence);
        frames.push(inputSequence);
        look();
      },
      connection: ({ state }) => {
        states.push(state);
        look();
      },
    },
  });
  client.subscribe({ channel: "events", after: 0 });
  client.subscribe({ channel: "samples", after: 0 });
  client.start();
  for (let round = 1; round <= 4; round++) {
    for (let k = 0; k < 10; k++) {
      session.announce("event");
      const next = session.describe().lastInputSequence + 1;
      session.measure("a", [[next, 0, next]]);
    }
    await until(() => events.length === round * 20 - 10 && frames.length === round * 20 - 10);
    await gateway.close();
    for (let k = 0; k < 10; k++) {
      session.announce("while nobody listens");
      const next = session.describe().lastInputSequence + 1;
      session.measure("a", [[next, 0, next]]);
    }
    gateway = await createGateway({ sessions: [session], port });
    await until(() => events.length === round * 20 && frames.length === round * 20);
  }
  const all = Array.from({ length: 80 }, (_, k) => k + 1);
  assert.equal(events, all);
  assert.equal(frames, all);
  assert.equal(states.slice(0, 3), ["connecting", "open", "waiting"]);
  client.stop();
  assert.is(states.at(-1), "stopped");
  await gateway.close();
});

test("a client of a session with a new recording starts again, and calls its handlers", async () => {
  const session = new FakeSession();
  for (let k = 0; k < 5; k++) session.announce("old");
  let gateway = await createGateway({ sessions: [session] });
  const { port } = gateway;
  const titles: string[] = [];
  const missed: boolean[] = [];
  const { look, until } = condition();
  const client = createProgramClient({
    url: gateway.url,
    retryMs: 5,
    retryMsMax: 5,
    handlers: {
      event: ({ title }) => {
        titles.push(title);
        look();
      },
      missed: ({ reset }) => missed.push(reset),
    },
  });
  client.subscribe({ channel: "events", after: 0 });
  client.start();
  await until(() => titles.length === 5);
  await gateway.close();
  session.beginAnew();
  session.announce("new");
  gateway = await createGateway({ sessions: [session], port });
  await until(() => titles.length === 6);
  assert.is(titles[5], "new");
  assert.equal(missed, [true]);
  client.stop();
  await gateway.close();
});

test("a client with a wrong token does not reconnect; one with the right token is let in", () =>
  withGateway({ token: "a-token-of-enough-length" }, async (gateway) => {
    const outcome = (token: string): Promise<ClientState> =>
      new Promise((resolve) => {
        const client = createProgramClient({
          url: gateway.url,
          token,
          handlers: {
            connection: (state) => {
              if (state.state !== "open" && state.state !== "refused" && state.state !== "waiting") return;
              resolve(state);
              if (state.state === "open") client.stop();
            },
          },
        });
        client.start();
      });
    const refused = await outcome("a-wrong-token-of-enough-length");
    assert.is(refused.state, "refused");
    assert.match(refused.state === "refused" ? refused.reason : "", /^unauthorized: Cannot sign in/);
    assert.is((await outcome("a-token-of-enough-length")).state, "open");
  }));

/** A socket whose server is the test. */
class FakeSocket implements ClientSocket {
  binaryType = "";
  readonly sent: DecodedMessage[] = [];
  closed = false;
  readonly #answer: (message: DecodedMessage, socket: FakeSocket) => void;
  readonly #listeners = new Map<string, (event: { type: string; data?: unknown }) => void>();

  constructor(answer: (message: DecodedMessage, socket: FakeSocket) => void) {
    this.#answer = answer;
    queueMicrotask(() => this.#emit("open"));
  }

  addEventListener(type: string, listener: (event: { type: string; data?: unknown }) => void): void {
    this.#listeners.set(type, listener);
  }

  send(data: Uint8Array): void {
    const message = decodeMessage(data);
    this.sent.push(message);
    this.#answer(message, this);
  }

  close(): void {
    this.closed = true;
  }

  /** The server sends bytes. */
  deliver(bytes: Uint8Array): void {
    this.#emit("message", bytes.slice().buffer);
  }

  #emit(type: string, data?: unknown): void {
    this.#listeners.get(type)?.({ type, data });
  }
}

const WELCOME = encodeMessage({
  type: "welcome",
  session: "test",
  partition: "p0",
  server: "fake",
  version: 1,
  durability: "memory",
  timeUs: 0,
  groups: [],
  cursors: { input: 0, event: 0 },
  limits: { messageBytes: 1, messagesPerSecond: 1, subscriptions: 1, conflateBytes: 1, closeBytes: 1 },
});

/** A client over fake sockets; resolves when `enough` of them were opened. */
function overFakes(
  answer: (message: DecodedMessage, socket: FakeSocket) => void,
  enough: number,
): Promise<FakeSocket[]> {
  return new Promise((resolve) => {
    const sockets: FakeSocket[] = [];
    const client = new Client({
      name: "test",
      handlers: {},
      pingMs: 10,
      retryMs: 1,
      retryMsMax: 1,
      connect: () => {
        const socket = new FakeSocket(answer);
        sockets.push(socket);
        if (sockets.length < enough) return socket;
        queueMicrotask(() => {
          client.stop();
          resolve(sockets);
        });
        return socket;
      },
    });
    client.start();
  });
}

test("a client pings after silence, and reconnects when there is no answer", async () => {
  const [first] = await overFakes((message, socket) => {
    if (message.type === "hello") socket.deliver(WELCOME);
  }, 2);
  assert.equal(
    first!.sent.map(({ type }) => type),
    ["hello", "ping"],
  );
  assert.ok(first!.closed);
});

test("a client that gets bytes it cannot read reconnects", async () => {
  const sockets = await overFakes((message, socket) => {
    if (message.type === "hello") socket.deliver(new Uint8Array([0x93, 1, 0x20, 0xff]));
  }, 3);
  assert.ok(sockets[0]!.closed && sockets[1]!.closed);
});

test("a socket that cannot even be made is a connection that failed: another is tried later", () => {
  const states: ClientState[] = [];
  let retry = () => {};
  const client = new Client({
    name: "test",
    handlers: { connection: (state) => void states.push(state) },
    after: (_, act) => {
      retry = act;
      return () => {};
    },
    connect: () => {
      throw new Error("sockets are forbidden here");
    },
  });
  client.start();
  retry();
  assert.equal(
    states.map((each) => (each.state === "waiting" ? each.reason : each.state)),
    ["connecting", "sockets are forbidden here", "connecting", "sockets are forbidden here"],
  );
  client.stop();
});

test("a silent connection stays while pings are answered", async () => {
  let pings = 0;
  const sockets = await new Promise<FakeSocket[]>((resolve) => {
    const opened: FakeSocket[] = [];
    const client = new Client({
      name: "test",
      handlers: {},
      pingMs: 5,
      connect: () => {
        const socket = new FakeSocket((message, peer) => {
          if (message.type === "hello") peer.deliver(WELCOME);
          if (message.type !== "ping") return;
          peer.deliver(encodeMessage({ type: "pong", nonce: message.nonce, timeUs: 0 }));
          pings += 1;
          if (pings < 5) return;
          client.stop();
          resolve(opened);
        });
        opened.push(socket);
        return socket;
      },
    });
    client.start();
  });
  assert.is(sockets.length, 1);
});

test.run();
