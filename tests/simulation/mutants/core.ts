/** Bugs of the core: time, timers, supervision, and state that a snapshot must restore. */
import type { Mutant } from "./mutant.ts";

const CORE = "actors/core/core.ts";
const ACTOR = "actors/core/actor.ts";
const GROUPS = "actors/core/groups.ts";
const SOURCES = "actors/core/source-marks.ts";
const TIMERS = "actors/core/logical-timers.ts";

export const CORE_MUTANTS: readonly Mutant[] = [
  {
    name: "high-water-not-restored",
    bug: "A snapshot does not restore high-water marks: earlier frames are admitted again.",
    file: CORE,
    find: "this.sources.restore(control.highWater);",
    replace: "",
  },
  {
    name: "high-water-too-low",
    bug: "The high-water mark of a source is one too low: its last frame counts twice when it is sent again.",
    file: CORE,
    find: "this.sources.note(frame.source, frame.sequence);",
    replace: "this.sources.note(frame.source, frame.sequence - 1);",
  },
  {
    name: "high-water-shared",
    bug: "All sources share the high-water mark of the first one.",
    file: SOURCES,
    find: "if (source === this.lastSource) return this.lastMark;",
    replace: 'if (this.lastSource !== "") return this.lastMark;',
  },
  {
    name: "events-renumbered",
    bug: "After a restart from a snapshot, events are numbered from 1 again.",
    file: CORE,
    find: "this.eventSequence = control.eventSequence;",
    replace: "",
  },
  {
    name: "event-ids-repeat",
    bug: "The counter in event ids is not reset with each input.",
    file: CORE,
    find: "this.announcedInInput = 0;\n    if (timeUs",
    replace: "if (timeUs",
  },
  {
    name: "logical-time-not-restored",
    bug: "A snapshot restores logical time as 0.",
    file: CORE,
    find: "this.now = control.now;",
    replace: "",
  },
  {
    name: "front-not-restored",
    bug: "A snapshot restores the row assembler of a group empty.",
    file: GROUPS,
    find: "groups[i]!, group.rows.fields);",
    replace: "group.rows.fields, group.rows.fields);",
  },
  {
    name: "timers-lost",
    bug: "Timers that were pending in a snapshot never fire.",
    file: CORE,
    find: "this.timers.restore(control.timers);",
    replace: "",
  },
  {
    name: "timer-early",
    bug: "A timer fires with the first input within a second of its time.",
    file: CORE,
    find: "if (timeUs >= this.timers.nextDueUs) this.fireTimers(timeUs);",
    replace: "if (timeUs + 1_000_000 >= this.timers.nextDueUs) this.fireTimers(timeUs + 1_000_000);",
  },
  {
    name: "timer-late",
    bug: "A timer waits for an input a second after its time.",
    file: CORE,
    find: "if (timeUs >= this.timers.nextDueUs) this.fireTimers(timeUs);",
    replace: "if (timeUs >= this.timers.nextDueUs + 1_000_000) this.fireTimers(timeUs);",
  },
  {
    name: "timer-shows-wrong-time",
    bug: "An actor sees the time of the input that reached its timer, not the timer's own: periods drift.",
    file: CORE,
    find: "this.groups.actor(timer.actor)?.timer(timer.id, timer.dueUs, this.sequence);",
    replace: "this.groups.actor(timer.actor)?.timer(timer.id, timeUs, this.sequence);",
  },
  {
    name: "timer-twice-after-restore",
    bug: "A restored timer fires twice.",
    file: TIMERS,
    find: "this.pending = saved.pending.map((timer) => ({ ...timer }));",
    replace: "this.pending = saved.pending.flatMap((timer) => [{ ...timer }, { ...timer }]);",
  },
  {
    name: "timer-order-not-restored",
    bug: "After a restore, timers are counted from 1 again: ties are broken differently than in a replay.",
    file: TIMERS,
    find: "this.created = saved.created;",
    replace: "",
  },
  {
    name: "timer-cancel-takes-all",
    bug: "Restarting one timer of an actor cancels its other timers.",
    file: TIMERS,
    find: "this.pending.filter((timer) => timer.actor !== actor || timer.id !== id)",
    replace: "this.pending.filter((timer) => timer.actor !== actor)",
  },
  {
    name: "timers-of-the-dead",
    bug: "The timers of a failed actor fire in its replacement.",
    file: ACTOR,
    find: "this.host.timers.cancelAll(this.key);",
    replace: "",
  },
  {
    name: "restarts-without-limit",
    bug: "An actor that keeps failing is restarted for ever.",
    file: ACTOR,
    find: "this.stopped = this.restarts.length > RESTARTS_MAX;",
    replace: "this.stopped = false;",
  },
  {
    name: "restarts-never-forgiven",
    bug: "Restarts outside the window count against an actor.",
    file: ACTOR,
    find: "this.restarts.filter((at) => at > this.now - RESTART_WINDOW_US)",
    replace: "this.restarts",
  },
  {
    name: "restarts-not-restored",
    bug: "A snapshot forgets how often an actor failed.",
    file: ACTOR,
    find: "this.restarts = [...saved.restarts];",
    replace: "",
  },
  {
    name: "random-not-restored",
    bug: "A restored actor draws other random numbers than a replay.",
    file: ACTOR,
    find: "this.stream.state.set(saved.random);",
    replace: "",
  },
  {
    name: "fields-not-restored",
    bug: "A restored actor has lost its numeric state.",
    file: ACTOR,
    find: "copyFields(this.key, saved.fields, this.detector.fields);",
    replace: "",
  },
  {
    name: "stopped-not-restored",
    bug: "An actor that was stopped runs again after a restore.",
    file: ACTOR,
    find: "this.stopped = saved.stopped;",
    replace: "",
  },
];
