/** The worlds that have a name. A weight scales a family of faults: 0 is none, 1 the usual amount. */

export interface ScenarioShape {
  readonly title: string;
  readonly minutes: number;
  /** 0: one node on its own disk, without a bus. */
  readonly nodes: number;
  readonly partitions: number;
  readonly canary: boolean;
  /** Every node serves every partition, as `RemoteSession` has it; otherwise the owner serves its own. */
  readonly remote?: boolean;
  /** People edit a shared document. */
  readonly document?: boolean;
  /** People scan, and other processes evaluate. */
  readonly scans?: boolean;
  /** `tail`: servers forget unsynced entries after a crash; the checkers excuse what is lost. */
  readonly weights: Record<"network" | "bus" | "tail" | "disk" | "node" | "feed" | "client", number>;
}

const USUAL = { network: 1, bus: 1, tail: 0, disk: 1, node: 1, feed: 1, client: 1 };

export const SCENARIOS = {
  standard: {
    title: "three nodes, two partitions over the bus, feeds, clients; every fault now and then",
    minutes: 2,
    nodes: 3,
    partitions: 2,
    canary: false,
    weights: USUAL,
  },
  single: {
    title: "one node with its journal on a disk that fails; power losses, restarts",
    minutes: 2,
    nodes: 0,
    partitions: 1,
    canary: false,
    weights: USUAL,
  },
  partitions: {
    title: "the network parts, clogs and delays; everything else is well",
    minutes: 2,
    nodes: 3,
    partitions: 2,
    canary: false,
    weights: { ...USUAL, network: 3, bus: 0.5, disk: 0, node: 0.3, feed: 0.3 },
  },
  gateways: {
    title: "every node serves every partition, and passes commands on to its owner; every fault now and then",
    minutes: 2,
    nodes: 3,
    partitions: 2,
    canary: false,
    remote: true,
    weights: { ...USUAL, tail: 0.3 },
  },
  rooms: {
    title: "several people edit a shared document at any node, some of them badly; every fault now and then",
    minutes: 2,
    nodes: 3,
    partitions: 2,
    canary: false,
    document: true,
    weights: { ...USUAL, tail: 0.3 },
  },
  disk: {
    title: "one node on a bad disk: slow, full, failing, torn writes",
    minutes: 2,
    nodes: 0,
    partitions: 1,
    canary: false,
    weights: { ...USUAL, disk: 4, node: 2, feed: 0.3 },
  },
  document: {
    title: "one machine with a shared document on a bad disk, several people edit it, some of them badly",
    minutes: 2,
    nodes: 0,
    partitions: 1,
    canary: false,
    document: true,
    weights: { ...USUAL, disk: 4, node: 2, feed: 0.3 },
  },
  scans: {
    title:
      "scans on one machine, evaluated by other processes: they die, stall and answer twice, and so does the machine",
    minutes: 2,
    nodes: 0,
    partitions: 1,
    canary: false,
    scans: true,
    weights: { ...USUAL, feed: 0.3 },
  },
  storm: {
    title: "everything at once, most of the time",
    minutes: 2,
    nodes: 3,
    partitions: 2,
    canary: false,
    weights: { network: 3, bus: 3, tail: 1, disk: 3, node: 3, feed: 3, client: 3 },
  },
  canary: {
    title: "a known bug: the journal's disk acknowledges what it has not stored. Must fail",
    minutes: 2,
    nodes: 0,
    partitions: 1,
    canary: true,
    weights: { ...USUAL, disk: 2, node: 3 },
  },
} as const satisfies Record<string, ScenarioShape>;

export type ScenarioName = keyof typeof SCENARIOS;
