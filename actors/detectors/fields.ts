/** Registered state made of the registered states of parts. */
import type { Fields } from "../ports/detector.ts";

/** The same arrays under names that begin with `prefix`. */
export function prefixed(prefix: string, fields: Readonly<Fields>): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, array]) => [`${prefix}.${name}`, array]));
}
