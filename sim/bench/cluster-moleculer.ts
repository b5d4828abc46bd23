/** Moleculer over NATS, where it is installed: `npm install --no-save moleculer@0.14`. */
import { createRequire } from "node:module";

/** The subject of a bare request, and the action of a call: both are answered with what they bring. */
export const ECHO = "bench.echo";

/** The part of its broker that is used here. */
export interface Broker {
  start(): Promise<void>;
  stop(): Promise<void>;
  createService(schema: object): unknown;
  waitForServices(name: string): Promise<unknown>;
  call(action: string, params: object): Promise<unknown>;
}

const require = createRequire(import.meta.url);

export function isMoleculerInstalled(): boolean {
  try {
    require.resolve("moleculer");
    return true;
  } catch {
    return false;
  }
}

export function createBroker(nodeID: string, url: string): Broker {
  const { ServiceBroker } = require("moleculer") as {
    ServiceBroker: new (options: object) => Broker;
  };
  return new ServiceBroker({
    nodeID,
    transporter: { type: "NATS", options: { servers: url } },
    logger: false,
  });
}
