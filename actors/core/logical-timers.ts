/**
 * Logical timers of one core.
 *
 * T1  A timer fires before the first input whose logical time reaches its due time.
 * T2  Timers fire in the order (due, creation).
 * T3  A timer fires once. Starting a pending timer again replaces it.
 * T4  Timers are plain data and part of snapshots.
 */
export interface Timer {
  /** The actor that receives the signal `timer.<id>`. */
  actor: string;
  id: string;
  /** Logical time, µs. */
  dueUs: number;
  /** Order of creation within the session. */
  order: number;
}

export class LogicalTimers {
  /** Due time of the next timer; Infinity without one. A field, because the core reads it for every input. */
  nextDueUs = Number.POSITIVE_INFINITY;
  private pending: Timer[] = [];
  private created = 0;

  start(actor: string, id: string, dueUs: number): void {
    this.cancel(actor, id);
    const timer = { actor, id, dueUs, order: ++this.created };
    const after = this.pending.findIndex((other) => other.dueUs > dueUs);
    this.pending.splice(after < 0 ? this.pending.length : after, 0, timer);
    this.look();
  }

  cancel(actor: string, id: string): void {
    this.pending = this.pending.filter((timer) => timer.actor !== actor || timer.id !== id);
    this.look();
  }

  cancelAll(actor: string): void {
    this.cancelMatching(actor, () => true);
  }

  cancelMatching(actor: string, matches: (id: string) => boolean): void {
    this.pending = this.pending.filter((timer) => timer.actor !== actor || !matches(timer.id));
    this.look();
  }

  /** Removes and returns the next timer that is due at `timeUs`, or null. */
  take(timeUs: number): Timer | null {
    if (timeUs < this.nextDueUs) return null;
    const timer = this.pending.shift()!;
    this.look();
    return timer;
  }

  save(): { created: number; pending: Timer[] } {
    return { created: this.created, pending: this.pending.map((timer) => ({ ...timer })) };
  }

  restore(saved: { created: number; pending: Timer[] }): void {
    this.created = saved.created;
    this.pending = saved.pending.map((timer) => ({ ...timer }));
    this.look();
  }

  private look(): void {
    this.nextDueUs = this.pending[0]?.dueUs ?? Number.POSITIVE_INFINITY;
  }
}
