/** The public face of actors/cluster/: the node of a cluster, the session that a gateway of any node serves, and the log that others read. */
export { appendUntilStopped } from "./append-until-stopped.ts";
export { hashPrefixOf } from "./block-index.ts";
export { CLUSTER_TIMING, type ClusterTiming, FAILOVER } from "./cluster-timing.ts";
export { firstStoredBlock, hasBeginning, LogReader, logBefore } from "./log-reader.ts";
export { CORE_ROLE } from "./membership.ts";
export { ClusterNode, checkNodeName, type OwnershipChange } from "./node.ts";
export { ownerOf, partitionOf, placementOf } from "./placement.ts";
export { RemoteCommands } from "./remote-commands.ts";
export { RemoteSession, type RemoteSessionOptions } from "./remote-session.ts";
export { Replica, type ReplicaListener } from "./replica.ts";
export {
  loadSnapshot,
  logStarts,
  type NamedSnapshot,
  namedSnapshots,
  snapshotsBucket,
} from "./stream-snapshots.ts";
