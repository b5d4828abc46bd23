/**
 * One simulated operating-system process: a node, a client's page, a feed, the bus servers.
 *
 *   running ──pause──► paused ──wake──► running          running · paused ──end──► ended
 *
 * Everything it waits for (timers, answers, messages) is an entry of the queue with this process as owner. Ending the process drops its
 * entries, at any await point of its code. Code of an ended process is never called again.
 */
import type { Entry, Owner } from "./queue.ts";

export class Process implements Owner {
  readonly name: string;
  state: "running" | "paused" | "ended" = "running";
  held: Entry[] = [];

  constructor(name: string) {
    this.name = name;
  }
}
