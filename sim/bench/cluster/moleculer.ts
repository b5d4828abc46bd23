/** Moleculer over NATS, where it is installed: `npm install --no-save moleculer@0.14`. */

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

/** Not a constant for the compiler: the package may be absent. */
const PACKAGE: string = "moleculer";

export async function isMoleculerInstalled(): Promise<boolean> {
  try {
    await import(PACKAGE);
    return true;
  } catch {
    return false;
  }
}

export async function createBroker(nodeID: string, url: string): Promise<Broker> {
  const { ServiceBroker } = (await import(PACKAGE)).default as {
    ServiceBroker: new (options: object) => Broker;
  };
  return new ServiceBroker({
    nodeID,
    transporter: { type: "NATS", options: { servers: url } },
    logger: false,
  });
}
