/**
 * The clock of one simulated machine: the queue's time, seen with an offset and a rate of its own.
 *
 *   seen = start + offset + (true − start) · (1 + drift)
 *
 * Behind the Clock port of the shipped code. A step of the clock (`stepTo`) moves what it shows; what is waited for is monotonic.
 */
import type { Clock } from "../../actors/ports/clock.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

/** A turn of an event loop with something to do. */
const TURN_US = 20;

export class SimulatedClock implements Clock {
  readonly #world: World;
  readonly #owner: Process;
  readonly #startUs: number;
  readonly #rate: number;
  readonly #timer: number;
  readonly #turn: number;
  #offsetUs: number;
  #shownUs = 0;

  constructor(world: World, owner: Process, offsetUs = 0, drift = 0) {
    this.#world = world;
    this.#owner = owner;
    this.#startUs = world.startUs;
    this.#rate = 1 + drift;
    this.#offsetUs = offsetUs;
    this.#timer = world.trace.intern(`${owner.name} timer`);
    this.#turn = world.trace.intern(`${owner.name} turn`);
  }

  /** As the shipped one: never goes back, whatever is done to the wall clock. */
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
    this.#world.queue.after(TURN_US, this.#owner, this.#turn, act);
  }

  /** Somebody sets the wall clock. */
  stepTo(offsetUs: number): void {
    this.#offsetUs = offsetUs;
  }
}
