/** Sends StatsD packets by UDP in a process of its own, at a rate. Argument: the port, on loopback. */
import { createSocket } from "node:dgram";
import process from "node:process";
import { answerRequests } from "./child.ts";

export interface StatsdLoad {
  readonly packetsPerSecond: number;
  readonly seconds: number;
}

/** Different metrics, as the programs of a small company have them. */
const METRICS = 200;

/** Packets between two turns of the event loop. */
const BURST = 64;

const packets = Array.from({ length: METRICS }, (_, k) => Buffer.from(`service.requests_${k}:1|c|#code:200`));
const socket = createSocket("udp4");
await new Promise<void>((resolve) => socket.connect(Number(process.argv[2]), "127.0.0.1", () => resolve()));

answerRequests(
  {
    /** Answers with the packets that were sent: fewer, where this process cannot keep the rate. */
    async send({ packetsPerSecond, seconds }: StatsdLoad): Promise<number> {
      const began = performance.now();
      let sent = 0;
      for (;;) {
        const elapsed = (performance.now() - began) / 1000;
        if (elapsed >= seconds) return sent;
        const due = Math.min(sent + BURST, Math.floor(elapsed * packetsPerSecond));
        for (; sent < due; sent++) socket.send(packets[sent % METRICS]!);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  },
  () => socket.close(),
);
