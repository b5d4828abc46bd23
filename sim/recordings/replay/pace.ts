/**
 * Recorded time against the clock: when an input of a recording is due, at any speed, with pauses in between.
 *
 * Counts from the first input that is waited for after `begin` or a change of speed; before the first data of a recorded feed logical
 * time is still 0, and from there to the data nobody wants to wait.
 */
import type { Clock } from "../../../actors/ports/clock.ts";

/** Longer waits are made of several: timers of some runtimes take no more than 24 days. */
const WAIT_MS_MAX = 60_000;

export class Pace {
  speed: number | "max";
  private readonly clock: Clock;
  private startUs = Number.NaN;
  private startMs = 0;
  private wake: (() => void) | null = null;

  constructor(clock: Clock, speed: number | "max") {
    this.clock = clock;
    this.speed = speed;
  }

  /** Counts anew from a recorded time; 0: from the next input. */
  begin(timeUs: number): void {
    if (timeUs > 0) this.anchor(timeUs);
    else this.startUs = Number.NaN;
  }

  /** Goes on from where recorded time is now, at most `reachableUs`. */
  setSpeed(speed: number | "max", reachableUs: number): void {
    const nowUs = this.nowUs(reachableUs);
    this.speed = speed;
    this.begin(nowUs);
    this.interrupt();
  }

  /** Ends a wait early. */
  interrupt(): void {
    this.wake?.();
  }

  /** Recorded time that has been reached, at most `reachableUs`; 0 before anything was waited for. */
  nowUs(reachableUs: number): number {
    if (Number.isNaN(this.startUs) || this.speed === "max") return 0;
    const passedUs = (this.clock.monotonicMs() - this.startMs) * 1000 * this.speed;
    return Math.min(Math.floor(this.startUs + passedUs), reachableUs);
  }

  isDue(timeUs: number): boolean {
    return this.dueInMs(timeUs) <= 0;
  }

  /** Waits until the input is due or somebody interrupts; false when there was nothing to wait for. */
  async waitFor(timeUs: number): Promise<boolean> {
    const waitMs = this.dueInMs(timeUs);
    if (waitMs <= 0) return false;
    await new Promise<void>((resolve) => {
      const cancel = this.clock.after(Math.min(waitMs, WAIT_MS_MAX), resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
    this.wake = null;
    return true;
  }

  private dueInMs(timeUs: number): number {
    if (this.speed === "max" || timeUs === 0) return 0;
    if (Number.isNaN(this.startUs)) this.anchor(timeUs);
    return this.startMs + (timeUs - this.startUs) / 1000 / this.speed - this.clock.monotonicMs();
  }

  private anchor(timeUs: number): void {
    this.startUs = timeUs;
    this.startMs = this.clock.monotonicMs();
  }
}
