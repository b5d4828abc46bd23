/** Schemas of the fields that entries of the shared document have in common. */
import * as v from "valibot";
import { isVisible, isVisibleLines } from "./visible-text.ts";

/** Characters of a key. */
export const ENTRY_ID_CHARACTERS = 128;

/** Characters of a text: it fits in an event, so actors and the audit trail have all of it. */
const TEXT_CHARACTERS = 1_000;

export const id = v.pipe(v.string(), v.regex(/^[\x21-\x7e]+$/), v.maxLength(ENTRY_ID_CHARACTERS));
export const label = v.pipe(v.string(), v.maxLength(200), v.check(isVisible, "visible text on one line"));
export const body = v.pipe(v.string(), v.maxLength(TEXT_CHARACTERS), v.check(isVisibleLines, "visible text"));
export const finite = v.pipe(v.number(), v.finite());
export const timeUs = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
