/**
 * One simulated operating-system process: a node, a client's page, a feed, the bus servers.
 *
 *   running ──pause──► paused ──wake──► running          running · paused ──end──► ended
 *
 * What it waits for (timers, answers, messages) are entries of the queue that name it as owner; ending it drops them all, at
 * whatever await point its code stands. Code of an ended process is never called again.
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
