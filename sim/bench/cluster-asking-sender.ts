/**
 * The peers of the cluster's latency: each frame is a request over NATS that another process answers with the same bytes, bare or as a call of
 * Moleculer.
 *
 * Moleculer is not among our packages (cluster-moleculer.ts).
 */
import { fileURLToPath } from "node:url";
import { connect } from "nats";
import { startNatsServer } from "../../actors/mod.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import { Child } from "./child.ts";
import { createBroker, ECHO } from "./cluster-moleculer.ts";
import { createLoadFrame, fillFrame, type Load, type Sender } from "./latency-load.ts";
import { machineNowUs } from "./machine-clock.ts";

const ANSWERER = fileURLToPath(new URL("./cluster-answering-child.ts", import.meta.url));

export async function startAskingSender(kind: "request" | "moleculer", load: Load): Promise<Sender> {
  const server = await startNatsServer({ jetStream: false });
  const answerer = new Child(ANSWERER, [kind, server.url]);
  await answerer.ask("ready");
  const { ask, close } = kind === "request" ? await askBare(server.url) : await askMoleculer(server.url);
  const frame = createLoadFrame(load);
  fillFrame(frame, 1, load);
  const bytesPerFrame = encodeMessage(frame).length;
  const thirds: number[] = [];
  return {
    url: "",
    send(number) {
      fillFrame(frame, number + 1, load);
      void ask(frame.value, () => encodeMessage(frame)).then(() => {
        thirds[number] = machineNowUs();
      });
    },
    thirds,
    bytesPerFrame,
    async close() {
      await close();
      await answerer.stop();
      await server.dispose();
    },
  };
}

interface Asking {
  ask(values: Float64Array, bytes: () => Uint8Array): Promise<unknown>;
  close(): Promise<void>;
}

async function askBare(url: string): Promise<Asking> {
  const connection = await connect({ servers: url });
  return {
    ask: (_values, bytes) => connection.request(ECHO, bytes()),
    close: () => connection.close(),
  };
}

async function askMoleculer(url: string): Promise<Asking> {
  const broker = createBroker("asks", url);
  await broker.start();
  await broker.waitForServices("bench");
  return {
    ask: (values) => broker.call(ECHO, { values: [...values] }),
    close: () => broker.stop(),
  };
}
