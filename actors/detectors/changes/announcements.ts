/** The wording of the events of changes: title, severity and details of each. */
import { timeToMove } from "../../../protocol/slope-time.ts";
import type { Announcement, Finding } from "../../ports/detector.ts";
import { amount, beside, duration, moved, moves, range } from "../event-wording.ts";
import type { ChangesSignal, Declared, Returned } from "./signals.ts";

export function declared(event: Declared): Announcement {
  return {
    kind: "change.declared",
    severity: "info",
    title: event.form === "level" ? newLevel(event) : newSlope(event),
    channels: [event.channel],
    detail: detailOf(event),
    finding: findingOf(event, event.again ? "grew" : "opened"),
  };
}

export function returned(event: Returned): Announcement {
  const { title, unit, before, after, timeUs, sinceUs } = event;
  return {
    kind: "change.returned",
    severity: "info",
    title: `${title} is back at ${amount(after, unit)} from ${amount(before, unit)}, after ${duration(timeUs - sinceUs)}`,
    channels: [event.channel],
    detail: detailOf(event),
    finding: findingOf(event, "ended"),
  };
}

function newLevel({ title, unit, before, after, spread, timeUs, changedUs }: Declared): string {
  const usual = `usually ${range(before - 2 * spread, before + 2 * spread, unit)}`;
  const verb = after > before ? "rose" : "fell";
  return `${title} ${verb} from ${range(before, after, unit)} ${duration(timeUs - changedUs)} ago (${usual})`;
}

function newSlope({ title, unit, slopeBefore, slopeAfter, spread, timeUs, changedUs }: Declared): string {
  const time = timeToMove(Math.max(Math.abs(slopeBefore), Math.abs(slopeAfter)), spread);
  const [before, after] = [beside(slopeBefore, slopeAfter), beside(slopeAfter, slopeBefore)];
  return `${title} ${moves(after, time, unit)} for ${duration(timeUs - changedUs)} now; before, ${moved(before, time, unit)}`;
}

function findingOf({ channel, sinceUs, effect, gain }: ChangesSignal, phase: Finding["phase"]): Finding {
  return { key: `${channel}/level`, phase, sinceUs, effect, evidence: gain };
}

function detailOf(event: ChangesSignal): NonNullable<Announcement["detail"]> {
  return {
    atUs: event.timeUs,
    changedUs: event.changedUs,
    form: event.form,
    before: event.before,
    after: event.after,
    slopeBefore: event.slopeBefore,
    slopeAfter: event.slopeAfter,
    spread: event.spread,
    effect: event.effect,
    gain: event.gain,
    price: event.price,
    rowsBefore: event.rowsBefore,
    rowsAfter: event.rowsAfter,
    sinceUs: event.sinceUs,
    unit: event.unit,
  };
}
