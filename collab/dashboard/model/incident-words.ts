/**
 * What an incident is about in words that a colleague would use, each number with its unit and what is usual.
 *
 *   events of findings ─► the largest one ─► "Disk writes at 4 × its usual: 41.0 MB/s (usually 0.3–9 MB/s)"
 *
 * Where the page does not have the finding, it says what the program said.
 */
import type { EventMessage } from "../../../protocol/messages.ts";
import { clock, dayNumber, moment, quantity, quantityParts, span } from "../../charts/format.ts";
import type { Incident } from "./incidents.ts";

/** A channel as people know it. */
export interface Named {
  readonly title: string;
  readonly unit: string;
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** How an incident reads depends on the names of channels, what is usual for them, and what they are now. */
export interface Known {
  named(group: string, channel: string): Named;
  /** Null: not known. */
  usual(group: string, channel: string): Range | null;
  /** NaN: not known. */
  valueAt(group: string, channel: string, timeUs: number): number;
}

/** Moments at which a channel that is stuck is looked at, in the second half of an incident. */
const LOOKS = 16;

/** From this multiple of the usual range on people speak of multiples. */
const MULTIPLE = 2;
/** Names in a sentence. */
const NAMED = 2;
/** Channels of which an incident says before and after. */
const WHY = 5;

/** The incident in one sentence without its time. */
export function sentenceOf(incident: Incident, known: Known): string {
  const finding = leadingOf(incident);
  const said = finding === null ? null : findingWords(finding, incident, known);
  return said ?? programWords(incident);
}

/** "since 13:58 (9 min)", "13:58 to 14:07 (9 min)"; of another day "12 May 23:58 to 13 May 00:07 (9 min)". */
export function timeWords({ sinceUs, untilUs }: Incident, nowUs: number): string {
  const stepUs = 60e6;
  if (untilUs === null) return sinceWords(sinceUs, nowUs);
  const since = moment(sinceUs, nowUs, stepUs);
  const isWithinDay = dayNumber(sinceUs) === dayNumber(untilUs);
  const until = isWithinDay ? clock(untilUs, stepUs) : moment(untilUs, nowUs, stepUs);
  return `${since} to ${until} (${lasted(untilUs - sinceUs)})`;
}

/** "since 13:58 (9 min)"; without how long at the moment itself, and before the page knows what time it is in the session (NaN). */
export function sinceWords(sinceUs: number, nowUs: number): string {
  const lastedUs = nowUs - sinceUs;
  return `since ${moment(sinceUs, nowUs, 60e6)}${lastedUs >= 1e6 ? ` (${lasted(lastedUs)})` : ""}`;
}

/** What became of it. */
export function fateWords(incident: Incident, known: Known): string {
  switch (incident.state) {
    case "open":
      return "goes on";
    case "eased":
      return "has eased; watched until it stays so";
    case "closed":
      return "back to normal";
    case "accepted":
      return staysWords(incident, known);
    default:
      return unreachable(incident.state);
  }
}

/** What contributes to an incident, before and after. */
export interface Contribution {
  readonly channel: string;
  readonly title: string;
  /** "0.3–9 MB/s"; "" where it is not known. */
  readonly before: string;
  readonly after: string;
}

export function contributionsOf(incident: Incident, known: Known, nowUs: number): readonly Contribution[] {
  const { channels, group, findings, sinceUs, untilUs } = incident;
  return channels.slice(0, WHY).map((channel) => {
    const { title, unit } = known.named(group, channel);
    const own = findings.findLast(
      (event) => isOfLevel(event) && event.channels.length === 1 && event.channels[0] === channel,
    );
    const range = own === undefined ? known.usual(group, channel) : rangeOf(own);
    const then = known.valueAt(group, channel, sinceUs - 1);
    const before = range !== null ? rangeText(range, unit) : Number.isNaN(then) ? "" : quantity(then, unit);
    const last = untilUs ?? nowUs;
    const now = known.valueAt(group, channel, last);
    const told = own?.detail["value"];
    const value = Number.isNaN(now) && typeof told === "number" ? told : now;
    return { channel, title, before, after: Number.isNaN(value) ? "" : quantity(value, unit) };
  });
}

/** What was usual for its channels before it began, by key: where a finding says so. */
export function usualBefore({ group, findings }: Incident): ReadonlyMap<string, Range> {
  const ranges = new Map<string, Range>();
  for (const event of findings) {
    const range = isOfLevel(event) && event.channels.length === 1 ? rangeOf(event) : null;
    const key = `${group}/${event.channels[0]}`;
    if (range !== null && !ranges.has(key)) ranges.set(key, range);
  }
  return ranges;
}

/** "0.3–9 MB/s", "−1.2 to 1.2 °C". */
export function rangeText({ low, high }: Range, unit: string): string {
  const [from, ofLow] = wholeParts(low, unit);
  const [to, ofHigh] = wholeParts(high, unit);
  const end = ofHigh === "" ? to : `${to} ${ofHigh}`;
  if (from === to && ofLow === ofHigh) return end;
  const begin = ofLow === ofHigh || ofLow === "" ? from : `${from} ${ofLow}`;
  return low < 0 ? `${begin} to ${end}` : `${begin}–${end}`;
}

/** The ends of a range are rough: whole numbers stand without zeros behind the point. */
function wholeParts(value: number, unit: string): [digits: string, unit: string] {
  const [digits, shown] = quantityParts(value, unit);
  return [digits.replace(/\.0+$/, ""), shown];
}

/** The finding with the largest effect that is about what the incident is about. */
function leadingOf({ findings, channels }: Incident): EventMessage | null {
  const starts = findings.filter(({ kind }) => BEGINNINGS.has(kind));
  const about = starts.filter((event) => event.channels.includes(channels[0] ?? ""));
  const chosen = about.length > 0 ? about : starts;
  return chosen.reduce<EventMessage | null>(
    (best, event) => (best === null || effectOf(event) > effectOf(best) ? event : best),
    null,
  );
}

const BEGINNINGS: ReadonlySet<string> = new Set([
  "anomaly.started",
  "anomaly.stays",
  "arrival.silent",
  "change.declared",
  "collapse.declared",
  "opportunity.cycle",
  "opportunity.pair",
  "entanglement.began",
  "entanglement.ceased",
  "interference.stable",
  "interference.washed-out",
  "risk.backtest-violated",
  "risk.drawdown",
  "risk.turbulent",
  "trend.turned",
  "crossing.expected",
]);

function effectOf({ detail }: EventMessage): number {
  return typeof detail["effect"] === "number" ? detail["effect"] : 0;
}

/** Null: the page knows no better words than the program. */
function findingWords(event: EventMessage, incident: Incident, known: Known): string | null {
  const { kind, group, channels, detail } = event;
  const titles = incident.channels.map((name) => known.named(group, name).title);
  if (kind === "collapse.declared") return `${listed(titles) || group}: the common motion changed`;
  const own = channels[0];
  if (own === undefined) return null;
  const { title, unit } = known.named(group, own);
  if (kind === "change.declared") return changeWords(event, title, unit);
  if (kind === "arrival.silent") return silenceWords(event, title) + othersOf(incident, channels);
  if (detail["view"] === "common") return commonWords(event);
  if (detail["joint"] === true) {
    if (channels.length === 1) return `${title} does not do what the others let expect`;
    return `${listed(channels.map((name) => known.named(group, name).title))} do together what they seldom do`;
  }
  const value = detail["value"];
  const range = rangeOf(event);
  if (typeof value !== "number" || range === null) return null;
  const more = othersOf(incident, channels);
  if (detail["view"] === "roughness" && value < range.low) {
    const at = stuckAt(incident, own, known);
    if (!Number.isNaN(at)) return `${title} is stuck at ${quantity(at, unit)}${more}`;
  }
  return `${title} ${viewWords(String(detail["view"]), value, range, unit)}${more}`;
}

/** All prices to one side: the mean of their steps. */
function commonWords(event: EventMessage): string | null {
  const { value } = event.detail;
  const range = rangeOf(event);
  if (typeof value !== "number" || range === null) return null;
  const size = quantity(Math.abs(value), "%");
  return `${event.group}: prices ${value < 0 ? "fell" : "rose"} together, by ${size} on average (usually ${rangeText(range, "%")})`;
}

/** What one view of a channel sees. */
function viewWords(view: string, value: number, range: Range, unit: string): string {
  const usual = `(usually ${rangeText(range, unit)})`;
  switch (view) {
    case "level":
    case "mean":
    case "lasting":
      return `at ${levelWords(value, range, unit)} ${usual}`;
    case "step":
      return `jumped by ${quantity(value, unit)} (steps are usually ${rangeText(range, unit)})`;
    case "shift":
      return `moved by ${quantity(value, unit)} (usually ${rangeText(range, unit)} in that time)`;
    case "roughness":
      if (value <= 0) return "is stuck";
      return `is ${value > range.high ? "noisier" : "steadier"} than usual: ${quantity(value, unit)} from row to row ${usual}`;
    case "trend":
      return `${value < 0 ? "falls" : "rises"} by ${quantity(Math.abs(value), unit)} a second ${usual}`;
    case "pattern":
      return "took a course that it never took";
    default:
      return `at ${quantity(value, unit)} ${usual}`;
  }
}

/** The value that a channel keeps since it became quiet; NaN when it moves, or is not known. */
function stuckAt({ group, sinceUs, untilUs, steps }: Incident, channel: string, known: Known): number {
  const lastUs = untilUs ?? steps[steps.length - 1]!.timeUs;
  const values = Array.from({ length: LOOKS }, (_, k) =>
    known.valueAt(group, channel, lastUs - ((lastUs - sinceUs) * k) / (2 * LOOKS)),
  );
  return values.every((value) => value === values[0]) ? values[0]! : Number.NaN;
}

function levelWords(value: number, { low, high }: Range, unit: string): string {
  const shown = quantity(value, unit);
  if (low < 0 || high <= 0 || unit === "%") return shown;
  const times = value / high;
  return times >= MULTIPLE ? `${times.toFixed(times < 10 ? 1 : 0)} × its usual, ${shown}` : shown;
}

function changeWords({ detail, title: said }: EventMessage, title: string, unit: string): string {
  const { form, before, after } = detail;
  if (form !== "level" || typeof before !== "number" || typeof after !== "number") return said;
  return `${title} ${after > before ? "rose" : "fell"} from ${quantity(before, unit)} to ${quantity(after, unit)}`;
}

function silenceWords({ detail: { everyUs } }: EventMessage, title: string): string {
  const usual = typeof everyUs === "number" && everyUs > 0 ? `, usually a value every ${span(everyUs)}` : "";
  return `${title} brings nothing${usual}`;
}

/** What stays: its level, and what was usual before. */
function staysWords(incident: Incident, known: Known): string {
  const event = incident.findings.findLast((each) => isOfLevel(each) && each.channels.length === 1);
  const value = event?.detail["value"];
  const range = event === undefined ? null : rangeOf(event);
  if (event === undefined || typeof value !== "number" || range === null)
    return "stays so; taken as usual now";
  const { unit } = known.named(event.group, event.channels[0]!);
  return `stays at ${quantity(value, unit)} (before ${rangeText(range, unit)}); taken as usual now`;
}

/** Whether its numbers are values of the channel itself. */
function isOfLevel({ kind, detail }: EventMessage): boolean {
  return kind.startsWith("anomaly.") && LEVELS.has(String(detail["view"]));
}

const LEVELS: ReadonlySet<string> = new Set(["level", "mean", "lasting"]);

function rangeOf({ detail: { low, high } }: EventMessage): Range | null {
  return typeof low === "number" && typeof high === "number" ? { low, high } : null;
}

function othersOf({ channels }: Incident, told: readonly string[]): string {
  const more = channels.filter((name) => !told.includes(name)).length;
  return more === 0 ? "" : `, and ${more} more ${more === 1 ? "channel" : "channels"}`;
}

/** The program's own sentence, without how long it had lasted then. */
function programWords({ title }: Incident): string {
  return title.replace(/, for [\d.]+ (?:s|min|h|days)$/, "");
}

function listed(names: readonly string[]): string {
  if (names.length <= NAMED) return names.join(" and ");
  return `${names.slice(0, NAMED).join(", ")} and ${names.length - NAMED} more`;
}

/** In whole seconds, so that it does not jitter. */
export function lasted(us: number): string {
  return span(Math.max(0, Math.round(us / 1e6) * 1e6));
}

function unreachable(state: never): never {
  throw new Error(`Cannot name the state ${state as string}; expected one of an incident`);
}
