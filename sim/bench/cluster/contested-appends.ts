/**
 * Two connections append to one place of a stream at once: how often the servers accept both, by the kind of expectation they send. On one
 * server, and on a cluster of three with three copies, where each writer talks to another server, also while the stream elects a leader.
 */
import { connect, headers, type NatsConnection } from "nats";
import { askUntilDone, type Copies, startServers } from "./nats-cluster.ts";

/** The header that our streams use, one that they do not, and none. */
const EXPECTATIONS = {
  streamWide: "Nats-Expected-Last-Sequence",
  bySubject: "Nats-Expected-Last-Subject-Sequence",
  none: null,
} as const;

type Expectation = keyof typeof EXPECTATIONS;

const ANSWER_MS = 2_000;

/** Of three copies, the leader is asked to step down before every so many races. */
const RACES_AN_ELECTION = 200;

export interface Contested {
  readonly races: number;
  readonly elections: number;
  /** Times the servers answered neither writer, and the stream was made anew. */
  readonly stalls: number;
  /** Races in which both writers were accepted, by what they expected. */
  readonly accepted: Readonly<Record<Expectation, number>>;
}

export async function contestedAppends(copies: Copies, races: number): Promise<Contested> {
  const servers = await startServers(copies);
  const urls = servers.map(({ url }) => url);
  const writers = [await connect({ servers: urls[0]! }), await connect({ servers: urls.at(-1)! })];
  const accepted = { streamWide: 0, bySubject: 0, none: 0 };
  let elections = 0;
  let stalls = 0;
  try {
    for (const kind of Object.keys(EXPECTATIONS) as Expectation[]) {
      const config = JSON.stringify({ name: kind, subjects: [kind], storage: "file", num_replicas: copies });
      await askUntilDone(writers[0]!, `STREAM.CREATE.${kind}`, config);
      for (let race = 1; race <= races; race++) {
        const elects = copies > 1 && race % RACES_AN_ELECTION === 0;
        // Not waited for: the race is run while the servers elect.
        const election = elects
          ? writers[0]!.request(`$JS.API.STREAM.LEADER.STEPDOWN.${kind}`).catch(() => {})
          : null;
        if (elects) elections++;
        const last = await lastOf(writers[0]!, kind);
        const answers = await Promise.all(writers.map((writer) => append(writer, kind, last)));
        if (answers.every((answer) => answer === "stored")) accepted[kind]++;
        await election;
        // Without an election that is no race but a stream that answers nobody: each further race would wait in vain.
        if (elects || !answers.every((answer) => answer === "silent")) continue;
        stalls++;
        await askUntilDone(writers[0]!, `STREAM.DELETE.${kind}`, "", (said) => said === "stream not found");
        await askUntilDone(writers[0]!, `STREAM.CREATE.${kind}`, config);
      }
    }
  } finally {
    for (const writer of writers) await writer.close();
    for (const server of servers) await server.dispose();
  }
  return { accepted, races, elections, stalls };
}

async function lastOf(connection: NatsConnection, stream: string): Promise<number> {
  const { state } = (await askUntilDone(connection, `STREAM.INFO.${stream}`)) as {
    state: { last_seq: number };
  };
  return state.last_seq;
}

/** What the servers say of it. No answer, as during an election, says nothing. */
async function append(
  writer: NatsConnection,
  subject: Expectation,
  last: number,
): Promise<"stored" | "refused" | "silent"> {
  const name = EXPECTATIONS[subject];
  const expectation = headers();
  if (name !== null) expectation.set(name, String(last));
  try {
    const answer = await writer.request(subject, "x", { timeout: ANSWER_MS, headers: expectation });
    const { seq, error } = answer.json<{ seq?: number; error?: unknown }>();
    return error === undefined && seq !== undefined ? "stored" : "refused";
  } catch {
    return "silent";
  }
}
