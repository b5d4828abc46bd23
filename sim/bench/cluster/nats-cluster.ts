/** One server of NATS, or a cluster of three on this machine. */

import { connect, type NatsConnection } from "nats";
import * as v from "valibot";
import { freePort, type NatsServer, startNatsServer } from "../../../actors/bus/nats-server.ts";

export type Copies = 1 | 3;

/** A cluster of servers elects the leader of a new stream within seconds. */
const ELECTION_MS = 20_000;

const ANSWER_MS = 5_000;

/** Before a question that was not answered is asked again. */
const AGAIN_MS = 250;

/** Servers by their place; their names are s0, s1, s2. Resolves when they make streams. */
export async function startServers(copies: Copies): Promise<NatsServer[]> {
  if (copies === 1) return [await startNatsServer()];
  const ports = [await freePort(), await freePort(), await freePort()];
  const routes = ports.map((port) => `nats-route://127.0.0.1:${port}`).join(", ");
  const servers = await Promise.all(
    ports.map((port, k) =>
      startNatsServer({
        config: `server_name: s${k}\ncluster { name: bench, listen: "127.0.0.1:${port}", routes: [${routes}] }\n`,
      }),
    ),
  );
  for (const { url } of servers) {
    const connection = await connect({ servers: url });
    await askUntilDone(
      connection,
      "STREAM.CREATE.ready",
      '{"name":"ready","subjects":["ready"],"num_replicas":3}',
    );
    await connection.close();
  }
  return servers;
}

/**
 * Asks the management of JetStream until it answers without an error: right after a start, and during an election, it does not. `isDone`: what an error says
 * of what an earlier question did whose answer was lost.
 */
export async function askUntilDone(
  connection: NatsConnection,
  subject: string,
  body = "",
  isDone: (description: string) => boolean = () => false,
): Promise<unknown> {
  const untilMs = performance.now() + ELECTION_MS;
  for (;;) {
    try {
      const answer = (await connection.request(`$JS.API.${subject}`, body, { timeout: ANSWER_MS })).json<{
        error?: { description: string };
      }>();
      if (answer.error === undefined || isDone(answer.error.description)) return answer;
      throw new Error(`Cannot do ${subject}: ${answer.error.description}`);
    } catch (cause) {
      if (performance.now() > untilMs) throw cause;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

const streamInfo = v.looseObject({ cluster: v.optional(v.looseObject({ leader: v.optional(v.string()) })) });

/** The server that leads a stream; null when there is none, or no choice. */
export async function leaderOf(
  connection: NatsConnection,
  servers: readonly NatsServer[],
  stream: string,
): Promise<NatsServer | null> {
  const { cluster } = v.parse(streamInfo, await askUntilDone(connection, `STREAM.INFO.${stream}`));
  return servers[Number(cluster?.leader?.slice(1) ?? Number.NaN)] ?? null;
}
