/** A circuit breaker with a clock: what fails is tried again after a delay that grows (breaker-machine.ts). */
import { MachineHost } from "../core/machine-host.ts";
import type { Clock } from "../ports/clock.ts";
import { type BreakerSignal, type BreakerState, breakerMachine } from "./breaker-machine.ts";

export interface BreakerOptions {
  readonly clock: Clock;
  /** Delay after the first failure, ms. */
  readonly firstMs: number;
  /** Longest delay, ms. */
  readonly mostMs: number;
  /** What has worked for so long begins with the first delay when it fails, ms; default 0: any success ends a row of failures. */
  readonly lastsMs?: number;
  /** Uniform on [0, 1): spreads the attempts of several programs. */
  random(): number;
}

/** More doublings are above any longest delay. */
const DOUBLINGS_MAX = 30;

/**
 *     const breaker = new Breaker({ clock, firstMs: 1_000, mostMs: 60_000, random: Math.random });
 *     try { await attempt(); breaker.worked(); } catch { await pause.wait(breaker.failed()); breaker.due(); }
 */
export class Breaker {
  private readonly options: BreakerOptions;
  private readonly machine = new MachineHost(breakerMachine, {});
  private workedSinceMs: number | null = null;

  constructor(options: BreakerOptions) {
    this.options = options;
  }

  get state(): BreakerState {
    return this.machine.value as BreakerState;
  }

  /** Failures in a row. */
  get failures(): number {
    return (this.machine.context as { failures: number }).failures;
  }

  worked(): void {
    this.workedSinceMs ??= this.options.clock.monotonicMs();
    this.send({ type: "worked" });
  }

  /** The delay before the next attempt, ms: between half of the doubled delay and all of it. */
  failed(): number {
    const { clock, firstMs, mostMs, lastsMs = 0, random } = this.options;
    const lasted = this.workedSinceMs !== null && clock.monotonicMs() - this.workedSinceMs >= lastsMs;
    this.workedSinceMs = null;
    this.send({ type: "failed", lasted });
    const delayMs = Math.min(mostMs, firstMs * 2 ** Math.min(this.failures - 1, DOUBLINGS_MAX));
    return delayMs * (0.5 + random() / 2);
  }

  /** The delay has passed. */
  due(): void {
    this.send({ type: "due" });
  }

  private send(signal: BreakerSignal): void {
    this.machine.send(signal);
  }
}
