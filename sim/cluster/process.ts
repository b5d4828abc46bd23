/**
 * One simulated operating-system process: a node, a client's page, a feed, the bus servers.
 *
 *   running ──pause──► paused ──wake──► running          running · paused ──end──► ended
 *
 * Everything it waits for (timers, answers, messages) is an entry of the queue with this process as owner. Ending the process drops its
 * entries, at any await point of its code. Code of an ended process is never called again. While it is busy (clock.ts), entries that become due wait.
 */
import type { Entry, Owner } from "./queue.ts";

export class Process implements Owner {
  readonly name: string;
  state: "running" | "paused" | "ended" = "running";
  held: Entry[] = [];
  busyUntilUs = 0;
  /** The event, by its number, in which it works on a request of another process. */
  requestedIn = -1;

  constructor(name: string) {
    this.name = name;
  }
}
