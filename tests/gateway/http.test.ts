/** The HTTP side: health, readiness, metrics, sessions, errors, static files, headers, limits. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGateway, type Gateway } from "../../collab/gateway/gateway.ts";
import { turnsUntil } from "../support/condition.ts";
import { FakeSession } from "../support/fake-session.ts";
import { ask, errorOf, withGateway } from "./http.ts";

test("healthz answers while the process is alive", () =>
  withGateway({}, async (gateway, session) => {
    session.reasonNotReady = "journal halted";
    const answer = await ask(gateway, "/healthz");
    assert.is(answer.status, 200);
    assert.equal(answer.json(), { alive: true });
  }));

test("readyz answers 503 with the reason while a session cannot take inputs", () =>
  withGateway({}, async (gateway, session) => {
    assert.is((await ask(gateway, "/readyz")).status, 200);
    session.reasonNotReady = "journal halted: disk full";
    const answer = await ask(gateway, "/readyz");
    assert.is(answer.status, 503);
    assert.is(errorOf(answer).value, "journal halted: disk full");
  }));

test("sessions and channels are listed as declared", () =>
  withGateway({}, async (gateway, session) => {
    session.declare("cpu", ["core0", "core1"]);
    const sessions = (await ask(gateway, "/api/sessions")).json() as { sessions: Record<string, unknown>[] };
    assert.is(sessions.sessions[0]!["session"], "test");
    assert.is(sessions.sessions[0]!["ready"], true);
    const channels = (await ask(gateway, "/api/channels")).json() as { groups: Record<string, unknown>[] };
    assert.is(channels.groups[0]!["group"], "cpu");
    assert.is((channels.groups[0]!["channels"] as unknown[]).length, 2);
    const other = await ask(gateway, "/api/channels?session=nowhere");
    assert.is(other.status, 404);
    assert.is(errorOf(other).expected, "test");
  }));

test("a second session is reached by its name", async () => {
  const [one, two] = [new FakeSession("one"), new FakeSession("two")];
  const gateway = await createGateway({ sessions: [one, two] });
  two.announce("in two");
  const read = async (path: string) => (await ask(gateway, path)).json() as { events: unknown[] };
  assert.is((await read("/api/events")).events.length, 0);
  assert.is((await read("/api/events?session=two")).events.length, 1);
  await gateway.close();
});

test("metrics are Prometheus text with the session's gauges and the gateway's own", () =>
  withGateway({}, async (gateway, session) => {
    session.gaugesNow = {
      samplesPerSecond: 1234.5,
      "actorUs.collapse": 7,
      lost: Number.NaN,
      'actorUs.od"d\\': 1,
      "actorUs.a\n\u001b[2J": 2,
    };
    const answer = await ask(gateway, "/metrics");
    assert.is(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    const families = parsePrometheus(answer.body);
    assert.is(families.get("eigenwatch_samples_per_second")?.type, "gauge");
    assert.is(families.get("eigenwatch_samples_per_second")?.samples.get('{session="test"}'), "1234.5");
    assert.is(
      families.get("eigenwatch_actor_seconds")?.samples.get('{session="test",name="collapse"}'),
      "0.000007",
    );
    assert.is(
      families.get("eigenwatch_actor_seconds")?.samples.get('{session="test",name="od\\"d\\\\"}'),
      "0.000001",
    );
    assert.is(
      families.get("eigenwatch_actor_seconds")?.samples.get('{session="test",name="a\\\\n\\\\u001b[2J"}'),
      "0.000002",
    );
    assert.is(families.get("eigenwatch_lost")?.samples.get('{session="test"}'), "NaN");
    assert.is(families.get("eigenwatch_gateway_connections")?.samples.get('{transport="ws"}'), "0");
    assert.is(families.get("eigenwatch_gateway_messages_sent_total")?.type, "counter");
  }));

/** Parses strictly by the text format 0.0.4: HELP and TYPE before the samples of a family, each family once. */
function parsePrometheus(text: string): Map<string, { type: string; samples: Map<string, string> }> {
  assert.ok(text.endsWith("\n"), "the last line ends");
  const families = new Map<string, { type: string; samples: Map<string, string> }>();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment?.[1] === "HELP") assert.not(families.has(comment[2]!), `${comment[2]} occurs once`);
    if (comment?.[1] === "TYPE") {
      current = comment[2]!;
      families.set(current, { type: comment[3]!, samples: new Map() });
    }
    if (comment !== null) continue;
    const labels =
      '(?:\\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*")*\\})?';
    const sample = new RegExp(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(${labels}) (NaN|[+-]Inf|[-+0-9.e]+)$`).exec(line);
    assert.ok(sample, `line can be parsed: ${line}`);
    assert.is(sample[1], current, "a sample comes after its TYPE");
    assert.not(families.get(current)!.samples.has(sample[2]!), "a sample occurs once");
    families.get(current)!.samples.set(sample[2]!, sample[3]!);
  }
  return families;
}

test("unknown paths are 404 and wrong methods 405 with Allow, with JSON that names what was expected", () =>
  withGateway({}, async (gateway) => {
    const missing = await ask(gateway, "/nothing/here");
    assert.is(missing.status, 404);
    assert.is(errorOf(missing).value, "/nothing/here");
    const wrong = await ask(gateway, "/api/events", { method: "DELETE" });
    assert.is(wrong.status, 405);
    assert.is(wrong.headers["allow"], "GET, HEAD");
    const plain = await ask(gateway, "/ws");
    assert.is(plain.status, 426);
    assert.is(plain.headers["upgrade"], "websocket");
    const login = await ask(gateway, "/api/login");
    assert.is(login.status, 405);
    assert.is(login.headers["allow"], "POST");
  }));

test("HEAD answers with the headers of GET and no body", () =>
  withGateway({}, async (gateway) => {
    for (const path of ["/healthz", "/readyz", "/metrics", "/api/sessions", "/api/events", "/events"]) {
      const answer = await ask(gateway, path, { method: "HEAD" });
      assert.is(answer.status, 200, path);
      assert.is(answer.body, "", path);
    }
  }));

test("a parameter that is not a whole number in its range is refused with the range", () =>
  withGateway({}, async (gateway) => {
    for (const query of [
      "after=-1",
      "after=abc",
      "after=1.5",
      "limit=0",
      "limit=1001",
      "wait=99999999",
      "after=99999999999999999999",
    ]) {
      const answer = await ask(gateway, `/api/events?${query}`);
      assert.is(answer.status, 400, query);
      assert.match(errorOf(answer).expected, /^a whole number from/);
    }
  }));

test("polling returns the events after the cursor, and the cursor for the next request", () =>
  withGateway({}, async (gateway, session) => {
    for (let k = 1; k <= 5; k++) session.announce(`event ${k}`);
    const poll = async (query: string) =>
      (await ask(gateway, `/api/events?${query}`)).json() as {
        events: { sequence: number }[];
        next: number;
        reset: boolean;
      };
    const first = await poll("after=1&limit=2");
    assert.equal(
      first.events.map(({ sequence }) => sequence),
      [2, 3],
    );
    assert.is(first.next, 3);
    assert.is(first.reset, false);
    assert.equal((await poll("after=5")).events, []);
    assert.is((await poll("after=5")).next, 5);
  }));

test("a long poll answers at the next event", () =>
  withGateway({}, async (gateway, session) => {
    const asked = new Promise<void>((resolve) => {
      session.whileReading = resolve;
    });
    const answer = ask(gateway, "/api/events?after=0&wait=20000");
    await asked;
    session.announce("at last");
    const { events, next } = (await answer).json() as { events: unknown[]; next: number };
    assert.is(events.length, 1);
    assert.is(next, 1);
  }));

test("a long poll without events answers empty after its time", () =>
  withGateway({}, async (gateway) => {
    const answer = (await ask(gateway, "/api/events?after=0&wait=20")).json() as {
      events: unknown[];
      next: number;
    };
    assert.equal(answer.events, []);
    assert.is(answer.next, 0);
  }));

test("a cursor ahead of the session starts again at the first event with reset, but gets 503 while the session is not ready", () =>
  withGateway({}, async (gateway, session) => {
    session.announce("the first of a new recording");
    const answer = (await ask(gateway, "/api/events?after=57")).json() as {
      events: unknown[];
      reset: boolean;
    };
    assert.is(answer.events.length, 1);
    assert.is(answer.reset, true);
    session.reasonNotReady = "recovering";
    assert.is((await ask(gateway, "/api/events?after=57")).status, 503);
    assert.is((await ask(gateway, "/api/events?after=0")).status, 200);
  }));

test("in a cluster, a cursor is foreign only after the node has proved that it still owns the session", () =>
  withGateway({}, async (gateway, session) => {
    session.announce("the only one so far");
    session.certainThrough = () => 0;
    const statusOf = async (after: number): Promise<number> =>
      (await ask(gateway, `/api/events?after=${after}`)).status;
    assert.is(await statusOf(57), 503);
    assert.is(await statusOf(57), 503, "nothing was admitted since");
    session.certainThrough = () => session.describe().lastInputSequence + 1;
    assert.is(await statusOf(58), 503, "asked for the first time");
    assert.is(await statusOf(57), 200);
    assert.is(await statusOf(1), 200, "a cursor that is not ahead needs no proof");
  }));

function withFiles(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "eigenwatch-static-"));
  mkdirSync(join(folder, "img"));
  writeFileSync(join(folder, "index.html"), `<!doctype html>${"<p>page</p>".repeat(100)}`);
  writeFileSync(join(folder, "main.js"), "export {};");
  writeFileSync(join(folder, "img/eye.svg"), "<svg/>");
  writeFileSync(join(folder, ".secret"), "no");
  return act(folder).finally(() => rmSync(folder, { recursive: true }));
}

test("the page's files are served with their types, security headers and an ETag that saves the second load", () =>
  withFiles((folder) =>
    withGateway({ staticDir: folder }, async (gateway) => {
      const page = await ask(gateway, "/");
      assert.is(page.status, 200);
      assert.is(page.headers["content-type"], "text/html; charset=utf-8");
      assert.match(
        String(page.headers["content-security-policy"]),
        /default-src 'none'.*frame-ancestors 'none'/,
      );
      assert.not.match(String(page.headers["content-security-policy"]), /unsafe|\*|http/);
      assert.is(page.headers["x-content-type-options"], "nosniff");
      assert.is(page.headers["referrer-policy"], "no-referrer");
      assert.is((await ask(gateway, "/main.js")).headers["content-type"], "text/javascript; charset=utf-8");
      assert.is((await ask(gateway, "/img/eye.svg")).headers["content-type"], "image/svg+xml");

      const again = await ask(gateway, "/", { headers: { "if-none-match": String(page.headers["etag"]) } });
      assert.is(again.status, 304);
      assert.is(again.body, "");
      const zipped = await ask(gateway, "/", { headers: { "accept-encoding": "gzip" } });
      assert.is(zipped.headers["content-encoding"], "gzip");
      assert.ok(zipped.body.length < page.body.length);
    }),
  ));

test("a request cannot leave the folder of the page's files", () =>
  withFiles((folder) =>
    withGateway({ staticDir: folder }, async (gateway) => {
      for (const path of [
        "/../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/.secret",
        "/img/../.secret",
        "/img",
        "//etc/passwd",
      ]) {
        assert.is((await ask(gateway, path)).status, 404, path);
      }
      assert.is((await ask(gateway, "/main.js", { method: "POST" })).status, 405);
    }),
  ));

test("headers over the limit and bytes that are not HTTP are refused, and the next request is answered", () =>
  withGateway({}, async (gateway) => {
    assert.match(
      await raw(gateway, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"y".repeat(40_000)}\r\n\r\n`),
      /^HTTP\/1\.1 431 /,
    );
    assert.match(await raw(gateway, "\x00\x01\x02 garbage\r\n\r\n"), /^HTTP\/1\.1 400 /);
    assert.match(
      await raw(gateway, "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
      /^HTTP\/1\.1 400 /,
    );
    assert.is((await ask(gateway, "/healthz")).status, 200);
  }));

/** Sends raw bytes and returns what arrives until the server closes. */
function raw(gateway: Gateway, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(gateway.port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (data) => {
      text += data.toString("latin1");
    });
    socket.on("error", () => resolve(text));
    socket.on("close", () => resolve(text));
  });
}

test("a request whose headers do not end in time is answered with 408 and closed", () =>
  withGateway({ limits: { headersMsMax: 100, slowCheckMs: 20 } }, async (gateway) => {
    const socket = connect(gateway.port, gateway.host);
    let answer = "";
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
    });
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.write("GET / HTTP/1.1\r\nX-Slow: ");
    await closed;
    assert.match(answer, /^HTTP\/1\.1 408 /);
    assert.match(answer, /a slow request.*headersMsMax/);
  }));

test("an address that exceeds its request rate gets 429 until time has passed", async () => {
  let nowMs = 0;
  await withGateway(
    { limits: { requestsBurst: 3, requestsPerSecond: 1 }, nowMs: () => nowMs },
    async (gateway) => {
      for (let k = 0; k < 3; k++) assert.is((await ask(gateway, "/api/sessions")).status, 200);
      const refused = await ask(gateway, "/api/sessions");
      assert.is(refused.status, 429);
      assert.is(refused.headers["retry-after"], "1");
      assert.match(errorOf(refused).expected, /requestsPerSecond/);
      nowMs += 1_000;
      assert.is((await ask(gateway, "/api/sessions")).status, 200);
    },
  );
});

test("a fault of the program is answered with 500 without details, and logged in full", async () => {
  const lines: string[] = [];
  await withGateway({ log: (line) => lines.push(line) }, async (gateway, session) => {
    session.gauges = () => {
      throw new Error("secret inside");
    };
    const answer = await ask(gateway, "/metrics?token=also-secret");
    assert.is(answer.status, 500);
    assert.not.match(answer.body, /secret inside/);
    assert.match(lines.join("\n"), /secret inside/);
    assert.not.match(lines.join("\n"), /also-secret/);
  });
});

/** Eleven days. */
const FOR_EVER_MS = 1e9;

test("a gateway that closes ends idle, streaming and waiting connections at once and leaves the session", async () => {
  const session = new FakeSession();
  // A connection that it waits for would keep this test for ever.
  const limits = { pollWaitMsMax: FOR_EVER_MS, closeGraceMs: FOR_EVER_MS };
  const gateway = await createGateway({ sessions: [session], limits });
  assert.is(session.listeners, 1);
  const idle = connect(gateway.port, "127.0.0.1");
  idle.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await new Promise((resolve) => idle.once("data", resolve));
  const waiting = ask(gateway, `/api/events?after=0&wait=${FOR_EVER_MS}`);
  const streaming = ask(gateway, "/events");
  await ask(gateway, "/healthz");
  await Promise.all([gateway.close(), gateway.close()]);
  assert.is(session.listeners, 0);
  assert.is((await waiting).status, 200);
  assert.match((await streaming).body, /^retry: 1000/);
  idle.destroy();
});

const HEADERS_PATIENCE_TURNS = 1_000;

test("a gateway that closes ends a connection without a request after its grace", async () => {
  const gateway = await createGateway({ sessions: [new FakeSession()], limits: { closeGraceMs: 50 } });
  const silent = connect(gateway.port, "127.0.0.1");
  await new Promise((resolve) => silent.once("connect", resolve));
  // Without it, the limit for headers ends the connection.
  assert.ok((await turnsUntil(gateway.close())) < HEADERS_PATIENCE_TURNS / 3);
  silent.destroy();
});

test("unusable options are refused with what was expected", async () => {
  const session = new FakeSession();
  const failing = async (options: object): Promise<string> => {
    try {
      await (await createGateway({ sessions: [session], ...options })).close();
      return "it started";
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.match(await failing({ sessions: [] }), /no session/);
  assert.match(await failing({ basePath: "no slash" }), /base path no slash; expected/);
  assert.match(await failing({ token: "short" }), /5 characters; expected at least 16/);
  const first = await createGateway({ sessions: [session] });
  assert.match(await failing({ port: first.port }), /^Cannot listen on 127\.0\.0\.1:\d+/);
  await first.close();
});

test.run();
