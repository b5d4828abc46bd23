/** The public face of actors/cluster/: the node of a cluster. */
export { ClusterNode, type OwnershipChange } from "./node.ts";
