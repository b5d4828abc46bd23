/**
 * Delta debugging: a smallest part of some causes that still gives a failure (ddmin; Zeller & Hildebrandt 2002).
 *
 *   causes ─► cut into n parts ─┬─ one part alone fails     ─► continue with that part, n = 2
 *                               ├─ all but one part fail    ─► continue without that part, n − 1
 *                               └─ neither                  ─► n × 2, until each part is a single cause
 *
 * D1  The result fails according to `fails`, and is a part of `causes` in their order.
 * D2  With enough tries it is 1-minimal: no single cause can be removed.
 */
export interface DdminLimits {
  /** False ends the search with the smallest part found so far. */
  mayGoOn(): boolean;
}

export async function ddmin<Cause>(
  causes: readonly Cause[],
  fails: (causes: readonly Cause[]) => Promise<boolean>,
  { mayGoOn }: DdminLimits,
): Promise<readonly Cause[]> {
  if (causes.length > 0 && mayGoOn() && (await fails([]))) return [];
  let left = causes;
  let parts = 2;
  while (left.length > 1 && mayGoOn()) {
    const smaller = await oneSmaller(left, parts, fails, mayGoOn);
    if (smaller !== null) {
      left = smaller.causes;
      parts = Math.max(2, Math.min(smaller.parts, left.length));
    } else if (parts < left.length) parts = Math.min(2 * parts, left.length);
    else break;
  }
  return left;
}

async function oneSmaller<Cause>(
  causes: readonly Cause[],
  parts: number,
  fails: (causes: readonly Cause[]) => Promise<boolean>,
  mayGoOn: () => boolean,
): Promise<{ causes: readonly Cause[]; parts: number } | null> {
  const cuts = Array.from({ length: parts + 1 }, (_, k) => Math.round((k * causes.length) / parts));
  for (let k = 0; k < parts && mayGoOn(); k++) {
    const part = causes.slice(cuts[k], cuts[k + 1]);
    if (await fails(part)) return { causes: part, parts: 2 };
  }
  // Of two parts the complements are the parts themselves.
  for (let k = 0; parts > 2 && k < parts && mayGoOn(); k++) {
    const others = [...causes.slice(0, cuts[k]), ...causes.slice(cuts[k + 1])];
    if (await fails(others)) return { causes: others, parts: parts - 1 };
  }
  return null;
}
