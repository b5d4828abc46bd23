/**
 * A place in a log lies before an input: before the first input of a block, before the input with a sequence, or before the first input
 * at or after a time.
 */
export type Place = { readonly block: number } | { readonly sequence: number } | { readonly timeUs: number };

/** Where every log begins, even when its first blocks are gone. */
export const BEGINNING: Place = { sequence: 1 };

/** Whether an input lies at or after the place. */
export function reaches(place: Place, sequence: number, timeUs: number, block: number): boolean {
  if ("sequence" in place) return sequence >= place.sequence;
  return "timeUs" in place ? timeUs >= place.timeUs : block >= place.block;
}
