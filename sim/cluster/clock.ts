/**
 * The clock of one simulated machine: the queue's time with an offset and a rate of its own.
 *
 *   shown = start + offset + (true − start) · (1 + drift)
 *
 * Implements the Clock port. A step of the clock (`stepTo`) moves the time it shows; delays are monotonic.
 */
import type { Clock } from "../../actors/ports/clock.ts";
import type { Process } from "./process.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** Length of a turn of a busy event loop. */
const TURN_US = 20;

export class SimulatedClock implements Clock {
  readonly #world: SimulatedCluster;
  readonly #owner: Process;
  readonly #startUs: number;
  readonly #rate: number;
  readonly #timer: number;
  readonly #turn: number;
  /** Called when the code asks for a turn of the event loop: something may reach the process before that. */
  readonly #waitPoint: () => void;
  #offsetUs: number;
  #shownUs = 0;

  constructor(
    world: SimulatedCluster,
    owner: Process,
    offsetUs = 0,
    drift = 0,
    waitPoint: () => void = () => {},
  ) {
    this.#world = world;
    this.#owner = owner;
    this.#startUs = world.startUs;
    this.#rate = 1 + drift;
    this.#offsetUs = offsetUs;
    this.#waitPoint = waitPoint;
    this.#timer = world.trace.intern(`${owner.name} timer`);
    this.#turn = world.trace.intern(`${owner.name} turn`);
  }

  /** Never goes back, like the shipped clock, even when the wall clock is set back. */
  nowUs(): number {
    const elapsedUs = (this.#world.queue.nowUs - this.#startUs) * this.#rate;
    const seenUs = this.#startUs + Math.floor(this.#offsetUs + elapsedUs);
    if (seenUs > this.#shownUs) this.#shownUs = seenUs;
    return this.#shownUs;
  }

  monotonicMs(): number {
    return ((this.#world.queue.nowUs - this.#startUs) * this.#rate) / 1000;
  }

  after(ms: number, act: () => void): () => void {
    const entry = this.#world.queue.after((ms * 1000) / this.#rate, this.#owner, this.#timer, act);
    return () => {
      entry.act = null;
    };
  }

  soon(act: () => void): void {
    this.#waitPoint();
    this.#world.queue.after(TURN_US, this.#owner, this.#turn, act);
  }

  /** Sets the wall clock. */
  stepTo(offsetUs: number): void {
    this.#offsetUs = offsetUs;
  }
}
