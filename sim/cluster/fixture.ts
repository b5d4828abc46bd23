/** What a scenario puts into a world, as its run sees it. */
import type { WorldEnd } from "./observation.ts";

export interface Fixture {
  /** The faults are over: everything that is down starts, everything that is stopped goes on. */
  heal(): void;
  /** What did not come together, or null. */
  apart(): string | null;
  /** Last event of each partition that each client holds. */
  holds(): WorldEnd["clients"];
  /** Begins the orderly end of all nodes. */
  stop(): void;
  /** What is there at last; `clients` as they were before the nodes went. */
  end(clients: WorldEnd["clients"]): Promise<WorldEnd>;
  /** Events handed to clients. */
  delivered(): number;
}
