/** The public face of actors/cluster/: the node of a cluster, and the session that a gateway of any node serves. */
export { CLUSTER_TIMING, type ClusterTiming, FAILOVER } from "./cluster-timing.ts";
export { CORE_ROLE } from "./membership.ts";
export { ClusterNode, checkNodeName, type OwnershipChange } from "./node.ts";
export { partitionOf } from "./placement.ts";
export { RemoteSession, type RemoteSessionOptions } from "./remote-session.ts";
