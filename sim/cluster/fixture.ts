/** The machines, feeds and clients that a scenario builds in a world, as seen by `run`. */
import type { WorldEnd } from "./checkers/observation.ts";

export interface Fixture {
  /** Ends the faults: everything that is down starts, everything paused continues. */
  heal(): void;
  /** What has not converged, or null. */
  notConverged(): string | null;
  /** Last event that each client holds of each partition. */
  lastEvents(): WorldEnd["clients"];
  /** The shared document as each author's page has it. */
  documents?(): ReadonlyMap<string, string>;
  /** Begins the orderly shutdown of all nodes. */
  stop(): void;
  /** The state at the end; `clients` as they were before the shutdown. */
  end(clients: WorldEnd["clients"]): Promise<WorldEnd>;
  /** Events that clients received. */
  delivered(): number;
  /** Of a recording: the steps of each partition that are durable, as their senders know. */
  sent?(): ReadonlyMap<string, number>;
}
