/**
 * A node of a cluster in a process of its own, with the partition p0 of a session. Argument: a `NodeChildOptions` as JSON.
 *
 * Answers `url` (the WebSocket of its gateway), `counts` (what was offered to the partition and what became of it) and `memory`.
 */
import process from "node:process";
import { ClusterNode, RemoteSession } from "../../actors/cluster/mod.ts";
import { createNatsBus, SYSTEM, systemClock } from "../../actors/mod.ts";
import { createGateway } from "../../collab/gateway/gateway.ts";
import { applySetting, defaultSettings } from "../../protocol/settings.ts";
import { answerRequests } from "./child.ts";

export interface NodeChildOptions {
  /** URL of the server. */
  readonly nats: string;
  readonly session: string;
  readonly detectors: boolean;
  /** Of a session whose logical time is faster than the clock: pictures of it, µs of logical time apart. */
  readonly publishEveryUs?: number;
}

/** Of all that was offered to the partition since it was taken over. */
export interface NodeCounts {
  readonly offered: number;
  readonly admitted: number;
  readonly shed: number;
  readonly duplicates: number;
  /** How often this node took the partition over. */
  readonly takeovers: number;
}

export interface NodeMemory {
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/** The partition that the benchmarks use. */
const PARTITION = "p0";

const options = JSON.parse(process.argv[2]!) as NodeChildOptions;
const { nats, session, detectors, publishEveryUs } = options;
const say = (message: string) => void process.stderr.write(`${message}\n`);

const bus = await createNatsBus({
  servers: [nats],
  name: "node",
  dataConnection: true,
  clock: systemClock,
  log: say,
});
const settings = defaultSettings();
const node = new ClusterNode({
  name: "node",
  session,
  partitions: [PARTITION],
  bus,
  clock: systemClock,
  definitions: detectors ? SYSTEM : { group: [], session: SYSTEM.session },
  settings:
    publishEveryUs === undefined ? settings : applySetting(settings, "publishEveryUs", publishEveryUs),
  versions: {},
  log: say,
});
let takeovers = 0;
const owned = new Promise<void>((resolve) =>
  node.onChange(({ owned: partition }) => {
    if (partition === null) return;
    takeovers++;
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
const remote = await RemoteSession.open({
  bus,
  clock: systemClock,
  session,
  partition: PARTITION,
  gateway: "node",
  log: say,
});
const gateway = await createGateway({ sessions: [remote] });

answerRequests(
  {
    url: () => `${gateway.url.replace("http", "ws")}ws`,
    counts(): NodeCounts {
      const meter = node.owned().get(PARTITION)?.meter;
      const { offered = 0, admitted = 0, shed = 0, duplicates = 0 } = meter ?? {};
      return { offered, admitted, shed, duplicates, takeovers };
    },
    memory(): NodeMemory {
      const { rss, heapUsed } = process.memoryUsage();
      return { rssBytes: rss, heapBytes: heapUsed };
    },
  },
  async () => {
    await gateway.close();
    remote.close();
    await node.stop();
    await bus.close();
  },
);
