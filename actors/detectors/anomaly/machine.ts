/**
 * The anomalies of one group. Episodes of single channels are counted by the part; the machine hears when one begins and ends.
 *
 *   warming ─warmed─► watching ─opened─► anomalous ─quiet─► cooling ─cooled─► watching
 *                                  ▲  └─opened/closed─┘         │
 *                                  └──────────opened───────────┘
 *
 * A1  Nothing is announced before there is a normal to compare with.
 * A2  One `anomaly.started` and one `anomaly.ended` for one episode.
 * A3  `watching` is reached again only after the quiet time of the settings.
 * A4  While a joint episode runs, the part opens none for single channels.
 * A5  In every state the part gets data.
 *
 * Views, p-values, thresholds and the fingerprint of an episode are in detectors/anomaly.ts.
 */
import { setup } from "xstate";
import type { Announcement, Signal } from "../../ports/detector.ts";
import { actorActions, announces, brief, type CompleteRow, ignored, listed } from "../machine-actions.ts";

interface Opened extends Signal {
  readonly type: "opened";
  /** Equal for a repetition of the same anomaly: view and channels. */
  readonly fingerprint: string;
  readonly joint: boolean;
  /** Ranked by contribution. */
  readonly channels: readonly string[];
  /** What people call them, in the same order, and the unit of the first. */
  readonly titles: readonly string[];
  readonly unit: string;
  /** Which view of the data saw it: "level", "step", "spread", "stuck", "season", "joint". */
  readonly view: string;
  readonly score: number;
  /** −ln of how often a sample of this channel is so unusual. */
  readonly evidence: number;
  readonly value: number | null;
  readonly expected: number | null;
}

interface Closed extends Signal {
  readonly type: "closed";
  readonly fingerprint: string;
  readonly joint: boolean;
  readonly channels: readonly string[];
  readonly titles: readonly string[];
  readonly view: string;
  readonly startedUs: number;
  readonly peakScore: number;
  readonly samples: number;
}

export type AnomalySignal =
  | (Signal & { readonly type: "warmed"; readonly samples: number })
  | Opened
  | Closed
  | (Signal & { readonly type: "quiet" })
  | (Signal & { readonly type: "cooled" });

type Row = CompleteRow<AnomalySignal>;

export const anomalyMachine = setup({
  types: {
    context: {} as { readonly group: string },
    input: {} as { readonly group: string },
    events: {} as AnomalySignal,
    tags: {} as "data",
  },
  actions: actorActions,
}).createMachine({
  id: "anomaly",
  context: ({ input }) => ({ group: input.group }),
  initial: "warming",
  states: {
    warming: {
      tags: "data",
      on: {
        warmed: { target: "watching" },
        opened: ignored,
        closed: ignored,
        quiet: ignored,
        cooled: ignored,
      } as const satisfies Row,
    },
    watching: {
      tags: "data",
      on: {
        warmed: ignored,
        opened: { target: "anomalous", actions: announces(started) },
        closed: ignored,
        quiet: ignored,
        cooled: ignored,
      } as const satisfies Row,
    },
    anomalous: {
      tags: "data",
      on: {
        warmed: ignored,
        opened: { actions: announces(started) },
        closed: { actions: announces(ended) },
        quiet: { target: "cooling" },
        cooled: ignored,
      } as const satisfies Row,
    },
    cooling: {
      tags: "data",
      on: {
        warmed: ignored,
        opened: { target: "anomalous", actions: announces(started) },
        closed: ignored,
        quiet: ignored,
        cooled: { target: "watching" },
      } as const satisfies Row,
    },
  },
});

const SEEN_AS: Record<string, string> = {
  level: "is far from its usual level",
  step: "jumped as it seldom does",
  spread: "varies far more or less than usual",
  season: "is not where it usually is at this phase of its cycle",
  stuck: "stopped changing",
  joint: "move together in an unusual way",
};

function started(event: Opened, group: string): Announcement {
  const what = SEEN_AS[event.view] ?? "is unusual";
  const values =
    event.value === null || event.expected === null
      ? ""
      : ` (${brief(event.value)}, expected about ${brief(event.expected)}${event.unit === "" ? "" : ` ${event.unit}`})`;
  return {
    kind: "anomaly.started",
    severity: event.joint ? "warning" : "notice",
    title: event.joint
      ? `${group}: ${listed(event.titles)} ${what}`
      : `${event.titles[0] ?? group} ${what}${values}`,
    channels: event.channels,
    detail: {
      atUs: event.timeUs,
      fingerprint: event.fingerprint,
      view: event.view,
      joint: event.joint,
      score: event.score,
      evidence: event.evidence,
      value: event.value,
      expected: event.expected,
    },
  };
}

function ended(event: Closed, group: string): Announcement {
  const seconds = (event.timeUs - event.startedUs) / 1_000_000;
  return {
    kind: "anomaly.ended",
    severity: "info",
    title: `${event.joint ? group : (event.titles[0] ?? group)} is normal again after ${brief(seconds)} s`,
    channels: event.channels,
    detail: {
      atUs: event.timeUs,
      fingerprint: event.fingerprint,
      view: event.view,
      joint: event.joint,
      startedUs: event.startedUs,
      samples: event.samples,
      peakScore: event.peakScore,
    },
  };
}
