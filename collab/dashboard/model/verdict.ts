/**
 * The one sentence that answers what is happening, and whether it is normal.
 *
 *   no channel ─► nothing to say      being learnt ─► "Learning what is usual: 3 of 5 minutes"
 *   nothing open ─► "As usual since 13:02"      one ─► its sentence      several ─► "3 things changed", the two largest in words
 *
 * A threshold that a channel is about to pass, by an evident trend, is one more clause: "disk expected to pass 95 % in 12 min".
 * So is what lasts but is too likely chance for the budget of incidents: "no alarm, it may be chance: disk is 163.7 (usual: 88.96 to 110.0)".
 * Trouble with a feed stands apart: it is no finding. What the program has to say of itself is not here at all.
 */
import type { EventMessage, Severity } from "../../../protocol/messages.ts";
import { visibleText } from "../../../protocol/visible-text.ts";
import { moment, quantity } from "../../charts/format.ts";
import { type Known, lasted, sentenceOf, sinceWords } from "./incident-words.ts";
import { heldBackIn, type Incident, isOngoing } from "./incidents.ts";
import { SEVERITIES } from "./severities.ts";

/** Things told in words; the list has the others. */
const TOLD = 2;
/** A clock with minutes is precise enough. */
const MINUTE_US = 60e6;

export interface Verdict {
  readonly state: "nothing" | "learning" | "usual" | "changed";
  readonly severity: Severity | null;
  readonly headline: string;
  readonly things: readonly Thing[];
  /** Of the channels that nothing happens to. */
  readonly rest: string;
  /** What is foretold; "" where no trend leads to a threshold soon. */
  readonly expected: string;
  /** What lasts and may be chance; "" where there is nothing of the kind. */
  readonly heldBack: string;
  readonly feeds: readonly FeedTrouble[];
}

/** A feed that brings nothing any more, in one sentence. */
export interface FeedTrouble {
  readonly words: string;
  /** It came to its end: nothing is wrong. */
  readonly isEnd: boolean;
}

/** Something that changed, with its moment. */
export interface Thing {
  readonly incident: Incident;
  readonly words: string;
  /** "since 13:58 (9 min)". */
  readonly when: string;
}

/** What a verdict is made of. */
export interface Situation {
  /** Of now, or of the moment that is looked at. */
  readonly nowUs: number;
  /** The newest first. */
  readonly events: readonly EventMessage[];
  readonly incidents: readonly Incident[];
  readonly channels: number;
  /** When each source brought its last sample; NaN: none yet. */
  readonly sources: ReadonlyMap<string, number>;
  /** Whether the range of any channel is known. */
  readonly isUsualKnown: boolean;
  readonly known: Known;
}

export function verdictOf(situation: Situation): Verdict {
  const { nowUs, incidents, channels, known } = situation;
  const feeds = feedTroubles(situation);
  const expected = expectedWords(situation);
  const heldBack = heldBackWords(situation);
  const empty = { severity: null, things: [], rest: "", expected, heldBack, feeds } as const;
  if (channels === 0 || Number.isNaN(nowUs)) return { state: "nothing", headline: "No data yet", ...empty };
  const open = incidents.filter(isOngoing).sort(byPriority);
  const lasting = open.filter(({ state }) => state === "open");
  if (lasting.length > 0) {
    const things = lasting.slice(0, TOLD).map((incident) => ({
      incident,
      words: sentenceOf(incident, known),
      when: sinceWords(incident.sinceUs, nowUs),
    }));
    const headline = lasting.length === 1 ? "1 thing changed" : `${lasting.length} things changed`;
    const affected = new Set(lasting.flatMap((each) => each.channels.map((name) => `${each.group}/${name}`)));
    const others = channels - affected.size;
    return {
      state: "changed",
      severity: lasting[0]!.severity,
      headline,
      things,
      rest: others > 0 ? `${others === 1 ? "the other channel" : `all ${others} others`} as usual` : "",
      expected,
      heldBack,
      feeds,
    };
  }
  const learning = learningWords(situation);
  if (learning !== null) {
    const isOver =
      feeds.length > 0 && feeds.length === situation.sources.size && feeds.every(({ isEnd }) => isEnd);
    const headline = isOver ? "Too little data to say what is usual" : learning;
    return { ...empty, state: "learning", headline };
  }
  const [eased] = open;
  if (eased !== undefined) {
    const things = [{ incident: eased, words: sentenceOf(eased, known), when: "has eased" }];
    return { ...empty, state: "usual", headline: "Almost as usual", things };
  }
  const sinceUs = usualSince(situation);
  const since = sinceUs === null ? "" : ` ${sinceWords(sinceUs, nowUs)}`;
  return { ...empty, state: "usual", headline: `As usual${since}` };
}

/**
 * "The session's time is 59 min ahead of this computer's clock", as after that was set back: the time of a session never goes back. "" where it is
 * not, and before the first sample (NaN).
 */
export function aheadWords(headUs: number, wallUs: number): string {
  const aheadUs = headUs - wallUs;
  return aheadUs > MINUTE_US ? `The session's time is ${lasted(aheadUs)} ahead of this computer's clock` : "";
}

/** The worst first, then the one with more evidence, then the newest. */
function byPriority(a: Incident, b: Incident): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    priorityOf(b) - priorityOf(a) ||
    b.sinceUs - a.sinceUs
  );
}

function priorityOf({ steps }: Incident): number {
  const priority = steps[steps.length - 1]?.detail["priority"];
  return typeof priority === "number" ? priority : 0;
}

/** "Learning what is usual: 3 of 5 minutes"; null when that is known. */
function learningWords({ events, nowUs, isUsualKnown }: Situation): string | null {
  const told = events.find(({ kind }) => kind === "incident.learning" || kind === "incident.watching");
  if (told === undefined) {
    const isJudged = isUsualKnown || events.some(({ kind }) => LEARNT.has(kind));
    return isJudged ? null : "Learning what is usual";
  }
  const learningUs = told.detail["learningUs"];
  if (told.kind === "incident.watching" || typeof learningUs !== "number") return null;
  const doneUs = nowUs - told.timeUs;
  if (doneUs >= learningUs) return null;
  const whole = learningUs >= 2 * MINUTE_US;
  const [unitUs, unit] = whole ? [MINUTE_US, "minutes"] : [1e6, "seconds"];
  return `Learning what is usual: ${Math.floor(doneUs / unitUs)} of ${Math.round(learningUs / unitUs)} ${unit}`;
}

/** Who says these has a measure of what is usual. */
const LEARNT: ReadonlySet<string> = new Set([
  "coherence.warmed",
  "collapse.calibrated",
  "incident.opened",
  "incident.held-back",
  "anomaly.started",
]);

/** When the last incident ended, or watching began; null: before what the page has. */
function usualSince({ incidents, events }: Situation): number | null {
  const ended = incidents
    .filter((each) => !isOngoing(each))
    .map(({ untilUs, sinceUs }) => untilUs ?? sinceUs);
  const watching = events.find(({ kind }) => kind === "incident.watching");
  const times = watching === undefined ? ended : [...ended, watching.timeUs];
  return times.length === 0 ? null : Math.max(...times);
}

/** Of each channel the last event of its crossing counts; of several that are expected the first one to come is told. */
function expectedWords({ events, nowUs, known }: Situation): string {
  const told = new Set<string>();
  let [soonestUs, words] = [Number.POSITIVE_INFINITY, ""];
  for (const { kind, group, channels, detail } of events) {
    if (!kind.startsWith("crossing.")) continue;
    const [channel = ""] = channels;
    const { expectedUs, level, unit } = detail;
    const isNew = !told.has(`${group}/${channel}`);
    told.add(`${group}/${channel}`);
    if (!isNew || kind !== "crossing.expected" || typeof expectedUs !== "number" || typeof level !== "number")
      continue;
    if (expectedUs <= nowUs || expectedUs >= soonestUs) continue;
    soonestUs = expectedUs;
    const passed = quantity(level, typeof unit === "string" ? unit : "");
    words = `${known.named(group, channel).title} expected to pass ${passed} in ${lasted(expectedUs - nowUs)}`;
  }
  return words;
}

/** The newest of the findings that were held back and still last. */
function heldBackWords({ events, incidents }: Situation): string {
  const [newest, ...others] = heldBackIn(events, incidents);
  if (newest === undefined) return "";
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return `no alarm, it may be chance: ${visibleText(newest.title)}${more}`;
}

const TROUBLE: Readonly<Record<string, { readonly did: string; readonly since: string }>> = {
  "feed.stalled": { did: "has been silent", since: "since" },
  "feed.failed": { did: "failed", since: "at" },
  "feed.ended": { did: "ended", since: "at" },
};

/** Feeds that bring nothing any more. A sample that came after the event ends the trouble. */
function feedTroubles({ events, sources, nowUs }: Situation): readonly FeedTrouble[] {
  const told = new Set<string>();
  return events.flatMap((event) => {
    const source = event.detail["source"];
    const trouble = TROUBLE[event.kind];
    if (trouble === undefined || typeof source !== "string" || told.has(source)) return [];
    told.add(source);
    if ((sources.get(source) ?? Number.NEGATIVE_INFINITY) > event.timeUs) return [];
    // Before the first sample a session has no time.
    const when =
      trouble.since === "since"
        ? sinceWords(event.timeUs, nowUs)
        : `${trouble.since} ${moment(event.timeUs, nowUs, MINUTE_US)}`;
    const at = `Feed ${source} ${trouble.did}${event.timeUs > 0 ? ` ${when}` : ""}`;
    const why = event.detail["text"];
    const more = event.kind === "feed.failed" && typeof why === "string" && why !== "" ? `: ${why}` : "";
    return [{ words: `${at}${more}`, isEnd: event.kind === "feed.ended" }];
  });
}
