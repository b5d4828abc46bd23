/** Fields that the bodies of several commands have (commands.ts). */
import * as v from "valibot";
import { expectedAmong } from "./closest-name.ts";

/** An object with these fields only. Its message names the field that an unknown one was perhaps meant to be. */
export function fields<Entries extends v.ObjectEntries>(entries: Entries) {
  return v.strictObject(entries, (issue) =>
    expectedAmong(String(issue.path?.at(-1)?.key ?? ""), Object.keys(entries)),
  );
}

export const finite = v.pipe(v.number(), v.finite("a finite number"));
export const integer = v.pipe(v.number(), v.safeInteger("a whole number"));
export const whole = v.pipe(integer, v.minValue(0));
