/** Strangers, who have not signed in, keep nobody else out: half-open sockets, refused upgrades, wrong tokens, requests. */
import { connect, type Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Gateway } from "../../collab/gateway/gateway.ts";
import { ask, errorOf, withGateway } from "./http.ts";
import { refusal, TestSocket } from "./socket.ts";

const TOKEN = "a-token-of-at-least-sixteen-characters";
const BEARER = { authorization: `Bearer ${TOKEN}` };
const WRONG = { authorization: "Bearer a-token-of-sixteen-characters-that-is-wrong" };

test("[G3] 800 half-open sockets without a sign-in, and a signed-in person and healthz are served", () =>
  withGateway({ token: TOKEN }, async (gateway) => {
    const strangers: RawSocket[] = [];
    for (let k = 0; k < 800; k++)
      strangers.push(await RawSocket.open(gateway, HALF_OPEN[k % HALF_OPEN.length]!));
    assert.is((await ask(gateway, "/healthz")).status, 200);
    assert.is((await ask(gateway, "/api/sessions", { headers: BEARER })).status, 200);
    const page = await new TestSocket(gateway, { headers: BEARER }).join();
    assert.ok(
      (await openSockets(gateway)).stranger <= 225,
      "the limit of one address, and the request itself",
    );
    assert.match(await strangers[0]!.untilEnd(), /^HTTP\/1\.1 503 [\s\S]*strangerSocketsPerAddressMax/);
    page.close();
    for (const stranger of strangers) stranger.close();
  }));

test("[G3] half-open sockets of many addresses leave the page that came before them and the one that comes after", () =>
  withGateway(
    { token: TOKEN, limits: { strangerSocketsMax: 40, strangerSocketsPerAddressMax: 30 } },
    async (gateway) => {
      const before = await new TestSocket(gateway, { headers: BEARER }).join();
      const strangers: RawSocket[] = [];
      for (let k = 0; k < 120; k++)
        strangers.push(await RawSocket.open(gateway, "GET / HTTP/1.1\r\n", `127.0.0.${2 + (k % 6)}`));
      const after = await new TestSocket(gateway, { headers: BEARER }).join();
      assert.match(await strangers[0]!.untilEnd(), /^HTTP\/1\.1 503 [\s\S]*\(strangerSocketsMax\)/);
      await before.settled();
      assert.equal(await openSockets(gateway), { stranger: 39, signedIn: 3 });
      for (const page of [before, after]) page.close();
      for (const stranger of strangers) stranger.close();
    },
  ));

test("[G3] the address with the most strangers makes room, so that the only one of another address stays", () =>
  withGateway(
    { token: TOKEN, limits: { strangerSocketsMax: 10, strangerSocketsPerAddressMax: 9 } },
    async (gateway) => {
      const alone = await RawSocket.open(gateway, "GET /healthz HTTP/1.1\r\n", "127.0.0.2");
      const crowd: RawSocket[] = [];
      for (let k = 0; k < 30; k++) crowd.push(await RawSocket.open(gateway, "", "127.0.0.3"));
      alone.socket.write("Host: slow\r\nConnection: close\r\n\r\n");
      assert.match(await alone.untilEnd(), /^HTTP\/1\.1 200 /);
      for (const stranger of crowd) stranger.close();
    },
  ));

test("200 sockets that a program opens before it sends on any of them are all served, as those of 200 scans are", () =>
  withGateway({ token: TOKEN }, async (gateway) => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => RawSocket.open(gateway, "")));
    // The gateway has accepted them all: it counts this one too.
    while ((await openSockets(gateway)).stranger < 200);
    const request = `GET /api/sessions HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nAuthorization: ${BEARER.authorization}\r\nConnection: close\r\n\r\n`;
    for (const { socket } of sockets) socket.write(request);
    for (const socket of sockets) assert.match(await socket.untilEnd(), /^HTTP\/1\.1 200 /);
  }));

test("790 refused upgrades are gone, though their clients keep their side open", () =>
  withGateway({ token: TOKEN, limits: { closeGraceMs: 100, requestsBurst: 1e6 } }, async (gateway) => {
    const refused: RawSocket[] = [];
    for (let k = 0; k < 790; k++) {
      const path = k % 2 === 0 ? "/nothing" : "/ws?session=nowhere";
      const host = `127.0.0.1:${gateway.port}`;
      const upgrade = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
      refused.push(await RawSocket.open(gateway, upgrade));
    }
    assert.match(await refused[789]!.untilEnd(), /^HTTP\/1\.1 404 /);
    while ((await openSockets(gateway)).stranger > 0);
    for (const socket of refused) socket.close();
  }));

test("a socket that sends nothing is answered with 408: a browser sends a request again that crosses this answer", () =>
  withGateway(
    { limits: { headersMsMax: 100, slowCheckMs: 20, closeGraceMs: 20, requestsBurst: 1e6 } },
    async (gateway) => {
      const silent = await RawSocket.open(gateway, "");
      assert.match(await silent.untilEnd(), /^HTTP\/1\.1 408 /);
      while ((await openSockets(gateway)).stranger > 0);
      silent.close();
    },
  ));

test("[A3] after wrong tokens of an address the right one is served; a flood of wrong ones gets 429", () =>
  withGateway({ token: TOKEN }, async (gateway) => {
    const statuses: number[] = [];
    for (let k = 0; k < 20; k++) statuses.push((await ask(gateway, "/metrics", { headers: WRONG })).status);
    assert.equal(statuses.slice(0, 10), Array(10).fill(401));
    assert.equal(statuses.slice(11), Array(9).fill(429));
    const refused = await ask(gateway, "/metrics", { headers: WRONG });
    assert.is(refused.headers["retry-after"], "5");
    assert.is((await refusal(gateway, { headers: WRONG })).status, 429);
    assert.is((await ask(gateway, "/metrics", { headers: BEARER })).status, 200);
    (await new TestSocket(gateway, { headers: BEARER }).join()).close();
    (await new TestSocket(gateway).join(TOKEN)).close();
  }));

test("[K2] 128 WebSockets without a token refuse no signed-in person of their address", () =>
  withGateway({ token: TOKEN }, async (gateway) => {
    const strangers = Array.from({ length: 128 }, () => new TestSocket(gateway));
    await Promise.all(strangers.map((stranger) => stranger.opened()));
    assert.is((await ask(gateway, "/metrics", { headers: BEARER })).status, 200);
    const pages = [
      await new TestSocket(gateway, { headers: BEARER }).join(),
      await new TestSocket(gateway).join(TOKEN),
    ];
    for (const socket of [...strangers, ...pages]) socket.close();
  }));

test("[K3] a WebSocket without a sign-in that makes room for another is closed with the name of the limit", () =>
  withGateway({ token: TOKEN, limits: { strangerSocketsPerAddressMax: 2 } }, async (gateway) => {
    const first = new TestSocket(gateway);
    await first.opened();
    const held = [await RawSocket.open(gateway, ""), await RawSocket.open(gateway, "")];
    assert.is((await first.untilClosed()).code, 1008);
    assert.match(first.of("closing")[0]!.detail, /strangerSocketsPerAddressMax/);
    for (const socket of held) socket.close();
  }));

test("[K3] signed-in sockets over their limits are refused with its name, and healthz is served", async () => {
  const oneAddress = { socketsPerAddressMax: 2 };
  const inAll = { socketsMax: 6, strangerSocketsMax: 4 };
  for (const [limits, name] of [
    [oneAddress, /socketsPerAddressMax/],
    [inAll, /socketsMax - strangerSocketsMax/],
  ] as const) {
    await withGateway({ token: TOKEN, limits }, async (gateway) => {
      const held = [await new TestSocket(gateway).join(TOKEN), await new TestSocket(gateway).join(TOKEN)];
      const refused = await ask(gateway, "/metrics", { headers: BEARER });
      assert.is(refused.status, 503);
      assert.match(errorOf(refused).expected, name);
      const late = new TestSocket(gateway);
      await late.opened();
      late.send({ type: "hello", client: "test", versions: [1], token: TOKEN });
      assert.is((await late.untilClosed()).code, 1008);
      assert.match(late.of("closing")[0]!.detail, name);
      assert.is((await ask(gateway, "/healthz")).status, 200);
      for (const page of held) page.close();
    });
  }
});

test("[D3] requests of strangers over their rate leave signed-in people of their address and healthz alone", () =>
  withGateway({ token: TOKEN, limits: { requestsBurst: 5, requestsPerSecond: 0.001 } }, async (gateway) => {
    for (let k = 0; k < 5; k++) assert.is((await ask(gateway, "/metrics")).status, 401);
    assert.is((await ask(gateway, "/metrics")).status, 429);
    for (let k = 0; k < 5; k++)
      assert.is((await ask(gateway, "/metrics", { headers: BEARER })).status, 200, `request ${k}`);
    assert.is((await ask(gateway, "/metrics", { headers: BEARER })).status, 429);
    for (let k = 0; k < 20; k++) assert.is((await ask(gateway, "/healthz")).status, 200);
  }));

/** Nothing, a part of a request line, headers without an end, and a request whose body does not come. */
const HALF_OPEN = [
  "",
  "GE",
  "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
  "POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n",
];

/** A socket that keeps its side open whatever the gateway does. */
class RawSocket {
  readonly socket: Socket;
  readonly #end: Promise<string>;

  private constructor(socket: Socket) {
    this.socket = socket;
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
    });
    this.#end = new Promise((resolve) => {
      for (const event of ["end", "error", "close"]) socket.on(event, () => resolve(text));
    });
  }

  /** Connected, and with these bytes sent. */
  static open({ port }: Gateway, bytes: string, localAddress = "127.0.0.1"): Promise<RawSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", localAddress, allowHalfOpen: true });
      const raw = new RawSocket(socket);
      socket.on("error", reject);
      socket.on("connect", () => socket.write(bytes, () => resolve(raw)));
    });
  }

  /** Everything the gateway sends, when it ends its side. */
  untilEnd(): Promise<string> {
    return this.#end;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Asks on a signed-in socket, which counts itself. */
async function openSockets(gateway: Gateway): Promise<Record<"stranger" | "signedIn", number>> {
  const { status, body } = await ask(gateway, "/metrics", { headers: BEARER });
  assert.is(status, 200);
  const of = (kind: string): number => {
    const found = new RegExp(`gateway_sockets\\{kind="${kind}"\\} (\\d+)`).exec(body);
    assert.ok(found, `a gauge of ${kind} sockets`);
    return Number(found[1]);
  };
  return { stranger: of("stranger"), signedIn: of("signedIn") };
}

test.run();
