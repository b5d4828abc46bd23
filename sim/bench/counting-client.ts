/**
 * A client of the gateway in a process of its own: subscribes, counts messages, checks that sequences only rise.
 *
 * Argument: URL of /ws. Prints its totals as a line of JSON after every REPORT_FRAMES frames and every half second, until its stdin ends.
 */
import process from "node:process";
import WebSocket from "ws";
import { Client, type ClientSocket } from "../../collab/client.ts";

export interface Totals {
  /** Time of this report by the client's clock. */
  atMs: number;
  samples: number;
  states: number;
  events: number;
  outOfOrder: number;
  missed: number;
  lagging: number;
}

/** Often enough for a sender that stays a few hundred frames ahead. */
const REPORT_FRAMES = 16;

const totals: Totals = { atMs: 0, samples: 0, states: 0, events: 0, outOfOrder: 0, missed: 0, lagging: 0 };
let frames = 0;
let lastInput = 0;

const client = new Client({
  name: "bench",
  connect: () => new WebSocket(process.argv[2]!) as unknown as ClientSocket,
  handlers: {
    samples(frame, inputSequence) {
      if (inputSequence <= lastInput) totals.outOfOrder++;
      lastInput = inputSequence;
      totals.samples += frame.count;
      if (++frames % REPORT_FRAMES === 0) report();
    },
    state() {
      totals.states++;
    },
    event() {
      totals.events++;
    },
    missed() {
      totals.missed++;
    },
    lagging() {
      totals.lagging++;
    },
  },
});
client.subscribe({ channel: "samples" });
client.subscribe({ channel: "state" });
client.subscribe({ channel: "events", after: 0 });
client.start();
setInterval(report, 500);
process.stdin.on("end", () => process.exit(0)).resume();

function report(): void {
  totals.atMs = performance.now();
  process.stdout.write(`${JSON.stringify(totals)}\n`);
}
