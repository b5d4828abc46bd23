/**
 * The command `mark`: a person or a program says that something happened: news, a deployment, an order of one's own.
 *
 *   mark ─► input ─► the core announces `mark.made` ─► charts, and the actor measurementEffect: did the state change around it?
 */
import * as v from "valibot";
import { fields } from "./command-fields.ts";
import { name, timeUs } from "./fields.ts";
import { isVisible } from "./visible-text.ts";

const TITLE_MAX = 200;
const CHANNELS_MAX = 128;

export const mark = fields({
  /** What kind of thing happened. Marks of one type are judged together. */
  type: v.pipe(
    v.string(),
    v.regex(/^[A-Za-z0-9][\w.:-]{0,63}$/, "1 to 64 letters, digits and . : - _, a letter or digit first"),
  ),
  title: v.optional(
    v.pipe(v.string(), v.maxLength(TITLE_MAX), v.check(isVisible, "visible text on one line")),
    "",
  ),
  /** Absent: it concerns all groups. */
  group: v.optional(name),
  /** Those concerned; of a group of whole states: the levels that were measured. */
  channels: v.optional(v.pipe(v.array(name), v.maxLength(CHANNELS_MAX)), []),
  /** When it happened, or will, µs; absent: when it enters the log. */
  atUs: v.optional(timeUs),
});

export type Mark = v.InferOutput<typeof mark>;

/** Kind of the event that reports a mark. */
export const MARK_MADE = "mark.made";
