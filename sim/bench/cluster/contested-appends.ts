/**
 * Two connections append to one place of a stream at once: how often the servers accept both, by the kind of expectation they send. On one
 * server, and on a cluster of three with three copies, where each writer talks to another server.
 */
import { connect, headers, type NatsConnection } from "nats";
import { freePort, type NatsServer, startNatsServer } from "../../../actors/bus/nats-server.ts";

/** The header that our streams use, and the one that they do not. */
const EXPECTATIONS = {
  streamWide: "Nats-Expected-Last-Sequence",
  bySubject: "Nats-Expected-Last-Subject-Sequence",
} as const;

const RACES = 300;
const ANSWER_MS = 5_000;

/** A cluster of servers elects the leader of a new stream within seconds. */
const ELECTION_MS = 20_000;

export interface Contested {
  readonly races: number;
  /** Races in which both writers were accepted. */
  readonly streamWide: number;
  readonly bySubject: number;
}

export async function contestedAppends(copies: 1 | 3): Promise<Contested> {
  const servers = copies === 1 ? [await startNatsServer()] : await startCluster();
  const urls = servers.map(({ url }) => url);
  const writers = [await connect({ servers: urls[0]! }), await connect({ servers: urls.at(-1)! })];
  const accepted = { streamWide: 0, bySubject: 0 };
  for (const kind of ["streamWide", "bySubject"] as const) {
    await create(writers[0]!, kind, copies);
    let last = 0;
    for (let race = 0; race < RACES; race++) {
      const stored = await Promise.all(writers.map((writer) => append(writer, kind, last)));
      const winners = stored.filter((sequence) => sequence !== null);
      if (winners.length > 1) accepted[kind]++;
      last = Math.max(last, ...winners);
    }
  }
  for (const writer of writers) await writer.close();
  for (const server of servers) await server.dispose();
  return { ...accepted, races: RACES };
}

async function startCluster(): Promise<NatsServer[]> {
  const ports = [await freePort(), await freePort(), await freePort()];
  const routes = ports.map((port) => `nats-route://127.0.0.1:${port}`).join(", ");
  return Promise.all(
    ports.map((port, k) =>
      startNatsServer({
        config: `server_name: s${k}\ncluster { name: bench, listen: "127.0.0.1:${port}", routes: [${routes}] }\n`,
      }),
    ),
  );
}

/** Resolves when the stream takes entries. */
async function create(writer: NatsConnection, name: string, copies: number): Promise<void> {
  const config = JSON.stringify({ name, subjects: [name], storage: "file", num_replicas: copies });
  const untilMs = performance.now() + ELECTION_MS;
  for (;;) {
    try {
      const answer = await writer.request(`$JS.API.STREAM.CREATE.${name}`, config, { timeout: ANSWER_MS });
      const { error } = answer.json<{ error?: { description: string } }>();
      if (error === undefined) return;
      throw new Error(`Cannot create stream ${name}: ${error.description}`);
    } catch (cause) {
      if (performance.now() > untilMs) throw cause;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

/** The sequence, or null when it was refused. */
async function append(
  writer: NatsConnection,
  subject: keyof typeof EXPECTATIONS,
  last: number,
): Promise<number | null> {
  const expectation = headers();
  expectation.set(EXPECTATIONS[subject], String(last));
  const answer = await writer.request(subject, "x", { timeout: ANSWER_MS, headers: expectation });
  const { seq, error } = answer.json<{ seq?: number; error?: unknown }>();
  return error === undefined && seq !== undefined ? seq : null;
}
