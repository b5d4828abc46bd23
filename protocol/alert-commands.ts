/**
 * The bodies of the commands about thresholds, their alerts, and incidents. A threshold has one alert, of the same id; an incident has an id of
 * another form, so what people do about either is the same command.
 *
 *   threshold.set ─► tested ─► its alert fires ─┐
 *                    detectors ─► incident opens ─┴─► alert.acknowledged · alert.assigned · alert.snoozed
 *
 * These commands state what a person did, so their names are those of facts: shared documents, the log and the events speak of them alike.
 */
import * as v from "valibot";
import { fields, finite } from "./command-fields.ts";
import { name } from "./fields.ts";
import { SEVERITIES } from "./schemas.ts";
import { isVisible, isVisibleLines } from "./visible-text.ts";

/** As long as a name in a list may be, without spaces: it stands in paths and on command lines. */
const id = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][\w.:-]{0,63}$/, "1 to 64 letters, digits and . : - _, a letter or digit first"),
);

/** The id of a threshold, or PARTITION/NUMBER of an incident: no id of a threshold has a slash. */
export const alertId = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9][\w.:-]{0,63}(\/[1-9]\d{0,8})?$/,
    "the id of a threshold, or PARTITION/NUMBER of an incident",
  ),
);

/** Ten years: longer than any recording, and far below what logical time holds. */
const DWELL_SECONDS_MAX = 10 * 366 * 86_400;
/** A month: what should be silent for longer is better removed. */
const SNOOZE_SECONDS_MAX = 31 * 86_400;
/** A sentence or two. */
const NOTE_MAX = 500;

const note = v.pipe(v.string(), v.maxLength(NOTE_MAX), v.check(isVisibleLines, "visible text"));

/** A channel of a group, or one of the measures that the states of a group have: "purity", "coherence", "entropy". */
export type ThresholdSubject =
  | { readonly group: string; readonly channel: string }
  | { readonly group: string; readonly measure: string };

const subject = v.pipe(
  fields({ group: name, channel: v.optional(name), measure: v.optional(name) }),
  v.rawTransform(({ dataset, addIssue, NEVER }): ThresholdSubject => {
    const { group, channel, measure } = dataset.value;
    if (channel !== undefined && measure === undefined) return { group, channel };
    if (measure !== undefined && channel === undefined) return { group, measure };
    const received = channel === undefined ? "neither channel nor measure" : "both channel and measure";
    addIssue({ received, expected: "channel or measure" });
    return NEVER;
  }),
);

/** A month of an objective. */
const WINDOW_SECONDS_MAX = 31 * 86_400;

/** A service objective: so many of the values must not be beyond the level, and the alert fires when the budget of the others is used up too fast. */
const objective = fields({
  /** Share of the values that must be good, %. */
  percent: v.pipe(finite, v.minValue(50), v.maxValue(99.999)),
  /** The longer window; the shorter one is its last twelfth. */
  windowSeconds: v.optional(v.pipe(finite, v.minValue(60), v.maxValue(WINDOW_SECONDS_MAX)), 3_600),
  /** How many times as fast as allowed, in both windows, the budget is used up. */
  burnRate: v.optional(v.pipe(finite, v.minValue(1), v.maxValue(50_000)), 14.4),
});

export const thresholdSet = v.pipe(
  fields({
    id,
    of: subject,
    /** The side of the level on which the alert is. */
    direction: v.picklist(["above", "below"]),
    /** Beyond it, for at least `dwellSeconds`, the alert fires. In the unit of the channel. */
    level: finite,
    /** The alert ends beyond it, on the other side. Absent: `level`. */
    clearLevel: v.optional(finite),
    /** Absent: the alert is about each value. */
    objective: v.optional(objective),
    dwellSeconds: v.optional(v.pipe(finite, v.minValue(0), v.maxValue(DWELL_SECONDS_MAX)), 0),
    severity: v.optional(v.picklist(SEVERITIES), "warning"),
    /** What people call it; "": composed of channel and level. */
    title: v.optional(v.pipe(note, v.check(isVisible, "visible text on one line")), ""),
  }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const { direction, level, clearLevel = level } = dataset.value;
    const isBeyond = direction === "above" ? clearLevel > level : clearLevel < level;
    if (!isBeyond) return { ...dataset.value, clearLevel };
    const expected = `at ${direction === "above" ? "most" : "least"} the level ${level}`;
    addIssue({ received: `clearLevel ${clearLevel}`, expected });
    return NEVER;
  }),
);

/** With the defaults filled in. */
export type Threshold = v.InferOutput<typeof thresholdSet>;
export type ThresholdRequest = v.InferInput<typeof thresholdSet>;

export const thresholdRemoved = fields({ id });
export const alertAcknowledged = fields({ id: alertId, note: v.optional(note, "") });
/** `to`: whom it is assigned to; "" for nobody. */
export const alertAssigned = fields({
  id: alertId,
  to: v.pipe(v.string(), v.maxLength(128), v.check(isVisible, "a name of visible characters")),
});
/** 0 ends it. */
export const alertSnoozed = fields({
  id: alertId,
  seconds: v.pipe(finite, v.minValue(0), v.maxValue(SNOOZE_SECONDS_MAX)),
});
