/**
 * A node of a cluster in a process of its own. Argument: a `NodeChildOptions` as JSON.
 *
 * Answers `owned` (how many partitions it owns), `memory`, and `url` (the WebSocket of a gateway of the first partition, opened when it is asked for).
 */
import process from "node:process";
import { ClusterNode, RemoteSession } from "../../actors/cluster/mod.ts";
import { letHeapGrow } from "../../actors/command-line/run.ts";
import { createNatsBus, SYSTEM, systemClock } from "../../actors/mod.ts";
import { createGateway } from "../../collab/gateway/gateway.ts";
import { applySetting, defaultSettings } from "../../protocol/settings.ts";
import { answerRequests } from "./child.ts";

export interface NodeChildOptions {
  /** URL of the server. */
  readonly nats: string;
  readonly session: string;
  readonly name: string;
  /** Of the session. */
  readonly partitions: readonly string[];
  readonly detectors: boolean;
  /** Of a session whose logical time is faster than the clock: pictures of it, µs of logical time apart. */
  readonly publishEveryUs?: number;
}

export interface NodeMemory {
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/**
 * What is measured here is not how soon a node is replaced: on a machine whose processors are all taken by the load, an answer of the servers that comes
 * after three seconds shall not cost the run.
 */
const LEASE_MS = 30_000;

// As the program does for itself.
letHeapGrow();
const options = JSON.parse(process.argv[2]!) as NodeChildOptions;
const { nats, session, name, partitions, detectors, publishEveryUs } = options;
const say = (message: string) => void process.stderr.write(`${message}\n`);

const bus = await createNatsBus({
  servers: [nats],
  name,
  dataConnection: true,
  clock: systemClock,
  log: say,
});
const settings = defaultSettings();
const node = new ClusterNode({
  name,
  session,
  partitions,
  bus,
  clock: systemClock,
  definitions: detectors ? SYSTEM : { group: [], session: SYSTEM.session },
  settings:
    publishEveryUs === undefined ? settings : applySetting(settings, "publishEveryUs", publishEveryUs),
  versions: {},
  timing: { leaseMs: LEASE_MS },
  log: say,
});
const owned = new Promise<void>((resolve) =>
  node.onChange(({ owned: partition }) => {
    if (partition === null) return;
    partition.commands.handle({
      changeSetting: async ({ path, value }, author, _signal, id) => {
        await partition.configure(path, value, author, id);
        return { settings: partition.core.settings };
      },
    });
    resolve();
  }),
);
node.start();
await owned;
interface Opened {
  readonly url: string;
  close(): Promise<void>;
}
let gateway: Promise<Opened> | null = null;

answerRequests(
  {
    url: async () => `${(await opened()).url.replace("http", "ws")}ws`,
    owned: () => node.owned().size,
    memory(): NodeMemory {
      const { rss, heapUsed } = process.memoryUsage();
      return { rssBytes: rss, heapBytes: heapUsed };
    },
  },
  async () => {
    await (await gateway)?.close();
    await node.stop();
    await bus.close();
  },
);

/** A session that it serves takes a part of a processor: where clients are elsewhere, there is none. */
function opened(): Promise<Opened> {
  gateway ??= openGateway();
  return gateway;
}

async function openGateway(): Promise<Opened> {
  const place = { bus, session, partition: partitions[0]!, gateway: name };
  const remote = await RemoteSession.open({ ...place, clock: systemClock, log: say });
  const { url, close } = await createGateway({ sessions: [remote] });
  return {
    url,
    async close() {
      await close();
      remote.close();
    },
  };
}
