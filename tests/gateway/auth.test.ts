/** Signing in: token, cookie, rates, Host and Origin, on HTTP and WebSocket. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGateway, type Gateway } from "../../collab/gateway/gateway.ts";
import { FakeSession } from "../support/fake-session.ts";
import { ask, errorOf, originOf, withGateway } from "./http.ts";
import { refusal, TestSocket } from "./socket.ts";

const TOKEN = "a-token-of-at-least-sixteen-characters";
const BEARER = { authorization: `Bearer ${TOKEN}` };
const GUARDED = ["/readyz", "/metrics", "/api/sessions", "/api/channels", "/api/events", "/events"];

async function signIn(gateway: Gateway, headers: Record<string, string> = {}): Promise<string> {
  const answer = await ask(gateway, "/api/login", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ token: TOKEN }),
  });
  assert.is(answer.status, 204);
  return String(answer.headers["set-cookie"]);
}

const cookieOf = (setCookie: string): string => setCookie.split(";")[0]!;

test("on loopback without a token everything is open", () =>
  withGateway({}, async (gateway) => {
    assert.is(gateway.loginUrl, gateway.url);
    for (const path of GUARDED) assert.is((await ask(gateway, path, { method: "HEAD" })).status, 200, path);
    (await new TestSocket(gateway).join()).close();
  }));

test("with a token, everything but healthz requires it", () =>
  withGateway({ token: TOKEN }, async (gateway) => {
    assert.is(gateway.loginUrl, `${gateway.url}#token=${TOKEN}`);
    assert.is((await ask(gateway, "/healthz")).status, 200);
    for (const path of GUARDED) {
      const refused = await ask(gateway, path);
      assert.is(refused.status, 401, path);
      assert.match(String(refused.headers["www-authenticate"]), /^Bearer/);
      assert.is((await ask(gateway, path, { method: "HEAD", headers: BEARER })).status, 200, path);
      assert.is(
        (await ask(gateway, path, { headers: { authorization: `Bearer ${TOKEN}x` } })).status,
        401,
        path,
      );
    }
  }));

test("a gateway that is not on loopback requires a random token of 256 bits", async () => {
  const gateway = await createGateway({ sessions: [new FakeSession()], host: "0.0.0.0" });
  const token = /#token=([\w-]{43})$/.exec(gateway.loginUrl)?.[1];
  assert.ok(token, gateway.loginUrl);
  assert.is((await ask(gateway, "/metrics")).status, 401);
  assert.is((await ask(gateway, "/metrics", { headers: { authorization: `Bearer ${token}` } })).status, 200);
  await gateway.close();
});

test("the token can be read from a file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "eigenwatch-token-"));
  writeFileSync(join(folder, "token"), `${TOKEN}\n`);
  await withGateway({ tokenFile: join(folder, "token") }, async (gateway) => {
    assert.is(gateway.loginUrl, gateway.url, "a token of a file is not shown");
    assert.is((await ask(gateway, "/metrics", { headers: BEARER })).status, 200);
  });
  rmSync(folder, { recursive: true });
});

test("the page exchanges the token for an HttpOnly, SameSite=Strict cookie that does not contain it", () =>
  withGateway({ token: TOKEN }, async (gateway) => {
    const setCookie = await signIn(gateway);
    assert.match(
      setCookie,
      new RegExp(`^eigenwatch-${gateway.port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict; Max-Age=\\d+$`),
    );
    assert.not.match(setCookie, new RegExp(TOKEN));
    const cookie = cookieOf(setCookie);
    assert.is((await ask(gateway, "/metrics", { headers: { cookie: `other=1; ${cookie}` } })).status, 200);
    assert.is((await ask(gateway, "/metrics", { headers: { cookie: `${cookie}x` } })).status, 401);
    assert.not.equal(cookieOf(await signIn(gateway)), cookie, "each login has its own id");
  }));

test("the cookie is Secure when the browser uses https", () =>
  withGateway({ token: TOKEN, allowedHosts: ["watch.example.org"], trustProxy: true }, async (gateway) => {
    assert.match(await signIn(gateway, { "x-forwarded-proto": "https" }), /; Secure$/);
    assert.match(
      await signIn(gateway, { host: "watch.example.org", origin: "https://watch.example.org" }),
      /; Secure$/,
    );
  }));

test("a login ends by logout and by age", async () => {
  let nowMs = 0;
  await withGateway({ token: TOKEN, nowMs: () => nowMs }, async (gateway) => {
    const [one, two] = [cookieOf(await signIn(gateway)), cookieOf(await signIn(gateway))];
    const out = await ask(gateway, "/api/logout", {
      method: "POST",
      headers: { cookie: one, ...originOf(gateway) },
    });
    assert.match(String(out.headers["set-cookie"]), /Max-Age=0/);
    assert.is((await ask(gateway, "/metrics", { headers: { cookie: one } })).status, 401);
    assert.is((await ask(gateway, "/metrics", { headers: { cookie: two } })).status, 200);
    nowMs += 8 * 86_400_000;
    assert.is((await ask(gateway, "/metrics", { headers: { cookie: two } })).status, 401);
  });
});

test("an open socket is closed at once when its login ends", () =>
  withGateway({ token: TOKEN }, async (gateway) => {
    const cookie = cookieOf(await signIn(gateway));
    const socket = await new TestSocket(gateway, { headers: { cookie, ...originOf(gateway) } }).join();
    await ask(gateway, "/api/logout", { method: "POST", headers: { cookie, ...originOf(gateway) } });
    assert.is((await socket.untilClosed()).code, 4401);
    assert.is(socket.of("closing")[0]!.reason, "unauthorized");
  }));

test("wrong tokens are refused without an echo, then with 429, until time has passed; the right one is always taken", async () => {
  let nowMs = 0;
  const lines: string[] = [];
  const limits = { loginsBurst: 3, loginsPerSecond: 0.5 };
  await withGateway(
    { token: TOKEN, limits, nowMs: () => nowMs, log: (line) => lines.push(line) },
    async (gateway) => {
      const attempt = (token: string) =>
        ask(gateway, "/api/login", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ token }),
        });
      for (let k = 0; k < 3; k++) {
        const answer = await attempt("wrong-but-secret");
        assert.is(answer.status, 401);
        assert.not.match(answer.body, /wrong-but-secret/);
      }
      const refused = await attempt("wrong-but-secret");
      assert.is(refused.status, 429);
      assert.is(refused.headers["retry-after"], "2");
      assert.match(errorOf(refused).expected, /loginsPerSecond/);
      const bearer = { headers: { authorization: "Bearer wrong-but-secret" } };
      assert.is((await ask(gateway, "/metrics", bearer)).status, 429);
      assert.is((await attempt(TOKEN)).status, 204);
      assert.is((await ask(gateway, "/metrics", { headers: BEARER })).status, 200);
      nowMs += 2_000;
      assert.is((await attempt("wrong-but-secret")).status, 401);
      assert.not.match(lines.join("\n"), new RegExp(`${TOKEN}|wrong-but-secret`));
    },
  );
});

test("a login requires JSON of the right shape and size", () =>
  withGateway({ token: TOKEN }, async (gateway) => {
    const post = async (type: string, body: string) =>
      (await ask(gateway, "/api/login", { method: "POST", headers: { "content-type": type }, body })).status;
    assert.is(await post("application/x-www-form-urlencoded", `token=${TOKEN}`), 415);
    assert.is(await post("application/json", "{"), 400);
    assert.is(await post("application/json", '{"token":7}'), 400);
    assert.is(await post("application/json", JSON.stringify({ token: "x".repeat(100_000) })), 413);
  }));

test("a login that breaks off is not logged as an error", async () => {
  const log: string[] = [];
  await withGateway({ token: TOKEN, log: (line) => log.push(line) }, async (gateway) => {
    const headers = { "content-type": "application/json", "content-length": "100" };
    const call = request({
      host: gateway.host,
      port: gateway.port,
      path: "/api/login",
      method: "POST",
      headers,
    });
    const gone = new Promise((resolve) => call.on("close", resolve));
    call.on("error", () => {});
    call.write('{"token":"');
    await ask(gateway, "/healthz");
    call.destroy();
    await gone;
    await ask(gateway, "/healthz");
  });
  assert.equal(log, []);
});

test("a WebSocket signs in by cookie, by bearer token or in its hello, and gets nothing before", () =>
  withGateway({ token: TOKEN }, async (gateway, session) => {
    session.declare("cpu", ["core0"]);
    const cookie = cookieOf(await signIn(gateway));
    (await new TestSocket(gateway, { headers: { cookie, ...originOf(gateway) } }).join()).close();
    assert.is((await refusal(gateway, { headers: { cookie } })).status, 403, "a cookie without an Origin");
    (await new TestSocket(gateway, { headers: BEARER }).join()).close();
    (await new TestSocket(gateway).join(TOKEN)).close();
    assert.is(
      (await refusal(gateway, { headers: { authorization: "Bearer wrong-wrong-wrong-wrong" } })).status,
      401,
    );
    for (const token of [undefined, "wrong-wrong-wrong-wrong"]) {
      const stranger = new TestSocket(gateway);
      await stranger.opened();
      session.announce("a secret");
      stranger.send({
        type: "hello",
        client: "test",
        versions: [1],
        ...(token === undefined ? {} : { token }),
      });
      assert.is((await stranger.untilClosed()).code, 4401);
      assert.equal(
        stranger.received.map(({ type }) => type),
        ["closing"],
      );
    }
  }));

test("a foreign Host is refused on HTTP and WebSocket, which stops DNS rebinding", () =>
  withGateway({ allowedHosts: ["watch.example.org", "strict.example.org:8443"] }, async (gateway) => {
    const { port } = gateway;
    const allowed = [
      `localhost:${port}`,
      `127.0.0.1:${port}`,
      `127.1.2.3:${port}`,
      `[::1]:${port}`,
      `LOCALHOST:${port}`,
    ];
    allowed.push("watch.example.org", "watch.example.org:9", "strict.example.org:8443");
    const refused = [
      "localhost",
      "localhost:1",
      `evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      `localhost.evil.example:${port}`,
    ];
    refused.push(
      "strict.example.org",
      `0.0.0.0:${port}`,
      `192.168.1.1:${port}`,
      "a b",
      `user@localhost:${port}`,
    );
    for (const host of allowed) {
      assert.is((await ask(gateway, "/api/sessions", { headers: { host } })).status, 200, host);
    }
    for (const host of refused) {
      const answer = await ask(gateway, "/api/sessions", { headers: { host } });
      assert.is(answer.status, 403, `host ${host}`);
      assert.match(errorOf(answer).expected, new RegExp(`^localhost:${port} or watch`));
      assert.is((await refusal(gateway, { headers: { host } })).status, 403, host);
    }
    assert.is((await ask(gateway, "/healthz", { headers: { host: "10.0.0.7" } })).status, 200);
  }));

test("a gateway on all addresses accepts an IP address with its port as the Host, and no foreign name", async () => {
  const gateway = await createGateway({ sessions: [new FakeSession()], host: "0.0.0.0", token: TOKEN });
  const status = async (host: string) =>
    (await ask(gateway, "/metrics", { headers: { host: `${host}:${gateway.port}`, ...BEARER } })).status;
  assert.is(await status("192.168.1.5"), 200);
  assert.is(await status("localhost"), 200);
  assert.is(await status("evil.example"), 403);
  await gateway.close();
});

test("a page of another origin is refused on every method and on WebSocket; its own page is not", () =>
  withGateway({ allowedHosts: ["watch.example.org"] }, async (gateway) => {
    const own = `http://127.0.0.1:${gateway.port}`;
    const host = `127.0.0.1:${gateway.port}`;
    const foreign = [
      "http://evil.example",
      "null",
      `http://localhost:${gateway.port}`,
      `http://127.0.0.1:${gateway.port + 1}`,
      "file://",
      "",
    ];
    for (const origin of foreign) {
      const post = {
        method: "POST",
        headers: { host, origin, "content-type": "application/json" },
        body: '{"token":"x"}',
      };
      assert.is((await ask(gateway, "/api/login", post)).status, 403, origin);
      assert.is((await ask(gateway, "/api/events", { headers: { host, origin } })).status, 403, origin);
      if (origin !== "") assert.is((await refusal(gateway, { origin })).status, 403, origin);
    }
    assert.is((await ask(gateway, "/api/events", { headers: { host, origin: own } })).status, 200);
    assert.is(
      (await ask(gateway, "/api/events", { headers: { host, origin: "https://watch.example.org" } })).status,
      200,
    );
    (await new TestSocket(gateway, { origin: own }).join()).close();
  }));

test("all paths are below the base path, and the bare prefix redirects to the page", () =>
  withGateway({ basePath: "/watch/eigen/", token: TOKEN }, async (gateway, session) => {
    assert.ok(gateway.url.endsWith("/watch/eigen/"));
    session.announce("hello");
    assert.is((await ask(gateway, "/watch/eigen/api/events", { headers: BEARER })).status, 200);
    for (const path of ["/api/events", "/watch", "/watch/eigenx/api/events", "/"]) {
      assert.is((await ask(gateway, path, { headers: BEARER })).status, 404, path);
    }
    const bare = await ask(gateway, "/watch/eigen?x=1");
    assert.is(bare.status, 308);
    assert.is(bare.headers["location"], "eigen/");
    const login = await ask(gateway, "/watch/eigen/api/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: TOKEN }),
    });
    assert.match(String(login.headers["set-cookie"]), /; Path=\/watch\/eigen\/;/);
    (await new TestSocket(gateway, { path: "/watch/eigen/ws", headers: BEARER }).join()).close();
    assert.is((await refusal(gateway, { path: "/ws", headers: BEARER })).status, 404);
  }));

test("a proxy's prefix and addresses are used only when the proxy is trusted", async () => {
  const headers = { "x-forwarded-prefix": "/tools/eigen/", "x-forwarded-for": "6.6.6.6, 10.1.1.1" };
  await withGateway(
    { token: TOKEN, trustProxy: true, limits: { requestsBurst: 1, requestsPerSecond: 0.001 } },
    async (gateway) => {
      assert.match(await signIn(gateway, headers), /; Path=\/tools\/eigen\/;/);
      assert.is((await ask(gateway, "/metrics", { headers })).status, 429);
      assert.is(
        (await ask(gateway, "/metrics", { headers: { "x-forwarded-for": "6.6.6.6, 10.1.1.2" } })).status,
        401,
      );
    },
  );
  await withGateway({ token: TOKEN, trustProxy: true }, async (gateway) => {
    assert.match(await signIn(gateway, { "x-forwarded-prefix": "/a; Domain=evil" }), /; Path=\/;/);
  });
  await withGateway({ token: TOKEN }, async (gateway) => {
    assert.match(await signIn(gateway, headers), /; Path=\/;/);
  });
});

test.run();
