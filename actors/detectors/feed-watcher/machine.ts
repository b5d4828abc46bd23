/**
 * Announces what happens to the feeds of a session.
 *
 *   quiet ──spoiled──► holding ──timer.report, nothing held──► quiet
 *                      │  ▲ ▲
 *         spoiled: held └──┘ └─ timer.report, some held: announced, and the hold begins again
 *
 *   gap · stalled · failed · ended are announced in both states, an end or a failure after the samples held.
 *
 * F1  Each report of a gap, a stall, a failure or an end is one event with the counts of the report.
 * F2  Bad samples are announced at once in `quiet` and summed in `holding` for at most REPORT_EVERY_US. Each is counted in one event, under its
 *     reason, and what their reports say of the first of a reason is said with them.
 * F3  The timer ends `holding`. If more bad samples came in the meantime, it announces their sum and the hold begins again.
 * F4  At the end or failure of a feed the samples held are announced first, because no later input may come to fire the timer.
 */
import { assign, setup } from "xstate";
import type { Announcement, Signal } from "../../ports/detector.ts";
import { actorActions, type CompleteRow, ignored } from "../machine-actions.ts";

/** A noisy feed may lose samples in each frame. One line per minute is readable. */
export const REPORT_EVERY_US = 60_000_000;

/** Samples by the reason for which they were left out. */
type Counts = Readonly<Record<string, number>>;

interface FeedReport extends Signal {
  readonly source: string;
  readonly detail: string;
  /** Samples left out since the last report: their number, and for each reason. */
  readonly bad: number;
  readonly reasons: Counts;
}

type FeedSignal =
  | (FeedReport & { readonly type: "opened" | "gap" | "stalled" | "failed" | "ended" | "spoiled" })
  | (Signal & { readonly type: "timer.report" });

type Row = CompleteRow<FeedSignal>;

interface FeedWatcherContext {
  /** Held since the last event: the number of bad samples, their sources, how many for each reason, and what was said of them. */
  readonly bad: number;
  readonly sources: readonly string[];
  readonly counts: Counts;
  readonly details: readonly string[];
}

const EMPTY: FeedWatcherContext = { bad: 0, sources: [], counts: {}, details: [] };
/** Sources named in one summed event. Samples of further sources are counted. */
const SOURCES_NAMED = 8;
/** Reasons in one summed event. Samples of further reasons count under the last. */
const REASONS_NAMED = 32;
const OTHER = "other";
/** Details in one summed event, and their characters. */
const DETAILS_NAMED = 4;
const DETAIL_SHOWN = 300;

const announceReport = {
  actions: { type: "announce", params: ({ event }: { event: FeedReport }) => reported(event) },
} as const;
const announceSpoiled = {
  type: "announce",
  params: ({ event }: { event: FeedReport }) => spoiled(held(EMPTY, event)),
} as const;
const announceHeld = {
  type: "announce",
  params: ({ context }: { context: FeedWatcherContext }) => spoiled(context),
} as const;
const announceLast = [
  { guard: "heldSome", actions: [announceHeld, "forget", announceReport.actions] },
  announceReport,
] as const;
const hold = { type: "hold", params: ({ event }: { event: FeedReport }) => event } as const;
const startHold = { type: "timer.start", params: { id: "report", delayUs: REPORT_EVERY_US } } as const;
const reports = {
  opened: ignored,
  gap: announceReport,
  stalled: announceReport,
  failed: announceReport,
  ended: announceReport,
} as const;

export const feedWatcherMachine = setup({
  types: { context: {} as FeedWatcherContext, events: {} as FeedSignal },
  actions: {
    ...actorActions,
    hold: assign((args: { context: FeedWatcherContext }, report: FeedReport) => held(args.context, report)),
    forget: assign(EMPTY),
  },
  guards: { heldSome: ({ context }) => context.bad > 0 },
}).createMachine({
  id: "feedWatcher",
  context: EMPTY,
  initial: "quiet",
  states: {
    quiet: {
      on: {
        ...reports,
        spoiled: { target: "holding", actions: [announceSpoiled, startHold] },
        "timer.report": ignored,
      } as const satisfies Row,
    },
    holding: {
      on: {
        ...reports,
        failed: announceLast,
        ended: announceLast,
        spoiled: { actions: hold },
        "timer.report": [
          { guard: "heldSome", actions: [announceHeld, "forget", startHold] },
          { target: "quiet" },
        ],
      } as const satisfies Row,
    },
  },
});

function held(context: FeedWatcherContext, { bad, source, reasons, detail }: FeedReport): FeedWatcherContext {
  const { sources, details } = context;
  const text = detail.slice(0, DETAIL_SHOWN);
  return {
    bad: context.bad + bad,
    sources: sources.includes(source) || sources.length >= SOURCES_NAMED ? sources : [...sources, source],
    counts: sum(context.counts, reasons),
    details:
      text === "" || details.includes(text) || details.length >= DETAILS_NAMED ? details : [...details, text],
  };
}

function sum(before: Counts, reasons: Counts): Counts {
  const all = { ...before };
  for (const [reason, count] of Object.entries(reasons)) {
    const isNamed = Object.hasOwn(all, reason) || Object.keys(all).length < REASONS_NAMED;
    const name = isNamed ? reason : OTHER;
    all[name] = (all[name] ?? 0) + count;
  }
  return all;
}

function listed(counts: Counts): string {
  const each = Object.entries(counts).map(([reason, count]) => `${reason} ${count}`);
  return each.join(", ");
}

const SEVERITY = { gap: "warning", stalled: "warning", failed: "critical", ended: "info" } as const;
const VERB = { gap: "has a gap", stalled: "has gone silent", failed: "failed", ended: "ended" } as const;

function reported(event: FeedReport): Announcement {
  const what = event.type as keyof typeof SEVERITY;
  return {
    kind: `feed.${what}`,
    severity: SEVERITY[what],
    title: `Feed ${event.source} ${VERB[what]}${event.detail === "" ? "" : `: ${event.detail}`}`,
    detail: {
      atUs: event.timeUs,
      source: event.source,
      text: event.detail,
      bad: event.bad,
      reasons: listed(event.reasons),
    },
  };
}

function spoiled({ bad, sources, counts, details }: FeedWatcherContext): Announcement {
  const [of, reasons, text] = [sources.join(", "), listed(counts), details.join("; ")];
  return {
    kind: "feed.bad-samples",
    severity: "warning",
    title: `${bad === 1 ? "1 sample" : `${bad} samples`} of ${of} ${bad === 1 ? "was" : "were"} missing, unusable or out of order (${reasons})${text === "" ? "" : `: ${text}`}`,
    detail: { bad, sources: of, reasons, text },
  };
}
