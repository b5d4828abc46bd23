/**
 * The clock of one simulated machine: the queue's time with an offset and a rate of its own.
 *
 *   shown = start + offset + (true − start) · (1 + drift)
 *
 * Implements the Clock port. A step of the clock (`stepTo`) moves the time it shows; delays are monotonic.
 *
 * On a slow machine code takes time: `readUs` up to each reading of the monotonic clock. Until that is over the process does nothing else.
 */
import type { Clock } from "../../actors/ports/clock.ts";
import type { Process } from "./process.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** Length of a turn of a busy event loop. */
const TURN_US = 20;

export interface ClockOptions {
  readonly offsetUs?: number;
  readonly drift?: number;
  readonly readUs?: number;
  /** Called when the code asks for a turn of the event loop, perhaps with a request in its hands: something may reach the process before that. */
  waitPoint?(inRequest: boolean): void;
}

export class SimulatedClock implements Clock {
  readonly #world: SimulatedCluster;
  readonly #owner: Process;
  readonly #readUs: number;
  readonly #startUs: number;
  readonly #rate: number;
  readonly #timer: number;
  readonly #turn: number;
  readonly #waitPoint: (inRequest: boolean) => void;
  #offsetUs: number;
  #shownUs = 0;

  constructor(
    world: SimulatedCluster,
    owner: Process,
    { offsetUs = 0, drift = 0, readUs = 0, waitPoint = () => {} }: ClockOptions = {},
  ) {
    this.#world = world;
    this.#owner = owner;
    this.#readUs = readUs;
    this.#startUs = world.startUs;
    this.#rate = 1 + drift;
    this.#offsetUs = offsetUs;
    this.#waitPoint = waitPoint;
    this.#timer = world.trace.intern(`${owner.name} timer`);
    this.#turn = world.trace.intern(`${owner.name} turn`);
  }

  /** Never goes back, like the shipped clock, even when the wall clock is set back. */
  nowUs(): number {
    const elapsedUs = (this.#reachedUs - this.#startUs) * this.#rate;
    const seenUs = this.#startUs + Math.floor(this.#offsetUs + elapsedUs);
    if (seenUs > this.#shownUs) this.#shownUs = seenUs;
    return this.#shownUs;
  }

  monotonicMs(): number {
    if (this.#readUs > 0) this.#owner.busyUntilUs = this.#reachedUs + this.#readUs;
    return ((this.#reachedUs - this.#startUs) * this.#rate) / 1000;
  }

  after(ms: number, act: () => void): () => void {
    const { queue } = this.#world;
    const delayUs = this.#reachedUs - queue.nowUs + (ms * 1000) / this.#rate;
    const entry = queue.after(delayUs, this.#owner, this.#timer, act);
    return () => {
      entry.act = null;
    };
  }

  soon(act: () => void): void {
    const owner = this.#owner;
    const { queue } = this.#world;
    const inRequest = owner.requestedIn === queue.acted;
    this.#waitPoint(inRequest);
    queue.after(TURN_US, owner, this.#turn, () => {
      if (inRequest) owner.requestedIn = queue.acted;
      act();
    });
  }

  /** True time as far as the code of the process has come. */
  get #reachedUs(): number {
    return Math.max(this.#world.queue.nowUs, this.#owner.busyUntilUs);
  }

  /** Sets the wall clock. */
  stepTo(offsetUs: number): void {
    this.#offsetUs = offsetUs;
  }
}
