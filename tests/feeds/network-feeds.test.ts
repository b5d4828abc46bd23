// slow
// requires: redis-server
/** Feeds that read servers of one's own, each on a real server: the contract of all of them (tests/contracts/network-feed.ts). */
import { createServer, type Server } from "node:http";
import { createClient } from "@redis/client";
import pg from "pg";
import { test } from "uvu";
import { freePort } from "../../actors/bus/nats-server.ts";
import { type NetworkFeedWorld, networkFeedContract } from "../contracts/network-feed.ts";
import { skip } from "../support/skip.ts";
import { openBroker, openPostgres, openRedis } from "./servers.ts";

const [broker, redis, postgres] = [await openBroker(), await openRedis(), await openPostgres()];
let worlds = 0;

networkFeedContract("mqtt", {
  keeps: false,
  async open() {
    await broker.start();
    const place = `world${++worlds}`;
    return {
      spec: `mqtt:127.0.0.1:${broker.port}?topics=${place}/%23`,
      channel: (name) => `${place}/${name}`,
      send: (name, value) => broker.publish(`${place}/${name}`, value),
      start: () => broker.start(),
      stop: () => broker.stop(),
      dispose: async () => {},
    };
  },
});

networkFeedContract("redis", {
  keeps: true,
  async open() {
    await redis.start();
    const stream = `world${++worlds}`;
    return {
      spec: `redis:127.0.0.1:${redis.port}?streams=${stream}`,
      channel: (name) => `${stream}.${name}`,
      send: (name, value) => addEntry(stream, { [name]: value }),
      start: () => redis.start(),
      stop: () => redis.stop(),
      dispose: async () => {},
    };
  },
});

async function addEntry(stream: string, fields: Record<string, string>): Promise<void> {
  const client = createClient({ url: `redis://127.0.0.1:${redis.port}` });
  await client.connect();
  await client.xAdd(stream, "*", fields);
  await client.close();
}

if (postgres === null) test("postgres", () => skip("no postgres: apt-get install postgresql"));
else {
  const address = `postgres@127.0.0.1:${postgres.port}/postgres`;
  const sql = async (text: string, values: unknown[] = []): Promise<void> => {
    const client = new pg.Client(`postgres://${address}`);
    await client.connect();
    await client.query(text, values);
    await client.end();
  };
  const server = { start: () => postgres.start(), stop: () => postgres.stop(), dispose: async () => {} };

  networkFeedContract("postgres, notifications", {
    keeps: false,
    async open() {
      await postgres.start();
      const channel = `world${++worlds}`;
      return {
        ...server,
        spec: `postgres:${address}?listen=${channel}`,
        channel: (name) => `${channel}.${name}`,
        send: (name, value) => sql("SELECT pg_notify($1, $2)", [channel, `{"${name}": ${value}}`]),
      };
    },
  });

  networkFeedContract("postgres, rows", {
    keeps: true,
    async open() {
      await postgres.start();
      const table = `world${++worlds}`;
      await sql(
        `CREATE TABLE ${table} (id bigserial, time timestamptz DEFAULT now(), name text, value text)`,
      );
      const query = `SELECT id, time, name, value FROM ${table} WHERE id > $1 ORDER BY id;`;
      return {
        ...server,
        spec: `postgres:${address}?poll=50ms&query=${encodeURIComponent(query)}`,
        channel: (name) => name,
        send: (name, value) => sql(`INSERT INTO ${table} (name, value) VALUES ($1, $2)`, [name, value]),
      };
    },
  });
}

networkFeedContract("prom", {
  keeps: false,
  open: () =>
    served(
      (spec) => `prom:${spec}?every=100ms`,
      (values) =>
        Object.entries(values)
          .map(([name, value]) => `${name} ${value}`)
          .join("\n"),
    ),
});

networkFeedContract("prom-query", {
  keeps: true,
  open: () =>
    served(
      (spec) => `prom-query:${spec}?every=100ms&past=0s&query=all`,
      (values, query) => {
        const end = Number(query.get("end"));
        const result = Object.entries(values).map(([name, value]) => ({
          metric: { __name__: name },
          values: [[end, value]],
        }));
        return JSON.stringify({ status: "success", data: { resultType: "matrix", result } });
      },
    ),
});

/** A server over HTTP that answers with all values. */
async function served(
  specOf: (address: string) => string,
  answer: (values: Readonly<Record<string, string>>, query: URLSearchParams) => string,
): Promise<NetworkFeedWorld> {
  const values: Record<string, string> = {};
  const port = await freePort();
  let server: Server | null = null;
  const start = async (): Promise<void> => {
    const started = createServer(({ url = "" }, response) =>
      response.end(answer(values, new URL(url, "http://127.0.0.1").searchParams)),
    );
    await new Promise<void>((resolve) => started.listen(port, "127.0.0.1", resolve));
    server = started;
  };
  const stop = async (): Promise<void> => {
    if (server === null) return;
    const closed = new Promise<void>((resolve) => server!.close(() => resolve()));
    server.closeAllConnections();
    server = null;
    await closed;
  };
  await start();
  return {
    ...{ start, stop, dispose: stop, spec: specOf(`127.0.0.1:${port}`), channel: (name: string) => name },
    async send(name, value) {
      values[name] = value;
    },
  };
}

test("the servers end", async () => {
  await broker.stop();
  await redis.dispose();
  await postgres?.dispose();
});

test.run();
