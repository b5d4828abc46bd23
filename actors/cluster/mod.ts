/** The public face of actors/cluster/: the node of a cluster, and the session that a gateway of any node serves. */
export { ClusterNode, type OwnershipChange } from "./node.ts";
export { RemoteSession, type RemoteSessionOptions } from "./remote-session.ts";
