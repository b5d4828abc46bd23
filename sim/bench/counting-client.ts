/**
 * A client of the gateway in a process of its own: subscribes, counts messages, checks that sequences only rise.
 * Argument: URL of /ws. Prints totals as a line of JSON twice a second until its stdin ends.
 */
import process from "node:process";
import WebSocket from "ws";
import { Client, type ClientSocket } from "../../collab/client.ts";

const totals = {
  samples: 0,
  frames: 0,
  states: 0,
  events: 0,
  outOfOrder: 0,
  missed: 0,
  lagging: 0,
  lastInput: 0,
};
const client = new Client({
  name: "bench",
  connect: () => new WebSocket(process.argv[2]!) as unknown as ClientSocket,
  handlers: {
    samples(frame, inputSequence) {
      if (inputSequence <= totals.lastInput) totals.outOfOrder++;
      totals.lastInput = inputSequence;
      totals.frames++;
      totals.samples += frame.count;
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
setInterval(() => process.stdout.write(`${JSON.stringify(totals)}\n`), 500);
process.stdin.on("end", () => process.exit(0)).resume();
