// requires: redis-server,openssl
/** What is particular to MQTT, Redis streams, PostgreSQL and range queries of Prometheus, on real servers; tests/feeds/network-feeds.test.ts has what they share. */
import { createServer } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Socket } from "node:net";
import { createClient } from "@redis/client";
import pg from "pg";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import { samplesOf } from "../../actors/feeds/table/message-samples.ts";
import { Certificates } from "../support/certificates.ts";
import { createManualClock } from "../support/clock.ts";
import { skip } from "../support/skip.ts";
import { type CollectingSink, collectingSink, totalCounts, withFile } from "./collect.ts";
import { openBroker, openPostgres, openRedis } from "./servers.ts";

const CONTEXT = { clock: createManualClock(), seed: 1 };

test("a message is a number, or an object of numbers, of which those further in have their path as a name", () => {
  assert.equal(samplesOf("hall", " 21.5\n", null).samples, [["hall", 21.5]]);
  assert.equal(
    samplesOf("pump", '{"power": {"now": 3, "peak": 9}, "rate": 1e3, "off": null}', null).samples,
    [
      ["pump.power.now", 3],
      ["pump.power.peak", 9],
      ["pump.rate", 1000],
    ],
  );
  assert.equal(samplesOf("empty", "", null), samplesOf("empty", "{}", null));
});

test("text, truths and lists of a message are left out and counted, and what is cut is left out whole", () => {
  const { samples, leftOut, leftOutCount } = samplesOf(
    "lamp",
    '{"state": "ON", "on": true, "x": [1], "w": 4}',
    null,
  );
  assert.equal(samples, [["lamp.w", 4]]);
  assert.is(leftOutCount, 3);
  assert.is(leftOut, 'lamp.state is "ON"; expected a number, or an object of numbers');
  assert.equal(samplesOf("lamp", '{"w": 4', null).samples, []);
  for (const text of ["0x10", "NaN", "1 2", "on"])
    assert.is(samplesOf("x", text, null).leftOutCount, 1, text);
});

test("a message has the time of the key that was named; other times are no channels", () => {
  const text = '{"time": "2026-03-01T17:30:00Z", "ts": 1772386200000, "level": 2}';
  assert.equal(samplesOf("a", text, null).samples, [["a.level", 2]]);
  assert.ok(Number.isNaN(samplesOf("a", text, null).timeUs));
  assert.is(samplesOf("a", text, "time").timeUs, Date.UTC(2026, 2, 1, 17, 30) * 1000);
  assert.is(samplesOf("a", text, "ts").timeUs, 1772386200000 * 1000);
});

test("specs that name nothing to read, or a secret, are refused", () => {
  for (const [spec, message] of [
    ["mqtt:localhost", /names no topics/],
    ["mqtt:localhost?topics=a/%23/b", /is no topic; expected \+ as a whole level/],
    ["mqtt:localhost?topics=a&client=x", /client=x without qos=1/],
    ["mqtt:mqtt://me:secret@localhost?topics=a", /has a password/],
    ["mqtt:http://localhost?topics=a", /expected HOST:PORT, or a URL with mqtt or mqtts/],
    ["redis:localhost", /names no streams/],
    ["redis:localhost?streams=a&from=yesterday", /from=yesterday is no place/],
    ["postgres:localhost?listen=a", /names no database/],
    ["postgres:localhost/db", /neither listen nor query/],
    ["postgres:localhost/db?listen=a&query=select", /both listen and query/],
    ["postgres:localhost/db?query=select", /has no \$1/],
    ["prom-query:localhost", /has no query/],
    ["prom-query:localhost?query=up&past=2d", /past is more than 23h/],
    ["redis:localhost?streams=a&passwordFile=/nowhere", /no password in \/nowhere/],
  ] as const)
    assert.throws(() => createFeed(spec, CONTEXT), message);
});

test("a password in an address is in no error, whatever else is wrong with the address", () => {
  for (const spec of [
    "mqtt:mqtt://me:s3cret@localhost?topics=a",
    "mqtt:me:s3cret@localhost?topics=a",
    "redis:redis://me:s3/cret@localhost:1?streams=a",
    "redis:redis://:s3cret@localhost:port?streams=a",
    "prom:http://me:s3cret@localhost",
    "postgres:me:s3cret@localhost/db?nothing=1",
  ])
    assert.throws(
      () => createFeed(spec, CONTEXT),
      ({ message }: Error) => /:\*\*\*@localhost/.test(message) && !/s3|cret/.test(message),
      spec,
    );
});

test("a secret among the parameters of an address is refused, and is in no error", () => {
  for (const parameter of [
    "token",
    "api_key",
    "apikey",
    "key",
    "X-Amz-Signature",
    "password",
    "access_token",
    "sig",
  ])
    for (const spec of [
      `prom:http://localhost/metrics%3Fmodule=http&${parameter}=s3cret?every=1s`,
      `prom:http://localhost/metrics%3F${parameter}=s3cret?every=1s`,
      `prom:http://localhost/metrics%3F${parameter}=s3cret?evry=1s`,
      `mqtt:wss://localhost/mqtt%3F${parameter}=s3cret?topics=a`,
    ])
      assert.throws(
        () => createFeed(spec, CONTEXT),
        ({ message }: Error) => !/s3cret/.test(message),
        spec,
      );
  assert.throws(
    () => createFeed("prom:http://localhost/probe%3Ftoken=s3cret", CONTEXT),
    /the address has a secret in token; expected none/,
  );
  createFeed("prom:http://localhost/probe%3Fmodule=http_2xx", CONTEXT);
});

test("what an MQTT broker has kept of long ago is no sample of now", async () => {
  const broker = await openBroker();
  await broker.publish("house/old", "1", { retain: true });
  await reading(`mqtt:127.0.0.1:${broker.port}?topics=house/%23`, async ({ sink, until }) => {
    await until(() => sink.statuses.length > 0);
    // It comes before what is published after it.
    await until(
      () => sink.samples.length > 0,
      () => broker.publish("house/new", "2"),
    );
    assert.equal([...new Set(sink.samples.map(({ channel }) => channel))], ["house/new"]);
  });
  await broker.stop();
});

test("a broker that refuses the user ends the feed with its reason; the password comes from a file", async () => {
  const broker = await openBroker();
  broker.aedes!.authenticate = (_, user, password, done) =>
    done(null, user === "ann" && password?.toString() === "s3cret");
  await withFile("password", "s3cret\n", (path) =>
    reading(
      `mqtt:127.0.0.1:${broker.port}?topics=a&user=ann&passwordFile=${encodeURIComponent(path)}`,
      async ({ sink, until }) => {
        await until(() => sink.statuses.length > 0);
        assert.is(sink.statuses[0]!.status, "opened");
      },
    ),
  );
  const sink = collectingSink();
  await createFeed(`mqtt:127.0.0.1:${broker.port}?topics=a&user=bob`, { clock: systemClock, seed: 1 }).run(
    sink,
  );
  assert.is(sink.statuses.at(-1)!.status, "failed");
  assert.match(sink.statuses.at(-1)!.detail, /not authorized|refused/i);
  await broker.stop();
});

test("a broker that refuses a topic ends the feed with it; one that does not answer is left after ten seconds", async () => {
  const broker = await openBroker();
  broker.aedes!.authorizeSubscribe = (_, subscription, done) =>
    done(null, subscription.topic === "secret" ? null : subscription);
  const sink = collectingSink();
  await createFeed(`mqtt:127.0.0.1:${broker.port}?topics=a,secret`, { clock: systemClock, seed: 1 }).run(
    sink,
  );
  assert.is(sink.statuses.at(-1)!.status, "failed");
  assert.match(sink.statuses.at(-1)!.detail, /refuses topic secret/);
  await broker.stop();

  const clock = createManualClock();
  let isAsked = false;
  // CONNACK to CONNECT, and nothing more.
  await serving(
    (packet) => {
      isAsked = packet[0] === 0x82;
      return packet[0] === 0x10 ? [0x20, 2, 0, 0] : [];
    },
    async (port) => {
      const silent = collectingSink();
      const feed = createFeed(`mqtt:127.0.0.1:${port}?topics=a`, { clock, seed: 1 });
      const running = feed.run(silent);
      while (!isAsked) await turn();
      await clock.advance(10_000);
      while (silent.statuses.length === 0) await turn();
      assert.match(silent.statuses[0]!.detail, /Cannot subscribe at .*: no answer in 10000 ms/);
      await feed.stop();
      await running;
      assert.is(clock.pending, 0);
    },
  );
});

test("what a server that is no PostgreSQL answers ends its connection, not the program", async () => {
  // R: an authentication that there is not; E: an error without a word.
  for (const answer of [
    [0x52, 0, 0, 0, 8, 0, 0, 0, 99],
    [0x45, 0, 0, 0, 5, 0],
  ])
    await serving(
      () => answer,
      (port) =>
        reading(`postgres:ann@127.0.0.1:${port}/db?listen=a`, async ({ sink, until }) => {
          await until(() => sink.statuses.length > 1);
          assert.equal([...new Set(sink.statuses.map(({ status }) => status))], ["stalled"]);
          assert.match(sink.statuses[0]!.detail, /^Cannot read postgres:.*: .*\w.*; the next attempt/);
        }),
    );
});

test("entries of a Redis stream are read from the start, in order and once, and have the times of their ids", async () => {
  const redis = await openRedis();
  const client = createClient({ url: `redis://127.0.0.1:${redis.port}` });
  await client.connect();
  for (let k = 1; k <= 2_500; k++)
    void client.xAdd("sensors", `${1_700_000_000_000 + k}-0`, { level: String(k), note: '{"depth": 1}' });
  await reading(`redis:127.0.0.1:${redis.port}?streams=sensors&from=0`, async ({ sink, until }) => {
    const levels = () => sink.samples.filter(({ channel }) => channel === "sensors.level");
    await until(() => levels().length === 2_500);
    assert.ok(
      levels().every(({ value, time }, k) => value === k + 1 && time === (1_700_000_000_000 + k + 1) * 1_000),
    );
    assert.ok(sink.samples.some(({ channel }) => channel === "sensors.note.depth"));
    await client.set("text", "x");
  });
  const sink = collectingSink();
  await createFeed(`redis:127.0.0.1:${redis.port}?streams=text&from=0`, { clock: systemClock, seed: 1 }).run(
    sink,
  );
  assert.is(sink.statuses.at(-1)!.status, "failed");
  assert.match(sink.statuses.at(-1)!.detail, /WRONGTYPE/);
  assert.not(sink.statuses.some(({ status }) => status === "opened"));
  await client.close();
  await redis.dispose();
});

test("a Redis stream is read no faster than the sink takes it, and nothing of it is missing", async () => {
  const redis = await openRedis();
  const client = createClient({ url: `redis://127.0.0.1:${redis.port}` });
  await client.connect();
  await Promise.all(
    Array.from({ length: 5_000 }, (_, k) => client.xAdd("s", `${1_000 + k}-0`, { a: `${k}` })),
  );
  await waiting(`redis:127.0.0.1:${redis.port}?streams=s&from=0`, 5_000);
  await client.close();
  await redis.dispose();
});

test("entries that a Redis server removed before they were read are a gap", async () => {
  const redis = await openRedis();
  const client = createClient({ url: `redis://127.0.0.1:${redis.port}` });
  client.on("error", () => {});
  await client.connect();
  await client.xAdd("s", "*", { a: "1" });
  await reading(`redis:127.0.0.1:${redis.port}?streams=s&from=0`, async ({ sink, until }) => {
    await until(() => sink.samples.length === 1);
    await client.del("s");
    await redis.stop();
    await until(() => sink.statuses.some(({ status }) => status === "stalled"));
    await redis.start();
    await until(() => totalCounts(sink)["gap"] === 1);
  });
  client.destroy();
  await redis.dispose();
});

test("a Redis stream that began anew with lower ids is read from its begin, which is a gap; an id that is no time is left out", async () => {
  const redis = await openRedis();
  const client = createClient({ url: `redis://127.0.0.1:${redis.port}` });
  await client.connect();
  await client.xAdd("s", "1700000000000-0", { a: "1" });
  await reading(`redis:127.0.0.1:${redis.port}?streams=s&from=0`, async ({ sink, until }) => {
    await until(() => sink.samples.length === 1);
    await client.xAdd("s", "18446744073709551614-0", { a: "2" });
    await until(() => totalCounts(sink)["badTime"] === 1);
    await client.del("s");
    await client.xAdd("s", "5-1", { a: "3" });
    await client.sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    await until(() => sink.samples.some(({ value }) => value === 3));
    assert.equal(
      sink.samples.map(({ value }) => value),
      [1, 3],
    );
    assert.is(totalCounts(sink)["gap"], 1);
  });
  await client.close();
  await redis.dispose();
});

const postgres = await openPostgres();

test("a query goes on from its cursor, a thousand rows at a time, and each row is taken once", async () => {
  if (postgres === null) return skip("no postgres: apt-get install postgresql");
  const { address, sql } = talking(postgres.port);
  await sql("CREATE TABLE readings (id bigserial, at timestamptz, hall float8, note text, cellar numeric)");
  await sql(
    "INSERT INTO readings (at, hall, cellar) SELECT timestamptz '2026-03-01 12:00:00.000001+02' + k * interval '1 second', k, 12.5 FROM generate_series(1, 2500) k",
  );
  const query = encodeURIComponent("SELECT id, at, hall, cellar FROM readings WHERE id > $1 ORDER BY id");
  await reading(`postgres:${address}?query=${query}&time=at&poll=20ms`, async ({ sink, until }) => {
    await until(() => sink.samples.length === 5_000);
    await sql("INSERT INTO readings (at, hall) VALUES ('2026-03-02', 7)");
    await until(() => sink.samples.length === 5_001);
    const halls = sink.samples.filter(({ channel }) => channel === "hall").map(({ value }) => value);
    assert.equal(halls, [...Array.from({ length: 2_500 }, (_, k) => k + 1), 7]);
    assert.equal([...new Set(sink.samples.map(({ channel }) => channel))].sort(), ["cellar", "hall"]);
    assert.is(sink.samples[0]!.time, Date.UTC(2026, 2, 1, 10, 0, 1) * 1_000 + 1);
  });
});

test("rows of a query are read no faster than the sink takes them, and none is missing", async () => {
  if (postgres === null) return skip("no postgres: apt-get install postgresql");
  const { address, sql } = talking(postgres.port);
  await sql("CREATE TABLE backlog AS SELECT id, id - 1 AS a FROM generate_series(1, 5000) id");
  const query = encodeURIComponent("SELECT id, a FROM backlog WHERE id > $1 ORDER BY id");
  await waiting(`postgres:${address}?query=${query}`, 5_000);
});

test("rows that have the same cursor are all read, though a question ends among them; more than one question holds are refused", async () => {
  if (postgres === null) return skip("no postgres: apt-get install postgresql");
  const { address, sql } = talking(postgres.port);
  await sql("CREATE TABLE ties AS SELECT k / 700 + 1 AS id, k AS a FROM generate_series(0, 2999) k");
  const query = encodeURIComponent("SELECT id, a FROM ties WHERE id > $1 ORDER BY id");
  await reading(`postgres:${address}?query=${query}&poll=20ms`, async ({ sink, until }) => {
    await until(() => sink.samples.length >= 3_000);
    const values = sink.samples.map(({ value }) => value).sort((a, b) => a - b);
    assert.equal(
      values,
      Array.from({ length: 3_000 }, (_, k) => k),
    );
    await sql("INSERT INTO ties SELECT 9, k FROM generate_series(1, 1000) k");
    await until(() => sink.statuses.at(-1)!.status === "failed");
    assert.match(sink.statuses.at(-1)!.detail, /1000 rows and more have id 9; expected one for each row/);
  });
});

test("a query that cannot be used, that does not go on, or that would write ends the feed with the reason", async () => {
  if (postgres === null) return skip("no postgres: apt-get install postgresql");
  const { address, sql } = talking(postgres.port);
  await sql("CREATE TABLE rows_once (id int, level int)");
  await sql("INSERT INTO rows_once VALUES (1, 2)");
  for (const [query, message] of [
    ["SELECT nothing FROM rows_once WHERE id > $1", /column "nothing" does not exist/],
    [
      "SELECT id, level FROM rows_once WHERE id >= $1::int",
      /id of the last row is 1, as before; expected another one/,
    ],
    ["WITH x AS (DELETE FROM rows_once WHERE id > $1 RETURNING *) SELECT * FROM x", /WITH clause|read-only/],
  ] as const) {
    const sink = collectingSink();
    await createFeed(`postgres:${address}?poll=10ms&query=${encodeURIComponent(query)}`, {
      clock: systemClock,
      seed: 1,
    }).run(sink);
    assert.is(sink.statuses.at(-1)!.status, "failed");
    assert.match(sink.statuses.at(-1)!.detail, message);
    if (query.startsWith("SELECT nothing"))
      assert.not(sink.statuses.some(({ status }) => status === "opened"));
  }
});

const certificates = new Certificates();
for (const name of ["ours", "theirs"]) certificates.authority(name);
certificates.certificate("server", "ours");
const [ours, theirs] = ["ours", "theirs"].map((name) => encodeURIComponent(certificates.path(`${name}.pem`)));

test("over TLS a broker and a server are read that have a certificate of the authority in ca, and others are not", async () => {
  const broker = await openBroker(certificates);
  const redis = await openRedis(certificates);
  const client = createClient({
    url: `rediss://127.0.0.1:${redis.port}`,
    socket: { tls: true, ca: certificates.text("ours.pem") },
  });
  await client.connect();
  for (const [spec, send] of [
    [`mqtt:mqtts://127.0.0.1:${broker.port}?topics=a`, () => broker.publish("a", "7")],
    [`redis:rediss://localhost:${redis.port}?streams=a`, () => client.xAdd("a", "*", { a: "7" })],
  ] as const) {
    await reading(`${spec}&ca=${ours}`, async ({ sink, until }) => {
      await until(() => sink.statuses.length > 0);
      await until(
        () => sink.samples.some(({ value }) => value === 7),
        async () => void (await send()),
      );
    });
    for (const other of [`${spec}&ca=${theirs}`, spec])
      await reading(other, async ({ sink, until }) => {
        await until(() => sink.statuses.length > 0);
        assert.is(sink.statuses[0]!.status, "stalled");
        assert.match(sink.statuses[0]!.detail, /certificate|issuer/i);
      });
  }
  await client.close();
  await redis.dispose();
  await broker.stop();
});

test("PostgreSQL is read with TLS where sslmode, PGSSLMODE or ca say so", async () => {
  for (const [spec, wrong] of [
    ["postgres:h/db?listen=a&ca=/nowhere", /no certificate in \/nowhere/],
    [
      "postgres:h/db%3Fsslmode=require?listen=a",
      /the address has \?sslmode=require; expected options of the feed/,
    ],
    [`mqtt:h?topics=a&ca=${ours}`, /without TLS; expected both: mqtts:\/\/h/],
  ] as const)
    assert.throws(() => createFeed(spec, CONTEXT), wrong);
  if (postgres === null) return skip("no postgres: apt-get install postgresql");
  const server = (await openPostgres(certificates))!;
  const isRead = (port: number, options: string) =>
    opens(`postgres:postgres@localhost:${port}/postgres?listen=a${options}`);
  assert.is(await isRead(server.port, `&ca=${ours}`), "opened");
  assert.is(await isRead(server.port, "&sslmode=no-verify"), "opened");
  assert.match(await isRead(server.port, "&sslmode=require"), /certificate|issuer/i);
  assert.match(await isRead(server.port, `&sslmode=verify-ca&ca=${theirs}`), /certificate|issuer/i);
  assert.is(await isRead(postgres.port, ""), "opened");
  assert.match(await isRead(postgres.port, "&sslmode=require"), /does not support SSL/);
  process.env["PGSSLMODE"] = "require";
  assert.match(await isRead(postgres.port, ""), /does not support SSL/);
  assert.is(await isRead(postgres.port, "&sslmode=disable"), "opened");
  delete process.env["PGSSLMODE"];
  await server.dispose();
});

test("PostgreSQL is stopped, and the certificates are removed", async () => {
  await postgres?.dispose();
  certificates.dispose();
});

test("[Q1] a range query brings the past first, in pieces, each row once, and then goes on as time does", async () => {
  const asked: { start: number; end: number }[] = [];
  await answering(
    (query) => {
      const [start, end, step] = ["start", "end", "step"].map((key) => Number(query.get(key)));
      asked.push({ start: start!, end: end! });
      const count = Math.round((end! - start!) / step!) + 1;
      const values = Array.from({ length: count }, (_, k) => [
        start! + k * step!,
        String(start! + k * step!),
      ]);
      return {
        status: 200,
        data: { resultType: "matrix", result: [{ metric: { __name__: "clock_seconds", job: "a" }, values }] },
      };
    },
    async (address) => {
      const clock = createManualClock(1e15);
      const sink = collectingSink();
      const feed = createFeed(`prom-query:${address}?query=clock_seconds&past=3h&every=10s`, {
        clock,
        seed: 1,
      });
      const running = feed.run(sink);
      while (sink.samples.length < 1_081) {
        await turn();
        await clock.advance(sink.samples.length >= 1_080 ? 1_000 : 0);
      }
      const times = sink.samples.map(({ time }) => time);
      assert.equal(
        times,
        Array.from({ length: times.length }, (_, k) => 1e15 - 3 * 3_600e6 + (k + 1) * 10e6),
      );
      assert.ok(
        sink.samples.every(
          ({ time, value, channel }) => value === time / 1e6 && channel === 'clock_seconds{job="a"}',
        ),
      );
      assert.is([...sink.groups.values()][0]!.channels[0]!.unit, "s");
      assert.equal(
        asked.slice(0, 3).map(({ start, end }) => Math.round((end - start) / 10) + 1),
        [500, 500, 80],
      );
      await feed.stop();
      await running;
    },
  );
});

test("[Q1] values of times that were not asked for, or that come twice, are left out and counted, and so is a text of nothing", async () => {
  await answering(
    (query) => {
      const end = Number(query.get("end"));
      const values = [
        [end, "1"],
        [end, "2"],
        [0, "3"],
        [1e300, "4"],
        [end + 1e6, "5"],
        [null, "6"],
        [end, ""],
        ["x", "7"],
      ];
      return { status: 200, data: { resultType: "matrix", result: [{ metric: { __name__: "a" }, values }] } };
    },
    async (address) => {
      const clock = createManualClock(1e15);
      const sink = collectingSink();
      const feed = createFeed(`prom-query:${address}?query=a&past=10s&every=10s`, { clock, seed: 1 });
      const running = feed.run(sink);
      while ((totalCounts(sink)["unparsable"] ?? 0) === 0) {
        await turn();
        await clock.advance(0);
      }
      assert.equal(
        sink.samples.map(({ value, time }) => [value, time]),
        [[1, 1e15]],
      );
      assert.is(totalCounts(sink)["unparsable"], 7);
      await feed.stop();
      await running;
    },
  );
});

test("[Q3] an expression that the server refuses ends the feed with the server's words", async () => {
  await answering(
    () => ({ status: 400, error: 'invalid parameter "query": parse error: unclosed left brace' }),
    async (address) => {
      const sink = collectingSink();
      await createFeed(`prom-query:${address}?query=up{`, { clock: systemClock, seed: 1 }).run(sink);
      assert.is(sink.statuses.at(-1)!.status, "failed");
      assert.match(sink.statuses.at(-1)!.detail, /unclosed left brace; expected an expression/);
    },
  );
});

interface Reading {
  readonly sink: CollectingSink;
  /** `again`: done from time to time meanwhile. */
  until(isSo: () => boolean, again?: () => Promise<void>): Promise<void>;
}

async function reading(spec: string, use: (reading: Reading) => Promise<void>): Promise<void> {
  const sink = collectingSink();
  const feed = createFeed(spec, { clock: systemClock, seed: 1 });
  const running = feed.run(sink);
  try {
    await use({
      sink,
      async until(isSo, again = async () => {}) {
        while (!isSo()) {
          await again();
          for (let k = 0; k < 20 && !isSo(); k++) await turn();
        }
      },
    });
  } finally {
    await feed.stop();
    await running;
  }
}

/** "opened", or why not. */
async function opens(spec: string): Promise<string> {
  let found = "";
  await reading(spec, async ({ sink, until }) => {
    await until(() => sink.statuses.length > 0);
    const { status, detail } = sink.statuses[0]!;
    found = status === "opened" ? status : detail;
  });
  return found;
}

/** A feed of values 0, 1, 2, … whose sink is full from the first frame on, and then no more. */
async function waiting(spec: string, count: number): Promise<void> {
  const sink = collectingSink();
  sink.fullAfter = 1;
  const feed = createFeed(spec, { clock: systemClock, seed: 1 });
  assert.is(feed.waits, true);
  const running = feed.run(sink);
  while (sink.frames.length < 1) await turn();
  for (let k = 0; k < 100; k++) await turn();
  assert.ok(sink.samples.length <= 1_000, `${sink.samples.length} of the full sink`);
  sink.release();
  while (sink.samples.length < count) await turn();
  assert.equal(
    sink.samples.map(({ value }) => value),
    Array.from({ length: count }, (_, k) => k),
  );
  // A full sink holds up nobody who stops.
  sink.fullAfter = 0;
  await feed.stop();
  await running;
}

function talking(port: number): { address: string; sql(text: string): Promise<void> } {
  const address = `postgres@127.0.0.1:${port}/postgres`;
  return {
    address,
    async sql(text) {
      const client = new pg.Client(`postgres://${address}`);
      await client.connect();
      await client.query(text);
      await client.end();
    },
  };
}

async function answering(
  answer: (query: URLSearchParams) => { status: number; data?: unknown; error?: string },
  use: (address: string) => Promise<void>,
): Promise<void> {
  const server = createServer(({ url = "" }, response) => {
    const { status, ...body } = answer(new URL(url, "http://127.0.0.1").searchParams);
    response.writeHead(status).end(JSON.stringify({ status: status === 200 ? "success" : "error", ...body }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await use(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** A server that answers each piece that it is sent with bytes. */
async function serving(
  answer: (bytes: Buffer) => readonly number[],
  use: (port: number) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => socket.write(Uint8Array.from(answer(bytes))));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await use((server.address() as AddressInfo).port);
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** Sockets have theirs. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

test.run();
