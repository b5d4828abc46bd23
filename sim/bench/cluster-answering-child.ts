/** Answers each request with its own bytes, over NATS. Arguments: `request` or `moleculer`, and the URL of the server. */
import process from "node:process";
import { connect } from "nats";
import { answerRequests } from "./child.ts";
import { createBroker, ECHO } from "./cluster-moleculer.ts";

const [kind, url] = process.argv.slice(2) as [string, string];
const close = kind === "request" ? await answerBare() : await answerMoleculer();

answerRequests({ ready: () => true }, close);

async function answerBare(): Promise<() => Promise<void>> {
  const connection = await connect({ servers: url });
  connection.subscribe(ECHO, { callback: (_error, message) => void message.respond(message.data) });
  await connection.flush();
  return () => connection.close();
}

async function answerMoleculer(): Promise<() => Promise<void>> {
  const broker = createBroker("answers", url);
  broker.createService({ name: "bench", actions: { echo: ({ params }: { params: unknown }) => params } });
  await broker.start();
  return () => broker.stop();
}
