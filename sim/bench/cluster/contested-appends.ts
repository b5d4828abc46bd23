/** Two connections append to one place of a stream at once: how often the server accepts both, by the kind of expectation they send. */
import { connect, headers, type NatsConnection } from "nats";
import { startNatsServer } from "../../../actors/bus/nats-server.ts";

/** The header that our streams use, and the one that they do not. */
const EXPECTATIONS = {
  streamWide: "Nats-Expected-Last-Sequence",
  bySubject: "Nats-Expected-Last-Subject-Sequence",
} as const;

const RACES = 300;
const ANSWER_MS = 5_000;

export async function contestedAppends(): Promise<Record<keyof typeof EXPECTATIONS | "races", number>> {
  const server = await startNatsServer();
  const writers = [await connect({ servers: server.url }), await connect({ servers: server.url })];
  const accepted = { streamWide: 0, bySubject: 0 };
  for (const kind of ["streamWide", "bySubject"] as const) {
    const [first] = writers;
    const config = { name: kind, subjects: [kind], storage: "file" };
    await first!.request(`$JS.API.STREAM.CREATE.${kind}`, JSON.stringify(config), { timeout: ANSWER_MS });
    let last = 0;
    for (let race = 0; race < RACES; race++) {
      const stored = await Promise.all(writers.map((writer) => append(writer, kind, last)));
      const winners = stored.filter((sequence) => sequence !== null);
      if (winners.length > 1) accepted[kind]++;
      last = Math.max(last, ...winners);
    }
  }
  for (const writer of writers) await writer.close();
  await server.dispose();
  return { ...accepted, races: RACES };
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
