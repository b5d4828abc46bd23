/**
 * A model of a core's timers: every start, cancel and firing is compared with a plain list.
 *
 *   start ─► pending ─┬─ an input reaches its time ─► fires, in order of (due, creation); its actor sees the due time
 *                     ├─ started again, cancelled ─► removed
 *                     └─ its actor failed ─► removed
 *
 * Wraps the methods of the core's `LogicalTimers`, so it sees what the core requests, not how the core stores it.
 */
import type { LogicalTimers, Timer } from "../../../actors/core/mod.ts";
import type { EventMessage } from "../../../protocol/messages.ts";

interface Pending {
  readonly actor: string;
  readonly id: string;
  readonly dueUs: number;
  readonly order: number;
}

export class TimerModel {
  /** The first thing that was wrong. */
  trouble: string | null = null;
  private pending: Pending[] = [];
  private created = 0;
  private inputUs = 0;
  private firing: Timer | null = null;

  constructor(timers: LogicalTimers) {
    const start = timers.start.bind(timers);
    const cancel = timers.cancel.bind(timers);
    const cancelMatching = timers.cancelMatching.bind(timers);
    const take = timers.take.bind(timers);
    timers.start = (actor, id, dueUs) => {
      // Cancels the previous one through the method below.
      start(actor, id, dueUs);
      this.started(actor, id, dueUs);
    };
    timers.cancel = (actor, id) => {
      this.drop((timer) => timer.actor === actor && timer.id === id);
      cancel(actor, id);
    };
    // Of all timers of an actor, or those of one of its parts.
    timers.cancelMatching = (actor, matches) => {
      this.drop((timer) => timer.actor === actor && matches(timer.id));
      cancelMatching(actor, matches);
    };
    timers.take = (timeUs) => {
      const taken = take(timeUs);
      this.firing = taken;
      if (taken !== null) this.fired(taken);
      return taken;
    };
  }

  /** Call before the core applies an input. */
  before(timeUs: number): void {
    this.inputUs = timeUs;
  }

  /** Call after the core has applied an input: no timer that was due before it may be pending. */
  after(timeUs: number): void {
    const late = this.pending.find(({ dueUs }) => dueUs < timeUs);
    if (late) this.blame(`${name(late)} did not fire before the input at ${timeUs}`);
  }

  /** Call for each event. An event of a firing timer has the timer's due time, not the input's. An actor that failed loses its timers. */
  announced(event: EventMessage): void {
    if (event.kind === "actor.restarted" || event.kind === "actor.stopped")
      this.drop(({ actor }) => actor === `${event.group}/${event.actor}`);
    if (this.firing !== null && event.timeUs !== this.firing.dueUs)
      this.blame(`${name(this.firing)} made an event at ${event.timeUs}`);
  }

  private started(actor: string, id: string, dueUs: number): void {
    this.drop((timer) => timer.actor === actor && timer.id === id);
    this.pending.push({ actor, id, dueUs, order: ++this.created });
  }

  private fired(timer: Timer): void {
    const own = this.pending.find(({ actor, id }) => actor === timer.actor && id === timer.id);
    if (own === undefined || own.dueUs !== timer.dueUs) {
      this.blame(
        `${name(timer)} fired; expected ${own === undefined ? "no such timer" : `it at ${own.dueUs}`}`,
      );
      return;
    }
    const earlier = this.pending.find(
      ({ dueUs, order }) => dueUs < own.dueUs || (dueUs === own.dueUs && order < own.order),
    );
    if (earlier) this.blame(`${name(timer)} fired before ${name(earlier)}`);
    if (timer.dueUs > this.inputUs) this.blame(`${name(timer)} fired with the input at ${this.inputUs}`);
    this.drop((other) => other === own);
  }

  private drop(goes: (timer: Pending) => boolean): void {
    this.pending = this.pending.filter((timer) => !goes(timer));
  }

  private blame(what: string): void {
    this.trouble ??= `timer ${what}`;
  }
}

function name({ actor, id, dueUs }: Pick<Timer, "actor" | "id" | "dueUs">): string {
  return `${actor}.${id} due at ${dueUs}`;
}
